//! `run`: what a command gets, and what passes through.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use crate::dialects::readers::from_env;
use crate::support::shop::{MANIFEST, PASSWORD, TOKEN, shop};
use crate::support::world::{Run, World};

/// A run of the words of one line, and behind `--` a shell with this script.
fn sh(world: &World, line: &str, script: &str) -> Command {
    let mut command = world.command(line.split_whitespace());
    command.args(["--", "sh", "-c", script]);
    command
}

/// What the command has, by name.
fn environment(mut command: Command) -> BTreeMap<String, String> {
    let output = command.args(["--", "env", "-0"]).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "",
        "nothing is said"
    );
    from_env(&output.stdout)
}

fn of(world: &World, line: &str) -> Command {
    world.command(line.split_whitespace())
}

/// One more declaration in the shop's manifest, and a use of it.
fn declare(world: &World, name: &str, value: &str) {
    let text = world.manifest();
    let text = text.replacen(
        "variables:\n",
        &format!("variables:\n  {name}: {value}\n\n"),
        1,
    );
    let text = text.replacen(
        "      - LOG_LEVEL\n",
        &format!("      - LOG_LEVEL\n      - {name}\n"),
        1,
    );
    world.write(MANIFEST, text);
}

#[test]
fn the_command_has_the_targets_variables_and_ours_but_no_key() {
    let world = shop();
    declare(
        &world,
        "URL",
        "{ template: 'https://x/${DB_PASSWORD|url}' }",
    );
    let key = std::fs::read_to_string(world.config("driftlock/keys.txt")).unwrap();
    let key = key.lines().last().unwrap();
    world.hide_identity();
    let mut command = of(&world, "run local");
    command
        .env("DRIFTLOCK_AGE_KEY", key)
        .env("SOPS_AGE_KEY", key)
        .env("SOPS_AGE_KEY_FILE", "/nowhere")
        .env("DRIFTLOCK_AGE_KEY_FILE", "/nowhere")
        .env("LOG_LEVEL", "inherited")
        .env("MINE", "stays");
    let found = environment(command);
    let get = |name: &str| found.get(name).map(String::as_str);
    assert_eq!(get("API_TOKEN"), Some(TOKEN));
    assert_eq!(get("DB_PASSWORD"), Some(PASSWORD));
    assert_eq!(get("LOG_LEVEL"), Some("info"), "the target's comes first");
    assert_eq!(get("URL"), Some("https://x/canary%20password"));
    assert_eq!(get("MINE"), Some("stays"));
    assert_eq!(
        get("DRIFTLOCK_MACHINE"),
        Some("here"),
        "what is no key stays"
    );
    assert!(!found.values().any(|value| value.contains("AGE-SECRET-KEY")));
    for name in [
        "DRIFTLOCK_AGE_KEY",
        "SOPS_AGE_KEY",
        "SOPS_AGE_KEY_FILE",
        "DRIFTLOCK_AGE_KEY_FILE",
    ] {
        assert_eq!(get(name), None, "{name}");
    }
}

#[test]
fn clean_is_the_target_and_what_every_program_needs() {
    let world = shop();
    let mut command = of(&world, "run local --clean --without DB_PASSWORD");
    command.env("MINE", "x").env("TERM", "dumb");
    let found = environment(command);
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["API_TOKEN", "HOME", "LOG_LEVEL", "PATH", "TERM", "USER"]
    );
}

#[test]
fn exit_code_streams_arguments_and_folder_are_the_commands() {
    let world = shop();
    let mut command = sh(&world, "run local", "pwd; cat; echo \"$0 $1\" >&2; exit 37");
    command.args(["a b", "--yes"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"from outside").unwrap();
    let run = Run::from_output(&child.wait_with_output().unwrap()).exits(37);
    let folder = world.path("").canonicalize().unwrap();
    assert_eq!(run.stdout, format!("{}\nfrom outside", folder.display()));
    assert_eq!(run.stderr, "a b --yes\n");
    assert!(!world.journal().exists(), "nothing was written");
}

#[test]
fn it_is_the_same_process_and_dies_of_the_same_signals() {
    let world = shop();
    let mut command = sh(&world, "run local", "echo $$; read x; kill -TERM $$");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let id = child.id();
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        id.to_string()
    );
    assert_eq!(output.status.signal(), Some(15));
    // a broken pipe ends it as it would without us
    let output = sh(
        &world,
        "run local",
        "trap '' USR1; (yes; echo \"yes ended with $?\" >&2) | head -n 1",
    )
    .output()
    .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("141") || said.contains("ended with 13"),
        "{said}"
    );
}

