//! Whether what was stored works: a real service that asks for the secret, probed by an apply.

use std::process::Command;

use super::service::{Vps, retarget};
use super::stage::uses;
use crate::support::world::World;

/// A VPS whose target holds two secrets; the service asks for `AUTH`.
fn vps() -> Option<Vps> {
    let vps = Vps::in_world(World::with_env("AUTH=c4nary-right\nOTHER=c4nary-wrong\n"))?;
    vps.unit("app.env", "");
    Some(vps)
}

/// One probe of a list.
fn ask(vps: &Vps, path: &str, header: &str, more: &str) -> String {
    let url = vps.url(path);
    format!("      - {{ http: \"{url}\", header: {{ {header} }}{more} }}\n")
}

const RIGHT: &str = "X-Auth: \"${AUTH}\"";

#[test]
fn verdicts_are_told_apart_and_a_new_probe_waits_for_a_person() {
    let Some(vps) = vps() else { return };
    let all = [
        ask(&vps, "/right", RIGHT, ""),
        ask(&vps, "/there", RIGHT, ", from: target"),
        ask(&vps, "/open", RIGHT, ""),
        ask(&vps, "/other", "X-Auth: \"${OTHER}\"", ""),
        ask(&vps, "/missing", "X-Token: \"${AUTH}\"", ", from: target"),
    ];
    let probes = format!("    probe:\n{}", all.concat());
    let more = uses("AUTH, OTHER");
    retarget(&vps.stage.world, &vps.target(&(probes + &more)));
    vps.run("plan").success();
    assert_eq!(vps.starts(), 0);
    let failed = vps.run("apply --yes").exits(4);
    failed
        .says("done: restart")
        .says(&format!("it works GET {}", vps.url("/right")))
        .says(&format!("it works GET {}", vps.url("/there")))
        .says("proves nothing: it is answered without the credential too")
        .says("403: the credential may not do this")
        .says("401: the credential is not taken")
        .says("not shown to work on 1 target");
    assert_eq!(
        vps.requests(),
        [
            "/right 200",
            "/right 401",
            "/there 200",
            "/there 401",
            "/open 200",
            "/open 200",
            "/other 403",
            "/missing 401",
        ],
        "each once; without the secret only what was answered as wanted"
    );

    assert_eq!(vps.curls(), 3, "those of the VPS were sent from there");

    // other probes than the last apply had: nobody agreed to them yet
    let asked = vps.requests().len();
    let probes = format!("    probe:\n{}{}", all[0], all[1]);
    retarget(&vps.stage.world, &vps.target(&(probes + &more)));
    vps.set("AUTH", "c4nary-newer");
    vps.run("apply --yes").exits(3).says("authority");
    assert_eq!((vps.requests().len(), vps.starts()), (asked, 1));
    let done = vps.run("apply --yes --allow authority@vps").success();
    done.says("it works");
    assert_eq!((vps.requests().len(), vps.starts()), (asked + 4, 2));
    vps.in_sync();
    vps.run("apply --yes").success();
    assert_eq!(vps.requests().len(), asked + 4, "nothing was put in force");
}

#[test]
fn a_service_that_takes_its_time_is_waited_for_and_others_are_asked_once() {
    let Some(vps) = vps() else { return };
    let gate = vps.stage.far("gate");
    let made = Command::new("mkfifo").arg(&gate).status().unwrap();
    assert!(made.success());
    // it counts as started, and listens only when the second probe, sent after the first one found
    // nobody, tells it to
    let tell = format!(
        "      - {{ command: \"echo go > {0} && echo go >> {0}.log\", from: target }}\n",
        gate.display()
    );
    let probes = format!("    probe:\n{}{tell}", ask(&vps, "/right", RIGHT, ""));
    retarget(&vps.stage.world, &vps.target(&(probes + &uses("AUTH"))));
    let done = vps.run("apply --yes").success();
    done.says("it works GET").says("it works `echo go");
    assert_eq!(vps.stage.far_text("gate.log"), "go\n", "it was asked twice");
    assert_eq!(vps.requests(), ["/right 200", "/right 401"]);
}

#[test]
fn what_is_stored_only_is_not_probed_and_fails_nothing() {
    let Some(vps) = vps() else { return };
    let probe = vps.probe("/right", "");
    retarget(&vps.stage.world, &vps.target(&(probe + &uses("AUTH"))));
    let stored = vps.run("apply --yes --no-activate").success();
    stored.says("not tried: what was stored does not run yet");
    assert_eq!((vps.requests().len(), vps.starts()), (0, 0));
    vps.run("apply --yes").success().says("it works");
}
