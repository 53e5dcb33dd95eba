//! Who may have changed a file: times, owner and logins, of machines over SSH and of this one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use driftlock::model::{Address, FileAddress, Machine, Rails, Target, VarName, Who};
use driftlock::platforms::file::FilePlatform;
use driftlock::platforms::{Ask, LiveRead};
use jiff::{SignedDuration, Timestamp};

use super::stage::{Stage, uses};
use crate::cli::fits_schema;
use crate::support::peers;
use crate::support::sshd::{Far, Sshd};
use crate::support::world::World;

/// The user of this run, as files are told to belong to.
fn me() -> String {
    let user = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(user.stdout).unwrap().trim().to_owned()
}

/// A file on the VPS that was applied and then edited there.
fn edited(far: Far) -> Option<Stage> {
    let stage = Stage::with(far, World::new())?;
    let target = stage.target("vps", ".env", &uses("PORT, MODE"));
    stage.declare(&[("PORT", "8080"), ("MODE", "x")], &target);
    stage.run("apply --yes").success();
    stage.far_write(".env", "PORT=9090\nMODE=y\n");
    // some seconds later: a receipt is written within two of its file
    touch(&stage.far(".env"), 30);
    Some(stage)
}

/// Dates a file so many seconds from now.
fn touch(file: &Path, seconds: i64) {
    let at = Timestamp::now() + SignedDuration::from_secs(seconds);
    let done = Command::new("touch")
        .args(["-d", &at.to_string()])
        .arg(file)
        .status();
    assert!(done.unwrap().success());
}

/// One record of `wtmp`, as Linux has them on 64-bit machines.
fn record(kind: i16, line: &str, user: &str, host: &str, at: i64) -> Vec<u8> {
    let text = |text: &str, room: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(room, 0);
        bytes
    };
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend([0, 0]);
    bytes.extend(4242_i32.to_le_bytes());
    bytes.extend(text(line, 32));
    bytes.extend(text(line.trim_start_matches("pts/"), 4));
    bytes.extend(text(user, 32));
    bytes.extend(text(host, 256));
    bytes.extend([0; 4]);
    bytes.extend(0_i32.to_le_bytes());
    bytes.extend(i32::try_from(at).unwrap().to_le_bytes());
    bytes.extend(0_i32.to_le_bytes());
    bytes.extend([0; 36]);
    assert_eq!(bytes.len(), 384);
    bytes
}

/// Lets the far side's `last` be the real one, over a list of ours.
fn with_logins(stage: &Stage, far: Far, records: &[Vec<u8>]) -> Option<()> {
    let last = peers::program("last")?;
    let bin = stage.sshd.path("bin-of-logins");
    fs::create_dir(&bin).unwrap();
    fs::write(stage.sshd.path("wtmp"), records.concat()).unwrap();
    let text = format!(
        "#!/bin/sh\nexec '{}' -f '{}' \"$@\"\n",
        last.display(),
        stage.sshd.path("wtmp").display()
    );
    fs::write(bin.join("last"), text).unwrap();
    fs::set_permissions(bin.join("last"), fs::Permissions::from_mode(0o755)).unwrap();
    let profile = format!("PATH='{}':$PATH\nexport PATH\n", bin.display());
    stage.sshd.profile(far, &profile);
    Some(())
}

/// What the platform says of a file that was written just now, since an hour ago.
async fn asked(sshd: &Sshd, files: &[&str]) -> Vec<Result<Who, String>> {
    let platform = FilePlatform::on(Arc::new(sshd.host()));
    let names: Vec<VarName> = ["A", "B"].map(|name| name.parse().unwrap()).into();
    let targets: Vec<Target> = files.iter().map(|file| target(&sshd.path(file))).collect();
    let asks: Vec<Ask<'_>> = targets
        .iter()
        .flat_map(|target| names.iter().map(move |name| (target, name)))
        .map(|(target, name)| Ask {
            target,
            name,
            since: Some(Timestamp::now() - SignedDuration::from_hours(1)),
            stamp: None,
        })
        .collect();
    let answers = platform.traces(&asks).await;
    assert_eq!(answers.len(), asks.len());
    assert_eq!(sshd.logins(), 1, "one login, one program, for all files");
    answers
}

fn target(path: &Path) -> Target {
    Target {
        name: "vps".parse().unwrap(),
        address: Address::File(FileAddress {
            machine: Machine::Any,
            path: path.display().to_string(),
            format: "portable".to_owned(),
            at: None,
        }),
        place: path.display().to_string(),
        path: Some(path.to_owned()),
        known: String::new(),
        prune: false,
        rails: Rails::default(),
        activation: None,
        process: None,
    }
}

#[tokio::test]
async fn a_file_over_ssh_tells_when_and_whose() {
    for far in [
        Far::Own,
        Far::Shell("bash"),
        Far::Shell("dash"),
        Far::Busybox,
    ] {
        let Some(sshd) = Sshd::start(far) else { return };
        for name in ["a b'$c.env", "other.env"] {
            fs::write(sshd.path(name), "A=1\nB=2\n").unwrap();
        }
        std::os::unix::fs::symlink(sshd.path("other.env"), sshd.path("link.env")).unwrap();
        touch(&sshd.path("other.env"), -600);
        let files = ["a b'$c.env", "other.env", "link.env", "gone.env"];
        let answers = asked(&sshd, &files).await;
        let began = Timestamp::now() - SignedDuration::from_mins(8);
        for (place, answer) in answers[..6].iter().enumerate() {
            let who = answer.as_ref().unwrap();
            assert_eq!(who.by, None, "a file names nobody");
            assert!(!who.ours);
            let recent = who.at.unwrap() > began;
            assert_eq!(recent, place < 2, "{far:?}: {who:?}");
            assert!(
                who.source.contains(&format!("it belongs to {}", me())),
                "{who:?}"
            );
        }
        assert_eq!(answers[2], answers[4], "a link is what it leads to");
        let gone = "the file is gone, and nothing tells who removed it";
        assert_eq!(answers[6], Err(gone.to_owned()));
    }
}