/// What hides us from others is not handed on.
#[cfg(target_os = "linux")]
#[test]
fn the_command_may_be_debugged_and_leave_cores_as_its_user_set_it() {
    let world = shop();
    let limits = "ulimit -S -c; ulimit -H -c";
    for soft in ["0", "16"] {
        let script = format!("ulimit -S -c {soft} && exec \"$@\"");
        let under = |program: &std::ffi::OsStr, arguments: Vec<&std::ffi::OsStr>| {
            let mut command = Command::new("sh");
            command.args(["-c", &script, "sh"]).arg(program);
            command.args(arguments);
            command
        };
        let alone = under("sh".as_ref(), vec!["-c".as_ref(), limits.as_ref()]);
        let wanted = Run::of(alone);
        if wanted.code != 0 {
            // the limit above it is lower
            continue;
        }
        let inner = sh(&world, "run local", limits);
        let mut command = under(inner.get_program(), inner.get_args().collect());
        command.current_dir(world.path("")).env_clear().envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        assert_eq!(Run::of(command).success().stdout, wanted.stdout);
    }
}

#[test]
fn commands_that_cannot_be_started() {
    let world = shop();
    let line = |words: &str| {
        let mut command = world.command(["run", "local", "--"]);
        command.args(words.split(' '));
        Run::of(command).hides(TOKEN)
    };
    line("no-such-command-4711")
        .exits(127)
        .says("there is no command no-such-command-4711 on PATH");
    line("./no-such-file")
        .exits(127)
        .says("there is no ./no-such-file");
    let plain = world.write("plain", "#!/bin/sh\n");
    line("./plain")
        .exits(126)
        .says("./plain cannot be started: it is not executable");
    line("./manifests").exits(126);
    std::fs::write(&plain, "exit 5\n").unwrap();
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o755)).unwrap();
    // some systems give such a file to their shell
    let run = line("./plain");
    assert!([5, 126].contains(&run.code), "{}", run.all());
    std::fs::write(&plain, "#!/no/such/shell\n").unwrap();
    line("./plain")
        .exits(127)
        .says("the program that its first line names is missing");
    Run::of(world.command(["run", "local", "--", ""])).exits(64);
}

#[test]
fn command_lines_that_make_no_sense() {
    let world = shop();
    world.run("run local").exits(64);
    world.run("run local echo hi").exits(64);
    world.run("run local --").exits(64);
    world.run("run -- true").exits(64);
    world
        .run("run lokal -- true")
        .exits(64)
        .says("there is no target lokal")
        .says("did you mean local?");
    world
        .run("run something-else -- true")
        .exits(64)
        .says("there are local");
    world
        .run("run local --without NOPE -- true")
        .exits(64)
        .says("local does not use NOPE");
    world.run("run local -f nowhere.yaml -- true").exits(1);
    World::new().run("run local -- true").exits(1);
}

#[test]
fn which_of_several_manifests() {
    let world = shop();
    let clear = |name: &str, target: &str| {
        format!(
            "driftlock: 1\nname: {name}\nvariables: {{ A: from-{name} }}\ntargets:\n  {target}: {{ file: {{ path: ../{name}.env }}, variables: [A] }}\n"
        )
    };
    world.write("manifests/prod.yaml", clear("prod", "local"));
    world.write("manifests/other.yaml", clear("other", "only"));
    world
        .run("run local -- true")
        .exits(64)
        .says("several manifests have a target of this name")
        .says("name one: dev/local, prod/local");
    let a = |line: &str| {
        let mut command = of(&world, line);
        command.args(["--", "printenv", "A"]);
        Run::of(command).success().stdout
    };
    assert_eq!(a("run prod/local"), "from-prod\n");
    assert_eq!(a("run only"), "from-other\n");
    assert_eq!(a("run local -f manifests/prod.yaml"), "from-prod\n");
    // clear texts alone need no identity
    world.hide_identity();
    assert_eq!(a("run only"), "from-other\n");
    world
        .run("run dev/local -- true")
        .exits(1)
        .says("stays sealed");
    world
        .run("run prod/lokal -- true")
        .exits(64)
        .says("did you mean prod/local?");
    world
        .run("run nope/local -- true")
        .exits(64)
        .says("there are ");
}

#[test]
fn a_target_of_another_machine_or_with_nothing_in_it() {
    let world = World::new();
    world.write(
        MANIFEST,
        "driftlock: 1\nname: dev\nvariables: { A: x }\ntargets:\n  far: { file: { machine: moon, path: /x/.env }, variables: [A] }\n  \
         empty: { file: { path: ../.env } }\n",
    );
    world.run("run far -- printenv A").success().says("x");
    world.run("run empty --clean -- env").success();
}

