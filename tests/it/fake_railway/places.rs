//! From names to ids: section 3 of the facts.

use serde_json::{Value, json};

use super::{Auth, Lab};

#[test]
fn two_projects_may_have_one_name() {
    let Some(lab) = Lab::open() else { return };
    let workspace = lab.fake.workspace("Acme");
    let second = workspace.another_project("aurora");
    let gone = workspace.another_project("gone");
    gone.delete();
    let auth = Auth::Bearer(lab.fake.account_token());
    let query = "query($w: String!) { projects(workspaceId: $w, first: 500) {
        edges { node { id name deletedAt workspaceId } } pageInfo { hasNextPage } } }";
    let found = lab.answer(&auth, query, &json!({ "w": workspace.id }));
    let edges = found["data"]["projects"]["edges"].as_array().unwrap();
    let ids: Vec<&Value> = edges.iter().map(|edge| &edge["node"]["id"]).collect();
    assert_eq!(ids, [&json!(lab.project.id), &json!(second.id)]);
    let deleted = lab.answer(
        &auth,
        "query($id: String!) { project(id: $id) { deletedAt } }",
        &json!({ "id": gone.id }),
    );
    assert!(deleted["data"]["project"]["deletedAt"].is_string());
    // a personal token's projects live in workspaces: without one there are none
    let none = lab.answer(
        &auth,
        "{ projects(first: 9) { edges { node { id } } } }",
        &json!(null),
    );
    assert_eq!(none["data"]["projects"]["edges"], json!([]));
    let mine = lab.answer(
        &auth,
        "{ me { workspaces { projects(first: 9) { edges { node { id } } } } } }",
        &json!(null),
    );
    let mine = &mine["data"]["me"]["workspaces"][0]["projects"]["edges"];
    assert_eq!(mine.as_array().unwrap().len(), 2);
    second.rename("borealis");
    let renamed = lab.answer(&auth, query, &json!({ "w": workspace.id }));
    let edges = &renamed["data"]["projects"]["edges"];
    assert_eq!(edges[1]["node"]["name"], "borealis");
}

#[test]
fn what_is_missing_is_told_in_one_of_two_ways() {
    let Some(lab) = Lab::open() else { return };
    let auth = Auth::Bearer(lab.fake.account_token());
    let absent = json!({ "id": "11111111-1111-4111-8111-111111111111" });
    let project = "query($id: String!) { project(id: $id) { id } }";
    let environment = "query($id: String!) { environment(id: $id) { id } }";
    assert_eq!(lab.refusal_of(&auth, project, &absent), "Project not found");
    assert_eq!(
        lab.refusal_of(&auth, environment, &absent),
        "Environment not found"
    );
    let malformed = json!({ "id": "aurora" });
    assert_eq!(
        lab.refusal_of(&auth, project, &malformed),
        "Problem processing request"
    );
    lab.fake
        .switches(|switches| switches.absent_is_not_authorized = true);
    assert_eq!(lab.refusal_of(&auth, project, &absent), "Not Authorized");
}

#[test]
fn environments_are_deleted_ephemeral_or_closed() {
    let Some(lab) = Lab::open() else { return };
    let auth = Auth::Bearer(lab.fake.account_token());
    let review = lab.project.environment("pr-7");
    review.make_ephemeral();
    let closed = lab.project.environment("vault");
    closed.deny_access();
    let old = lab.project.environment("old");
    old.delete();
    let query = "query($id: String!, $pr: Boolean) { project(id: $id) {
        environments(first: 9, isEphemeral: $pr) {
            edges { node { name isEphemeral canAccess deletedAt } } } } }";
    let names = |variables: Value| {
        let found = lab.answer(&auth, query, &variables);
        let edges = found["data"]["project"]["environments"]["edges"]
            .as_array()
            .unwrap()
            .clone();
        let nodes = edges.iter().map(|edge| {
            let node = &edge["node"];
            let mark = [
                &node["isEphemeral"],
                &node["canAccess"],
                &json!(node["deletedAt"].is_string()),
            ];
            format!(
                "{} {} {} {}",
                node["name"].as_str().unwrap(),
                mark[0],
                mark[1],
                mark[2]
            )
        });
        nodes.collect::<Vec<_>>()
    };
    let all = names(json!({ "id": lab.project.id, "pr": null }));
    assert_eq!(
        all,
        [
            "production false true false",
            "pr-7 true true false",
            "vault false false false",
            "old false true true"
        ]
    );
    assert_eq!(
        names(json!({ "id": lab.project.id, "pr": true })),
        ["pr-7 true true false"]
    );
    let enter = "query($id: String!) { environment(id: $id) { canAccess serviceInstances { edges { node { id } } } } }";
    assert_eq!(
        lab.refusal_of(&auth, enter, &json!({ "id": closed.id })),
        "Not Authorized"
    );
    assert_eq!(
        lab.refusal_of(&auth, enter, &json!({ "id": old.id })),
        "Environment not found"
    );
    review.rename("pr-8");
    assert!(names(json!({ "id": lab.project.id, "pr": true }))[0].starts_with("pr-8"));
}

