//! The same where the targets are services of Railway.

use crate::railway::yard::{CANARY, Yard, service, target};

/// Two services that were applied once, and one that nobody named yet.
fn yard() -> Option<Yard> {
    let yard = Yard::with_secrets(
        "AUTH=c4nary-auth\nDB=c4nary-db\n",
        &[&service("api", "AUTH"), &service("web", "DB")],
    )?;
    for name in ["api", "web", "public"] {
        yard.service(name);
    }
    yard.run("apply --yes").success();
    yard.in_sync();
    Some(yard)
}

/// These targets are held, and none of these places gets a secret that it did not have.
#[track_caller]
fn held(yard: &Yard, targets: &[&str], words: &str) {
    let seen = || {
        let places = ["api", "web", "public"].map(|name| yard.service(name).values());
        (places, yard.shared().values())
    };
    let before = seen();
    yard.retarget(targets);
    for _ in 0..2 {
        yard.run("apply --yes")
            .exits(3)
            .says(words)
            .says("held by authority:");
        yard.run("doctor");
        assert_eq!(seen(), before);
    }
    assert!(yard.service("public").values().is_empty());
}

#[test]
fn another_service_another_scope_another_token() {
    let Some(mut yard) = yard() else { return };
    let web = service("web", "DB");
    let public = target("api", "service: public", "AUTH", "");
    held(&yard, &[&public, &web], "target api goes to");
    let shared = target("api", "shared: true", "AUTH", "");
    held(&yard, &[&shared, &web], "target api goes to");
    let more = service("public", "AUTH");
    held(
        &yard,
        &[&service("api", "AUTH"), &web, &more],
        "new target public",
    );
    let token = yard.fake.account_token();
    yard.tokens.push(("RAILWAY_OTHER_TOKEN".to_owned(), token));
    let other = target(
        "api",
        "service: api, token: RAILWAY_OTHER_TOKEN",
        "AUTH, { X: y }",
        "",
    );
    held(&yard, &[&other, &web], "with RAILWAY_OTHER_TOKEN");
}

/// Railway would put the secret in by itself.
#[test]
fn a_reference_to_what_another_service_has() {
    let Some(yard) = yard() else { return };
    let api = service("api", "AUTH");
    for uses in [
        "DB, { BANNER: { template: \"x-$${{ api.AUTH }}\" } }",
        "DB, { BANNER: \"${{api.AUTH}}\" }",
    ] {
        let web = service("web", uses);
        held(&yard, &[&api, &web], "now reaches web");
    }
    // who agreed to it once is not asked again
    yard.run("apply --yes --allow authority@web").success();
    yard.in_sync();
    let banner = yard.service("web").value("BANNER").unwrap();
    assert!(banner.contains("api.AUTH") && !banner.contains(CANARY));
}

#[test]
fn an_allowlist_names_project_and_environment() {
    let Some(yard) = yard() else { return };
    let list = yard.world.config("driftlock/authority.yaml");
    let allow = |what: &str| {
        let text = format!("driftlock-authority: 1\nallow: [{{ {what} }}]\n");
        std::fs::write(&list, text).unwrap();
    };
    let targets = [
        service("api", "AUTH"),
        service("web", "DB"),
        service("public", "AUTH"),
    ];
    let targets = targets.each_ref().map(String::as_str);
    for near in ["aurora/staging", "Aurora/production", "aurora/production2"] {
        allow(&format!("railway: [{near}]"));
        held(&yard, &targets, "new target public");
    }
    allow("railway: [aurora/production]");
    yard.run("apply --yes").success().says("(covered by");
    let there = yard.service("public").value("AUTH");
    assert_eq!(there.as_deref(), Some("c4nary-auth"));
    yard.in_sync();
}
