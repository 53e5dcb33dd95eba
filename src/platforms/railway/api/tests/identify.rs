//! What a token is, by asking.

use serde_json::json;

use super::{Reply, Seen, Server, api, pace, scripted, token};
use crate::platforms::railway::api::{Access, AccessError, Fault};
use crate::platforms::railway::token::Scheme;

/// The kinds of token that a server may know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Project,
    Account,
    OAuth,
    /// A project token that may not see its environment's variables.
    Narrow,
    Nothing,
}

fn refused() -> Reply {
    let error = json!({
        "message": "Not Authorized",
        "path": ["x"],
        "extensions": { "code": "INTERNAL_SERVER_ERROR" },
    });
    Reply::json(&json!({ "data": null, "errors": [error] }).to_string())
}

fn connection() -> serde_json::Value {
    json!({ "edges": [], "pageInfo": { "hasNextPage": false, "endCursor": null } })
}

fn answer(kind: Kind, seen: &Seen) -> Reply {
    let project = seen.header("project-access-token").is_some();
    let operation = seen.json()["operationName"].as_str().unwrap().to_owned();
    let workspaces = json!([{ "id": "w1", "name": "Acme" }]);
    let token = |environment| {
        json!({ "data": { "projectToken": {
            "projectId": "p1", "environmentId": "e1",
            "project": { "id": "p1", "name": "aurora", "workspaceId": "w1", "deletedAt": null },
            "environment": environment,
        } } })
    };
    let whole = json!({
        "id": "e1", "name": "production", "projectId": "p1", "isEphemeral": false,
        "canAccess": true, "deletedAt": null, "unmergedChangesCount": 2,
        "serviceInstances": connection(), "variables": connection(),
    });
    let data = match (kind, project, operation.as_str()) {
        (Kind::Project, true, "ProjectToken") => token(whole),
        (Kind::Narrow, true, "ProjectToken") => {
            let path = ["projectToken", "environment", "variables"];
            json!({ "data": null, "errors": [{ "message": "Not Authorized", "path": path }] })
        }
        (Kind::Narrow, true, "ProjectTokenOnly") => {
            token(json!({ "id": "e1", "name": "production" }))
        }
        (Kind::Account, false, "ApiToken") => {
            json!({ "data": { "apiToken": { "workspaces": workspaces } } })
        }
        (Kind::OAuth, false, "Me") => json!({ "data": { "me": { "workspaces": workspaces } } }),
        _ => return refused(),
    };
    Reply::json(&data.to_string())
}

fn server(kind: Kind) -> Server {
    Server::start(move |_, seen| answer(kind, seen))
}

#[tokio::test]
async fn the_kind_is_found_whatever_the_variable_is_called() {
    let cases = [
        (Kind::Project, "RAILWAY_TOKEN", Scheme::Project, 1),
        (Kind::Project, "RAILWAY_API_TOKEN", Scheme::Project, 2),
        (Kind::Account, "RAILWAY_API_TOKEN", Scheme::Bearer, 1),
        (Kind::Account, "RAILWAY_TOKEN", Scheme::Bearer, 2),
        (Kind::OAuth, "RAILWAY_API_TOKEN", Scheme::Bearer, 3),
        (Kind::OAuth, "RAILWAY_TOKEN", Scheme::Bearer, 3),
        (Kind::Narrow, "RAILWAY_TOKEN", Scheme::Project, 2),
    ];
    for (kind, variable, scheme, requests) in cases {
        let server = server(kind);
        let api = api(&server, pace());
        let token = token(variable);
        let first = api.identify(&token, api.deadline()).await.unwrap();
        assert_eq!(first.identity.auth.scheme, scheme, "{variable}");
        assert_eq!(first.fresh.is_some(), kind == Kind::Project);
        match (&first.identity.access, kind) {
            (Access::Project(access), Kind::Project | Kind::Narrow) => {
                assert_eq!(access.environment_name, "production");
                assert_eq!(access.project_id, "p1");
            }
            (Access::Workspaces(all), Kind::Account | Kind::OAuth) => {
                assert_eq!(all[0].name, "Acme");
            }
            other => panic!("{:?}", other.0),
        }
        let again = api.identify(&token, api.deadline()).await.unwrap();
        assert_eq!(again.identity, first.identity);
        assert!(again.fresh.is_none(), "what was read then is not now");
        assert_eq!(api.requests(), requests, "{variable}");
    }
}

#[tokio::test]
async fn a_token_is_called_wrong_only_after_all_questions() {
    let server = server(Kind::Nothing);
    let api = api(&server, pace());
    let error = api
        .identify(&token("RAILWAY_TOKEN_EU"), api.deadline())
        .await
        .unwrap_err();
    assert_eq!(
        error,
        AccessError::NotAccepted {
            variable: "RAILWAY_TOKEN_EU".into()
        }
    );
    assert_eq!(api.requests(), 3);
    assert!(error.help().unwrap().contains("RAILWAY_TOKEN_EU"));
    let all = format!("{error} {error:?} {:?}", error.help());
    assert!(!all.contains(super::CANARY));
}

#[tokio::test]
async fn an_outage_is_not_a_wrong_token_and_is_not_remembered() {
    let down = Reply::json_with(500, &[], "{}");
    let server = scripted(vec![
        down,
        Reply::json(r#"{"data":{"apiToken":{"workspaces":[]}}}"#),
    ]);
    let api = api(&server, pace());
    let token = token("RAILWAY_API_TOKEN");
    let error = api.identify(&token, api.deadline()).await.unwrap_err();
    assert!(
        matches!(&error, AccessError::Api(error) if error.fault == Fault::Status { status: 500 }),
        "{error}"
    );
    api.identify(&token, api.deadline()).await.unwrap();
    assert_eq!(api.requests(), 2);
}

#[tokio::test]
async fn asked_twice_at_once_it_asks_once() {
    let server = server(Kind::Project);
    let api = api(&server, pace());
    let token = token("RAILWAY_TOKEN");
    let limit = api.deadline();
    let (one, other) =
        futures_util::future::join(api.identify(&token, limit), api.identify(&token, limit)).await;
    let fresh = [one.unwrap(), other.unwrap()].map(|one| one.fresh.is_some());
    assert_eq!(fresh.iter().filter(|fresh| **fresh).count(), 1);
    assert_eq!(api.requests(), 1);
}
