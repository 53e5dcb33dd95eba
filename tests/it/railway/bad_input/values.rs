//! Names and values that Railway does not take, or takes for something else.

use crate::railway::binary::{DESIRED, NEW, Setup};

/// TOKEN is refused by the server with its value in the message.
fn refusing(in_band: bool) -> Option<Setup> {
    let setup = Setup::applied()?;
    setup.fake.switches(|switches| {
        switches.refused_values.insert(NEW.to_owned());
        switches.refusals_in_band = in_band;
    });
    Some(setup)
}

#[test]
fn a_value_that_the_server_refuses_is_told_and_not_shown() {
    for in_band in [false, true] {
        for line in [
            "apply --yes",
            "apply --yes --no-activate",
            "apply --yes --json",
        ] {
            let Some(setup) = refusing(in_band) else {
                return;
            };
            setup
                .run(line)
                .exits(3)
                .says("TOKEN")
                .says("the API refused a value or an id in the request");
            assert_eq!(setup.api.value("TOKEN").as_deref(), Some(DESIRED));
            assert_eq!(setup.environment.deployed(), Vec::<String>::new());
            // and it is not taken for done
            setup
                .run("plan")
                .success()
                .says("the manifest has a new value");
        }
    }
}

#[test]
fn a_name_that_the_server_refuses_is_told() {
    for in_band in [false, true] {
        let Some(setup) = Setup::applied() else {
            return;
        };
        setup.fake.switches(|switches| {
            switches.refused_names.insert("TOKEN".to_owned());
            switches.refusals_in_band = in_band;
        });
        setup.run("apply --yes").exits(3).says("TOKEN");
        assert_eq!(setup.api.value("TOKEN").as_deref(), Some(DESIRED));
        setup.run("plan").success().says("TOKEN");
    }
}

#[test]
fn one_refused_value_keeps_the_rest_of_its_commit_out_and_says_so() {
    let Some(setup) = refusing(true) else { return };
    setup.edit("LOG_LEVEL: info", "LOG_LEVEL: debug");
    let run = setup.run("apply --yes");
    // all or nothing on Railway; the file beside it is another matter
    assert_eq!(setup.worker.value("LOG_LEVEL").as_deref(), Some("info"));
    assert_eq!(setup.api.value("TOKEN").as_deref(), Some(DESIRED));
    assert!(setup.world.read(".env").contains("LOG_LEVEL=debug"));
    run.exits(4).says("refused");
}

#[test]
fn names_that_railway_provides_are_refused_before_anything_is_sent() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    setup.edit(
        "  LOG_LEVEL: info",
        "  LOG_LEVEL: info\n\n  RAILWAY_SERVICE_NAME: x",
    );
    setup.edit(
        "variables: [TOKEN]",
        "variables: [TOKEN, RAILWAY_SERVICE_NAME]",
    );
    for line in ["check", "plan", "apply --yes"] {
        setup.run(line).exits(1).says("RAILWAY_SERVICE_NAME");
    }
    assert_eq!(setup.fake.counters().requests, 0);
    // one that it lets people set is a variable like any other
    let text = setup.world.manifest();
    let text = text.replace("RAILWAY_SERVICE_NAME", "RAILWAY_RUN_UID");
    setup
        .world
        .write("manifests/dev.yaml", text.replace(": x", ": \"0\""));
    setup.run("apply --yes").success();
    assert_eq!(setup.api.value("RAILWAY_RUN_UID").as_deref(), Some("0"));
}

#[test]
fn a_nul_is_refused_before_anything_is_sent() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    let run = setup.run_with("set TOKEN", "c4nary\0nul");
    let run = run.hides("c4nary");
    if run.code == 0 {
        setup.run("plan").says("NUL");
        setup.run("apply --yes").says("NUL");
    }
    assert_eq!(setup.api.value("TOKEN").as_deref(), Some(DESIRED));
    setup.untouched();
}

#[test]
fn what_railway_takes_for_a_reference_is_refused_unless_it_is_meant() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    setup
        .run_with("set TOKEN", "c4nary ${{worker.LOG_LEVEL}}")
        .success();
    for (line, code) in [("plan", 0), ("apply --yes", 3)] {
        setup
            .run(line)
            .exits(code)
            .says("held by unrepresentable")
            .says("takes for a reference to another variable")
            .says("reference: true");
    }
    setup.untouched();
}

#[test]
fn a_template_cannot_smuggle_a_reference_in() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    setup.run_with("set TOKEN", "{{shared.X}} c4nary").success();
    setup.edit(
        "variables: [TOKEN]",
        "variables: [TOKEN, { URL: { template: '${DOLLAR}${TOKEN}' } }]",
    );
    setup.edit("  LOG_LEVEL: info", "  DOLLAR: x$\n\n  LOG_LEVEL: info");
    setup
        .run("plan")
        .success()
        .says("URL")
        .says("takes for a reference to another variable");
    // what is no reference is written, and the other is not
    setup
        .run("apply --yes")
        .exits(4)
        .says("held by unrepresentable");
    assert_eq!(setup.api.value("URL"), None);
    assert_eq!(
        setup.api.value("TOKEN").as_deref(),
        Some("{{shared.X}} c4nary")
    );
}