#[test]
fn services_belong_to_the_project_and_instances_to_the_environment() {
    let Some(lab) = Lab::open() else { return };
    let idle = lab.project.service_without_instance("idle");
    let gone = lab.production.service("gone");
    gone.delete();
    lab.worker.rename("jobs");
    let query = "query($p: String!, $e: String!) {
        project(id: $p) { services(first: 99) { edges { node { id name deletedAt } } } }
        environment(id: $e, projectId: $p) { serviceInstances(first: 500) {
            edges { node { serviceId serviceName environmentId deletedAt
                latestDeployment { id status createdAt canRedeploy } } } } } }";
    let found = lab.ask(query, &lab.ids(&lab.shared));
    let services = found["project"]["services"]["edges"].as_array().unwrap();
    let names: Vec<&str> = services
        .iter()
        .map(|edge| edge["node"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["api", "jobs", "idle", "gone"]);
    let instances = found["environment"]["serviceInstances"]["edges"]
        .as_array()
        .unwrap();
    let here: Vec<&Value> = instances
        .iter()
        .map(|edge| &edge["node"]["serviceId"])
        .collect();
    assert!(!here.contains(&&json!(idle)));
    assert_eq!(instances[1]["node"]["serviceName"], "jobs");
    assert_eq!(
        instances[0]["node"]["latestDeployment"]["status"],
        "SUCCESS"
    );
    assert!(instances[2]["node"]["deletedAt"].is_string());
    let one =
        "query($e: String!, $s: String!) { serviceInstance(environmentId: $e, serviceId: $s) {
        serviceName latestDeployment { canRedeploy } } }";
    let ids = json!({ "e": lab.production.id, "s": lab.api.id() });
    assert_eq!(
        lab.ask(one, &ids)["serviceInstance"]["latestDeployment"]["canRedeploy"],
        true
    );
    let none = json!({ "e": lab.production.id, "s": idle });
    assert_eq!(lab.refusal(one, &none), "ServiceInstance not found");
}

#[test]
fn a_workspace_tells_its_plan() {
    let Some(lab) = Lab::open() else { return };
    let auth = Auth::Bearer(lab.fake.account_token());
    let query = "query($w: String!) { workspace(workspaceId: $w) {
        plan apiTokenRateLimit { remainingPoints resetsAt } } }";
    let found = lab.answer(&auth, query, &json!({ "w": lab.fake.workspace("Acme").id }));
    assert_eq!(found["data"]["workspace"]["plan"], "HOBBY");
}

/// What the real CLI asks before it lists variables.
#[test]
fn the_cli_finds_what_it_asks_for() {
    let Some(lab) = Lab::open() else { return };
    let query = "query Project($id: String!) { project(id: $id) { id name deletedAt
        workspace { name } team { name }
        environments { edges { node { id name canAccess deletedAt volumeInstances { edges { node { id } } } } } }
        services { edges { node { id name serviceInstances { edges { node {
            id serviceId environmentId startCommand numReplicas cronSchedule nextCronRunAt
            latestDeployment { canRedeploy id meta deploymentStopped instances { id } }
            activeDeployments { id status }
            source { repo image } domains { serviceDomains { id } customDomains { id } } } } } } } }
        volumes { edges { node { id } } } } }";
    let found = lab.ask(query, &json!({ "id": lab.project.id }));
    let services = &found["project"]["services"]["edges"];
    assert_eq!(services.as_array().unwrap().len(), 2);
    assert!(
        services[0]["node"]["serviceInstances"]["edges"][0]["node"]["source"]["image"].is_string()
    );
    assert_eq!(lab.fake.unexpected(), [""; 0]);
}
