//! An installation on a machine over SSH: what can be seen and changed there, by one login a run.

use serde_json::json;

use super::lab::{BOTH, HOOKS, NEW, OLD, TOKEN};
use super::vps::{THERE, Vps};
use crate::support::openclaw::{Gateway, Home, Start};
use crate::support::sshd::{Far, kill};

const NAME: &str = "OPENCLAW_GATEWAY_TOKEN";

fn settings(home: &Home, token: &str) -> serde_json::Value {
    json!({
        "gateway": {
            "mode": "local",
            "port": home.port(),
            "auth": { "mode": "token", "token": token },
        },
        "hooks": { "enabled": true, "token": "c4nary-hooks-old" },
        "meta": { "lastTouchedVersion": "2026.9.6" },
    })
}

/// A gateway that runs there with [`OLD`] in its config, and a target that wants both secrets.
fn runs(far: Far) -> Option<(Vps, Gateway)> {
    let vps = Vps::new(far)?;
    vps.lab.target(THERE, BOTH, "");
    vps.home.write_config(&settings(&vps.home, OLD));
    let gateway = vps.home.start(&Start::default());
    Some((vps, gateway))
}

#[test]
fn an_apply_reloads_the_gateway_and_asks_it_from_there() {
    let Some((vps, gateway)) = runs(Far::Own) else {
        return;
    };
    vps.lab.run("plan").success().says("2 to change");
    assert_eq!(vps.home.record().requests(), Vec::<String>::new());
    assert_eq!(vps.sshd.logins(), 1);
    vps.lab
        .take_over()
        .success()
        .says("2 written")
        .says("took its config over, without a restart")
        .says("it works")
        .says("it works");
    assert_eq!(vps.sshd.logins(), 2, "a run is one login");
    let mut requests = vps.home.record().requests();
    requests.sort();
    assert_eq!(
        requests,
        [
            "POST /hooks/wake 400 right",
            "POST /hooks/wake 401 none",
            "POST /tools/invoke 400 right",
            "POST /tools/invoke 401 none",
        ]
    );
    assert_eq!(vps.curls().len(), 4, "all of them were sent from there");
    assert_eq!(gateway.probe(NEW), 400);
    assert_eq!(vps.home.config()["hooks"]["token"], HOOKS);
    vps.lab.in_sync();
    vps.lab.run("doctor").success();
    vps.shows_no_secret();
}

#[test]
fn what_somebody_changes_there_is_drift() {
    let Some((vps, gateway)) = runs(Far::Own) else {
        return;
    };
    vps.lab.take_over().success();
    let mut other = settings(&vps.home, "c4nary-by-hand");
    other["hooks"]["token"] = json!(HOOKS);
    gateway.reload(&vps.home, &other);
    vps.lab
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("changed outside");
    vps.lab
        .run("doctor OPENCLAW_GATEWAY_TOKEN")
        .exits(2)
        .says("another value than the manifest");
    vps.lab.run("apply --yes").success().says("1 written");
    assert_eq!(gateway.probe(NEW), 400);
    vps.lab.in_sync();
    vps.shows_no_secret();
}

/// A gateway with its token in the `.env`, which nobody's service runs.
fn with_dotenv(vps: &Vps) -> Gateway {
    let mut config = settings(&vps.home, OLD);
    config["gateway"]["auth"] = json!({ "mode": "token" });
    vps.home.write_config(&config);
    vps.home
        .write_dotenv(&format!("# mine\n{NAME}={OLD}\nOTHER=stays\n"));
    vps.home.start(&Start::default())
}

/// OpenClaw's own restart asks the gateway with the new token, which it does not take yet, and would
/// keep what the gateway read at its start.
#[test]
fn a_gateway_that_nobody_s_service_runs_keeps_its_env_file_and_that_is_told() {
    let Some(vps) = Vps::new(Far::Own) else {
        return;
    };
    let gateway = with_dotenv(&vps);
    vps.lab
        .take_over()
        .exits(4)
        .says("1 written")
        .says("`openclaw gateway restart`")
        .says("stop it there and start it again");
    assert_eq!(
        vps.lab.text(".env"),
        format!("# mine\n{NAME}={NEW}\nOTHER=stays\n")
    );
    let calls = vps.home.record().calls();
    assert!(calls.contains(&"gateway restart".to_owned()), "{calls:?}");
    vps.lab
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("stored but not running");
    // when a process began is known to a second only
    std::thread::sleep(std::time::Duration::from_secs(1));
    gateway.stop();
    let again = vps.home.start(&Start::default());
    assert_eq!(again.probe(NEW), 400);
    vps.lab.in_sync();
    vps.shows_no_secret();
}

/// A change of another key makes a gateway begin anew in its own process, with what that process
/// read from the `.env` at its start.
#[test]
fn a_gateway_that_began_anew_by_itself_has_its_former_environment() {
    let Some(vps) = Vps::new(Far::Own) else {
        return;
    };
    let gateway = with_dotenv(&vps);
    // when a process began is known to a second only
    std::thread::sleep(std::time::Duration::from_secs(1));
    vps.lab.take_over().exits(4);
    let mark = gateway.log().mark();
    let mut config = vps.home.config();
    config["env"] = json!({ "vars": { "ANYTHING": "else" } });
    vps.home.write_config(&config);
    gateway.wait(mark, &["in-process restart"]);
    gateway.wait(mark, &["[gateway] ready"]);
    assert_eq!(gateway.probe(NEW), 401);
    vps.lab
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("stored but not running");
}

/// What a person without a service has: a line that ends the gateway and starts it again.
#[test]
fn a_line_of_the_manifest_restarts_it_there() {
    let Some(vps) = Vps::new(Far::Own) else {
        return;
    };
    let gateway = with_dotenv(&vps);
    let id = gateway.id();
    let line = format!(
        "kill {id} && while kill -0 {id} 2>/dev/null; do :; done; \
         setsid openclaw gateway run --bind loopback --port {} </dev/null >/dev/null 2>&1 &",
        vps.home.port()
    );
    vps.lab
        .target(THERE, TOKEN, &format!("    activate: '{line}'\n"));
    std::thread::scope(|scope| {
        // a child that nobody waits for stays in the list of processes
        scope.spawn(|| gateway.ended());
        vps.lab.take_over().success().says("it works");
    });
    let requests = vps.home.record().requests();
    assert!(
        requests.ends_with(&[
            "POST /tools/invoke 400 right".to_owned(),
            "POST /tools/invoke 401 none".to_owned()
        ]),
        "{requests:?}"
    );
    vps.lab.run("doctor").success();
    vps.lab.in_sync();
    let last = vps.home.record().starts().pop().unwrap();
    let id = last.split(['=', ' ']).nth(2).unwrap().to_owned();
    kill(id.parse().unwrap());
}

/// A far side without the tools for a look, and one with others than those of GNU.
#[test]
fn busybox_and_a_bare_posix_are_enough_to_read_and_to_write() {
    for far in [Far::Busybox, Far::Posix, Far::Shell("dash")] {
        let Some((vps, gateway)) = runs(far) else {
            return;
        };
        let plan = vps.lab.run("plan").success().says("2 to change");
        let seen = !plan.all().contains("what runs is not known");
        assert_eq!(seen, far != Far::Posix, "{far:?}: {}", plan.all());
        let done = vps.lab.take_over();
        done.says("2 written");
        let took_over = gateway
            .log()
            .wait(0, &["hot reload applied"], vps.home.limit());
        assert!(took_over.is_some(), "{far:?}");
        assert_eq!(gateway.probe(NEW), 400, "{far:?}");
        vps.lab.in_sync();
    }
}
