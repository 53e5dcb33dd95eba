//! Hosts that nobody gets through to.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::super::stage::{Stage, uses};
use super::{HERE, planned};
use crate::support::world::World;

fn at(name: &str, host: &str) -> String {
    format!(
        "  {name}:\n    file: {{ host: {host}, path: /srv/.env }}\n{}",
        uses("B")
    )
}

/// Hosts of every kind of silence, beside one that answers.
fn stage() -> Option<(Stage, TcpListener)> {
    let mut world = World::new();
    world.variable("DRIFTLOCK_SSH_TIMEOUT", "2");
    let stage = Stage::with(crate::support::sshd::Far::Own, world)?;
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    stage.sshd.configure(&format!(
        "Host unknown\nHostName no-such-host.invalid\n\
         Host refused\nHostName 127.0.0.1\nPort 1\n\
         Host silent\nHostName 127.0.0.1\nPort {port}\n\
         Host stuck\nProxyCommand sh -c 'cat >/dev/null'\n\
         Host broken\nProxyCommand exit 1\n"
    ));
    Some((stage, silent))
}

const TROUBLES: [(&str, &str, &str); 5] = [
    (
        "unknown",
        "the host name no-such-host.invalid is not known",
        "a typing error, a missing entry in ~/.ssh/config",
    ),
    (
        "refused",
        "127.0.0.1 refused the connection",
        "is the machine up, its ssh server running, and the port right?",
    ),
    (
        "silent",
        "silent did not answer",
        "no firewall in between? try: ssh -v -- silent true",
    ),
    (
        "stuck",
        "stuck did not answer",
        "no firewall in between? try: ssh -v -- stuck true",
    ),
    (
        "broken",
        "broken closed the connection before the login",
        "try again later",
    ),
];

#[test]
fn each_says_what_it_is_and_none_hides_another() {
    let Some((stage, _silent)) = stage() else {
        return;
    };
    let gone: String = TROUBLES.iter().map(|(host, ..)| at(host, host)).collect();
    let good = stage.target("vps", ".env", &uses("A"));
    stage.declare(&[("A", "1"), ("B", "2")], &(gone + &good));
    let began = Instant::now();
    let plan = stage.run("plan").exits(1);
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "they are waited for together: {:?}",
        began.elapsed()
    );
    let status = stage.run("status").exits(1);
    for (_, why, next) in TROUBLES {
        plan.clone().says(why).says(next);
        status.clone().says(why);
    }
    plan.says("A");
    let json = stage.run("plan --json").exits(1);
    for (host, why, next) in TROUBLES {
        let target = planned(&json, host).to_string();
        assert!(target.contains(why) && target.contains(next), "{target}");
    }
    assert!(planned(&json, "vps").to_string().contains("create"));
    let doctor = stage.run("doctor --all").exits(1);
    for (_, why, next) in TROUBLES {
        doctor.clone().says(why).says(next);
    }
    // a look at the manifest reaches nobody
    let logins = stage.sshd.logins();
    stage.run("check").success();
    assert_eq!(stage.sshd.logins(), logins);
    let apply = stage.run("apply --yes").exits(1);
    for (_, why, _) in TROUBLES {
        apply.clone().says(why);
    }
    assert_eq!(stage.far_text(".env"), "A=1\n");
}

#[test]
fn a_variable_waits_for_all_of_its_hosts() {
    let Some((stage, _silent)) = stage() else {
        return;
    };
    let good = stage.target("vps", ".env", &uses("A, B"));
    let targets = at("gone", "refused") + &good;
    stage.declare(&[("A", "1"), ("B", "2")], &targets);
    stage.run("apply --yes").exits(4).says("held by unit");
    assert_eq!(stage.far_text(".env"), "A=1\n");
    stage.run("apply --yes --partial B").exits(1);
    assert_eq!(stage.far_text(".env"), "A=1\nB=2\n");
    // the host is back
    stage.sshd.configure("Host mended\n");
    let targets = stage.target("gone", "gone.env", &uses("B")) + &good;
    stage.declare(&[("A", "1"), ("B", "2")], &targets);
    stage.run("apply --yes --allow authority@gone").success();
    assert_eq!(stage.far_text("gone.env"), "B=2\n");
    stage.in_sync();
}

#[test]
fn a_limit_that_is_no_number_is_told_and_left_aside() {
    for text in ["0", "-1", "soon", "1.5", "601", "99999999999999999999"] {
        let mut world = World::new();
        world.variable("DRIFTLOCK_SSH_TIMEOUT", text);
        world.write(
            "manifests/dev.yaml",
            format!("driftlock: 1\nname: dev\nvariables:\n  B: \"2\"\n\ntargets:\n{HERE}"),
        );
        world
            .run("plan")
            .success()
            .says("DRIFTLOCK_SSH_TIMEOUT is not a number of seconds from 1 to 600");
    }
}
