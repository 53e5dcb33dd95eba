//! Two branches edit one manifest; plain `git merge` joins them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use driftlock::manifest::{
    Editor, Fresh, FreshTarget, Manifest, Payload, Seal, Source, parse, render_new,
};
use driftlock::model::{KeyId, VarName};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const VARIABLES: usize = 8;
const PAIRS: usize = 200;

fn git(folder: &Path, args: &[&str]) -> bool {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(["-c", "core.autocrlf=false", "-c", "commit.gpgsign=false"])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git is installed");
    output.status.success()
}

fn name(index: usize) -> VarName {
    VarName::new(format!("V{index:02}")).unwrap()
}

fn sealed(random: &mut StdRng) -> Source {
    use base64::Engine;
    let bytes: [u8; 128] = std::array::from_fn(|_| random.r#gen());
    Source::Sealed(Payload {
        key: "3fa9c1".to_owned(),
        base64: base64::engine::general_purpose::STANDARD.encode(bytes),
    })
}

fn seal(random: &mut StdRng) -> Seal {
    let key_id = KeyId::try_from("3fa9c1000000000000000000000000ff".to_owned()).unwrap();
    let number: u64 = random.r#gen();
    Seal {
        key_id,
        recipients_mac: random.r#gen(),
        header: format!("age-encryption.org/v1\n-> X25519 s{number}\nb{number}\n--- m{number}\n"),
        fingerprints: None,
        former_fingerprints: vec![],
    }
}

/// Even names only, so that there is a gap beside each.
fn base(random: &mut StdRng) -> String {
    let variables: BTreeMap<VarName, Source> = (0..VARIABLES)
        .map(|index| (name(index * 2), sealed(random)))
        .collect();
    let target = FreshTarget {
        name: "app".parse().unwrap(),
        machine: None,
        path: ".env".to_owned(),
        format: "portable".to_owned(),
        variables: vec![],
    };
    let seal = seal(random);
    render_new(&Fresh {
        comment: Some("yaml-language-server: $schema=x"),
        name: &"test".parse().unwrap(),
        recipients: &[("age1first".to_owned(), "laptop".to_owned())],
        variables: &variables,
        targets: &[target],
        seal: Some(&seal),
    })
}

fn edit(text: &str, change: impl FnOnce(&mut Editor<'_>)) -> String {
    let mut editor = Editor::new(text).unwrap();
    change(&mut editor);
    editor.finish().unwrap().0
}

/// One side always sets a value; the other does something beside it, or far from it.
fn sides(text: &str, random: &mut StdRng) -> (String, String, &'static str) {
    let at = random.gen_range(0..VARIABLES);
    let beside = match at {
        0 => 1,
        last if last == VARIABLES - 1 => last - 1,
        middle if random.r#gen() => middle - 1,
        middle => middle + 1,
    };
    let value = sealed(random);
    let ours = edit(text, |editor| {
        editor.set(&name(at * 2), &value).unwrap();
    });
    let other = sealed(random);
    let (kind, theirs) = match random.gen_range(0..5) {
        0 => (
            "neighbour",
            edit(text, |editor| {
                editor.set(&name(beside * 2), &other).unwrap();
            }),
        ),
        1 => (
            "added after",
            edit(text, |editor| {
                editor.set(&name(at * 2 + 1), &other).unwrap();
            }),
        ),
        2 => {
            let before = match at {
                0 => VarName::new("A").unwrap(),
                at => name(at * 2 - 1),
            };
            let theirs = edit(text, |editor| {
                editor.set(&before, &other).unwrap();
            });
            ("added before", theirs)
        }
        3 => (
            "deleted",
            edit(text, |editor| {
                editor.unset(&name(beside * 2), false).unwrap();
            }),
        ),
        _ => {
            let seal = seal(random);
            let theirs = edit(text, |editor| {
                let recipients = ["age1first".to_owned(), "age1second".to_owned()];
                editor.set_recipients(&recipients).unwrap();
                editor.set_seal(&seal).unwrap();
            });
            ("recipient", theirs)
        }
    };
    (ours, theirs, kind)
}

fn read(text: &str) -> Manifest {
    parse(text).unwrap().manifest
}

#[test]
fn random_pairs_of_edits_merge() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let file = path.join("m.yaml");
    let mut random = StdRng::seed_from_u64(20_261_122);
    let text = base(&mut random);
    let commit = |text: &str| {
        std::fs::write(&file, text).unwrap();
        assert!(git(path, &["commit", "-qam", "x"]));
    };
    assert!(git(path, &["init", "-q", "-b", "main"]));
    std::fs::write(&file, &text).unwrap();
    assert!(git(path, &["add", "."]));
    commit(&text);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for pair in 0..PAIRS {
        let (ours, theirs, kind) = sides(&text, &mut random);
        assert!(git(path, &["checkout", "-qB", "theirs", "main"]));
        commit(&theirs);
        assert!(git(path, &["checkout", "-qB", "ours", "main"]));
        commit(&ours);
        let merged = git(path, &["merge", "-q", "-m", "x", "theirs"]);
        assert!(merged, "pair {pair} ({kind}) conflicts");
        let result = std::fs::read_to_string(&file).unwrap();
        let (base, ours, theirs) = (read(&text), read(&ours), read(&theirs));
        let result = read(&result);
        for index in 0..=VARIABLES * 2 {
            let name = name(index);
            let of = |one: &Manifest| one.variables.get(&name).map(|one| one.source.clone());
            let wanted = if of(&ours) == of(&base) {
                of(&theirs)
            } else {
                of(&ours)
            };
            assert_eq!(of(&result), wanted, "pair {pair} ({kind}) {name}");
        }
        assert_eq!(result.seal, theirs.seal);
        *kinds.entry(kind).or_default() += 1;
    }
    assert_eq!(kinds.len(), 5, "{kinds:?}");
}
