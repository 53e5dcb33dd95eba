//! What stands in the way of an import: nothing is written then, and what could not be read is never
//! taken for empty.

use super::Aurora;
use crate::support::fake_railway::execute::Fail;
use crate::support::fake_railway::faults::{At, Fault, Which};

#[test]
fn a_manifest_that_is_there_stays() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    aurora.world.write("manifests/production.yaml", "mine");
    aurora
        .run("import railway --yes")
        .exits(3)
        .says("manifests/production.yaml is there already");
    assert_eq!(aurora.manifest("production"), "mine");
    let asked = aurora.fake.requests().len();
    aurora
        .run("import railway --yes --name production")
        .exits(3)
        .says("--name");
    assert_eq!(aurora.fake.requests().len(), asked, "that was known before");
}

#[test]
fn a_place_has_one_owner() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    let id = aurora.production.service("api").id();
    let project = aurora.fake.project("aurora").id;
    let owner = |service: &str| {
        format!(
            "driftlock: 1\nname: first\ntargets:\n  mine:\n    railway: {{ project: {project}, \
             environment: production, service: {service} }}\n"
        )
    };
    for spelled in ["api", "API", &id] {
        aurora.world.write("manifests/first.yaml", owner(spelled));
        aurora
            .run("import railway --yes")
            .exits(3)
            .says("api belongs to first/mine already; nothing was written");
    }
    aurora.world.write("manifests/first.yaml", "driftlock: 1\n");
    aurora
        .run("import railway --yes")
        .success()
        .says("manifests/first.yaml is not a valid manifest, so what it owns is not known");
}

#[test]
fn what_cannot_be_read_is_named_and_the_others_can_be_had() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    let id = aurora.production.service("api").id();
    aurora.fake.switches(|switches| {
        switches.forbidden_services.insert(id);
    });
    let before = aurora.world.files();
    aurora
        .run("import railway --yes")
        .exits(1)
        .says("not everything could be read; nothing was written")
        .says("api:")
        .says("driftlock import railway --service 'Web App' --service idle");
    assert_eq!(aurora.world.files(), before);
    let mut command = aurora.world.command(["import", "railway", "--yes"]);
    command.args(["--service", "Web App", "--service", "idle"]);
    let run = crate::support::world::Run::of(command);
    aurora.quiet(run).success();
    aurora.run("plan --detailed-exitcode").success();
}

#[test]
fn a_value_that_is_missing_without_being_sealed_is_not_left_out_in_silence() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    aurora.fake.switches(|switches| {
        switches.null_values.insert("SESSION_SECRET".to_owned());
    });
    let before = aurora.world.files();
    let run = aurora.run("import railway --yes");
    // sealed or unreadable: either way it is said by name, and never imported as something else
    assert!(run.all().contains("SESSION_SECRET"), "{}", run.all());
    if run.code != 0 {
        assert_eq!(aurora.world.files(), before);
    } else {
        assert!(!aurora.manifest("production").contains("SESSION_SECRET"));
    }
}

#[test]
fn without_a_token_or_with_a_wrong_one_nothing_happens() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    let before = aurora.world.files();
    aurora
        .run("import railway --yes --project aurora --environment production")
        .exits(1)
        .says("RAILWAY_TOKEN");
    aurora.world.variable("RAILWAY_TOKEN", "canary-no-token");
    aurora
        .run("import railway --yes --project aurora --environment production")
        .exits(1)
        .says("nothing was written");
    assert_eq!(aurora.world.files(), before);
}

#[test]
fn the_token_of_another_environment_is_found_out() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    let staging = aurora.fake.project("aurora").environment("staging");
    staging.service("api").set("A", "1");
    aurora.world.variable("RAILWAY_TOKEN", &staging.token());
    let before = aurora.world.files();
    aurora
        .run("import railway --yes --project aurora --environment production")
        .exits(1)
        .says("nothing was written");
    assert_eq!(aurora.world.files(), before);
}

#[test]
fn an_environment_without_variables_is_no_manifest() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    let empty = aurora.fake.project("aurora").environment("empty");
    empty.service("api");
    aurora.world.variable("RAILWAY_TOKEN", &empty.token());
    aurora
        .run("import railway --yes")
        .exits(3)
        .says("there is no variable to take in; nothing was written");
    assert!(!aurora.world.path("manifests").exists());
}

#[test]
fn a_refused_read_is_an_error_and_a_reset_one_is_tried_again() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    let refused = Fault::Field(At::Every, Fail::not_authorized());
    aurora.fake.fault(refused.on(Which::Queries).times(200));
    aurora
        .run("import railway --yes")
        .exits(1)
        .says("nothing was written");
    aurora.fake.clear_faults();
    assert!(!aurora.world.path("manifests").exists());
    aurora.fake.fault(Fault::Reset.on(Which::Queries));
    aurora.run("import railway --yes").success();
    aurora.run("plan --detailed-exitcode").success();
}
