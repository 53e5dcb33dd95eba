//! Tokens of each kind, and the header that each is shown with.

use super::yard::{Yard, service};
use crate::support::fake_railway::world::tokens::Kind;

/// The kinds of token that requests were accepted with.
fn kinds(yard: &Yard) -> Vec<Option<Kind>> {
    let mut kinds = vec![];
    for request in yard.fake.requests() {
        if !kinds.contains(&request.token.kind) {
            kinds.push(request.token.kind);
        }
    }
    kinds
}

#[test]
fn every_kind_of_token_works_under_either_name() {
    let Some(mut yard) = Yard::new() else { return };
    let api = yard.service("api");
    yard.declare(&[("A", "1")], &[&service("api", "A")]);
    yard.run("apply --yes").success();
    let workspace = yard.fake.workspace("Acme");
    let project = Kind::Project(yard.environment.id.clone());
    let tokens = [
        (yard.fake.account_token(), Kind::Account),
        (yard.fake.oauth_token(), Kind::OAuth),
        (workspace.token(), Kind::Workspace(workspace.id.clone())),
        (yard.environment.token(), project),
    ];
    for variable in ["RAILWAY_TOKEN", "RAILWAY_API_TOKEN"] {
        for (number, (token, kind)) in tokens.iter().enumerate() {
            yard.use_tokens(&[(variable, token.clone())]);
            let value = format!("{variable} {number}");
            yard.declare(&[("A", &value)], &[&service("api", "A")]);
            yard.fake.clear_record();
            yard.run("apply --yes").success();
            assert_eq!(api.value("A"), Some(value));
            assert_eq!(yard.environment.deployed(), ["api"]);
            let kinds = kinds(&yard);
            assert!(kinds.contains(&Some(kind.clone())), "{kinds:?}");
            // each is shown in its own header; the other one only while asking what it is
            let is_project = matches!(kind, Kind::Project(_));
            for request in yard.fake.requests().iter().filter(|one| one.mutation) {
                assert_eq!(request.token.project.is_some(), is_project);
                assert_eq!(request.token.bearer.is_some(), !is_project);
            }
            yard.in_sync();
        }
    }
}

#[test]
fn each_target_may_have_a_token_of_its_own() {
    let Some(mut yard) = Yard::new() else { return };
    let api = yard.service("api");
    let staging = yard.fake.project("aurora").environment("staging");
    let there = staging.service("api");
    let in_staging = "stage: { railway: { project: aurora, environment: staging, service: api, \
                      token: RAILWAY_STAGING_TOKEN }, variables: [A] }";
    yard.declare(&[("A", "1")], &[&service("api", "A"), in_staging]);
    let (one, other) = (yard.environment.token(), staging.token());
    yard.use_tokens(&[
        ("RAILWAY_TOKEN", one),
        ("RAILWAY_STAGING_TOKEN", other.clone()),
    ]);
    yard.run("apply --yes").success();
    assert_eq!(api.value("A").as_deref(), Some("1"));
    assert_eq!(there.value("A").as_deref(), Some("1"));
    yard.in_sync();
    // the wrong way round nothing is even read
    yard.use_tokens(&[("RAILWAY_TOKEN", other)]);
    yard.declare(&[("A", "2")], &[&service("api", "A")]);
    yard.run("apply --yes").exits(1).says("staging");
    assert_eq!(api.value("A").as_deref(), Some("1"));
    assert_eq!(there.value("A").as_deref(), Some("1"));
}

#[test]
fn without_a_token_that_works_everything_is_unknown() {
    let Some(mut yard) = Yard::new() else { return };
    let api = yard.service("api").set("A", "0");
    yard.declare(&[("A", "1")], &[&service("api", "A")]);
    let expired = yard.fake.account_token();
    yard.fake.expire(&expired);
    let none: [(&str, String); 0] = [];
    yard.use_tokens(&none);
    yard.run("plan").exits(1).says("no token for Railway");
    assert_eq!(yard.fake.counters().requests, 0);
    for (variable, token, words) in [
        ("RAILWAY_TOKEN", expired, "is not accepted by Railway"),
        (
            "RAILWAY_TOKEN",
            "a b".to_owned(),
            "a character that no token has",
        ),
        ("RAILWAY_API_TOKEN", yard.fake.viewer_token(), "unknown"),
    ] {
        yard.use_tokens(&[(variable, token)]);
        yard.run("plan").exits(1).says(words);
        yard.run("apply --yes --take-over api").exits(1);
        assert_eq!(api.value("A").as_deref(), Some("0"));
    }
}
