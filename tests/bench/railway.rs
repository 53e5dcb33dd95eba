//! Railway with 50 services of 40 variables each, whose every answer takes 20 ms.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::fake_railway::FakeRailway;
use super::fake_railway::handles::EnvironmentAt;
use super::measure::{Limits, Measured, Table};
use super::world::World;
use super::{RUNS, runs};

const SERVICES: usize = 50;
const EACH: usize = 40;
const LATENCY: Duration = Duration::from_millis(20);
/// Below five round trips, and 30 ms of our own.
const PLAN: Limits = Limits {
    cpu_ms: Some(30),
    wall_ms: Some(5 * 20 + 30),
    kib: None,
};
/// An account token that is given names asks for its one workspace and that one's projects first.
const PLAN_BY_NAMES: Limits = Limits {
    wall_ms: Some((5 + 2) * 20 + 30),
    ..PLAN
};
const IMPORT: Limits = Limits {
    cpu_ms: Some(1000),
    wall_ms: None,
    kib: None,
};

struct Railway {
    fake: FakeRailway,
    environment: EnvironmentAt,
}

/// Prints a word and no row where the schema is missing.
pub fn measure(table: &mut Table) {
    let Some(schema) = schema() else {
        println!("railway: skipped, its schema is not here (DRIFTLOCK_RAILWAY_SCHEMA)");
        return;
    };
    let railway = Railway::new(&schema);
    railway.plans(table);
    railway.imports(table);
}

/// It is not part of this repository: beside it, or where the variable says.
fn schema() -> Option<String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/railway-schema.graphql");
    let path = std::env::var_os("DRIFTLOCK_RAILWAY_SCHEMA").map_or(beside, Into::into);
    std::fs::read_to_string(path).ok()
}

fn service(number: usize) -> String {
    format!("service-{number:02}")
}

fn variables(service: usize) -> impl Iterator<Item = (String, String)> {
    (0..EACH).map(move |number| {
        let seed = u128::try_from(service * EACH + number + 1).unwrap();
        let value = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        (
            format!("V_{service:02}_{number:02}"),
            format!("{value:032x}"),
        )
    })
}

impl Railway {
    fn new(schema: &str) -> Self {
        let fake = FakeRailway::start(schema);
        let environment = fake.project("aurora").environment("production");
        for number in 0..SERVICES {
            let mut place = environment.service(&service(number));
            for (name, value) in variables(number) {
                place = place.set(&name, &value);
            }
        }
        fake.switches(|switches| {
            switches.page_cap = 10_000;
            switches.latency = LATENCY;
        });
        Self { fake, environment }
    }

    fn command(&self, world: &World, token: (&str, &str), line: &str) -> Command {
        let mut command = world.command(line.split_whitespace());
        command
            .env("DRIFTLOCK_RAILWAY_URL", self.fake.url())
            .env(token.0, token.1);
        command
    }

    /// A manifest of as many encrypted values, applied.
    fn world(&self, project: &str, environment: &str, by_ids: bool) -> World {
        let (mut dotenv, mut targets) = (String::new(), "\ntargets:\n".to_owned());
        for number in 0..SERVICES {
            let name = service(number);
            let place = if by_ids {
                self.environment.service(&name).id()
            } else {
                name.clone()
            };
            let mut names = vec![];
            for (name, value) in variables(number) {
                writeln!(dotenv, "{name}={value}").unwrap();
                names.push(name);
            }
            let names = names.join(", ");
            writeln!(
                targets,
                "  {name}:\n    railway: {{ project: {project}, environment: {environment}, \
                 service: {place} }}\n    variables: [{names}]"
            )
            .unwrap();
        }
        let world = World::with_env(&dotenv);
        let text = world.read("manifests/dev.yaml");
        let begin = text.find("\ntargets:\n").unwrap();
        let end = text.find("\nkey: ").unwrap();
        let text = format!("{}{targets}{}", &text[..begin], &text[end..]);
        world.write("manifests/dev.yaml", text);
        world
    }

    fn plans(&self, table: &mut Table) {
        let (id, project) = (&self.environment.id, &self.environment.project);
        let (own, account) = (self.environment.token(), self.fake.account_token());
        let names = self.world("aurora", "production", false);
        let ids = self.world(project, id, true);
        let own = ("RAILWAY_TOKEN", own.as_str());
        let account = ("RAILWAY_API_TOKEN", account.as_str());
        for (what, limits, world, token) in [
            ("project token", PLAN, &names, own),
            ("account, ids", PLAN, &ids, account),
            ("account, names", PLAN_BY_NAMES, &names, account),
        ] {
            let apply = self.command(world, token, "apply --yes").output().unwrap();
            assert!(apply.status.success(), "the first apply records");
            let command = || self.command(world, token, "plan --detailed-exitcode");
            self.row(table, &format!("railway plan, {what}"), limits, |_| {
                command()
            });
        }
    }

    fn imports(&self, table: &mut Table) {
        let token = self.environment.token();
        let worlds: Vec<World> = (0..=RUNS).map(|_| World::new()).collect();
        self.row(table, "railway import, project token", IMPORT, |run| {
            self.command(
                &worlds[run],
                ("RAILWAY_TOKEN", &token),
                "import railway --yes",
            )
        });
    }

    /// With the number of requests of a run.
    fn row(
        &self,
        table: &mut Table,
        what: &str,
        limits: Limits,
        command: impl FnMut(usize) -> Command,
    ) {
        self.fake.clear_record();
        let measured: Vec<Measured> = runs(command);
        let requests = self.fake.counters().requests / (RUNS + 1);
        table.limited(&format!("{what} ({requests} req)"), limits, &measured);
    }
}
