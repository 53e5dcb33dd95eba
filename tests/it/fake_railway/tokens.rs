//! Token kinds, their headers and their reach: section 2 of the facts.

use serde_json::{Value, json};

use super::{Auth, Lab};

const ME: &str = "{ me { id name email workspaces { id name } } }";
const API_TOKEN: &str = "{ apiToken { workspaces { id name } } }";
const PROJECT_TOKEN: &str = "{ projectToken { projectId environmentId project { id name } } }";

#[test]
fn each_kind_answers_who_am_i_in_its_own_way() {
    let Some(lab) = Lab::open() else { return };
    let workspace = lab.fake.workspace("Acme");
    let account = Auth::Bearer(lab.fake.account_token());
    let bound = Auth::Bearer(workspace.token());
    let oauth = Auth::Bearer(lab.fake.oauth_token());
    let project = lab.auth.clone();
    let table = [
        (&account, [true, true, false]),
        (&bound, [false, true, false]),
        (&oauth, [true, false, false]),
        (&project, [false, false, true]),
    ];
    for (row, (auth, expected)) in table.into_iter().enumerate() {
        for (query, accepted) in [ME, API_TOKEN, PROJECT_TOKEN].into_iter().zip(expected) {
            let answer = lab.answer(auth, query, &json!(null));
            assert_eq!(
                answer["errors"].is_null(),
                accepted,
                "row {row}: {query}: {answer}"
            );
            if !accepted {
                assert_eq!(answer["data"], Value::Null);
                assert_eq!(answer["errors"][0]["message"], "Not Authorized");
                assert_eq!(
                    answer["errors"][0]["extensions"]["code"],
                    "INTERNAL_SERVER_ERROR"
                );
            }
        }
    }
    let seen = lab.answer(&bound, API_TOKEN, &json!(null));
    let own = json!([{ "id": workspace.id, "name": "Acme" }]);
    assert_eq!(seen["data"]["apiToken"]["workspaces"], own);
}

#[test]
fn a_token_in_the_wrong_header_is_refused_with_200() {
    let Some(lab) = Lab::open() else { return };
    let account = lab.fake.account_token();
    let Auth::Project(project) = lab.auth.clone() else {
        unreachable!()
    };
    let none = json!(null);
    let refusal = |auth: Auth, query: &str| lab.refusal_of(&auth, query, &none);
    assert_eq!(
        refusal(Auth::Bearer(project.clone()), PROJECT_TOKEN),
        "Not Authorized"
    );
    assert_eq!(
        refusal(Auth::Project(account.clone()), API_TOKEN),
        "Not Authorized"
    );
    assert_eq!(refusal(Auth::Nobody, PROJECT_TOKEN), "Not Authorized");
    assert_eq!(
        refusal(Auth::Bearer("nonsense".to_owned()), ME),
        "Not Authorized"
    );
    let wrong = refusal(Auth::Project("nonsense".to_owned()), PROJECT_TOKEN);
    assert_eq!(wrong, "Project Token not found");

    lab.fake.expire(&account);
    lab.fake.expire(&project);
    assert_eq!(refusal(Auth::Bearer(account), API_TOKEN), "Not Authorized");
    assert_eq!(
        refusal(Auth::Project(project), PROJECT_TOKEN),
        "Project Token not found"
    );
}

#[test]
fn a_project_token_reaches_one_environment() {
    let Some(lab) = Lab::open() else { return };
    let staging = lab.project.environment("staging");
    let other = lab.fake.project("borealis").environment("production");
    let query = "query($id: String!) { environment(id: $id) { name canAccess configEtag } }";
    assert_eq!(
        lab.ask(query, &json!({ "id": lab.production.id }))["environment"]["canAccess"],
        true
    );
    assert_eq!(
        lab.refusal(query, &json!({ "id": staging.id })),
        "Not Authorized"
    );
    assert_eq!(
        lab.refusal(query, &json!({ "id": other.id })),
        "Not Authorized"
    );
    // its neighbours can be seen, not entered
    let names = "{ projectToken { project { environments(first: 9) { edges { node {
        name canAccess } } } } } }";
    let seen = lab.ask(names, &json!(null));
    let edges = &seen["projectToken"]["project"]["environments"]["edges"];
    assert_eq!(
        edges[1]["node"],
        json!({ "name": "staging", "canAccess": false })
    );
    let read = "query($p: String!, $e: String!) { variables(projectId: $p, environmentId: $e) }";
    let ids = json!({ "p": lab.project.id, "e": staging.id });
    assert_eq!(lab.refusal(read, &ids), "Not Authorized");
    let mismatch = json!({ "p": other.project, "e": lab.production.id });
    assert_eq!(lab.refusal(read, &mismatch), "Environment not found");
    let write = "mutation($e: String!) { environmentPatchCommit(environmentId: $e) }";
    assert_eq!(
        lab.refusal(write, &json!({ "e": staging.id })),
        "Not Authorized"
    );
}

#[test]
fn a_workspace_token_reaches_its_workspace() {
    let Some(lab) = Lab::open() else { return };
    let elsewhere = lab.fake.workspace("Other").project("aurora");
    let auth = Auth::Bearer(lab.fake.workspace("Acme").token());
    let query = "query($id: String!) { project(id: $id) { name } }";
    let own = lab.answer(&auth, query, &json!({ "id": lab.project.id }));
    assert_eq!(own["data"]["project"]["name"], "aurora");
    let foreign = json!({ "id": elsewhere.id });
    assert_eq!(lab.refusal_of(&auth, query, &foreign), "Not Authorized");
    let list =
        "query($w: String!) { projects(workspaceId: $w, first: 9) { edges { node { id } } } }";
    let theirs = json!({ "w": lab.fake.workspace("Other").id });
    assert_eq!(lab.refusal_of(&auth, list, &theirs), "Not Authorized");
}

#[test]
fn viewers_see_no_variables() {
    let Some(lab) = Lab::open() else { return };
    let api = lab.api.clone().set("A", "1");
    let viewer = Auth::Bearer(lab.fake.viewer_token());
    let read = "query($p: String!, $e: String!, $s: String) {
        variables(projectId: $p, environmentId: $e, serviceId: $s, unrendered: true) }";
    assert_eq!(
        lab.refusal_of(&viewer, read, &lab.ids(&api)),
        "Not Authorized"
    );
    let names = "query($e: String!) { environment(id: $e) { variables(first: 9) { edges { node { name } } } } }";
    let id = json!({ "e": lab.production.id });
    assert_eq!(lab.refusal_of(&viewer, names, &id), "Not Authorized");
    let config = "query($e: String!) { environment(id: $e) { config(decryptVariables: true) } }";
    let seen = lab.answer(&viewer, config, &id);
    let shown = &seen["data"]["environment"]["config"]["services"][api.id()]["variables"]["A"];
    assert_eq!(*shown, json!({ "value": null }));
    let write = "mutation($e: String!) { environmentPatchCommitStaged(environmentId: $e) }";
    assert_eq!(lab.refusal_of(&viewer, write, &id), "Not Authorized");
}
