//! Installations in every state in which people leave them. Nothing is written where it is not known
//! what counts, and each says what is the matter and what to do.

use super::lab::{HERE, HOOKS, Lab, NEW, OLD, config, write_private};

/// The plan says it, writes nothing, and an apply does not either.
#[track_caller]
fn unknown(lab: &Lab, words: &[&str]) {
    let before = lab.homes();
    let plan = lab.run("plan").exits(1);
    let plan = words.iter().fold(plan, |plan, words| plan.says(words));
    let _shown = plan.says("unknown");
    lab.run("apply --yes --take-over gateway").exits(1);
    assert!(before == lab.homes(), "something was written");
}

#[test]
fn openclaw_is_not_installed() {
    let lab = Lab::of(HERE);
    unknown(
        &lab,
        &[
            "there is no OpenClaw there",
            ".openclaw does not exist",
            "openclaw onboard",
        ],
    );
    lab.run("doctor")
        .exits(1)
        .says("there is no OpenClaw there");
}

#[test]
fn there_is_no_config() {
    let lab = Lab::of(HERE);
    lab.write("notes.txt", "");
    lab.run("plan").success().says("1 to create");
    lab.take_over()
        .exits(4)
        .says("nobody knows how to restart it")
        .says("activate: {");
    let text = lab.text(".env");
    assert_eq!(
        text,
        format!("OPENCLAW_GATEWAY_TOKEN={NEW}\n"),
        "a config is never made up"
    );
    assert!(!lab.state("openclaw.json").exists());
    // nobody could put it in force, and nobody forgets that
    lab.run("plan")
        .success()
        .says("Nothing to write, 1 target to put in force");
}

#[test]
fn the_config_is_not_json5() {
    let lab = Lab::of(HERE);
    lab.config(&config(OLD).replace("\"auth\"", "auth = "));
    unknown(
        &lab,
        &[
            "cannot be read as JSON5: line 4",
            "openclaw config validate",
        ],
    );
    lab.config("");
    unknown(&lab, &["cannot be read as JSON5"]);
    std::fs::write(lab.state("openclaw.json"), [0xff, 0xfe]).unwrap();
    unknown(&lab, &["not UTF-8 text"]);
}

#[test]
fn the_config_was_written_by_a_newer_version() {
    let lab = Lab::of(HERE);
    lab.config(&config(OLD).replace("2026.9.6", "2027.1.0"));
    lab.run("plan")
        .success()
        .says("written by OpenClaw 2027.1.0, which is newer than 2026.9.6");
    lab.take_over().says("1 written");
    assert!(
        lab.text("openclaw.json").contains("2027.1.0"),
        "nothing is set back"
    );
}

#[test]
fn a_token_in_a_reference_of_a_kind_that_cannot_be_read() {
    let lab = Lab::of(HERE);
    let of = |reference: &str| {
        format!("{{ gateway: {{ mode: 'local', auth: {{ mode: 'token', token: {reference} }} }} }}")
    };
    for (reference, words) in [
        (
            "{ source: 'exec', provider: 'vault', id: 'gw/token' }",
            "comes from a program",
        ),
        (
            "{ source: 'cloud', id: 'x' }",
            "SecretRef of a kind that is not known",
        ),
        (
            "{ source: 'file', provider: 'gone', id: 'value' }",
            "`secrets.providers` does not have",
        ),
        (
            "{ source: 'store', provider: 'default', id: 'GW' }",
            "no program `openclaw` there to ask",
        ),
        ("'x-${HOME}'", "puts it together from variables"),
        ("'__OPENCLAW_REDACTED__'", "placeholder"),
        ("4711", "a number, not a string"),
    ] {
        lab.config(&of(reference));
        unknown(&lab, &[words]);
    }
    lab.config("{ gateway: { $include: './gateway.json5' } }");
    unknown(&lab, &["in another file (`$include`)"]);
}

#[test]
fn blanks_and_carriage_returns_are_no_drift() {
    for text in [
        format!("OPENCLAW_GATEWAY_TOKEN=\"{NEW} \"\n"),
        format!("OPENCLAW_GATEWAY_TOKEN={NEW}\r\n"),
        format!("OPENCLAW_GATEWAY_TOKEN={NEW}   \n"),
        format!("export OPENCLAW_GATEWAY_TOKEN='\t{NEW}'\n"),
    ] {
        let lab = Lab::of(HERE);
        lab.config("{ gateway: { mode: 'local' } }");
        lab.write(".env", &text);
        let plan = lab.run("plan --detailed-exitcode").success();
        if text.contains(['"', '\'']) {
            plan.says("blanks or a line end around the token");
        }
        assert_eq!(lab.text(".env"), text);
    }
}

#[test]
fn an_env_file_that_readers_take_differently_decides_nothing() {
    let lab = Lab::of(HERE);
    lab.config("{ gateway: { mode: 'local' } }");
    lab.write(".env", "OPENCLAW_GATEWAY_TOKEN='open\n");
    unknown(&lab, &["OPENCLAW_GATEWAY_TOKEN"]);
    lab.config(&config(NEW));
    lab.in_sync();
}

#[test]
fn two_installations_of_one_machine() {
    let lab = Lab::of("{ machine: here, profile: work }");
    lab.config(&config(OLD));
    let other = lab.world.home(".openclaw-work/openclaw.json");
    write_private(&other, &config("c4nary-of-work"));
    lab.take_over().says("1 written");
    assert!(std::fs::read_to_string(&other).unwrap().contains(NEW));
    assert_eq!(
        lab.text("openclaw.json"),
        config(OLD),
        "the other one is somebody else's"
    );
    // two targets of one folder would undo each other's work
    let uses = "{ OPENCLAW_GATEWAY_TOKEN: { from: TOKEN } }";
    let twice = format!(
        "  a:\n    openclaw: {HERE}\n    variables: [{uses}]\n  b:\n    openclaw: {{ machine: HERE, state: ~/.openclaw/ }}\n    variables: [{uses}]\n"
    );
    crate::hosts::service::retarget(&lab.world, &twice);
    lab.run("check").exits(1).says("write to one place");
}

#[test]
fn values_that_no_gateway_takes_are_errors_of_the_plan() {
    let lab = Lab::of(HERE);
    lab.config(&config(OLD));
    let set = |name: &str, value: &str| {
        lab.world.run_with(&format!("set {name}"), value).success();
    };
    for (value, words) in [
        ("null", "no token at all"),
        (
            "__OPENCLAW_REDACTED__",
            "placeholder for a secret that it does not show",
        ),
        ("c4nary-${HOME}", "takes for a variable"),
        ("c4nary- ", "blanks"),
    ] {
        set("TOKEN", value);
        lab.run("plan").says(words);
        lab.run("apply --yes --take-over gateway").exits(3);
        assert_eq!(lab.text("openclaw.json"), config(OLD), "{words}");
    }
    let both =
        "{ OPENCLAW_GATEWAY_TOKEN: { from: TOKEN } }, { OPENCLAW_HOOKS_TOKEN: { from: HOOKS } }";
    lab.target(HERE, both, "");
    set("TOKEN", HOOKS);
    lab.run("plan")
        .says("the gateway's token and hooks.token must differ");
    lab.run("apply --yes --take-over gateway").exits(3);
    assert_eq!(lab.text("openclaw.json"), config(OLD));
}

#[test]
fn a_config_that_others_may_swap_or_nobody_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::of(HERE);
    lab.config(&config(OLD));
    let folder = lab.state("");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    lab.take_over()
        .exits(1)
        .says("could be swapped by another user");
    assert_eq!(lab.text("openclaw.json"), config(OLD));
}
