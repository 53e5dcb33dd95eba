//! What a review says of recipes: a command is authority, the rest is said of the variable.

use serde_json::Value;

use crate::cli::fits_schema;
use crate::support::peers;
use crate::support::shop::{MANIFEST, shop};
use crate::support::world::World;

fn committed(recipe: Option<&str>) -> Option<World> {
    peers::program("git")?;
    let world = shop();
    if let Some(recipe) = recipe {
        world.say_of("API_TOKEN", &[&format!("generate: {recipe}")]);
    }
    world.git("init -q");
    world.git("add manifests");
    world.git("commit -qm first");
    Some(world)
}

fn reviewed(world: &World) -> Value {
    let run = world.run("diff --json").success();
    fits_schema(&run, "diff");
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    document["manifests"][0].clone()
}

#[test]
fn a_recipe_is_told() {
    let Some(world) = committed(None) else { return };
    world.say_of("API_TOKEN", &["generate: { alphabet: a-z, length: 32 }"]);
    let review = reviewed(&world);
    let meta = &review["variables"][0]["meta"][0];
    assert_eq!(meta["what"], "recipe set");
    assert_eq!(meta["after"], "{ alphabet: \"a-z\", length: 32 }");
    assert_eq!(review["authority"].as_array().unwrap().len(), 0);
    world
        .run("diff")
        .says("recipe set: { alphabet: \"a-z\", length: 32 }");
    world.run("diff --markdown").says("recipe set");
    world.git("commit -qam second");
    let text = world.manifest();
    world.write(MANIFEST, text.replace("length: 32", "length: 40"));
    world.run("diff").says("recipe changed");
    world.write(
        MANIFEST,
        text.replace("    generate: { alphabet: a-z, length: 32 }\n", ""),
    );
    world.run("diff").says("recipe dropped: it was");
}

#[test]
fn a_command_is_authority() {
    let Some(world) = committed(Some("{ command: mint-one }")) else {
        return;
    };
    let text = world.manifest();
    for (to, what) in [
        (
            "generate: { command: mint-two }",
            "a rotation of API_TOKEN runs `mint-two` (was `mint-one`)",
        ),
        (
            "generate: uuid",
            "a rotation of API_TOKEN no longer runs `mint-one`",
        ),
    ] {
        world.write(
            MANIFEST,
            text.replace("generate: { command: mint-one }", to),
        );
        let review = reviewed(&world);
        let authority = &review["authority"][0];
        assert_eq!(authority["kind"], "recipe-changed");
        assert_eq!(authority["what"], what);
        assert_eq!(authority["variable"], "API_TOKEN");
        world.run("diff").says(what).says("1 authority change");
        world.run("diff --markdown").says("mint-one");
    }
    // no apply runs it, so none waits for it; the plan tells it all the same
    world.write(MANIFEST, &text);
    world.run("apply --yes --take-over local").success();
    world.write(MANIFEST, text.replace("mint-one", "mint-three"));
    world
        .run("plan")
        .success()
        .says("a rotation of API_TOKEN runs `mint-three` (was `mint-one`)");
    world.run_with("set API_TOKEN", "another").success();
    world.run("apply --yes").success();
    let run = world.run("plan").success();
    assert!(!run.stdout.contains("mint-three"), "{}", run.all());
}
