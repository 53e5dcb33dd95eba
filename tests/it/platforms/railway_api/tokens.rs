//! Every kind of token, in any variable.

use driftlock::platforms::railway::api::AccessError;
use driftlock::platforms::railway::resolve::ResolveError;

use super::{api, fake, find, resolve, services, token};

#[tokio::test]
async fn a_project_token_needs_one_request_for_everything_but_the_values() {
    let Some(fake) = fake() else { return };
    let production = fake.project("aurora").environment("production");
    production.service("api").set("A", "1").seal("A");
    production.service("web").set("B", "2");
    production.shared().set("S", "3");
    let token = production.token();
    let (found, requests) = find(&fake, "RAILWAY_TOKEN", &token, ("aurora", "production")).await;
    let environment = found.unwrap().environment;
    assert_eq!(requests, 1);
    assert_eq!(environment.project_name, "aurora");
    assert_eq!(environment.environment_name, "production");
    assert_eq!(services(&environment), ["api", "web"]);
    let api = environment.service("api").unwrap();
    assert!(api.deployment.as_ref().unwrap().created_at.is_some());
    let mut of_api = environment.variables_of(Some(&api.service_id));
    let a = of_api.next().unwrap();
    assert!(a.is_sealed && a.name == "A" && a.updated_at.is_some());
    assert!(of_api.next().is_none());
    let shared: Vec<_> = environment.variables_of(None).collect();
    assert_eq!((shared.len(), shared[0].name.as_str()), (1, "S"));
    assert!(fake.requests().iter().all(|request| request.has_source()));

    let ids = (
        environment.project_id.as_str(),
        environment.environment_id.as_str(),
    );
    let (found, requests) = find(&fake, "RAILWAY_TOKEN", &token, ids).await;
    assert_eq!(
        (found.unwrap().environment, requests),
        (environment.clone(), 1)
    );
}

#[tokio::test]
async fn each_kind_works_from_each_variable() {
    let Some(fake) = fake() else { return };
    let production = fake
        .workspace("Acme")
        .project("aurora")
        .environment("production");
    production.service("api");
    let place = ("aurora", "production");
    // names: who, projects, project, environment
    let cases = [
        (production.token(), 1, 2),
        (fake.workspace("Acme").token(), 5, 4),
        (fake.account_token(), 5, 4),
        (fake.oauth_token(), 6, 6),
    ];
    for (text, as_project, as_account) in cases {
        let (found, requests) = find(&fake, "RAILWAY_TOKEN", &text, place).await;
        assert_eq!(services(&found.unwrap().environment), ["api"]);
        assert_eq!(requests, as_project);
        let (found, requests) = find(&fake, "RAILWAY_API_TOKEN", &text, place).await;
        assert_eq!(services(&found.unwrap().environment), ["api"]);
        assert_eq!(requests, as_account);
    }
}

#[tokio::test]
async fn by_ids_an_account_needs_one_request_more_to_learn_the_kind() {
    let Some(fake) = fake() else { return };
    let production = fake.project("aurora").environment("production");
    production.service("api");
    let token = production.token();
    let (found, _) = find(&fake, "RAILWAY_TOKEN", &token, ("aurora", "production")).await;
    let known = found.unwrap().environment;
    let upper = known.project_id.to_uppercase();
    for project in [&known.project_id, &upper] {
        let ids = (project.as_str(), known.environment_id.as_str());
        let token = fake.account_token();
        let (found, requests) = find(&fake, "RAILWAY_API_TOKEN", &token, ids).await;
        assert_eq!((found.unwrap().environment, requests), (known.clone(), 2));
    }
}

#[tokio::test]
async fn a_token_of_another_place_is_refused_before_anything_is_read() {
    let Some(fake) = fake() else { return };
    let aurora = fake.project("aurora");
    let staging = aurora.environment("staging");
    aurora.environment("production");
    fake.project("borealis").environment("staging");
    let token = staging.token();
    for (place, what, wanted) in [
        (("aurora", "production"), "environment", "production"),
        (("borealis", "staging"), "project", "borealis"),
        (("Aurora", "staging"), "project", "Aurora"),
        (
            ("aurora", "00000000-0000-4000-8000-000000000000"),
            "environment",
            "0000",
        ),
    ] {
        let (found, _) = find(&fake, "RAILWAY_TOKEN_X", &token, place).await;
        let error = found.unwrap_err();
        assert!(matches!(error, ResolveError::OtherPlace { .. }), "{error}");
        let text = error.to_string();
        for part in ["RAILWAY_TOKEN_X", what, wanted] {
            assert!(text.contains(part), "{text}");
        }
    }
    let (found, _) = find(&fake, "RAILWAY_TOKEN", &token, ("aurora", "Staging")).await;
    assert_eq!(found.unwrap().environment.environment_name, "staging");
}

#[tokio::test]
async fn nothing_known_of_a_token_is_said_as_such() {
    let Some(fake) = fake() else { return };
    let production = fake.project("aurora").environment("production");
    let expired = production.token();
    fake.expire(&expired);
    for text in [expired.as_str(), "never-was-one"] {
        let (found, requests) = find(&fake, "RAILWAY_TOKEN", text, ("aurora", "production")).await;
        let error = found.unwrap_err();
        assert!(
            matches!(
                &error,
                ResolveError::Access(AccessError::NotAccepted { variable })
                    if variable == "RAILWAY_TOKEN"
            ),
            "{error}"
        );
        assert_eq!(requests, 3);
    }
}

#[tokio::test]
async fn the_kind_is_learned_once_and_the_place_read_anew_each_time() {
    let Some(fake) = fake() else { return };
    let production = fake.project("aurora").environment("production");
    production.service("api").set("A", "1");
    for (variable, text, first, then) in [
        ("RAILWAY_TOKEN", production.token(), 1, 1),
        ("RAILWAY_API_TOKEN", fake.account_token(), 4, 3),
    ] {
        let api = api(&fake);
        let token = token(variable, &text);
        let read = async || {
            let found = resolve(&api, &token, "aurora", "production", api.deadline()).await;
            found.unwrap().environment.variables.len()
        };
        let before = read().await;
        assert_eq!(api.requests(), first);
        production
            .service("api")
            .set(&format!("NEW_IN_{variable}"), "2");
        assert_eq!(read().await, before + 1);
        assert_eq!(api.requests(), first + then);
    }
}
