//! A Railway for tests: its published schema served over HTTP on loopback, with state, faults and
//! a record of what was asked.
//!
//! It knows nothing of the program under test. Every document is checked against the schema and
//! executed; nothing is routed by name. What the real Railway leaves open is a [`Switches`] entry;
//! what goes wrong is a [`Fault`], queued for the requests that it shall meet.
//!
//! ```ignore
//! let fake = FakeRailway::start(&sdl);
//! let production = fake.workspace("Acme").project("aurora").environment("production");
//! let api = production.service("api").set("PORT", "8080").set("KEY", "s3cret").seal("KEY");
//! production.shared().set("REGION", "eu");
//! let token = production.token();
//! // … run something against fake.url() …
//! assert_eq!(api.value("PORT").as_deref(), Some("9090"));
//! assert_eq!(api.deploys().len(), 1);
//! ```
//!
//! Before the first request is served every service counts as deployed with what is stored.

mod answers;
mod body;
pub mod execute;
pub mod faults;
pub mod handles;
pub mod ids;
mod limits;
mod read;
pub mod record;
mod reply;
mod request;
mod resolve;
mod schema;
mod server;
pub mod switches;
pub mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio_rustls::rustls::ServerConfig;

use faults::{Fault, Meddled, Moment, Rule};
use handles::WorkspaceAt;
use limits::Limits;
use record::{Counters, Recorded};
use request::Incoming;
use schema::Schema;
use server::{PATH, Server};
use switches::Switches;
use world::World;
use world::tokens::{Kind, Token};

/// A running fake; it stops when dropped.
pub struct FakeRailway {
    shared: Arc<Shared>,
    server: Server,
    scheme: &'static str,
}

/// What the server and the handles share.
pub struct Shared {
    sdl: String,
    schemas: [OnceLock<Arc<Schema>>; 2],
    state: Mutex<State>,
    streamed: Arc<AtomicU64>,
}

#[derive(Default)]
struct State {
    world: World,
    switches: Switches,
    rules: Vec<Rule>,
    limits: Limits,
    record: Vec<Recorded>,
    counters: Counters,
    unexpected: Vec<String>,
    meddled: Vec<Meddled>,
    /// Requests since the start; clearing the record leaves it alone.
    served: usize,
    /// Mutations under way, by environment.
    under_way: BTreeMap<String, usize>,
}

impl FakeRailway {
    /// Serves this schema (the text of Railway's published SDL) over plain HTTP.
    pub fn start(schema: &str) -> Self {
        Self::serve(schema, None)
    }

    /// The same over TLS.
    pub fn start_tls(schema: &str, config: Arc<ServerConfig>) -> Self {
        Self::serve(schema, Some(config))
    }

    fn serve(schema: &str, tls: Option<Arc<ServerConfig>>) -> Self {
        let shared = Arc::new(Shared {
            sdl: schema.to_owned(),
            schemas: [OnceLock::new(), OnceLock::new()],
            state: Mutex::default(),
            streamed: Arc::default(),
        });
        Self {
            scheme: if tls.is_some() { "https" } else { "http" },
            server: Server::start(Arc::clone(&shared), tls),
            shared,
        }
    }

    /// Where the API is. Over TLS the host is `localhost`.
    pub fn url(&self) -> String {
        let host = if self.scheme == "https" {
            "localhost"
        } else {
            "127.0.0.1"
        };
        format!(
            "{}://{host}:{}{PATH}",
            self.scheme,
            self.server.address.port()
        )
    }

    // ---- the world

    /// The workspace of this name, made if there is none.
    pub fn workspace(&self, name: &str) -> WorkspaceAt {
        WorkspaceAt::find_or_make(&self.shared, name)
    }

    /// The project of this name in the only workspace (or in one called `Acme`).
    pub fn project(&self, name: &str) -> handles::ProjectAt {
        self.workspace("Acme").project(name)
    }

