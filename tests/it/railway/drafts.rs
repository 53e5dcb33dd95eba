//! What is not in force: a colleague's drafts, and what we stored without a deploy.

use serde_json::json;

use super::yard::{CANARY, Yard, service, shared, target};

#[test]
fn a_colleagues_draft_is_shown_without_its_value_and_holds_us() {
    let Some(yard) = Yard::new() else { return };
    let (api, _) = (yard.service("api"), yard.service("web"));
    let targets = [service("api", "A"), service("web", "W"), shared("S")];
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    yard.declare(&[("A", "1"), ("W", "1"), ("S", "1")], &targets);
    yard.run("apply --yes").success();
    yard.fake.clear_record();
    let patch = json!({ "services": { api.id(): { "variables": {
        "TOKEN": { "value": format!("{CANARY}draft") }, "A": null
    } } } });
    yard.environment.stage(&patch);
    // nothing of ours is touched: shown, and no more than that
    let plan = yard.run("plan --detailed-exitcode").success();
    let shown = plan.all().matches("api: A deleted, TOKEN").count();
    assert_eq!(shown, 1, "once for the environment:\n{}", plan.all());
    yard.declare(&[("A", "2"), ("W", "1"), ("S", "1")], &targets);
    let held = yard
        .run("apply --yes")
        .exits(3)
        .says("api: A deleted, TOKEN");
    assert_eq!(yard.fake.counters().mutation_fields, 0);
    let release = held.release("drafts");
    assert_eq!(release, "driftlock apply --yes --allow drafts@api");
    yard.paste(&release).success();
    assert_eq!(api.value("A").as_deref(), Some("2"));
    assert_eq!(yard.environment.deployed(), ["api"]);
    assert_eq!(
        yard.environment.staged(),
        Some(patch),
        "the draft is theirs"
    );
    assert_eq!(yard.environment.staged_by().as_deref(), Some("Grace"));
}

#[test]
fn a_draft_is_never_committed_with_ours_when_nothing_shall_deploy() {
    for skips in [false, true] {
        let Some(yard) = Yard::new() else { return };
        yard.fake
            .switches(|switches| switches.skip_on_commit = skips);
        let api = yard.service("api");
        let pruning = |names| target("api", "service: api", names, ", prune: true");
        yard.declare(&[("A", "1"), ("B", "1")], &[&pruning("A, B")]);
        yard.run("apply --yes").success();
        yard.fake.clear_record();
        let patch = json!({ "services": { api.id(): { "variables": { "X": { "value": "x" } } } } });
        yard.environment.stage(&patch);
        yard.declare(&[("A", "2")], &[&pruning("A")]);
        let line = "apply --yes --no-activate --allow drafts@api --allow deletes=1@api";
        let run = yard.run(line);
        assert_eq!(yard.environment.staged(), Some(patch), "{}", run.all());
        assert_eq!(api.value("X"), None);
        assert_eq!(yard.environment.deployed(), Vec::<String>::new());
        if skips {
            run.success();
            assert_eq!(api.values().len(), 1);
        } else {
            assert!(matches!(run.code, 3 | 4), "{}", run.all());
            run.says("edits that wait there");
            assert_eq!(api.values().len(), 2);
        }
    }
}

#[test]
fn stored_without_a_deploy_is_in_sync_and_said_not_to_run() {
    let Some(yard) = Yard::new() else { return };
    let (api, web) = (yard.service("api"), yard.service("web"));
    let targets = [service("api", "A, B"), service("web", "A")];
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    yard.declare(&[("A", "1"), ("B", "1")], &targets);
    yard.run("apply --yes").success();
    yard.fake.clear_record();
    yard.later();
    yard.declare(&[("A", "2"), ("B", "1")], &targets);
    yard.run("plan").success().says("Apply deploys: api, web");
    yard.run("apply --yes --no-activate")
        .success()
        .says("Stored only, nothing is deployed: api, web")
        .says("stored only, not deployed");
    assert_eq!(yard.environment.deployed(), Vec::<String>::new());
    assert_eq!(api.running()["A"], "1");
    let plan = yard.run("plan --detailed-exitcode");
    assert_eq!(plan.code, 0, "{}", plan.all());
    plan.says("No changes.")
        .says("! stored but not running: A since")
        .says("railway redeploy --service api")
        .says("railway redeploy --service web");
    // a deploy of ours brings it along
    yard.later();
    yard.declare(&[("A", "2"), ("B", "2")], &targets);
    yard.run("apply --yes").success();
    assert_eq!(yard.environment.deployed(), ["api"]);
    assert_eq!(api.running()["A"], "2");
    assert_eq!(web.running()["A"], "1");
    let plan = yard.run("plan").success();
    assert_eq!(plan.all().matches("stored but not running").count(), 1);
}
