//! Files that we did not write, in all the disorder that people's files have: what we call a
//! value is what the real readers take, and what they take we do not call absent.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use driftlock::model::VarName;
use driftlock::platforms::file::format::{Dialect, Reading};

use super::readers::from_env;
use super::values::{Random, SEED};
use crate::support::peers;

const FILES: usize = 1_500;

type Taken = BTreeMap<String, Option<String>>;

/// A few lines of assignments, comments and blanks. Nothing in them is a command that exists.
fn text(random: &mut Random) -> String {
    const PARTS: [&str; 40] = [
        "a", "b", "Z9", "a", "b", " ", " ", "  ", "\t", "'", "'", "\"", "\"", "`", "'a'", "\"b\"",
        "'a b'", "\"a b\"", "#", " #", " # c", "$", "$A", "${A}", "\\", "\\\\", "\\n", "\\'",
        "\\\"", "=", ":", "~", "*", ";", "é", "\u{a0}", "\n", "\\\n", "[", "{a,b}",
    ];
    let mut text = String::new();
    for index in 0..1 + random.below(6) {
        match random.below(12) {
            0 => text.push('\n'),
            1 => text.push_str(random.pick(&["# it's\n", "# a \"b\" `c`\n", "#\n", "  # d\n"])),
            2 => text.push_str(random.pick(&[
                "V9\n",
                "export V1\n",
                "; x\n",
                "V1+=2\n",
                "V2: x\n",
                " \n",
            ])),
            _ => {
                text.push_str(random.pick(&["", "", "", "", " ", "export "]));
                text.push_str(&format!("V{}", random.below(8).min(index + 2)));
                text.push_str(random.pick(&["=", "=", "=", "=", "=", " = ", "= ", " ="]));
                for _ in 0..random.below(5) {
                    text.push_str(random.pick(&PARTS));
                }
                text.push_str(random.pick(&["\n", "\n", "\n", "\n", "\n", "\n", " \n", "\r\n"]));
            }
        }
    }
    text
}

fn texts() -> Vec<String> {
    let mut random = Random::new(SEED + 1);
    (0..FILES).map(|_| text(&mut random)).collect()
}

fn check(dialect: Dialect, reader: &str, texts: &[String], taken: &[Taken]) {
    let (mut values, mut ambiguous, mut refused) = (0, 0, 0);
    let mut wrong = vec![];
    for (text, taken) in texts.iter().zip(taken) {
        let Ok(document) = dialect.parse(text) else {
            refused += 1;
            continue;
        };
        // what node 20 alone misreads is a note, not a doubt about the value
        if reader == "node" && document.notes().iter().any(|note| note.contains("node 20")) {
            refused += 1;
            continue;
        }
        let ours = document.values();
        for (name, reading) in &ours {
            match reading {
                Reading::Ambiguous { .. } => ambiguous += 1,
                Reading::Value(value) => {
                    values += 1;
                    let theirs = taken.get(name.as_str()).cloned().flatten();
                    if theirs.as_ref() != Some(value) {
                        wrong.push(format!(
                            "{text:?}: {name}: we {value:?}, {reader} {theirs:?}"
                        ));
                    }
                }
            }
        }
        for name in taken
            .keys()
            .filter_map(|name| VarName::new(name.as_str()).ok())
        {
            if name.as_str().starts_with('V') && !ours.contains_key(&name) {
                wrong.push(format!("{text:?}: {name}: we do not see it, {reader} does"));
            }
        }
    }
    let count = wrong.len();
    wrong.truncate(25);
    assert!(
        wrong.is_empty(),
        "{count} in format {dialect}:\n{}",
        wrong.join("\n")
    );
    println!(
        "{reader}: format {dialect}, {FILES} strangers' files: {values} values as the reader takes them, {ambiguous} ambiguous, {refused} files refused"
    );
}

fn outputs(command: &mut Command) -> Vec<Taken> {
    let output = command
        .env_clear()
        .env("LANG", "C.UTF-8")
        .output()
        .expect("the reader starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).expect("the reader printed JSON")
}

fn check_both(dialect: Dialect, reader: &str, texts: &[String], taken: &[Taken]) {
    check(dialect, reader, texts, taken);
    check(Dialect::Portable, reader, texts, taken);
}

#[test]
fn node_takes_what_we_read() {
    let texts = texts();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("texts.json");
    std::fs::write(&file, serde_json::to_vec(&texts).unwrap()).unwrap();
    let script = |parse: &str| {
        format!(
            "const texts = JSON.parse(require('node:fs').readFileSync(process.argv[1], 'utf8'));\
             process.stdout.write(JSON.stringify(texts.map({parse})))"
        )
    };
    if let (Some(node), Some(dotenv)) = (
        peers::program("node"),
        peers::installed("node_modules/dotenv"),
    ) {
        let parse = script("text => require(process.argv[2]).parse(text)");
        let taken = outputs(
            Command::new(node)
                .args(["-e", &parse])
                .arg(&file)
                .arg(dotenv),
        );
        check_both(Dialect::Node, "dotenv", &texts, &taken);
    }
    for name in ["node", "node-new"] {
        let Some(node) = peers::program(name) else {
            continue;
        };
        let parse = script("text => require('node:util').parseEnv(text)");
        let taken = outputs(Command::new(node).args(["-e", &parse]).arg(&file));
        check_both(Dialect::Node, name, &texts, &taken);
    }
}

#[test]
fn python_takes_what_we_read() {
    let Some(python) = peers::installed("venv/bin/python") else {
        return;
    };
    let texts = texts();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("texts.json");
    std::fs::write(&file, serde_json::to_vec(&texts).unwrap()).unwrap();
    let code = "import dotenv, io, json, sys\n\
                texts = json.load(open(sys.argv[1]))\n\
                read = lambda text: dotenv.dotenv_values(stream=io.StringIO(text, newline=None))\n\
                print(json.dumps([read(text) for text in texts]))";
    let taken = outputs(Command::new(python).args(["-c", code]).arg(&file));
    check_both(Dialect::Python, "python-dotenv", &texts, &taken);
}

/// The files are run by the shells in an empty folder, where no word of them is a command.
#[test]
fn shells_take_what_we_read() {
    let texts = texts();
    for (program, first) in [
        ("bash", None),
        ("dash", None),
        ("zsh", Some("-f")),
        ("busybox", Some("ash")),
    ] {
        let Some(path) = peers::program(program) else {
            continue;
        };
        let folder = tempfile::tempdir().unwrap();
        let script = "for f in \"$0\"/*.env; do ( set -a; . \"$f\"; exec /usr/bin/env -0 ) > \"$f.out\" 2>/dev/null; done; :";
        write_all(folder.path(), &texts);
        let status = Command::new(path)
            .args(first)
            .args(["-c", script])
            .arg(folder.path())
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", "/nowhere")
            .env("LANG", "C.UTF-8")
            .stdin(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .expect("the shell starts");
        assert!(status.success());
        let taken: Vec<Taken> = (0..texts.len())
            .map(|index| {
                let out = std::fs::read(folder.path().join(format!("{index:05}.env.out"))).unwrap();
                from_env(&out)
                    .into_iter()
                    .map(|(name, value)| (name, Some(value)))
                    .collect()
            })
            .collect();
        check_both(Dialect::Shell, program, &texts, &taken);
    }
}

fn write_all(folder: &Path, texts: &[String]) {
    for (index, text) in texts.iter().enumerate() {
        // a last command that fails must not end the shell, so it is not the last
        std::fs::write(
            folder.join(format!("{index:05}.env")),
            format!("{text}\n:\n"),
        )
        .unwrap();
    }
}
