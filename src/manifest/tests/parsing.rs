use std::time::Duration;

use insta::assert_snapshot;

use crate::manifest::{FORMATS, UseSource, format_duration, parse, parse_duration, shared_places};
use crate::model::{Address, Diagnostic, Machine};

pub(super) fn shown(problems: &[Diagnostic]) -> String {
    let line = |one: &Diagnostic| {
        let help = one
            .help
            .as_deref()
            .map_or(String::new(), |help| format!(" [{help}]"));
        let place = one.position;
        format!(
            "{}:{} {:?} {}: {}{help}\n",
            place.line, place.column, one.severity, one.code, one.message
        )
    };
    problems.iter().map(line).collect()
}

fn problems(text: &str) -> String {
    match parse(text) {
        Ok(parsed) => shown(&parsed.warnings),
        Err(problems) => shown(&problems),
    }
}

#[test]
fn everything_that_the_format_has() {
    let text = include_str!("../../../tests/fixtures/valid/full.yaml");
    let parsed = parse(text).unwrap_or_else(|problems| panic!("{}", shown(&problems)));
    assert_eq!(shown(&parsed.warnings), "");
    let manifest = parsed.manifest;
    assert_eq!(manifest.recipients.len(), 2);
    let vps = &manifest.targets[1];
    let uses: Vec<String> = vps
        .uses
        .iter()
        .map(|one| match &one.source {
            UseSource::Declared(from) => format!("{}<{from}", one.name),
            UseSource::Clear(text) => format!("{}={text}", one.name),
            UseSource::Template(_) => format!("{}~", one.name),
        })
        .collect();
    let expected = [
        "LOG_LEVEL<LOG_LEVEL",
        "TOKEN<TOKEN",
        "PORT=8080",
        "PGURL<DATABASE_URL",
        "HOST~",
    ];
    assert_eq!(uses, expected);
    let facts = manifest.authority_facts();
    let vps = &facts.targets["vps"];
    assert_eq!(vps.destination, "file vps:/srv/app/.env");
    assert_eq!(vps.format.as_deref(), Some("compose"));
    let secrets: Vec<&str> = vps.secrets.iter().map(|name| name.as_str()).collect();
    assert_eq!(secrets, ["DB_PASSWORD", "TOKEN"]);
    assert_eq!(vps.rails.deletes.count, Some(2));
    assert_eq!(vps.rails.deletes.percent, None);
    assert_eq!(vps.rails.changes.count, Some(30));
    assert!(facts.protected.contains("TOKEN"));
}

#[test]
fn scalars_are_the_text_as_written() {
    let text = "driftlock: 1\nname: t\nvariables:\n  PORT: 3000\n  V: 1.10\n  Y: yes\n  H: 0x1F\n  E: \"\"\n  N: \"null\"\ntargets:\n  t: { file: { path: .env }, variables: [PORT, V, Y, H, E, N] }\n";
    let manifest = parse(text).unwrap().manifest;
    let values: Vec<String> = manifest
        .variables
        .keys()
        .map(|name| manifest.expand(name, |_| None).unwrap().expose().to_owned())
        .collect();
    assert_eq!(values, ["", "0x1F", "null", "3000", "1.10", "yes"]);
    let Address::File(file) = &manifest.targets[0].address else {
        panic!("a file")
    };
    assert_eq!(
        (&file.machine, file.format.as_str()),
        (&Machine::Any, FORMATS[0])
    );
}

