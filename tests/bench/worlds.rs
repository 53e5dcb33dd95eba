//! Worlds to measure in, made by the binary itself: manifests by `init`, records by `apply`.

use std::fmt::Write;

use super::world::World;

/// The text of a dotenv file: values as they look in life, 32 random-looking characters.
fn dotenv(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let value =
            u128::from(number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        writeln!(text, "{}={value:032x}", variable(number)).unwrap();
    }
    text
}

fn variable(number: usize) -> String {
    format!("VARIABLE_{number:05}")
}

/// A manifest of so many encrypted values, all of them in one file, applied.
pub fn of_values(count: usize) -> World {
    let world = World::with_env(&dotenv(count));
    world.run("apply --yes").success();
    world
}

/// A manifest of 200 encrypted values, spread over so many files of `each`, applied.
pub fn of_targets(count: usize, each: usize) -> World {
    const VALUES: usize = 200;
    let world = World::with_env(&dotenv(VALUES));
    let text = world.read("manifests/dev.yaml");
    let begin = text.find("\ntargets:\n").unwrap();
    let end = text.find("\nkey: ").unwrap();
    let mut targets = "\ntargets:\n".to_owned();
    for target in 0..count {
        let path = format!("../files/{target:04}/app.env");
        let names: Vec<String> = (0..each)
            .map(|use_| variable((target * 7 + use_) % VALUES))
            .collect();
        writeln!(targets, "  service-{target:04}:").unwrap();
        writeln!(targets, "    file: {{ path: {path}, format: portable }}").unwrap();
        writeln!(targets, "    variables: [{}]", names.join(", ")).unwrap();
        std::fs::create_dir_all(world.path(format!("files/{target:04}"))).unwrap();
    }
    world.write(
        "manifests/dev.yaml",
        format!("{}{targets}{}", &text[..begin], &text[end..]),
    );
    world.run("apply --yes").success();
    world
}
