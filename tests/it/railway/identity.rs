//! The place is the one that was meant: tokens of other environments, services that were renamed or
//! made anew, two targets that are one.

use crate::railway::binary::{DESIRED, LIVE, NEW, Setup};
use crate::support::fake_railway::faults::{Fault, Which};
use crate::support::fake_railway::switches::Absent;
use crate::support::world::Run;

const PLACE: &str = "project: aurora, environment: production, service: api";

#[test]
fn the_token_of_another_environment_is_refused_by_name_and_id() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    let staging = setup.project.environment("staging");
    // the worst case: there, the same names mean something else
    staging.service("api").set("TOKEN", "c4nary staging");
    staging.service("worker").set("LOG_LEVEL", "debug");
    let token = staging.token();
    for variable in ["RAILWAY_TOKEN", "RAILWAY_API_TOKEN"] {
        setup.without("RAILWAY_TOKEN").without("RAILWAY_API_TOKEN");
        setup.env(variable, &token);
        setup.refuses(
            &["local"],
            &[
                &format!("the token in {variable} is for the environment `staging`"),
                &staging.id,
                "the manifest says `production`",
                "use the token of the environment that the manifest names",
            ],
        );
    }
    let production = staging.service("api");
    assert_eq!(production.value("TOKEN").as_deref(), Some("c4nary staging"));
}

#[test]
fn the_token_of_another_project_is_refused() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    // even one whose names are all the same, where the manifest names the project by id
    let other = setup.fake.workspace("Beta").another_project("aurora");
    let theirs = other.environment("production");
    theirs.service("api").set("TOKEN", "c4nary theirs");
    let token = theirs.token();
    setup.env("RAILWAY_TOKEN", &token);
    let place = PLACE.replace("aurora", &setup.project.id);
    setup.edit(PLACE, &place);
    setup.plans(
        &["local"],
        &["is for the project `aurora`", &other.id, &setup.project.id],
    );
}

/// Where all names fit, only what was recorded tells the places apart.
#[test]
fn a_token_of_a_namesake_is_held_by_what_was_recorded() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    let other = setup.fake.workspace("Beta").another_project("aurora");
    let theirs = other.environment("production");
    let api = theirs.service("api").set("TOKEN", "c4nary theirs");
    theirs.service("worker").set("LOG_LEVEL", "info");
    let token = theirs.token();
    setup.env("RAILWAY_TOKEN", &token);
    held(&setup, "this is another project than at our last apply");
    assert_eq!(api.value("TOKEN").as_deref(), Some("c4nary theirs"));
}

/// The identity rail holds what would be done to `api`, for this reason, until it is let go.
#[track_caller]
fn held(setup: &Setup, why: &str) {
    setup
        .run("plan")
        .success()
        .says("held by identity")
        .says(why)
        .says("--allow identity@api");
    setup.run("apply --yes").exits(3).says("held by identity");
    setup.untouched();
}

#[test]
fn a_renamed_service_is_found_by_its_id_and_named() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    setup.api.rename("backend");
    setup.refuses(
        &["worker", "local"],
        &[
            "no service `api`",
            "is called `backend` now: write that name in the manifest",
        ],
    );
    setup.edit("service: api", "service: backend");
    setup.run("plan").success().says("TOKEN");
    // by its id it never was another one
    setup.edit("service: backend", &format!("service: {}", setup.api.id()));
    assert_eq!(setup.readable(), ["api", "worker", "local"]);
}

#[test]
fn a_name_that_another_service_took_over_is_held() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    setup.api.rename("backend");
    let thief = setup.environment.service("api");
    held(&setup, "this is another service than at our last apply");
    setup.run("plan").says("called `backend` now");
    assert!(thief.values().is_empty());
}

#[test]
fn a_service_made_anew_is_not_one_whose_variables_were_removed() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    setup.api.delete();
    setup.refuses(
        &["worker", "local"],
        &["the service `api`", "was deleted", "help:"],
    );
    let again = setup.environment.service("api").set("TOKEN", LIVE);
    assert_ne!(again.id(), setup.api.id());
    held(&setup, "this is another service than at our last apply");
    assert_eq!(again.value("TOKEN").as_deref(), Some(LIVE));
    // empty, it is no invitation either
    again.remove("TOKEN");
    held(&setup, "this is another service than at our last apply");
    setup
        .run("apply --yes --allow identity@api --overwrite TOKEN@api")
        .success();
    assert_eq!(again.value("TOKEN").as_deref(), Some(NEW));
    // and from then on it is the one
    setup
        .run("plan --detailed-exitcode")
        .exits(0)
        .omits("identity");
}

