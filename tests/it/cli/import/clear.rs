//! What stays in clear text: suggested, named, and nothing else.

use super::Aurora;
use crate::support::terminal::{Typed, at_terminal};

#[test]
fn suggestions_are_names_and_a_command_that_can_be_pasted() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    aurora
        .run("import railway --yes --name backend")
        .success()
        .says("encrypted, though anybody might read: API_PORT, LOG_LEVEL, RAILWAY_RUN_UID, WEB_APP_PORT")
        .says("rm manifests/backend.yaml && driftlock import railway --name backend --clear API_PORT --clear LOG_LEVEL --clear RAILWAY_RUN_UID --clear WEB_APP_PORT");
    std::fs::remove_file(aurora.world.path("manifests/backend.yaml")).unwrap();
    aurora
        .run("import railway --name backend --clear API_PORT --clear LOG_LEVEL --clear RAILWAY_RUN_UID --clear WEB_APP_PORT")
        .success();
    let text = aurora.manifest("backend");
    for line in [
        "  API_PORT: 8080\n",
        "  LOG_LEVEL: info\n",
        "  WEB_APP_PORT: 3000\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("canary"));
    aurora.run("plan --detailed-exitcode").success();
}

#[test]
fn suggested_ones_are_taken_only_if_that_is_asked_for() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    let run = aurora.run("import railway --yes --clear-suggested --clear REGION");
    assert!(!run.success().all().contains("anybody might read"));
    let text = aurora.manifest("production");
    assert!(text.contains("  LOG_LEVEL: info\n"));
    assert!(text.contains("  REGION: eu\n"));
    assert!(!text.contains("EMPTY: \"\""));
    aurora.run("plan --detailed-exitcode").success();
}

#[test]
fn a_reference_beside_other_text_can_be_in_clear() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    aurora
        .world
        .run("import railway --yes --clear DSN")
        .success();
    let text = aurora.manifest("production");
    assert!(text.contains("  DSN: \"postgres://canary-user:${{Postgres.PASSWORD}}@db/canary\"\n"));
    aurora.world.run("plan --detailed-exitcode").success();
}

#[test]
fn a_name_that_means_several_or_nothing_is_refused() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    let before = aurora.world.files();
    aurora
        .run("import railway --yes --clear PORT")
        .exits(64)
        .says("--clear API_PORT --clear WEB_APP_PORT");
    for name in ["NOBODY", "STRIPE_KEY"] {
        aurora
            .run(&format!("import railway --yes --clear {name}"))
            .exits(64)
            .says("nothing that can be taken in has this name");
    }
    assert_eq!(aurora.world.files(), before);
    // in clear as it is
    aurora
        .run("import railway --yes --clear DATABASE_URL")
        .success();
}

#[test]
fn a_person_sees_the_suggestions_first_and_may_say_no() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    let before = aurora.world.files();
    let no = [Typed::Shown("Make one in", "n")];
    if let Some(run) = at_terminal(&aurora.world, "import railway", &no) {
        aurora
            .quiet(run)
            .exits(3)
            .says("will be encrypted, though anybody might read: API_PORT")
            .says("driftlock import railway --yes makes one");
        assert_eq!(aurora.world.files(), before);
    }
    let no = [
        Typed::Shown("Make one in", "y"),
        Typed::Shown("Write manifests/production.yaml?", "n"),
    ];
    if let Some(run) = at_terminal(&aurora.world, "import railway", &no) {
        aurora.quiet(run).exits(3).says("nothing more was written");
        assert!(!aurora.world.path("manifests").exists());
    }
    let yes = [Typed::Shown("Write manifests/production.yaml?", "y")];
    if let Some(run) = at_terminal(&aurora.world, "import railway", &yes) {
        aurora
            .quiet(run)
            .exits(0)
            .says("wrote manifests/production.yaml");
    }
}
