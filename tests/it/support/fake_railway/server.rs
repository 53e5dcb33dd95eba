//! The listener: a thread with a runtime of its own, so that blocking tests and child processes
//! can talk to it.

use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;

use http_body_util::BodyExt;
use hyper::body::Incoming as Sent;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::answers::{edge, json_answer, limited, plain, spoil};
use super::body::{Answer, Wire};
use super::faults::{Moment, RetryAfter};
use super::limits::Verdict;
use super::request::Incoming;
use super::{Shared, State};

pub const PATH: &str = "/graphql/v2";

/// A running listener; it stops when dropped.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(shared: Arc<Shared>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        listener
            .set_nonblocking(true)
            .expect("a fresh socket can be set to not block");
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be built");
            let acceptor = tls.map(TlsAcceptor::from);
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, shared, acceptor) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = std::thread::Builder::new()
            .name("fake railway".to_owned())
            .spawn(run)
            .expect("a thread can be started");
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("the socket is fresh");
    loop {
        let Ok((tcp, _)) = listener.accept().await else {
            continue;
        };
        drop(tcp.set_nodelay(true));
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        tokio::spawn(async move {
            let reset = Arc::new(AtomicBool::new(false));
            let wire = Wire::new(tcp, Arc::clone(&reset));
            match tls {
                None => serve(TokioIo::new(wire), shared, reset).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(wire).await {
                        serve(TokioIo::new(stream), shared, reset).await;
                    }
                }
            }
        });
    }
}

async fn serve<I>(io: I, shared: Arc<Shared>, reset: Arc<AtomicBool>)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    let service = hyper::service::service_fn(|request| {
        let (shared, reset) = (Arc::clone(&shared), Arc::clone(&reset));
        async move { answer(&shared, &reset, request).await }
    });
    // an error here is a client that went away, or one of our own resets
    drop(
        hyper::server::conn::http1::Builder::new()
            .serve_connection(io, service)
            .await,
    );
}

async fn answer(
    shared: &Arc<Shared>,
    reset: &AtomicBool,
    request: Request<Sent>,
) -> io::Result<Response<Answer>> {
    if request.uri().path() != PATH {
        return Ok(plain(StatusCode::NOT_FOUND, "text/plain", "Not Found"));
    }
    if request.method() != Method::POST {
        let text = "GraphQL only supports POST requests.";
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "text/plain", text));
    }
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    // connections that were closed before this request was sent are noticed first
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    let (incoming, latency, _busy) = {
        let mut state = shared.lock();
        let schema = shared.schema(state.switches.skip_on_commit);
        let incoming = state.receive(&schema, &parts, &body);
        let busy = Busy::enter(shared, &mut state, incoming.environments.clone());
        (incoming, state.switches.latency, busy)
    };
    let delay = latency + incoming.hit.delay();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let response = respond(shared, reset, &incoming).await?;
    shared.answered(incoming.number, response.status().as_u16());
    Ok(response)
}

/// What the request gets, effect and faults considered.
async fn respond(
    shared: &Arc<Shared>,
    reset: &AtomicBool,
    incoming: &Incoming,
) -> io::Result<Response<Answer>> {
    shared.meddle(incoming, Moment::Before);
    match incoming.verdict {
        Verdict::Free => {}
        Verdict::Edge => return Ok(edge(false)),
        Verdict::Exhausted(seconds) => {
            return Ok(limited(shared, RetryAfter::Seconds(seconds)));
        }
    }
    if let Some(fault) = incoming.hit.answer_at(Moment::Before) {
        let response = spoil(shared, reset, fault, None).await;
        shared.meddle(incoming, Moment::After);
        return response;
    }
    let (status, body) = shared.lock().execute(incoming);
    shared.meddle(incoming, Moment::After);
    match incoming.hit.answer_at(Moment::After) {
        Some(fault) => spoil(shared, reset, fault, Some(&body)).await,
        None => Ok(json_answer(shared, status, &body)),
    }
}

/// A mutation under way in these environments, until its answer is on its way or the client is
/// gone.
struct Busy {
    shared: Arc<Shared>,
    environments: BTreeSet<String>,
}

impl Busy {
    fn enter(shared: &Arc<Shared>, state: &mut State, environments: BTreeSet<String>) -> Self {
        for environment in &environments {
            let now = state.under_way.entry(environment.clone()).or_default();
            *now += 1;
            let now = *now;
            let most = &mut state.counters.concurrent_mutations;
            let most = most.entry(environment.clone()).or_default();
            *most = now.max(*most);
        }
        Self {
            shared: Arc::clone(shared),
            environments,
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        for environment in &self.environments {
            if let Some(now) = state.under_way.get_mut(environment) {
                *now -= 1;
            }
        }
    }
}
