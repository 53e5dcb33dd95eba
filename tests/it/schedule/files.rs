//! Files are put where they belong, again without a change, and never over somebody else's.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{run, world};
use crate::support::world::World;

fn install(world: &World, kind: &str) -> crate::support::world::Run {
    run(world, &["schedule", "install", kind, "--user"])
}

#[test]
fn a_second_install_changes_nothing_and_a_removal_leaves_nothing() {
    let world = world();
    for (kind, files) in [
        ("systemd", &["driftlock-reconcile.service"][..]),
        (
            "systemd-timer",
            &["driftlock-reconcile.service", "driftlock-reconcile.timer"],
        ),
    ] {
        let before = world.files();
        install(&world, kind)
            .success()
            .says("is written")
            .says("next: systemctl --user daemon-reload")
            .says("next: systemctl --user enable --now driftlock-reconcile.")
            .says("loginctl enable-linger");
        let folder = world.config("systemd/user");
        let there = world.files();
        for file in files {
            let path = folder.join(file);
            assert!(there.contains_key(&path), "{kind}: {file}");
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o644);
        }
        let again = install(&world, kind)
            .success()
            .says("as it should be already");
        assert!(!again.stderr.contains("next:"), "{again:?}");
        assert_eq!(world.files(), there);
        let other = run(
            &world,
            &["schedule", "install", kind, "--user", "--every", "10m"],
        );
        other.success().says("is replaced").says("restart");
        run(&world, &["schedule", "remove", kind, "--user"])
            .success()
            .says("is gone")
            .says("systemctl --user stop");
        assert_eq!(world.files(), before, "{kind}");
        run(&world, &["schedule", "remove", kind, "--user"])
            .success()
            .says("there is nothing of ours");
    }
}

#[test]
fn the_links_of_an_enabled_unit_go_with_it() {
    let world = world();
    install(&world, "systemd").success();
    let folder = world.config("systemd/user");
    let wants = folder.join("default.target.wants");
    fs::create_dir(&wants).unwrap();
    let link = wants.join("driftlock-reconcile.service");
    std::os::unix::fs::symlink(folder.join("driftlock-reconcile.service"), &link).unwrap();
    run(&world, &["schedule", "remove", "systemd", "--user"]).success();
    assert!(fs::symlink_metadata(&link).is_err());
}

#[test]
fn what_is_somebody_elses_stays() {
    let world = world();
    let folder = world.config("systemd/user");
    fs::create_dir_all(&folder).unwrap();
    let timer = folder.join("driftlock-reconcile.timer");
    for text in ["[Timer]\n", "\u{0}\u{ff}"] {
        fs::write(&timer, text).unwrap();
        let before = world.files();
        install(&world, "systemd-timer")
            .exits(3)
            .says("driftlock-reconcile.timer was left alone")
            .says("--name");
        // not the service either
        assert_eq!(world.files(), before);
        run(&world, &["schedule", "remove", "systemd-timer", "--user"]).exits(3);
        assert_eq!(world.files(), before);
    }
    fs::remove_file(&timer).unwrap();
    // as `systemctl mask` leaves it
    std::os::unix::fs::symlink("/dev/null", &timer).unwrap();
    install(&world, "systemd-timer")
        .exits(3)
        .says("not a regular file");
    run(
        &world,
        &[
            "schedule",
            "install",
            "systemd-timer",
            "--user",
            "--name",
            "two",
        ],
    )
    .success();
    assert!(folder.join("driftlock-two.timer").exists());
}

#[test]
fn an_agent_of_macos_is_put_into_the_users_library() {
    let world = world();
    install(&world, "launchd")
        .success()
        .says("next: launchctl bootstrap gui/")
        .says("Library/Logs/driftlock-reconcile.log");
    let plist = world.home("Library/LaunchAgents/driftlock.reconcile.plist");
    assert!(plist.exists());
    install(&world, "launchd-interval")
        .success()
        .says("is replaced")
        .says("launchctl bootout gui/");
    run(&world, &["schedule", "remove", "launchd", "--user"]).success();
    assert!(!plist.exists());
}

#[test]
fn files_can_be_put_into_a_folder_to_look_at() {
    let world = world();
    let words = [
        "schedule",
        "print",
        "systemd-timer",
        "--user",
        "--output",
        "units",
    ];
    let run_it = run(&world, &words).success();
    assert_eq!(run_it.stdout, "");
    let both = run(&world, &words[..4]).success().stdout;
    for name in ["driftlock-reconcile.service", "driftlock-reconcile.timer"] {
        let text = world.read(format!("units/{name}"));
        assert!(both.contains(&format!("# ----- {name}\n{text}")), "{both}");
    }
}

#[test]
fn what_starts_it_is_run_where_that_is_asked_for() {
    let world = world();
    // in the place of systemctl: writes down how it was called, and fails where it is told to
    let bin = world.root().join("bin");
    fs::create_dir(&bin).unwrap();
    let said = world.root().join("said");
    let program = format!(
        "#!/bin/sh\necho \"$*\" >>'{}'\n[ ! -e '{}' ]\n",
        said.display(),
        world.root().join("fails").display()
    );
    fs::write(bin.join("systemctl"), program).unwrap();
    fs::set_permissions(bin.join("systemctl"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let with_it = |words: &[&str]| {
        let mut command = world.command([&["schedule"], words].concat());
        command.env("PATH", &path);
        crate::support::world::Run::of(command)
    };
    let called = || {
        let text = fs::read_to_string(&said).unwrap_or_default();
        let _gone = fs::remove_file(&said);
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    with_it(&["install", "systemd", "--user"]).success();
    assert!(called().is_empty(), "nothing is run by itself");
    with_it(&["install", "systemd", "--user", "--start"]).success();
    let service = "driftlock-reconcile.service";
    assert_eq!(
        called(),
        [
            "--user daemon-reload".to_owned(),
            format!("--user enable --now {service}")
        ]
    );
    with_it(&["install", "systemd", "--user", "--every", "9m", "--start"]).success();
    assert_eq!(called()[2], format!("--user restart {service}"));
    fs::write(world.root().join("fails"), "").unwrap();
    with_it(&["install", "systemd", "--user", "--start"])
        .exits(1)
        .says("`systemctl --user daemon-reload` ended with 1; the files are in place");
    with_it(&["remove", "systemd", "--user", "--stop"]).exits(1);
    assert!(world.config("systemd/user").join(service).exists());
    fs::remove_file(world.root().join("fails")).unwrap();
    called();
    with_it(&["remove", "systemd", "--user", "--stop"]).success();
    assert_eq!(
        called(),
        [
            format!("--user stop {service}"),
            "--user daemon-reload".to_owned()
        ]
    );
}
