//! What needs no server, or only a server that says one thing.

use serde_json::json;

use super::*;
use crate::model::SecretValue;
use crate::platforms::http::tests::server::{Reply, Server};
use crate::platforms::railway::settings::RailwaySettings;

fn environment(services: &[(&str, &str)]) -> Environment {
    let instance = |(id, name): &(&str, &str)| Instance {
        service_id: (*id).to_owned(),
        service_name: (*name).to_owned(),
        deployment: None,
    };
    Environment {
        project_id: "p".to_owned(),
        project_name: "aurora".to_owned(),
        environment_id: "e".to_owned(),
        environment_name: "production".to_owned(),
        workspace_id: None,
        can_access: true,
        is_ephemeral: false,
        unmerged_changes: None,
        instances: services.iter().map(instance).collect(),
        variables: vec![],
    }
}

#[test]
fn ids_are_uuids() {
    for id in [
        "00000000-0000-4000-8000-000000000000",
        "ABCDEF01-2345-4789-abcd-ef0123456789",
    ] {
        assert!(is_id(id), "{id}");
    }
    for name in [
        "",
        "api",
        "00000000-0000-4000-8000-00000000000",
        "00000000-0000-4000-8000-0000000000000",
        "00000000_0000-4000-8000-000000000000",
        "g0000000-0000-4000-8000-000000000000",
        "000000000-000-4000-8000-000000000000",
    ] {
        assert!(!is_id(name), "{name}");
    }
}

#[test]
fn the_id_wins_then_the_name_then_the_letters() {
    // a service that is called like another one's id
    let all = environment(&[
        ("id-1", "id-2"),
        ("id-2", "Web"),
        ("id-3", "web"),
        ("id-4", "Api"),
    ]);
    let find = |wanted: &str| all.service(wanted).map(|one| one.service_id.as_str());
    assert_eq!(find("id-2"), Ok("id-2"));
    assert_eq!(find("ID-1"), Ok("id-1"));
    assert_eq!(find("web"), Ok("id-3"));
    assert_eq!(find("Web"), Ok("id-2"));
    assert_eq!(find("api"), Ok("id-4"));
    assert_eq!(
        find("WEB"),
        Err(ServiceMiss::Several {
            names: vec!["Web".to_owned(), "web".to_owned()]
        })
    );
    assert_eq!(
        find("wep"),
        Err(ServiceMiss::None {
            near: vec!["Web".to_owned(), "web".to_owned()]
        })
    );
    assert!(
        matches!(environment(&[]).service("x"), Err(ServiceMiss::None { near }) if near.is_empty())
    );
}

/// One service whose deployment could not be read, and an error with this path.
fn answer(path: &[&str]) -> String {
    let page = json!({ "hasNextPage": false, "endCursor": null });
    let instance = json!({
        "serviceId": "s", "serviceName": "api", "deletedAt": null, "latestDeployment": null,
    });
    json!({
        "data": { "projectToken": {
            "projectId": "p", "environmentId": "e",
            "project": { "id": "p", "name": "aurora", "workspaceId": null, "deletedAt": null },
            "environment": {
                "id": "e", "name": "production", "projectId": "p", "isEphemeral": false,
                "canAccess": true, "deletedAt": null, "unmergedChangesCount": null,
                "serviceInstances": { "edges": [{ "node": instance }], "pageInfo": page },
                "variables": { "edges": [], "pageInfo": page },
            },
        } },
        "errors": [{ "message": "Not Authorized", "path": path }],
    })
    .to_string()
}

#[tokio::test]
async fn a_deployment_that_cannot_be_read_hides_nothing_else() {
    let find = async |path: &'static [&'static str]| {
        let server = Server::start(move |_, _| Reply::json(&answer(path)));
        let settings = RailwaySettings {
            endpoint: Some(server.url()),
            ..RailwaySettings::default()
        };
        let api = Api::new(&settings).unwrap();
        let token = Token::new("RAILWAY_TOKEN", &SecretValue::new("t")).unwrap();
        resolve(&api, &token, "aurora", "production", api.deadline()).await
    };
    let found = find(&[
        "projectToken",
        "environment",
        "serviceInstances",
        "latestDeployment",
    ])
    .await;
    let instance = &found.unwrap().environment.instances[0];
    assert_eq!(
        (instance.service_name.as_str(), &instance.deployment),
        ("api", &None)
    );
    // any other error beside data is one: what is missing would look deleted
    let other = find(&["projectToken", "environment", "variables"]).await;
    assert!(
        matches!(other, Err(ResolveError::Access(_) | ResolveError::Api(_))),
        "{other:?}"
    );
}
