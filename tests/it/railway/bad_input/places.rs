//! Projects, environments and services that are missing, gone, ambiguous or closed.

use crate::railway::binary::Setup;
use crate::support::fake_railway::switches::Cursors;

const PROJECT: &str = "project: aurora, environment: production, service: api";

/// `api` cannot be read, and that is said; the others can.
#[track_caller]
fn api_alone_fails(setup: &Setup, place: &str, words: &[&str]) {
    let good = setup.world.manifest();
    setup.edit(PROJECT, place);
    setup.refuses(&["worker", "local"], words);
    setup.world.write("manifests/dev.yaml", good);
}

#[test]
fn a_name_that_leads_nowhere_comes_with_those_that_do() {
    let Some(mut setup) = Setup::applied() else { return };
    setup.with_account();
    api_alone_fails(
        &setup,
        "project: arora, environment: production, service: api",
        &["no project `arora` in the workspace `Acme`", "there is `aurora`"],
    );
    api_alone_fails(
        &setup,
        "project: aurora, environment: prod, service: api",
        &["no environment `prod` in the project `aurora`", "there is `production`"],
    );
    api_alone_fails(
        &setup,
        "project: aurora, environment: production, service: apii",
        &["no service `apii` in the environment `production` of `aurora`", "there is `api`"],
    );
}

#[test]
fn an_id_that_is_not_there_is_told_with_its_kind() {
    let Some(mut setup) = Setup::applied() else { return };
    setup.with_account();
    const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
    for hidden in [false, true] {
        setup.fake.switches(|switches| switches.absent_is_not_authorized = hidden);
        api_alone_fails(
            &setup,
            &format!("project: {NOBODY}, environment: production, service: api"),
            &[&format!("the project {NOBODY} is not there, or the token"), "help:"],
        );
        api_alone_fails(
            &setup,
            &format!("project: aurora, environment: {NOBODY}, service: api"),
            &[&format!("the environment {NOBODY} is not there, or the token"), "help:"],
        );
        api_alone_fails(
            &setup,
            &format!("project: aurora, environment: production, service: {NOBODY}"),
            &[&format!("no service `{NOBODY}`"), "there are `api` and `worker`"],
        );
    }
}

/// What is no id is a name: it is never sent where Railway wants an id.
#[test]
fn a_malformed_id_is_a_name_that_leads_nowhere() {
    let Some(mut setup) = Setup::applied() else { return };
    setup.with_account();
    let id = setup.environment.id.clone();
    let short = &id[..35];
    api_alone_fails(
        &setup,
        &format!("project: aurora, environment: {short}, service: api"),
        &[&format!("no environment `{short}` in the project `aurora`")],
    );
    // upper case is an id all the same
    let upper = id.to_uppercase();
    setup.edit(PROJECT, &format!("project: aurora, environment: {upper}, service: api"));
    assert_eq!(setup.readable(), ["api", "worker", "local"]);
}

#[test]
fn what_was_deleted_is_not_empty() {
    let Some(mut setup) = Setup::applied() else { return };
    setup.with_account();
    setup.worker.delete();
    setup.plans(
        &["api", "local"],
        &["the service `worker`", "was deleted", "take the target out"],
    );
    let id = setup.environment.id.clone();
    setup.environment.delete();
    setup.refuses(&["local"], &["no environment `production`"]);
    setup.edit(PROJECT, &format!("project: aurora, environment: {id}, service: api"));
    setup.refuses(&["local"], &[&id, "help:"]);
    setup.project.delete();
    setup.refuses(&["local"], &["no project `aurora`"]);
}

#[test]
fn a_project_token_of_what_was_deleted_reads_nothing() {
    let Some(setup) = Setup::applied() else { return };
    setup.environment.delete();
    setup.refuses(&["local"], &["help:"]);
}

#[test]
fn two_projects_of_one_name_are_listed_and_an_id_settles_it() {
    let Some(mut setup) = Setup::applied() else { return };
    setup.with_account();
    let other = setup.fake.workspace("Beta").another_project("aurora");
    setup.refuses(
        &["local"],
        &[
            "more than one project is called `aurora`",
            &format!("{} in the workspace `Acme`", setup.project.id),
            &format!("{} in the workspace `Beta`", other.id),
            "write the id in place of the name",
        ],
    );
    let place = PROJECT.replace("aurora", &setup.project.id);
    setup.edit(PROJECT, &place);
    assert_eq!(setup.readable(), ["api", "local"]);
}