#[test]
fn an_environment_made_anew_is_held() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    setup.environment.delete();
    let again = setup.project.environment("production");
    let api = again.service("api").set("TOKEN", LIVE);
    again.service("worker").set("LOG_LEVEL", "info");
    setup.with_account();
    held(&setup, "this is another environment than at our last apply");
    let token = again.token();
    setup
        .without("RAILWAY_API_TOKEN")
        .env("RAILWAY_TOKEN", &token);
    held(&setup, "this is another environment than at our last apply");
    assert_eq!(api.value("TOKEN").as_deref(), Some(LIVE));
}

#[test]
fn a_project_made_anew_is_held() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    setup.project.delete();
    let again = setup.fake.project("aurora").environment("production");
    let api = again.service("api").set("TOKEN", LIVE);
    again.service("worker").set("LOG_LEVEL", "info");
    setup.with_account();
    held(&setup, "this is another project than at our last apply");
    assert_eq!(api.value("TOKEN").as_deref(), Some(LIVE));
}

/// Somebody deletes the service after it was listed: whatever Railway says of its variables then,
/// they are not taken for removed.
#[test]
fn a_service_deleted_between_the_list_and_the_values_is_not_empty() {
    for says in [Absent::Empty, Absent::NotFound, Absent::NotAuthorized] {
        let Some(setup) = Setup::applied() else {
            return;
        };
        setup
            .fake
            .switches(|switches| switches.absent_service_reads = says);
        let values = Which::With("variables".to_owned());
        setup
            .fake
            .fault(Fault::Slow(std::time::Duration::from_millis(300)).on(values));
        let mut command = setup.command("plan");
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let child = command.spawn().expect("the binary runs");
        // the request for the values has come, and waits
        while setup.fake.faults_left() > 0 {
            std::thread::yield_now();
        }
        setup.api.delete();
        let run = Run::from_output(&child.wait_with_output().expect("it ends"));
        let run = setup.checked(run).exits(1).says("api").says("TOKEN");
        assert!(!run.stdout.contains("removed outside"), "{}", run.all());
        assert!(!run.stdout.contains("+ TOKEN"), "{}", run.all());
        setup.untouched();
    }
}

#[test]
fn two_targets_that_are_one_service_are_refused_however_they_are_spelt() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    setup.with_account();
    let (project, environment) = (setup.project.id.clone(), setup.environment.id.clone());
    let service = setup.api.id();
    let token = setup.fake.account_token();
    setup.env("RAILWAY_TOKEN_OTHER", &token);
    let good = setup.world.manifest();
    for place in [
        format!("project: aurora, environment: production, service: {service}"),
        format!("project: {project}, environment: production, service: api"),
        format!("project: aurora, environment: {environment}, service: api"),
        format!("project: {project}, environment: {environment}, service: {service}"),
        // and with a token of its own
        format!(
            "project: aurora, environment: production, service: {service}, token: RAILWAY_TOKEN_OTHER"
        ),
    ] {
        println!("{place}");
        let twin =
            format!("targets:\n  twin: {{ railway: {{ {place} }}, variables: [LOG_LEVEL] }}\n");
        setup
            .world
            .write("manifests/dev.yaml", good.replace("targets:\n", &twin));
        setup.refuses(
            &["worker", "local"],
            &[
                "are the same service in Railway",
                "`api`",
                "`twin`",
                "let one target hold the variables of both",
            ],
        );
    }
    assert_eq!(setup.api.value("TOKEN").as_deref(), Some(DESIRED));
}

#[test]
fn the_shared_variables_have_one_target_too() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    setup.with_account();
    let id = setup.environment.id.clone();
    setup.edit(
        "targets:\n",
        &format!(
            "targets:\n  \
             one: {{ railway: {{ project: aurora, environment: production, shared: true }}, variables: [LOG_LEVEL] }}\n  \
             other: {{ railway: {{ project: aurora, environment: {id}, shared: true }}, variables: [LOG_LEVEL] }}\n"
        ),
    );
    setup.plans(
        &["api", "worker", "local"],
        &[
            "are the same shared variables in Railway",
            "`one`",
            "`other`",
        ],
    );
}