#[test]
fn what_is_not_known_stops_it() {
    let world = shop();
    // written by somebody without the key
    let identity = world.hide_identity();
    world.run_with("set API_TOKEN", "a stranger's").success();
    let line = format!("--identity {identity} run local -- touch ran");
    world
        .run(&line)
        .exits(3)
        .says("API_TOKEN was written by somebody without the key, and no reader accepted it")
        .says("driftlock accept API_TOKEN -f manifests/dev.yaml")
        .says("--without NAME leaves a variable out");
    let without =
        format!("--identity {identity} run local --without API_TOKEN -- printenv DB_PASSWORD");
    world.run(&without).success().says(PASSWORD);
    // a damaged value
    let text = world.manifest();
    let line_of = text
        .lines()
        .skip_while(|line| !line.contains("DB_PASSWORD"))
        .nth(1)
        .unwrap();
    let at = line_of.len() - 8;
    let other = if line_of.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    world.write(
        MANIFEST,
        text.replace(
            line_of,
            &format!("{}{other}{}", &line_of[..at], &line_of[at + 1..]),
        ),
    );
    world.run(&line).exits(3).says("DB_PASSWORD does not open:");
    assert!(!world.path("ran").exists());
}

#[test]
fn references_that_only_railway_can_follow() {
    let world = World::new();
    world.write(
        MANIFEST,
        "driftlock: 1\nname: dev\nvariables:\n  A: x\n  R: '${{api.URL}}'\ntargets:\n  api:\n    \
         railway: { project: p, environment: e, service: s }\n    variables: [A, R]\n  \
         local: { file: { path: ../.env }, variables: [R] }\n",
    );
    world
        .run("run api -- true")
        .exits(3)
        .says("R refers to another variable of Railway, whose value only Railway knows");
    world
        .run("run api --without R -- printenv A")
        .success()
        .says("x");
    // anywhere else it is a text
    let mut command = world.command(["run", "local", "--", "printenv", "R"]);
    let output = command.output().unwrap();
    assert_eq!(output.stdout, b"${{api.URL}}\n");
}

#[test]
fn values_that_no_process_can_be_given() {
    let world = shop();
    world
        .run_with("set API_TOKEN", &"x".repeat(200_000))
        .success();
    world
        .run("run local -- true")
        .exits(1)
        .says("API_TOKEN is 200011 bytes long with its name")
        .says("--without leaves it out");
    world.run("run local --without API_TOKEN -- true").success();
    // each of them fits, and all together do not
    let names: Vec<String> = (0..40).map(|number| format!("BIG_{number}")).collect();
    let values: String = names
        .iter()
        .map(|name| format!("  {name}: {}\n", "x".repeat(100_000)))
        .collect();
    world.write(
        MANIFEST,
        format!(
            "driftlock: 1\nname: dev\nvariables:\n{values}targets:\n  local: {{ file: {{ path: ../.env }}, variables: [{}] }}\n",
            names.join(", ")
        ),
    );
    let mut command = Command::new("bash");
    let inner = world.command(["run", "local", "--", "true"]);
    // the limit on all of it is a part of the stack's
    command
        .args(["-c", "ulimit -s 8192; exec \"$@\"", "sh"])
        .arg(inner.get_program())
        .args(inner.get_args());
    command.current_dir(world.path("")).env_clear().envs(
        inner
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    Run::of(command)
        .exits(1)
        .says("the environment is too large for a process");
}

/// A header over a key of a stranger, with values of the stranger, in the place of ours.
#[test]
fn a_manifest_with_another_key_than_the_applied_one_is_refused() {
    let world = shop();
    world.run("apply --yes --take-over local").success();
    world.run("run local -- true").success();
    let ours = world.manifest();
    let text = ours
        .lines()
        .find(|line| line.contains("- age1"))
        .unwrap()
        .to_owned();
    // the stranger makes a manifest of the same name, and lists our key beside the own one
    let public = text
        .trim()
        .trim_start_matches("- ")
        .split(' ')
        .next()
        .unwrap();
    let forged = World::new();
    forged.write(
        ".env",
        "API_TOKEN=forged\nDB_PASSWORD=forged\nLOG_LEVEL=info\n",
    );
    let made = forged.run(&format!(
        "init --yes --name dev --clear LOG_LEVEL --recipient {public}"
    ));
    made.success();
    world.write(MANIFEST, forged.manifest());
    world
        .run("run local -- touch ran")
        .exits(3)
        .says("has another key than the one that was last applied")
        .says("driftlock apply --allow new-key@local");
    assert!(!world.path("ran").exists());
    world
        .run("export local --format json --yes-print-the-secrets")
        .exits(3)
        .hides("forged");
}

/// A re-key by a reader of what was applied last is no stranger's.
#[test]
fn a_key_that_a_reader_made_is_believed() {
    let world = shop();
    world.run("apply --yes").success();
    world.run("recipients rekey").success();
    world.run("run local -- true").success();
    world
        .run("export local --format json --yes-print-the-secrets")
        .success();
}