#[tokio::test]
async fn tools_that_say_too_little_or_nonsense_are_no_fault() {
    for (far, profile, words) in [
        (Far::Posix, "", "does not say when the file was changed"),
        (Far::Own, "stat() { echo canary; }\n", ""),
    ] {
        let Some(sshd) = Sshd::start(far) else { return };
        fs::write(sshd.path("a.env"), "A=1\n").unwrap();
        sshd.profile(far, profile);
        let answers = asked(&sshd, &["a.env"]).await;
        match &answers[0] {
            Err(why) => assert!(why.contains(words) && !why.contains("canary"), "{why}"),
            Ok(who) => assert!(words.is_empty(), "{who:?}"),
        }
    }
}

#[test]
fn those_who_were_logged_in_are_named_and_not_accused() {
    let Some(stage) = edited(Far::Own) else {
        return;
    };
    let now = Timestamp::now().as_second();
    let logins = [
        record(7, "pts/0", "gone", "10.0.0.9", now - 9_000),
        record(8, "pts/0", "", "", now - 8_000),
        record(7, "pts/1", "ann", "10.0.0.5", now - 600),
    ];
    if with_logins(&stage, Far::Own, &logins).is_none() {
        return;
    }
    // no longer ours: what nothing is recorded of may be of any time
    let target = stage.target("vps", ".env", &uses("PORT, MODE, NEW"));
    stage.declare(&[("PORT", "9090"), ("MODE", "y"), ("NEW", "1")], &target);
    stage.far_write(".env", "PORT=9090\nMODE=y\nNEW=theirs\n");
    touch(&stage.far(".env"), -60);
    let run = stage.run("plan --who").success();
    run.says("conflict")
        .says("by whom is not known: that is when the file was written last, and files keep no author")
        .says(&format!("it belongs to {}", me()))
        .says("logged in then: ann (from 10.0.0.5)");
    // before all of them
    touch(&stage.far(".env"), -8_500);
    stage
        .run("plan --who")
        .success()
        .says("logged in then: gone (from 10.0.0.9)");
    touch(&stage.far(".env"), -4_000);
    stage
        .run("plan --who")
        .success()
        .says("nobody was logged in then");
    touch(&stage.far(".env"), -90_000);
    stage
        .run("plan --who")
        .success()
        .says("the list of logins does not go back that far");
    touch(&stage.far(".env"), 90_000);
    stage
        .run("plan --who")
        .success()
        .says("the file's time is in the future");
    fs::remove_file(stage.far(".env")).unwrap();
    stage
        .run("plan --who")
        .success()
        .says("the file is gone, and nothing tells who removed it");
}

#[test]
fn a_machine_that_cannot_say_is_not_a_fault() {
    let Some(stage) = edited(Far::Posix) else {
        return;
    };
    stage
        .run("plan --who --detailed-exitcode")
        .exits(2)
        .says("who changed it is not known: the machine does not say when the file was changed");
}

#[test]
fn what_a_machine_says_is_not_obeyed() {
    let Some(stage) = edited(Far::Own) else {
        return;
    };
    let now = Timestamp::now().as_second();
    let logins = [record(
        7,
        "pts/1",
        "a\u{1b}[2Jb",
        "\u{202e}host`x`<b>",
        now - 600,
    )];
    if with_logins(&stage, Far::Own, &logins).is_none() {
        return;
    }
    for form in ["plan --who", "plan --who --markdown"] {
        let run = stage.run(form).success();
        assert!(
            !run.all().contains(['\u{1b}', '\u{202e}']),
            "{form}: {:?}",
            run.all()
        );
    }
}

#[test]
fn files_of_this_machine_tell_the_same() {
    let world = World::applied(&[("A", "1"), ("B", "2")]);
    world.write("app.env", "A=outside\nB=2\n");
    touch(&world.path("app.env"), 30);
    // thirty seconds from now: the clock of the file's writer is wrong
    world
        .run("plan --who")
        .success()
        .says("the file's time is in the future");
    // put there with an old date
    touch(&world.path("app.env"), -90_000);
    let run = world.run("plan --who").success();
    let flat = run.all();
    assert!(
        flat.contains("put in place or touched then") || flat.contains("told apart from"),
        "{flat}"
    );
    run.says(&format!("it belongs to {}", me()));
    // two objects of one file, one look
    let json = fits_schema(&world.run("plan --who --json").success(), "plan");
    let changes = json["plans"][0]["targets"][0]["changes"]
        .as_array()
        .unwrap();
    assert!(changes[0]["who"]["source"].is_string());
    assert!(changes[1]["who"].is_null(), "in sync: nobody is asked for");
    world.run("apply --yes").success();
    world.run("plan --who").success().says("No changes.");
}