#[test]
fn all_problems_at_once() {
    let text = "driftlock: 1\nnmae: x\nvariables:\n  A: 1\n  A: 2\n  b-c: 1\n  E:\n  T: { template: \"${AA|urll}\" }\n  U: { template: \"${AX}\" }\ntargets:\n  t:\n    file: { path: /x, fromat: node }\n    prune: yes\n    variables: [A, A, NOPE]\n    groups: [g]\n";
    assert_snapshot!(problems(text), @r#"
1:1 Error missing-key: a manifest needs the key `name`
2:1 Error unknown-key: a manifest has no key `nmae` [did you mean `name`?]
5:3 Error duplicate-key: `A` stands here a second time [keep one of the two and remove the other]
6:3 Error bad-name: a variable's name must be 1 to 255 of A-Z, a-z, 0-9 and _, and not begin with a digit
7:3 Warning unused-variable: no target uses E [list it under `variables` of a target, or remove it]
7:4 Error empty-value: E has no value [write "" for an empty text, or remove the entry]
8:3 Warning unused-variable: no target uses T [list it under `variables` of a target, or remove it]
8:18 Error template: this template uses an unknown filter [did you mean `url`?]
9:3 Error undeclared: AX is used but not declared [did you mean `A`?]
9:3 Warning unused-variable: no target uses U [list it under `variables` of a target, or remove it]
12:11 Error machine-required: this path is not relative to the manifest, so it needs a `machine` or a `host` [name the machine that has this file, write `machine: any` if all have, or `host: user@name` to reach it over SSH]
12:23 Error unknown-key: `file` has no key `fromat` [did you mean `format`?]
13:12 Error bad-value: `prune` must be true or false
14:20 Error duplicate-use: this target has A twice [keep one of the two]
14:23 Error undeclared: NOPE is used but not declared [declare it under `variables`, for now as `NOPE: later`; then `driftlock set NOPE --secret`]
15:14 Error unknown-group: there is no such group [declare it under `groups`]
"#);
}

#[test]
fn no_message_holds_a_value() {
    let canary = "hunter2canary!";
    let places = [
        format!("driftlock: {canary}\nname: \"{canary}\"\n"),
        format!(
            "driftlock: 1\nname: t\nrecipients: [\"{canary}\"]\nrails: {{ deletes: {canary} }}\n"
        ),
        format!(
            "driftlock: 1\nname: t\nvariables:\n  \"{canary}\": x\n  A: {{ age: \"{canary}\", rotate: \"{canary}\", expires: \"{canary}\", protected: \"{canary}\", \"{canary}\": 1 }}\n  B: {{ template: \"${{{canary}\" }}\n  C: {{ template: \"${{A|{canary}}}\" }}\n  D: [\"{canary}\"]\n  E: !x {canary}\n  F: &{canary} z\n"
        ),
        format!(
            "driftlock: 1\nname: t\ntargets:\n  \"{canary}\": {{}}\n  t: {{ file: {{ machine: \"{canary}\", path: \"{canary}/\", format: \"{canary}\" }}, groups: [\"{canary}\"], variables: [\"{canary}\", {{ X: {{ \"{canary}\": 1 }} }}], stale_after: \"{canary}\" }}\n"
        ),
        format!(
            "driftlock: 1\nname: t\nkey: \"{canary}\"\nage: \"{canary}\"\nfingerprints: \"{canary}\"\nformer_fingerprints: \"{canary}\"\n"
        ),
        canary.to_owned(),
        format!("a: {canary}: {canary}\n"),
        format!("a: \"{canary}\n"),
        format!("a: [{canary}\nb: {canary}\n"),
    ];
    for text in places {
        let problems = problems(&text);
        assert!(!problems.is_empty());
        assert!(!problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn limits_hold() {
    let large = format!("a: \"{}\"\n", "x".repeat(8 * 1024 * 1024));
    assert_snapshot!(problems(&large), @"0:0 Error too-large: this file is larger than 8 MiB [split it into several manifests]");
    let deep = format!("a: {}{}\n", "[".repeat(40), "]".repeat(40));
    assert!(problems(&deep).contains("too-deep"));
    let many = format!("a: [{}]\n", "1,".repeat(500_000));
    assert!(problems(&many).contains("too-large"));
    let recipients: String = (0..257).map(|one| format!("  - age1r{one}\n")).collect();
    let text = format!("driftlock: 1\nname: t\nrecipients:\n{recipients}");
    assert!(problems(&text).contains("too-many-recipients"));
}

#[test]
fn places_of_several_manifests() {
    let text = |path: &str, machine: &str| {
        format!(
            "driftlock: 1\nname: {machine}\ntargets:\n  t: {{ file: {{ machine: any, path: {path} }} }}\n"
        )
    };
    let one = parse(&text(".env", "a")).unwrap().manifest;
    let two = parse(&text(".//.env", "b")).unwrap().manifest;
    assert_eq!(shared_places(&[("x", &one), ("x", &two)]).len(), 1);
    assert_eq!(shared_places(&[("x", &one), ("y", &two)]).len(), 0);
}

#[test]
fn durations() {
    for (text, seconds) in [
        ("90d", 7_776_000),
        ("1h", 3600),
        ("2w", 1_209_600),
        ("30m", 1800),
    ] {
        assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)));
    }
    for bad in [
        "",
        "d",
        "0d",
        "01d",
        "-1d",
        "1.5d",
        "1y",
        "+1d",
        "99999999999d",
        "1é",
    ] {
        assert_eq!(parse_duration(bad), None, "{bad}");
    }
    assert_eq!(format_duration(Duration::from_secs(1_209_600)), "14d");
}
