//! The crontab: by the `crontab` and the `cron` of this system, with a spool of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::{listed, odd_folders, printed, program, run, words, world};
use crate::support::peers;
use crate::support::terminal::{Typed, at_terminal};
use crate::support::world::{Run, World};

/// In a namespace of its own: the spool and the folder for pids are empty.
const SPOOL: &str = r#"
set -e
mount -t tmpfs tmpfs /var/spool/cron/crontabs
mount -t tmpfs tmpfs /run
"#;

/// Runs a script with `$D` for driftlock. `None` where there is no cron, or no right to a namespace.
fn in_spool(world: &World, script: &str) -> Option<Run> {
    let unshare = peers::program("unshare")?;
    peers::program("crontab")?;
    let mounts = Command::new(&unshare)
        .args(["-m", "bash", "-c", SPOOL])
        .output()
        .unwrap();
    if !mounts.status.success() {
        return peers::missing("root, to give cron a spool of its own");
    }
    let inner = world.command(["x"]);
    let mut command = Command::new(unshare);
    command
        .args(["-m", "bash", "-c", &format!("{SPOOL}{script}")])
        .current_dir(world.path(""))
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("D", inner.get_program());
    Some(Run::of(command))
}

#[test]
fn everything_else_in_the_crontab_stays() {
    let world = world();
    let before =
        "# mine\nMAILTO=me@example.org\n\n0 1 * * *\techo 100\\% done\n*/5 * * * * other  ";
    world.write("before", format!("{before}\n"));
    let script = r#"
        crontab before
        "$D" schedule install cron --yes --every 15m 2>said; crontab -l >one
        "$D" schedule install cron --yes --every 15m 2>>said; crontab -l >two
        { cat two; echo '7 7 * * * later'; } | crontab -
        "$D" schedule install cron --yes --every 30m 2>>said; crontab -l >three
        "$D" schedule install cron --yes --every 30m --name two 2>>said; crontab -l >four
        "$D" schedule remove cron --yes 2>>said; crontab -l >five
        "$D" schedule remove cron --yes --name two 2>>said; crontab -l >six
        "$D" schedule remove cron --yes 2>>said
    "#;
    let Some(done) = in_spool(&world, script) else {
        return;
    };
    done.success();
    let [one, two, three, four, five, six, said] =
        ["one", "two", "three", "four", "five", "six", "said"].map(|name| world.read(name));
    let block = one.strip_prefix(&format!("{before}\n")).unwrap();
    assert_eq!(block.lines().count(), 4, "{block}");
    assert!(block.contains("-59/15 * * * * PATH="), "{block}");
    assert_eq!(one, two);
    let slower = three.strip_prefix(&format!("{before}\n")).unwrap();
    assert!(slower.contains("-59/30 * * * * PATH="), "{slower}");
    assert!(slower.ends_with("\n7 7 * * * later\n"), "{slower}");
    assert!(four.starts_with(&three) && four.contains("# end driftlock two\n"));
    assert!(five.starts_with(&format!(
        "{before}\n7 7 * * * later\n# begin driftlock two:"
    )));
    assert_eq!(six, format!("{before}\n7 7 * * * later\n"));
    assert_eq!(said.matches("the crontab is changed").count(), 5, "{said}");
    assert_eq!(said.matches("as it should be already").count(), 2, "{said}");
    assert!(said.contains("\n+ # begin driftlock reconcile:"), "{said}");
    assert!(said.contains("\n- # begin driftlock reconcile:"), "{said}");
    assert!(
        !said.contains("MAILTO=me"),
        "what stays is not shown: {said}"
    );
}

#[test]
fn there_need_be_no_crontab_before() {
    let world = world();
    let script = r#"
        "$D" schedule remove cron --yes
        "$D" schedule install cron --yes
        crontab -l | wc -l
        "$D" schedule remove cron --yes
        crontab -l | wc -l
    "#;
    let Some(done) = in_spool(&world, script) else {
        return;
    };
    assert_eq!(done.success().stdout, "4\n0\n");
}

