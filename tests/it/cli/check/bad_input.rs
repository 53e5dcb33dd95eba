//! `check`: what it is given and cannot use.

use std::os::unix::fs::{PermissionsExt, symlink};

use crate::support::shop::{MANIFEST, shop};

#[test]
fn reports_that_make_no_sense_are_refused_before_anything_is_done() {
    let world = shop();
    for (line, code, words) in [
        ("check --report", 64, "a value is required"),
        (
            "check --report html",
            64,
            "the formats are junit, sarif, code-quality, annotations, summary",
        ),
        ("check --report junit=", 64, "no file is named"),
        (
            "check --report junit --report sarif",
            64,
            "standard output takes one report",
        ),
        ("check --json --report junit", 64, "--report junit=FILE"),
        (
            "check --report junit=x --report sarif=manifests/../x",
            64,
            "two reports go to",
        ),
        ("check --report junit=manifests", 1, "it is a folder"),
        (
            "check --report junit=no/such/x.xml",
            1,
            "its folder is not there",
        ),
        ("check --report junit=/dev/full", 1, "not a regular file"),
    ] {
        let run = world.run(line).exits(code).says(words);
        assert_eq!(run.stdout, "", "{line}");
    }
}

#[test]
fn what_is_no_report_is_left_alone() {
    let world = shop();
    let env = world.read(".env");
    for file in [".env", MANIFEST] {
        for format in ["junit", "sarif", "code-quality", "annotations", "summary"] {
            let before = world.read(file);
            world
                .run(&format!("check --report {format}={file}"))
                .exits(3)
                .says("is left alone")
                .hides("canary");
            assert_eq!(world.read(file), before);
        }
    }
    assert_eq!(world.read(".env"), env);
    // a link to a report is followed, and stays a link
    world.write("real.xml", "");
    symlink("real.xml", world.path("link.xml")).unwrap();
    world.run("check --report junit=link.xml").success();
    assert!(world.path("link.xml").is_symlink());
    assert!(world.read("real.xml").starts_with("<?xml"));
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_beside_the_findings() {
    let world = shop();
    let file = world.write("old.xml", "");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o444)).unwrap();
    world
        .run("check --report junit=old.xml --report sarif=new.sarif")
        .exits(1)
        .says("1 manifest, no problems.")
        .says("read-only")
        .says("the report to old.xml is missing");
    assert_eq!(world.read("old.xml"), "");
    assert!(
        world.read("new.sarif").contains("driftlock"),
        "the other one is there"
    );
    // nor can a folder that takes no files
    world
        .run("check --report junit=/proc/x.xml")
        .exits(1)
        .says("1 manifest, no problems.")
        .says("cannot write /proc/x.xml")
        .says("the report to /proc/x.xml is missing");
    // its mode stays
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    world.run("check --report junit=old.xml").success();
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let left: Vec<_> = std::fs::read_dir(world.path("")).unwrap().collect();
    let is_ours = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with(".driftlock-");
    assert!(
        !left
            .iter()
            .any(|one| is_ours(&one.as_ref().unwrap().file_name()))
    );
}

#[test]
fn a_manifest_that_is_not_there_does_not_hide_the_others() {
    let world = shop();
    world.run_with("set API_TOKEN", "changeme").success();
    std::fs::create_dir(world.path("empty")).unwrap();
    world.write("manifests/bytes.yaml", b"driftlock: 1\n\xff\n");
    world
        .run(&format!("check {MANIFEST} none.yaml empty manifests"))
        .exits(1)
        .says("none.yaml: error: cannot read none.yaml")
        .says("empty: error: cannot find a manifest in empty")
        .says("manifests/bytes.yaml: error:")
        .says("not UTF-8")
        .says("[unreadable]")
        .says("[placeholder]")
        .says("3 errors, 1 warning in 4 manifests.");
    let run = world.run("check none.yaml --report code-quality").exits(1);
    assert!(
        run.stdout.contains("\"path\": \"none.yaml\""),
        "{}",
        run.stdout
    );
}

#[test]
fn limits_that_cannot_be_read_are_a_finding_of_the_manifests_beside_them() {
    let world = shop();
    symlink("/dev/null", world.path("manifests/rails.yaml")).unwrap();
    world
        .run("check --drift")
        .exits(1)
        .says("the limits of a folder must be a regular file")
        .says("not checked: drift");
}

#[test]
fn a_header_or_a_list_of_another_commit_is_found() {
    let world = shop();
    let old = world.manifest();
    // the same file begun anew: another key
    std::fs::remove_file(world.path(MANIFEST)).unwrap();
    world.run("init --yes --clear LOG_LEVEL").success();
    let new = world.manifest();
    let header = |text: &str| text[text.find("\nage: |").unwrap()..].to_owned();
    let mixed = new.replace(&header(&new), &header(&old));
    assert_ne!(mixed, new);
    world.write(MANIFEST, &mixed);
    world
        .run("check")
        .exits(1)
        .says("[sealed]")
        .says("holds another key than its `key:` line names")
        .says("not checked: keys, recipients, lint, expiry: the manifest stays sealed");
    world.run("check --only manifest").success();
    let key = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("key: "));
        line.unwrap().to_owned()
    };
    world.write(MANIFEST, new.replace(&key(&new), &key(&old)));
    world.hide_identity();
    world
        .run("check")
        .exits(1)
        .says("[key-mismatch]")
        .says("not checked: keys, recipients, lint, expiry: the manifest does not parse");
}