    /// Looks at everything, or changes it.
    pub fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.shared.lock().world)
    }

    /// What is stored runs, from now on, as if deployed; nothing is counted.
    pub fn settle(&self) {
        self.world(World::settle);
    }

    /// Completes commits whose workflows nobody polled to the end.
    pub fn finish_workflows(&self) {
        let state = &mut *self.shared.lock();
        state.world.finish_workflows(&state.switches);
    }

    // ---- tokens

    pub fn account_token(&self) -> String {
        self.shared.lock().world.issue(Kind::Account)
    }

    pub fn oauth_token(&self) -> String {
        self.shared.lock().world.issue(Kind::OAuth)
    }

    /// The token of somebody who may look, but not at variables.
    pub fn viewer_token(&self) -> String {
        self.shared.lock().world.issue(Kind::Viewer)
    }

    /// From now on the token is refused.
    pub fn expire(&self, token: &str) {
        if let Some(token) = self.shared.lock().world.tokens.get_mut(token) {
            token.expired = true;
        }
    }

    // ---- behaviour

    /// Changes how it behaves.
    pub fn switches(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.shared.lock().switches);
    }

    /// Queues a fault.
    pub fn fault(&self, rule: impl Into<Rule>) {
        self.shared.lock().rules.push(rule.into());
    }

    /// Faults that no request has met yet.
    pub fn faults_left(&self) -> usize {
        self.shared.lock().rules.len()
    }

    pub fn clear_faults(&self) {
        self.shared.lock().rules.clear();
    }

    /// A new hour for the rate limits.
    pub fn renew_budget(&self) {
        self.shared.lock().limits.renew();
    }

    // ---- what was asked

    /// All requests since the start or the last [`Self::clear_record`].
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.lock().record.clone()
    }

    pub fn counters(&self) -> Counters {
        let mut counters = self.shared.lock().counters.clone();
        counters.bytes_streamed = self.shared.streamed.load(Ordering::Relaxed);
        counters
    }

    /// The most mutations that were ever under way in one environment at one time.
    pub fn most_concurrent_mutations(&self) -> usize {
        let counters = self.counters();
        counters
            .concurrent_mutations
            .into_values()
            .max()
            .unwrap_or(0)
    }

    /// Fields that were asked for and that this fake does not know: a test should find none.
    pub fn unexpected(&self) -> Vec<String> {
        self.shared.lock().unexpected.clone()
    }

    /// What others did while requests were served, in order, since the last
    /// [`Self::clear_record`].
    pub fn meddled(&self) -> Vec<Meddled> {
        self.shared.lock().meddled.clone()
    }

    /// Forgets requests and counts; deployments of the past no longer count as caused by anybody.
    pub fn clear_record(&self) {
        let mut state = self.shared.lock();
        state.record.clear();
        state.meddled.clear();
        state.counters = Counters::default();
        for deployment in &mut state.world.deployments {
            deployment.cause = "";
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn schema(&self, skip_on_commit: bool) -> Arc<Schema> {
        let cell = &self.schemas[usize::from(skip_on_commit)];
        Arc::clone(cell.get_or_init(|| Schema::prepared(&self.sdl, skip_on_commit)))
    }

    fn meddle(&self, incoming: &Incoming, moment: Moment) {
        let state = &mut *self.lock();
        incoming
            .hit
            .meddle(&mut state.world, &state.switches, moment);
        let beside = incoming.hit.beside.iter().filter(|(fault, at)| {
            *at == moment && matches!(fault, Fault::Draft { .. } | Fault::Write { .. })
        });
        state.meddled.extend(beside.map(|(fault, _)| Meddled {
            request: incoming.number,
            moment,
            fault: fault.clone(),
        }));
    }

    fn answered(&self, number: usize, status: u16) {
        let mut state = self.lock();
        let record = state.record.iter_mut().rev();
        if let Some(record) = record.into_iter().find(|record| record.number == number) {
            record.status = Some(status);
        }
    }

    fn budget_headers(&self) -> Vec<(&'static str, String)> {
        let state = self.lock();
        state.limits.headers(&state.switches)
    }
}

impl World {
    /// Makes a token and returns its text.
    fn issue(&mut self, kind: Kind) -> String {
        let (text, id, created) = (self.ids.next(), self.ids.next(), self.clock.tick());
        let token = Token {
            kind,
            expired: false,
            created,
            id,
        };
        self.tokens.insert(text.clone(), token);
        text
    }
}
