//! Names to ids: one, none, several.

use driftlock::platforms::railway::resolve::{ResolveError, service};

use super::{api, fake, find, services, token};
use crate::support::fake_railway::FakeRailway;

const VARIABLE: &str = "RAILWAY_API_TOKEN";

async fn miss(fake: &FakeRailway, place: (&str, &str)) -> (ResolveError, String) {
    let token = fake.account_token();
    let error = find(fake, VARIABLE, &token, place).await.0.unwrap_err();
    let help = error.help().unwrap_or_default();
    (error, help)
}

#[tokio::test]
async fn a_project_that_is_not_there_comes_with_names_like_it() {
    let Some(fake) = fake() else { return };
    fake.workspace("Acme")
        .project("aurora")
        .environment("production");
    fake.workspace("Umbra")
        .project("borealis")
        .environment("production");
    let gone = fake.workspace("Acme").another_project("gone");
    gone.environment("production");
    gone.delete();
    let (error, help) = miss(&fake, ("aurra", "production")).await;
    assert!(matches!(error, ResolveError::NoProject { .. }), "{error}");
    assert!(
        help.contains("`aurora`") && !help.contains("borealis"),
        "{help}"
    );
    let (error, help) = miss(&fake, ("Aurora", "production")).await;
    assert!(matches!(error, ResolveError::NoProject { .. }), "{error}");
    assert!(help.contains("`aurora`"), "{help}");
    let (error, _) = miss(&fake, ("gone", "production")).await;
    let text = error.to_string();
    assert!(text.contains("`Acme` and `Umbra`"), "{text}");
}