#[test]
fn services_that_differ_in_case_need_the_exact_name() {
    let Some(mut setup) = Setup::applied() else { return };
    let upper = setup.environment.service("API").set("TOKEN", "x");
    for account in [false, true] {
        if account {
            setup.with_account();
        }
        assert_eq!(setup.readable(), ["api", "worker", "local"]);
        api_alone_fails(
            &setup,
            "project: aurora, environment: production, service: Api",
            &["`Api` could be the services", "`API`", "`api`", "write the name exactly"],
        );
    }
    assert_eq!(upper.value("TOKEN").as_deref(), Some("x"));
}

#[test]
fn a_service_without_an_instance_here_is_told_apart_from_none() {
    let Some(setup) = Setup::applied() else { return };
    setup.project.service_without_instance("batch");
    api_alone_fails(
        &setup,
        "project: aurora, environment: production, service: batch",
        &[
            "the service `batch`",
            "has no instance in the environment `production`",
            "deploy the service to this environment first",
        ],
    );
}

#[test]
fn a_closed_environment_is_not_empty() {
    let Some(mut setup) = Setup::applied() else { return };
    setup.environment.deny_access();
    setup.refuses(&["local"], &["help:"]);
    setup.with_account();
    setup.refuses(
        &["local"],
        &["may not enter the environment `production`", "restricted"],
    );
}

#[test]
fn an_environment_of_another_project_is_refused() {
    let Some(mut setup) = Setup::applied() else { return };
    let other = setup.fake.project("borealis").environment("production");
    other.service("api").set("TOKEN", "theirs");
    setup.with_account();
    api_alone_fails(
        &setup,
        &format!("project: aurora, environment: {}, service: api", other.id),
        &[&other.id, "help:"],
    );
}

#[test]
fn one_service_out_of_reach_does_not_hide_the_others() {
    let Some(setup) = Setup::applied() else { return };
    let id = setup.api.id();
    setup.fake.switches(|switches| {
        switches.forbidden_services.insert(id);
    });
    setup.refuses(
        &["worker", "local"],
        &["api", "not authorized, or not there", "check that the token"],
    );
}

#[test]
fn all_pages_are_read_or_none() {
    let Some(mut setup) = Setup::applied() else { return };
    for number in 0..12 {
        setup
            .environment
            .service(&format!("extra-{number}"))
            .set("A", "1")
            .set("B", "2");
    }
    // `worker` is behind the cap of the first page in every list
    let late = setup.environment.service("late").set("LOG_LEVEL", "info");
    setup.edit("service: worker", "service: late");
    for cap in [1, 2, 5] {
        setup.fake.switches(|switches| switches.page_cap = cap);
        setup.without("RAILWAY_API_TOKEN");
        let token = setup.environment.token();
        setup.env("RAILWAY_TOKEN", &token);
        assert_eq!(setup.readable(), ["api", "worker", "local"], "{cap}");
        setup.with_account();
        assert_eq!(setup.readable(), ["api", "worker", "local"], "{cap}");
    }
    setup.fake.switches(|switches| switches.page_cap = 5);
    for cursors in [Cursors::NullWithMore, Cursors::Repeating] {
        for list in ["serviceInstances", "variables", "environments", "projects"] {
            setup.fake.switches(|switches| {
                switches.cursors = cursors;
                switches.cursors_of = Some(list);
            });
            // one page is enough for these two, unless it says that there are more
            let short = ["environments", "projects"].contains(&list);
            if short && cursors == Cursors::NullWithMore {
                assert_eq!(setup.readable().len(), 3, "{list}");
                continue;
            }
            println!("{cursors:?} {list}");
            setup.refuses(
                &["local"],
                &["could not be read to its end", "never taken for the whole"],
            );
        }
    }
    assert_eq!(late.value("LOG_LEVEL").as_deref(), Some("info"));
}
