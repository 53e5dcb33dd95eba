//! `schema`: what is printed is what is checked in.

use std::path::Path;

use crate::support::world::World;

#[test]
fn each_schema_equals_its_file() {
    let world = World::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let run = world.run(&format!("schema {name}")).success();
        let file = std::fs::read_to_string(&path).unwrap();
        assert!(
            run.stdout == file,
            "schemas/{name}.json is not what `driftlock schema {name}` prints"
        );
        seen += 1;
    }
    assert_eq!(seen, 20);
    let bare = world.run("schema").success().stdout;
    assert_eq!(bare, world.run("schema manifest").success().stdout);
    world
        .run("schema nope")
        .exits(64)
        .says("possible values: manifest");
}
