//! Nasty values through Railway: written raw, read back, and the second plan is empty.

use std::collections::BTreeMap;

use super::yard::{Yard, service, shared};

const ALLOW: &str = "--allow empty@api --allow private-key@api --allow empty@shared \
                     --allow private-key@shared";

#[test]
fn nasty_values_arrive_as_they_are() {
    let values = crate::nasty::values();
    let Some(yard) = Yard::with_secrets("KEEP=kept\n", &[&service("api", "KEEP"), &shared("")])
    else {
        return;
    };
    let (api, all) = (yard.service("api"), yard.shared());
    let mut wanted = BTreeMap::new();
    for (name, value) in &values {
        let file = yard.world.write("value", value);
        let to = if wanted.len() % 2 == 0 {
            "api"
        } else {
            "shared"
        };
        let line = format!("set {name} --target {to} --from-file {}", file.display());
        yard.run(&line).success();
        wanted.insert(name.to_string(), value.clone());
    }
    let marked: Vec<&String> = wanted
        .iter()
        .filter(|(_, value)| value.contains("${{"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(marked.len(), 1, "one of them looks like a reference");
    let run = yard.run(&format!("apply --yes {ALLOW}")).exits(4);
    let run = run.says("reference: true").says(marked[0]);
    let mut there = api.values();
    there.extend(all.values());
    assert_eq!(there.remove("KEEP").as_deref(), Some("kept"));
    let reference = marked[0].clone();
    let expected: BTreeMap<String, String> = wanted
        .into_iter()
        .filter(|(name, _)| *name != reference)
        .collect();
    assert_eq!(there, expected, "{}", run.all());
    for value in expected.values().filter(|value| value.len() > 5) {
        assert!(!run.all().contains(value.as_str()), "a value is shown");
    }
    yard.run(&format!("unset {reference} --with-uses"))
        .success();
    yard.fake.clear_record();
    yard.in_sync();
    yard.run(&format!("apply --yes {ALLOW}")).success();
    assert_eq!(yard.fake.counters().mutation_fields, 0);
    // and what the service gets is that, too
    let running = api.running();
    for (name, value) in api.values() {
        assert_eq!(running.get(&name), Some(&value), "{name}");
    }
}

#[test]
fn a_reference_must_be_meant() {
    let Some(yard) = Yard::with_secrets("URL=x\nHOST=x\n", &[&service("api", "URL")]) else {
        return;
    };
    for name in ["URL", "HOST"] {
        let file = yard
            .world
            .write("value", format!("${{{{Postgres.{name}}}}}"));
        let line = format!("set {name} --from-file {}", file.display());
        yard.run(&line).success();
    }
    let api = yard.service("api");
    yard.service("Postgres")
        .set("URL", "postgres://x")
        .set("HOST", "h");
    yard.run("plan")
        .says("held by unrepresentable")
        .says("reference: true");
    yard.run("apply --yes").exits(3);
    assert_eq!(api.values().len(), 0);
    // a template that becomes one
    let text = yard.world.read("manifests/dev.yaml");
    let templated = text.replacen(
        "\nvariables:\n",
        "\nvariables:\n  MADE: { template: \"db=${HOST}/x\" }\n",
        1,
    );
    yard.world.write("manifests/dev.yaml", &templated);
    yard.retarget(&[&service("api", "MADE")]);
    yard.run("apply --yes").exits(3).says("reference: true");
    assert_eq!(api.values().len(), 0);
    // written at the target, it is a reference: everybody reads it there
    yard.world.write("manifests/dev.yaml", text);
    yard.retarget(&[&service("api", "{ URL: \"${{Postgres.URL}}?pool=4\" }")]);
    // and what it stands for reaches one more service, which somebody has to mean
    yard.run("apply --yes").exits(3).says("now reaches api");
    yard.run("apply --yes --allow authority@api").success();
    assert_eq!(
        api.value("URL").as_deref(),
        Some("${{Postgres.URL}}?pool=4")
    );
    assert_eq!(api.running()["URL"], "postgres://x?pool=4");
    yard.in_sync();
}