#[tokio::test]
async fn two_projects_of_one_name_come_with_their_ids() {
    let Some(fake) = fake() else { return };
    let one = fake.workspace("Acme").project("twin");
    one.environment("production").service("api");
    let two = fake.workspace("Umbra").project("twin");
    two.environment("production").service("web");
    let (error, help) = miss(&fake, ("twin", "production")).await;
    let ResolveError::SeveralProjects { found, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(found.len(), 2);
    assert!(
        found[0].contains("`Acme`") && found[1].contains("`Umbra`"),
        "{found:?}"
    );
    assert!(help.contains("id"), "{help}");
    // one of the listed ids is the way on
    let id = found[1].split(' ').next().unwrap();
    let token = fake.account_token();
    let (found, requests) = find(&fake, VARIABLE, &token, (id, "production")).await;
    assert_eq!(services(&found.unwrap().environment), ["web"]);
    assert_eq!(requests, 3);
    // a token of one workspace sees one of them
    let token = fake.workspace("Umbra").token();
    let (found, _) = find(&fake, VARIABLE, &token, ("twin", "production")).await;
    assert_eq!(services(&found.unwrap().environment), ["web"]);
}

#[tokio::test]
async fn environments_by_exact_name_then_by_letters() {
    let Some(fake) = fake() else { return };
    let aurora = fake.project("aurora");
    aurora.environment("Production").service("one");
    aurora.environment("staging").service("two");
    aurora.environment("STAGING").service("three");
    let preview = aurora.environment("pr-12");
    preview.service("four");
    preview.make_ephemeral();
    aurora.environment("old").delete();
    let token = fake.account_token();
    for (name, expected) in [
        ("production", "one"),
        ("staging", "two"),
        ("STAGING", "three"),
        ("pr-12", "four"),
    ] {
        let (found, requests) = find(&fake, VARIABLE, &token, ("aurora", name)).await;
        assert_eq!(services(&found.unwrap().environment), [expected]);
        assert_eq!(requests, 4);
    }
    let (error, help) = miss(&fake, ("aurora", "Staging")).await;
    assert!(matches!(error, ResolveError::Ambiguous { .. }), "{error}");
    assert!(help.contains("exactly"), "{help}");
    let (error, help) = miss(&fake, ("aurora", "old")).await;
    assert!(
        matches!(error, ResolveError::NoEnvironment { .. }),
        "{error}"
    );
    assert!(help.contains("`pr-12`"), "{help}");
}

#[tokio::test]
async fn an_environment_that_may_not_be_entered_is_an_error() {
    let Some(fake) = fake() else { return };
    let production = fake.project("aurora").environment("production");
    production.service("api");
    let known = production.token();
    let (found, _) = find(&fake, "RAILWAY_TOKEN", &known, ("aurora", "production")).await;
    let known = found.unwrap().environment;
    production.deny_access();
    let (error, help) = miss(&fake, ("aurora", "production")).await;
    assert!(matches!(error, ResolveError::NoAccess { .. }), "{error}");
    assert!(help.contains("project token"), "{help}");
    // by id, what is in it is refused
    let (error, help) = miss(&fake, ("aurora", &known.environment_id)).await;
    assert!(matches!(error, ResolveError::Restricted { .. }), "{error}");
    assert!(help.contains("viewer"), "{help}");
}

#[tokio::test]
async fn who_may_look_but_not_at_variables_is_told_so() {
    let Some(fake) = fake() else { return };
    fake.project("aurora")
        .environment("production")
        .service("api");
    let token = fake.viewer_token();
    let (found, _) = find(&fake, VARIABLE, &token, ("aurora", "production")).await;
    let error = found.unwrap_err();
    assert!(matches!(error, ResolveError::Restricted { .. }), "{error}");
}

#[tokio::test]
async fn ids_that_are_not_there_or_of_another_project() {
    let Some(fake) = fake() else { return };
    let production = fake.project("aurora").environment("production");
    let token = production.token();
    let (found, _) = find(&fake, "RAILWAY_TOKEN", &token, ("aurora", "production")).await;
    let ours = found.unwrap().environment;
    let token = fake.project("borealis").environment("staging").token();
    let (found, _) = find(&fake, "RAILWAY_TOKEN", &token, ("borealis", "staging")).await;
    let theirs = found.unwrap().environment;
    let nowhere = "00000000-0000-4000-8000-000000000000";
    for hidden in [false, true] {
        fake.switches(|switches| switches.absent_is_not_authorized = hidden);
        let (error, _) = miss(&fake, (nowhere, &ours.environment_id)).await;
        assert!(
            matches!(
                error,
                ResolveError::NotThere { .. } | ResolveError::OtherProject { .. }
            ),
            "{error}"
        );
        let (error, _) = miss(&fake, (&ours.project_id, nowhere)).await;
        assert!(
            matches!(
                &error,
                ResolveError::NotThere {
                    what: "environment",
                    ..
                }
            ),
            "{error}"
        );
        let (error, _) = miss(&fake, (nowhere, "production")).await;
        assert!(
            matches!(
                &error,
                ResolveError::NotThere {
                    what: "project",
                    ..
                }
            ),
            "{error}"
        );
        let (error, _) = miss(&fake, (&ours.project_id, &theirs.environment_id)).await;
        assert!(
            matches!(
                error,
                ResolveError::NotThere { .. } | ResolveError::OtherProject { .. }
            ),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_service_by_id_by_name_by_letters_or_why_not() {
    let Some(fake) = fake() else { return };
    let aurora = fake.project("aurora");
    let production = aurora.environment("production");
    for name in ["api", "Web", "Worker", "WORKER"] {
        production.service(name);
    }
    aurora.service_without_instance("elsewhere");
    production.service("doomed").delete();
    let api = api(&fake);
    let token = token(VARIABLE, &fake.account_token());
    let resolved = super::resolve(&api, &token, "aurora", "production", api.deadline())
        .await
        .unwrap();
    assert_eq!(
        services(&resolved.environment),
        ["WORKER", "Web", "Worker", "api"]
    );
    let find = async |wanted: &str| service(&api, &resolved, wanted, api.deadline()).await;

    let before = api.requests();
    let by_name = find("api").await.unwrap();
    assert_eq!(find(&by_name.service_id).await.unwrap(), by_name);
    assert_eq!(find("web").await.unwrap().service_name, "Web");
    assert_eq!(find("Worker").await.unwrap().service_name, "Worker");
    let several = find("worker").await.unwrap_err();
    assert!(
        matches!(several, ResolveError::Ambiguous { .. }),
        "{several}"
    );
    assert_eq!(api.requests(), before, "nothing was asked");

    let none = find("wob").await.unwrap_err();
    assert!(matches!(none, ResolveError::NoService { .. }), "{none}");
    assert!(none.help().unwrap().contains("`Web`"));
    assert_eq!(api.requests(), before + 1);
    for name in ["elsewhere", "Elsewhere"] {
        let elsewhere = find(name).await.unwrap_err();
        assert!(
            matches!(elsewhere, ResolveError::NoInstance { .. }),
            "{elsewhere}"
        );
    }
    let doomed = find("doomed").await.unwrap_err();
    assert!(
        matches!(
            doomed,
            ResolveError::Deleted { .. } | ResolveError::NoService { .. }
        ),
        "{doomed}"
    );
}

#[tokio::test]
async fn many_workspaces_take_a_request_for_each_26() {
    let Some(fake) = fake() else { return };
    for number in 0..30 {
        let name = format!("workspace-{number}");
        fake.workspace(&name).project(&format!("project-{number}"));
    }
    fake.workspace("workspace-29")
        .project("project-29")
        .environment("production")
        .service("api");
    let token = fake.account_token();
    let (found, requests) = find(&fake, VARIABLE, &token, ("project-29", "production")).await;
    assert_eq!(services(&found.unwrap().environment), ["api"]);
    assert_eq!(requests, 5);
}
