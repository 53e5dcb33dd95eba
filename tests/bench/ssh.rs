//! Machines over SSH: twenty behind logins of a second each, and one behind a long line. All of them
//! are this machine, so their own work is in the time that is shown beside ours.

use std::fmt::Write;
use std::fs;

use super::long_line::long_line;
use super::measure::{Limits, Table};
use super::runs;
use super::sshd::{Far, Sshd};
use super::world::World;

const HOSTS: usize = 20;
const EACH: usize = 5;
/// The time over which the login of each host sleeps.
const LOGIN: &str = "sleep 1";
const PLAN: Limits = Limits {
    cpu_ms: None,
    wall_ms: Some(4_000),
    kib: None,
};

/// Prints a word and no row where there is no server.
pub fn measure(table: &mut Table) {
    let Some(sshd) = Sshd::start(Far::Own) else {
        println!("ssh: skipped, there is no sshd here");
        return;
    };
    sshd.also_named("vps??");
    let slow = Machines::new(&sshd, HOSTS, "vps");
    sshd.profile(Far::Own, LOGIN);
    slow.measure(table, &format!("{HOSTS} hosts of {EACH}, 1 s each"), PLAN);
    sshd.profile(Far::Own, "");
    distant(&sshd);
    let distant = Machines::new(&sshd, 1, "far");
    distant.measure(
        table,
        &format!("1 host of {EACH}, 200 ms line"),
        Limits::default(),
    );
}

/// Lets `far01` lead to the server by a long line.
fn distant(sshd: &Sshd) {
    let (port, at) = (long_line(sshd.port()), sshd.path("").display().to_string());
    sshd.configure(&format!(
        "Host far01\nHostName 127.0.0.1\nPort {port}\nHostKeyAlias [127.0.0.1]:{}\n\
         UserKnownHostsFile {at}known_hosts\nGlobalKnownHostsFile /dev/null\n\
         IdentityFile {at}user\nIdentitiesOnly yes",
        sshd.port()
    ));
}

/// A manifest of five files on each of so many hosts.
struct Machines<'a> {
    sshd: &'a Sshd,
    world: World,
    targets: String,
}

impl<'a> Machines<'a> {
    fn new(sshd: &'a Sshd, hosts: usize, name: &str) -> Self {
        let mut world = World::new();
        let config = sshd.path("client").display().to_string();
        world.variable("DRIFTLOCK_SSH_CONFIG", &config);
        let mut targets = String::new();
        for host in 1..=hosts {
            let host = format!("{name}{host:02}");
            let folder = sshd.path("srv").join(&host);
            fs::create_dir_all(&folder).unwrap();
            let folder = folder.display();
            for file in 1..=EACH {
                writeln!(
                    targets,
                    "  {host}-{file}:\n    file: {{ host: {host}, path: {folder}/{file}.env }}\n    \
                     activate: echo up >> {folder}/log\n    variables: [A]"
                )
                .unwrap();
            }
        }
        Self {
            sshd,
            world,
            targets,
        }
    }

    fn declare(&self, value: usize) {
        let targets = &self.targets;
        let text =
            format!("driftlock: 1\nname: dev\nvariables:\n  A: \"{value}\"\n\ntargets:\n{targets}");
        self.world.write("manifests/dev.yaml", text);
    }

    /// An apply of everything, then plans of nothing.
    fn measure(&self, table: &mut Table, what: &str, plan: Limits) {
        let mut value = 0;
        self.row(table, &format!("apply, {what}"), Limits::default(), || {
            value += 1;
            self.declare(value);
            "apply --yes"
        });
        self.row(
            table,
            &format!("plan, {what}"),
            plan,
            || "plan --detailed-exitcode",
        );
    }

    fn row(
        &self,
        table: &mut Table,
        what: &str,
        limits: Limits,
        mut line: impl FnMut() -> &'static str,
    ) {
        let before = self.sshd.logins();
        let mut counted = 0;
        let measured = runs(|_| {
            counted += 1;
            self.world.command(line().split_whitespace())
        });
        let logins = (self.sshd.logins() - before) / counted;
        table.limited(&format!("{what} ({logins} logins)"), limits, &measured);
    }
}
