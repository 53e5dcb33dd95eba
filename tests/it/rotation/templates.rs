//! What is made from a secret follows its stage, through templates of templates too.

use super::stages::{MANIFEST, OLD, value, world};

#[test]
fn templates_are_made_from_the_value_that_their_target_uses() {
    let world = world("1s", "");
    let text = world.manifest();
    let text = text
        .replace(
            "variables:\n  AUTH:",
            "variables:\n  AAA: { template: 'wrapped ${INNER|base64}' }\n\n  INNER:\n    template: 'pw=${AUTH|url}'\n\n  AUTH:",
        )
        .replace(
            "variables: [{ TOKEN: { from: AUTH } }]",
            "variables: [AAA, { TOKEN: { from: AUTH } }, { DSN: { template: 'db://${AUTH}@x' } }]",
        )
        .replace(
            "api.env }, variables: [AUTH]",
            "api.env }, variables: [AUTH, { DSN: { template: 'db://${AUTH}@x' } }]",
        );
    world.write(MANIFEST, text);
    world.run("apply --yes").success();
    let made = |value: &str| {
        use base64::Engine;
        let inner = base64::engine::general_purpose::STANDARD.encode(format!("pw={value}"));
        format!("wrapped {inner}")
    };
    // a text with a blank is quoted in the file
    let aaa = || {
        value(&world, "worker", "AAA")
            .trim_matches(['\'', '"'])
            .to_owned()
    };
    assert_eq!(aaa(), made(OLD));

    world.run("rotate AUTH").success();
    world.run("apply --yes").success().says("3 written");
    let new = value(&world, "api", "AUTH");
    assert_ne!(new, OLD);
    assert_eq!(aaa(), made(OLD));
    assert_eq!(value(&world, "worker", "DSN"), format!("db://{OLD}@x"));
    assert_eq!(value(&world, "api", "DSN"), format!("db://{new}@x"));
    world.in_sync();

    world.run("rotate --continue").success();
    world.run("apply --yes").success();
    assert_eq!(aaa(), made(&new));
    assert_eq!(value(&world, "worker", "DSN"), format!("db://{new}@x"));
    world
        .run("rotate --continue --apply --yes --wait")
        .success();
    world.in_sync();
}
