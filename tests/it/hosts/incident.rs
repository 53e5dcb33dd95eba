//! The incident that all of this is for, on three kinds of places: Railway has the old secret, the
//! VPS has the new one stored and runs with the old one, the Mac Mini is well.

use super::service::{Vps, retarget};
use super::stage::uses;
use crate::railway::yard::{Yard, service};
use crate::support::world::Run;

const OLD: &str = "c4nary-abc123old";
const NEW: &str = "c4nary-xyz789new";
const SECRET: &str = "INTERNAL_AUTH_SECRET";

struct Incident {
    yard: Yard,
    vps: Vps,
}

impl Incident {
    /// All is well, with [`NEW`] everywhere.
    fn before() -> Option<Self> {
        let vps = Vps::new()?;
        let mut yard = Yard::with_secrets(&format!("{SECRET}={OLD}\n"), &[])?;
        let config = vps.stage.sshd.path("client").display().to_string();
        yard.world.variable("DRIFTLOCK_SSH_CONFIG", &config);
        yard.service("api");
        vps.unit("app.env", "");
        let used = uses(&format!("{{ AUTH: {{ from: {SECRET} }} }}"));
        let targets = [
            format!("  {}\n", service("api", SECRET)),
            vps.target(&(vps.probe("/auth", ", from: target") + &used)),
            format!(
                "  mac: {{ file: {{ machine: here, path: ~/gateway.env }}, variables: [{SECRET}] }}\n"
            ),
        ];
        retarget(&yard.world, &targets.concat());
        let incident = Self { yard, vps };
        incident.run("apply --yes").success();
        let world = &incident.yard.world;
        world.run_with(&format!("set {SECRET}"), NEW).success();
        incident.run("apply --yes").success().says("it works");
        incident.yard.later();
        assert_eq!(incident.vps.runs_with("AUTH").as_deref(), Some(NEW));
        Some(incident)
    }

    /// Somebody puts the old one back on Railway; the VPS's service is started while the old one is
    /// stored there, and the new one is stored after that.
    fn happens(&self) {
        self.yard.service("api").set(SECRET, OLD);
        let right = self.vps.stage.far_text("app.env");
        let old = right.replace(NEW, OLD);
        assert_ne!(old, right);
        self.vps.stage.far_write("app.env", &old);
        self.vps.systemctl(&format!("restart {}", self.vps.app()));
        self.vps.stage.far_write("app.env", &right);
        self.vps.written_later();
        assert_eq!(self.vps.runs_with("AUTH").as_deref(), Some(OLD));
    }

    #[track_caller]
    fn run(&self, line: &str) -> Run {
        self.yard.run(line)
    }
}

#[test]
fn one_look_names_both_causes_and_one_apply_repairs_all() {
    let Some(incident) = Incident::before() else {
        return;
    };
    incident.run("doctor").success();
    incident.happens();
    let (starts, before) = (incident.vps.starts(), incident.yard.world.files());

    let status = incident.run("status");
    status.says(SECRET).says("not running");
    let plan = incident.run("plan --detailed-exitcode").exits(2);
    plan.says("changed outside")
        .says("stored but not running: AUTH")
        .says("Apply will restart");

    let doctor = incident.run("doctor").exits(2);
    assert!(before == incident.yard.world.files(), "a look wrote");
    assert_eq!(incident.vps.starts(), starts, "a look restarted something");
    assert!(doctor.stdout.lines().count() <= 24, "{}", doctor.all());
    let restart = format!("systemctl --user restart {}", incident.vps.app());
    doctor
        .says("✗ api reached ✓ read ✓ stored ✗")
        .says("wrong side: this target, railway aurora/production/api, changed there 20")
        .says("driftlock apply --target api")
        .says("✗ vps reached ✓ read ✓ stored ✓ running ✗ (probe ✗)")
        .says("wrong side: the running process")
        .says("stored 20")
        .says(&restart)
        .says("1 target is well: mac");

    let done = incident.run("apply --yes").success();
    done.says("1 written")
        .says("done: restart")
        .says("it works");
    assert_eq!(incident.vps.runs_with("AUTH").as_deref(), Some(NEW));
    assert_eq!(incident.vps.starts(), starts + 1);
    assert_eq!(
        incident.yard.service("api").value(SECRET).as_deref(),
        Some(NEW)
    );
    incident.yard.later();
    incident.yard.in_sync();
    incident.run("doctor").success();
}
