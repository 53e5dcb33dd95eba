//! The import table of `src/lib.rs` holds: which room may import whom, and what pure rooms may not
//! touch at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the rooms that it may import.
const TABLE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("manifest", &["model"]),
    ("plan", &["model"]),
    ("crypto", &["model"]),
    ("git", &[]),
    ("source", &["model", "git"]),
    ("sops", &["model", "crypto"]),
    ("machine", &["model"]),
    ("activation", &["model", "machine"]),
    ("probe", &["model", "machine", "platforms::http"]),
    ("forge", &["model", "platforms::http"]),
    ("alert", &["model", "machine", "plan", "platforms::http"]),
    ("platforms", &["model", "machine", "plan", "activation"]),
    ("journal", &["model", "plan", "git"]),
    ("review", &["model", "manifest", "plan"]),
    ("render", &["model", "plan", "review", "reconcile::event"]),
    ("serve", &["render", "reconcile::event"]),
    ("telemetry", &["render"]),
    (
        "reconcile",
        &[
            "model",
            "manifest",
            "plan",
            "crypto",
            "source",
            "machine",
            "activation",
            "probe",
            "platforms",
            "journal",
            "review",
            "alert",
        ],
    ),
    (
        "cli",
        &[
            "alert",
            "model",
            "manifest",
            "plan",
            "crypto",
            "git",
            "source",
            "sops",
            "machine",
            "activation",
            "probe",
            "forge",
            "platforms",
            "journal",
            "render",
            "reconcile",
            "review",
            "serve",
            "telemetry",
        ],
    ),
];

const PURE: &[&str] = &[
    "model",
    "manifest",
    "plan",
    "review",
    "render",
    "platforms/file/format",
];

/// What has no place in a pure room.
const IMPURE: &[&str] = &[
    "tokio::",
    "reqwest::",
    "rusqlite::",
    "rustix::",
    "rand::",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "async fn",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let mut all = vec![];
    for entry in fs::read_dir(place).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|ending| ending == "rs") {
            all.extend(files(&path));
        }
    }
    all
}

/// The code of a file: no comments, and nothing from `#[cfg(test)]` on, where the tests stand.
fn code(file: &Path) -> String {
    let is_test = |part: &std::path::Component<'_>| {
        matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs"))
    };
    if file
        .strip_prefix(source())
        .is_ok_and(|below| below.components().any(|part| is_test(&part)))
    {
        return String::new();
    }
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    text.lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The rooms named after `crate::`, also inside `use crate::{a, b}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (start, _) in code.match_indices("crate::") {
        let rest = &code[start + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut item = String::new();
            for letter in list.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.insert(std::mem::take(&mut item).trim().to_owned());
                    }
                    _ if depth == 0 => item.push(letter),
                    _ => {}
                }
            }
            found.insert(item.trim().to_owned());
        } else {
            let path: String = rest
                .chars()
                .take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':'))
                .collect();
            found.insert(path);
        }
    }
    found.remove("");
    found
}

#[test]
fn rooms_import_only_whom_they_may() {
    let mut wrong = vec![];
    for (room, allowed) in TABLE {
        for file in files(&source().join(room)) {
            for import in imports(&code(&file)) {
                let fits = |whom: &str| import == whom || import.starts_with(&format!("{whom}::"));
                let own = import == *room || import.starts_with(&format!("{room}::"));
                if !own && !allowed.iter().any(|whom| fits(whom)) {
                    wrong.push(format!("{} imports {import}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_src_is_in_the_table() {
    let known: BTreeSet<&str> = TABLE.iter().map(|(room, _)| *room).collect();
    for entry in fs::read_dir(source()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            assert!(
                known.contains(name),
                "src/{name} is in no row of the import table"
            );
        }
    }
}

#[test]
fn pure_rooms_touch_nothing() {
    let mut wrong = vec![];
    for room in PURE {
        for file in files(&source().join(room)) {
            let code = code(&file);
            for word in IMPURE {
                if code.contains(word) {
                    wrong.push(format!("{} uses {word}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_check_sees_what_it_should() {
    let seen = imports("use crate::{model::{A, B}, plan};\nlet x = crate::cli::run();");
    let expected = ["cli::run", "model::", "plan"].map(str::to_owned);
    assert_eq!(seen, BTreeSet::from(expected));
}