/// In the place of crontab: says `SAYS` to `-l`, and keeps what it is given.
fn fake(world: &World, script: &str) -> String {
    let bin = world.root().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let text = format!(
        "#!/bin/sh\nset -e\ncd '{}'\n{script}\n",
        world.root().display()
    );
    fs::write(bin.join("crontab"), text).unwrap();
    fs::set_permissions(bin.join("crontab"), fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", bin.display())
}

fn install(world: &World, path: &str) -> Run {
    let mut command = world.command(["schedule", "install", "cron", "--yes"]);
    command.env("PATH", path);
    Run::of(command)
}

#[test]
fn a_crontab_that_cannot_be_read_is_not_taken_for_none() {
    let world = world();
    let kept = world.root().join("kept");
    for (script, words) in [
        (
            "[ $1 = - ] || { echo 'you are not allowed' >&2; exit 1; }; cat >kept",
            "cannot be read",
        ),
        (
            "[ $1 = - ] && cat >kept; printf '\\377\\n'",
            "it is not UTF-8",
        ),
        (
            "[ $1 = - ] && cat >kept; printf '# begin driftlock reconcile: x\\n1 1 * * * y\\n'",
            "has no end",
        ),
        // somebody edits it between two looks
        (
            "[ $1 = - ] && cat >kept; echo x >>grows; cat grows",
            "somebody changed it meanwhile",
        ),
    ] {
        let path = fake(&world, script);
        let done = install(&world, &path);
        assert!([1, 3].contains(&done.code), "{}", done.all());
        done.says(words);
        assert!(!kept.exists(), "{script}");
    }
    for (script, words) in [
        (
            "[ $1 != - ] || exit 9",
            "crontab did not take it, and ended with 9",
        ),
        (
            "[ $1 != - ] || cat >/dev/null",
            "is not what was written into it",
        ),
    ] {
        let path = fake(&world, script);
        install(&world, &path).exits(1).says(words);
    }
    install(&world, "/nowhere").exits(1).says("systemd-timer");
}

#[test]
fn a_person_is_asked_and_nobody_is_not() {
    let mut world = world();
    let script = "case $1 in -) cat >tab ;; *) cat tab 2>/dev/null || { echo no crontab for me >&2; exit 1; } ;; esac";
    let path = fake(&world, script);
    world.variable("PATH", &path);
    run(&world, &["schedule", "install", "cron"])
        .exits(3)
        .says("the same with --yes");
    let tab = world.root().join("tab");
    assert!(!tab.exists());
    let line = "schedule install cron";
    let asked = "Change the crontab so? [y/N] ";
    let Some(no) = at_terminal(&world, line, &[Typed::Shown(asked, "n")]) else {
        return;
    };
    no.exits(3).says("+ # begin driftlock reconcile");
    assert!(!tab.exists());
    let yes = at_terminal(&world, line, &[Typed::Shown(asked, "y")]).unwrap();
    yes.success();
    assert!(
        fs::read_to_string(tab)
            .unwrap()
            .contains("reconcile --once")
    );
}

/// Starts cron on lines that are due at its start, and reads what they say, a line each.
fn due(world: &World, crontab: &str, pipe: &Path, lines: usize) -> Option<Vec<String>> {
    peers::program("cron")?;
    world.write("tab", crontab);
    let script = format!(
        r#"
        crontab tab
        exec 3<>'{}'
        cron -f &
        timeout 100 head -n {lines} <&3
        kill $!
        "#,
        pipe.display()
    );
    let done = in_spool(world, &script)?.success();
    Some(done.stdout.lines().map(str::to_owned).collect())
}

#[test]
fn cron_runs_every_word_as_it_was_meant() {
    let world = world();
    let (stand_in, pipe) = listed(world.root());
    let folders = odd_folders(&world);
    let ours = program().display().to_string();
    let mut crontab = String::from("MAILTO=\"\"\n");
    for folder in &folders {
        let block = printed(&world, &["cron", "--", folder]);
        let line = block.lines().nth(2).unwrap();
        let (_, command) = line.split_once(" * * * * ").unwrap();
        let command = command.replacen(&format!("{ours} "), &format!("{} ", stand_in.display()), 1);
        crontab.push_str(&format!("@reboot {command}\n"));
    }
    let Some(lines) = due(&world, &crontab, &pipe, folders.len()) else {
        return;
    };
    let keys = world.config("driftlock/keys.txt").display().to_string();
    let mut seen: Vec<String> = lines
        .iter()
        .map(|line| {
            let mut given = words(line);
            let folder = given.pop().unwrap();
            assert_eq!(given, ["reconcile", "--once", "--identity", &keys, "--"]);
            folder
        })
        .collect();
    let mut wanted = folders;
    seen.sort();
    wanted.sort();
    assert_eq!(seen, wanted);
}

#[test]
fn tokens_and_settings_reach_it() {
    let mut world = world();
    world.variable("DRIFTLOCK_UNDO", "7d");
    let tokens = world.write("it's 5%.env", "RAILWAY_TOKEN='a token'\n");
    fs::set_permissions(&tokens, fs::Permissions::from_mode(0o600)).unwrap();
    let (stand_in, pipe) = listed(world.root());
    let script = format!(
        "#!/bin/sh\necho \"$RAILWAY_TOKEN|$DRIFTLOCK_UNDO|$DRIFTLOCK_MACHINE|$XDG_STATE_HOME|$PATH\" >'{}'\n",
        pipe.display()
    );
    fs::write(&stand_in, script).unwrap();
    let words = [
        "schedule",
        "print",
        "cron",
        "--environment-file",
        "it's 5%.env",
    ];
    let block = run(&world, &words).success().stdout;
    let (_, command) = block
        .lines()
        .nth(2)
        .unwrap()
        .split_once(" * * * * ")
        .unwrap();
    let ours = program().display().to_string();
    let command = command.replacen(&format!("{ours} "), &format!("{} ", stand_in.display()), 1);
    let Some(lines) = due(&world, &format!("@reboot {command}\n"), &pipe, 1) else {
        return;
    };
    let state = world.root().join("state");
    let state = state.display();
    assert!(
        lines[0].starts_with(&format!("a token|7d|here|{state}|/")),
        "{lines:?}"
    );
    assert!(
        lines[0].ends_with(":/usr/sbin:/usr/bin:/sbin:/bin"),
        "{lines:?}"
    );
}
