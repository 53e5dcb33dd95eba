//! A gateway that is a unit of a real user's systemd, on a machine over SSH: which of its places
//! counts, what restarts it and how often, and what is somebody else's to change.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::lab::{BOTH, HOOKS, NEW, OLD, TOKEN};
use super::vps::Vps;
use crate::support::openclaw::Log;
use crate::support::sshd::Far;
use crate::support::systemd::UserManager;

const NAME: &str = "OPENCLAW_GATEWAY_TOKEN";

struct Unit {
    vps: Vps,
    manager: UserManager,
    /// What its gateways say.
    log: Log,
}

impl Unit {
    /// Not started yet. `arguments` of the gateway, and `more` lines of `[Service]`.
    fn new(auth: &Value, arguments: &str, more: &str) -> Option<Self> {
        let vps = Vps::new(Far::Own)?;
        let manager = UserManager::start()?;
        let home = &vps.home;
        let enter = format!(
            "exec {} HOME=\"$HOME\" PATH=\"$PATH\" sh -c \"$SSH_ORIGINAL_COMMAND\"\n",
            manager.entry()
        );
        vps.profile(Far::Own, &enter);
        let events = home.path("events");
        let log = Log::at(&events);
        let more = format!("Environment=STANDIN_EVENTS={}\n{more}", events.display());
        let text = home
            .program()
            .unit(&home.path(""), home.port(), home.record(), &more);
        let text = text.replacen("--bind", &format!("{arguments} --bind"), 1);
        manager.service("claw", &text);
        home.write_config(&json!({
            "gateway": { "mode": "local", "auth": auth },
            "hooks": { "enabled": true, "token": "c4nary-hooks-old" },
            "meta": { "lastTouchedVersion": "2026.9.6" },
        }));
        let unit = Self { vps, manager, log };
        unit.wants(TOKEN);
        Some(unit)
    }

    /// The same, and it runs.
    fn started(auth: &Value, arguments: &str, more: &str) -> Option<Self> {
        let unit = Self::new(auth, arguments, more)?;
        unit.systemctl("start");
        unit.ready(0);
        Some(unit)
    }

    /// With the token in its `.env`.
    fn with_dotenv(more: &str) -> Option<Self> {
        let unit = Self::new(&json!({ "mode": "token" }), "", more)?;
        unit.vps.home.write_dotenv(&format!("{NAME}={OLD}\n"));
        unit.systemctl("start");
        unit.ready(0);
        Some(unit)
    }

    fn wants(&self, uses: &str) {
        let unit = self.manager.unit("claw").unit;
        let activate = format!("    activate: {{ systemd: {unit}, user: true }}\n");
        self.vps.lab.target(super::vps::THERE, uses, &activate);
    }

    /// Somebody works there.
    #[track_caller]
    fn systemctl(&self, verb: &str) {
        let unit = self.manager.unit("claw").unit;
        let line = format!("{} systemctl --user {verb} {unit}", self.manager.entry());
        let done = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert!(done.status.success(), "{line}: {done:?}");
    }

    #[track_caller]
    fn ready(&self, mark: usize) {
        let found = self
            .log
            .wait(mark, &["[gateway] ready"], self.vps.home.limit());
        assert!(found.is_some(), "{}", self.log.text());
    }

    /// How often it was started.
    fn starts(&self) -> usize {
        let starts = self.vps.home.record().starts();
        starts
            .iter()
            .filter(|line| line.starts_with("started"))
            .count()
    }

    /// The requests with a token, as `path status`.
    fn tries(&self) -> Vec<String> {
        let requests = self.vps.home.record().requests();
        let mut tries: Vec<String> = requests
            .iter()
            .filter(|line| !line.ends_with("none"))
            .cloned()
            .collect();
        tries.sort();
        tries
    }
}

#[test]
fn an_env_file_wants_one_restart_and_both_secrets_no_more() {
    let Some(unit) = Unit::with_dotenv("") else {
        return;
    };
    unit.wants(BOTH);
    let lab = &unit.vps.lab;
    lab.run("plan").success().says("2 to change");
    assert_eq!(unit.starts(), 1, "a plan starts nothing");
    lab.take_over()
        .success()
        .says("2 written")
        .says("done: restart")
        .says("it works");
    assert_eq!(unit.starts(), 2);
    assert_eq!(
        unit.tries(),
        ["POST /hooks/wake 400 right", "POST /tools/invoke 400 right"]
    );
    assert_eq!(lab.text(".env"), format!("{NAME}={NEW}\n"));
    assert_eq!(unit.vps.home.config()["hooks"]["token"], HOOKS);
    lab.in_sync();
    lab.run("doctor").success();
    lab.run("apply --yes").success();
    assert_eq!(unit.starts(), 2, "nothing is left to put in force");
    unit.vps.shows_no_secret();
}

