//! `git diff`, `git log -p` and `git show`: fingerprints, never a value and never ciphertext.

use super::lab::{Lab, MANIFEST, SECRET};

/// The line of a variable's value in a diff, without its sign.
fn lines(diff: &str, sign: char) -> Vec<&str> {
    diff.lines()
        .filter(|line| line.starts_with(sign) && line.contains(" age: "))
        .map(|line| line[1..].trim())
        .collect()
}

#[test]
fn a_new_value_is_two_fingerprints() {
    let Some(lab) = Lab::new() else { return };
    let payload = lab.manifest();
    let payload = payload
        .lines()
        .find(|line| line.contains(" age: "))
        .unwrap()
        .trim()
        .to_owned();
    lab.set("API_TOKEN", "another-Value-9");
    let diff = lab.git("diff");
    let (old, new) = (lines(&diff, '-'), lines(&diff, '+'));
    assert_eq!((old.len(), new.len()), (1, 1), "{diff}");
    assert!(
        old[0].ends_with("sequence 1)") && new[0].ends_with("sequence 2)"),
        "{diff}"
    );
    let print = |line: &str| line.split(" · ").nth(1).unwrap()[..8].to_owned();
    assert_ne!(print(old[0]), print(new[0]));
    assert!(
        !diff.contains(&payload) && !diff.contains(SECRET) && !diff.contains("another-Value-9")
    );
    // back to the former value: its fingerprint is back, too
    lab.commit_all("second");
    lab.set("API_TOKEN", SECRET);
    let diff = lab.git("diff HEAD~1");
    assert_eq!(
        print(lines(&diff, '-')[0]),
        print(lines(&diff, '+')[0]),
        "{diff}"
    );
    lab.commit_all("third");
    let log = lab.git("log -p --format=%s");
    assert_eq!(log.matches("sequence 2)").count(), 2, "{log}");
    assert!(!log.contains(SECRET));
    // `git show REV` is a diff, and `git show REV:FILE` is the file itself
    assert!(lab.git("show --format=%s").contains("sequence 3)"));
    assert_eq!(lab.git(&format!("show HEAD:{MANIFEST}")), lab.manifest());
}

#[test]
fn without_an_identity_it_is_sealed() {
    let Some(lab) = Lab::new() else { return };
    lab.set("API_TOKEN", "another-Value-9");
    std::fs::remove_file(lab.world.config("driftlock/keys.txt")).unwrap();
    let diff = lab.git("diff");
    let (old, new) = (lines(&diff, '-'), lines(&diff, '+'));
    assert_eq!((old.len(), new.len()), (1, 1), "{diff}");
    assert!(
        old[0].contains(" · sealed ") && new[0].contains(" · sealed "),
        "{diff}"
    );
    assert_ne!(old, new);
}

/// Everything else byte for byte, and the same text each time.
#[test]
fn all_else_stays() {
    let Some(lab) = Lab::bare() else { return };
    let text = lab.manifest();
    let shown = lab.world.run(&format!("git textconv {MANIFEST}")).success();
    assert_eq!(shown.stderr, "");
    let hidden = |line: &&str| !(line.contains(" age: ") || line.contains("fingerprints: "));
    let kept: Vec<&str> = text.lines().filter(hidden).collect();
    let header = kept.iter().position(|line| *line == "age: |").unwrap();
    let kept_shown: Vec<&str> = shown.stdout.lines().filter(hidden).collect();
    assert_eq!(kept[..=header], kept_shown[..=header]);
    assert_eq!(kept_shown.len(), header + 2, "{}", shown.stdout);
    let last = kept_shown[header + 1];
    assert!(
        last.starts_with("  header of key ") && last.contains("1 stanza"),
        "{last}"
    );
    assert!(!shown.stdout.contains("age-encryption.org"));
    let again = lab.world.run(&format!("git textconv {MANIFEST}")).success();
    assert_eq!(again.stdout, shown.stdout);
}

#[test]
fn what_does_not_parse_is_masked_and_said_so() {
    let Some(lab) = Lab::new() else { return };
    let payload = lab.manifest();
    let payload = payload
        .lines()
        .find_map(|line| line.trim().strip_prefix("age: "))
        .unwrap()
        .to_owned();
    let broken = lab
        .manifest()
        .replace("variables:", "<<<<<<< ours\nvariables:");
    lab.world.write(MANIFEST, &broken);
    let diff = lab.git("diff");
    assert!(
        diff.contains("# driftlock: this does not parse at line"),
        "{diff}"
    );
    assert!(diff.contains("+<<<<<<< ours"), "{diff}");
    assert!(!diff.contains(&payload[10..]), "{diff}");
    // the limits of a folder lie beside manifests, and are shown as they are
    lab.world
        .write(MANIFEST, lab.manifest().replace("<<<<<<< ours\n", ""));
    lab.world
        .write("manifests/rails.yaml", "driftlock-rails: 1\ndeletes: 3\n");
    lab.git("add -AN");
    assert!(lab.git("diff").contains("+deletes: 3"));
}

/// Nobody is asked for anything, whatever stands in the way.
#[test]
fn an_odd_file_is_no_error() {
    let Some(lab) = Lab::bare() else { return };
    lab.world.write("-h.yaml", lab.manifest());
    let run = |path: &str| {
        crate::support::world::Run::of(lab.world.command(["git", "textconv", "--", path])).success()
    };
    assert!(run("-h.yaml").stdout.contains("sequence 1)"));
    assert_eq!(run("nowhere.yaml").stdout.lines().count(), 1);
    assert_eq!(run("manifests").stdout.lines().count(), 1);
    lab.world.write("binary.yaml", b"driftlock: 1\n\xff\xfe\n");
    assert!(run("binary.yaml").stdout.contains("it is not UTF-8"));
    lab.world.write("other.yaml", "a: [\n");
    assert_eq!(run("other.yaml").stdout, "a: [\n");
    lab.world.write("empty.yaml", "");
    assert_eq!(run("empty.yaml").stdout, "");
    let mut large = lab.manifest();
    large.push_str(&"# comment\n".repeat(900_000));
    lab.world.write("large.yaml", large);
    assert!(run("large.yaml").stdout.contains("larger than 8 MiB"));
}

/// A manifest just below the limit is shown whole.
#[test]
fn eight_mebibytes() {
    let Some(lab) = Lab::new() else { return };
    let line = format!("# {}\n", "x".repeat(1000));
    let mut text = lab.manifest();
    let count = (8 * 1024 * 1024 - text.len()) / line.len();
    text.push_str(&line.repeat(count));
    lab.world.write(MANIFEST, &text);
    lab.commit_all("large");
    lab.set("API_TOKEN", "another-Value-9");
    let diff = lab.git("diff");
    assert!(
        diff.contains("sequence 2)") && diff.lines().count() < 30,
        "{diff}"
    );
}