#[test]
fn an_edit_of_the_env_file_does_not_run_until_a_restart() {
    let Some(unit) = Unit::with_dotenv("") else {
        return;
    };
    let lab = &unit.vps.lab;
    unit.vps.home.write_dotenv(&format!("{NAME}={NEW}\n"));
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    let file = fs::File::options().append(true).open(lab.state(".env"));
    file.unwrap().set_modified(later).unwrap();
    lab.run("plan --detailed-exitcode")
        .exits(2)
        .says("stored but not running")
        .says("Apply will restart");
    lab.run("apply --yes").says("done: restart");
    assert_eq!(unit.starts(), 2);
}

#[test]
fn a_config_of_a_unit_is_taken_over_without_a_restart() {
    let auth = json!({ "mode": "token", "token": OLD });
    let Some(unit) = Unit::started(&auth, "", "") else {
        return;
    };
    let done = unit.vps.lab.take_over().success();
    done.says("without a restart").says("it works");
    assert_eq!(unit.starts(), 1);
    unit.vps.lab.in_sync();
    unit.vps.shows_no_secret();
}

#[test]
fn a_token_on_its_command_line_counts_and_is_somebody_elses() {
    let auth = json!({ "mode": "token", "token": "c4nary-of-the-config" });
    let by_variable = "Environment=GW=c4nary-abc123old\n";
    for (arguments, more) in [
        ("--token c4nary-abc123old", ""),
        ("--token=c4nary-abc123old", ""),
        ("--token ${GW}", by_variable),
    ] {
        let Some(unit) = Unit::started(&auth, arguments, more) else {
            return;
        };
        let lab = &unit.vps.lab;
        let before = unit.vps.home.config_text();
        lab.run("plan").success().says("1 to change");
        lab.take_over()
            .exits(3)
            .says("the command line of the gateway (--token), which is not ours to change");
        assert_eq!(unit.vps.home.config_text(), before);
        assert_eq!(unit.starts(), 1);
        lab.set("TOKEN", OLD);
        let plan = lab.in_sync();
        plan.says("gateway.auth.token of the config holds another token, which does not count");
    }
}

#[test]
fn a_variable_of_its_unit_counts_until_the_config_says_more() {
    let more = format!("Environment={NAME}={OLD}\n");
    let auth = json!({ "mode": "token" });
    let Some(unit) = Unit::started(&auth, "", &more) else {
        return;
    };
    let lab = &unit.vps.lab;
    lab.set("TOKEN", OLD);
    lab.in_sync();
    lab.set("TOKEN", NEW);
    let done = lab.take_over().success();
    done.says("without a restart").says("it works");
    assert_eq!(unit.starts(), 1);
    // where the config itself names the variable, it is the unit's
    let auth = json!({ "mode": "token", "token": format!("${{{NAME}}}") });
    let Some(unit) = Unit::started(&auth, "", &more) else {
        return;
    };
    let done = unit.vps.lab.take_over().exits(3);
    done.says("OPENCLAW_GATEWAY_TOKEN in the environment of the gateway, which is not ours");
}

#[test]
fn what_openclaw_s_installer_put_into_the_unit_gives_way_to_the_env_file() {
    let more = format!(
        "Environment={NAME}=c4nary-stale\nEnvironment=OPENCLAW_SERVICE_MANAGED_ENV_KEYS=PATH,{NAME}\n"
    );
    let Some(unit) = Unit::with_dotenv(&more) else {
        return;
    };
    unit.vps.lab.set("TOKEN", OLD);
    unit.vps.lab.in_sync();
}

#[test]
fn a_unit_that_does_not_run_is_started() {
    let auth = json!({ "mode": "token", "token": OLD });
    let Some(unit) = Unit::started(&auth, "", "") else {
        return;
    };
    let lab = &unit.vps.lab;
    lab.take_over().success();
    unit.systemctl("stop");
    lab.run("plan --detailed-exitcode")
        .exits(2)
        .says("the gateway does not run");
    let done = lab.run("apply --yes").success();
    done.says("done: restart").says("it works");
    assert_eq!(unit.starts(), 2);
    lab.in_sync();
}

#[test]
fn a_config_that_nobody_may_write_is_left_alone() {
    let auth = json!({ "mode": "token", "token": OLD });
    let Some(unit) = Unit::started(&auth, "", "Environment=OPENCLAW_CONFIG_READONLY=1\n") else {
        return;
    };
    let before = unit.vps.home.config_text();
    unit.vps
        .lab
        .take_over()
        .exits(3)
        .says("OPENCLAW_CONFIG_READONLY");
    assert_eq!(unit.vps.home.config_text(), before);
    assert_eq!(unit.starts(), 1);
}
