//! `reconcile:` of a manifest and of its targets.

use std::time::Duration;

use crate::manifest::{Editor, TargetSpec, parse};
use crate::model::{Mode, Reconciling, Window};

const SAMPLE: &str = include_str!("../../../tests/fixtures/valid/reconcile.yaml");

fn targets(text: &str) -> Vec<TargetSpec> {
    parse(text)
        .unwrap_or_else(|all| panic!("{all:?}"))
        .manifest
        .targets
}

fn spell(of: &Reconciling) -> String {
    let list = |all: &[Window]| {
        all.iter()
            .map(Window::to_string)
            .collect::<Vec<_>>()
            .join(" + ")
    };
    let until = of
        .suspend
        .as_ref()
        .map(|one| format!("{} ({})", one.until, one.reason));
    format!(
        "{} every {:?} probe {:?} allow {} deny {} suspended {}",
        of.mode,
        of.every.map(|every| every.as_secs()),
        of.probe.map(|every| every.as_secs()),
        list(&of.allow),
        list(&of.deny),
        until.unwrap_or_default()
    )
}

#[test]
fn a_target_says_anew_what_is_other_there() {
    let [a, b, c, d]: [TargetSpec; 4] = targets(SAMPLE).try_into().unwrap();
    let allow = "mon-fri 09:00-17:00 Europe/Zurich + sat,sun 22:00-06:00 America/St_Johns + daily 12:00-13:00 UTC";
    let deny = "2026-12-20..2027-01-03 Europe/Zurich + 2026-11-27 08:00-24:00 America/New_York + mon,wed,fri-sun Etc/GMT+5";
    let moves = "2026-12-05T00:00:00Z (the database moves)";
    assert_eq!(
        spell(&a.reconciling),
        format!(
            "apply every Some(900) probe Some(3600) allow {allow} deny {deny} suspended {moves}"
        )
    );
    assert_eq!(
        spell(&b.reconciling),
        format!("heal every Some(604800) probe None allow {allow} deny  suspended ")
    );
    assert_eq!(
        spell(&c.reconciling),
        format!(
            "observe every Some(900) probe Some(604800) allow {allow} deny  suspended 2027-01-04T07:00:00Z (by hand)"
        )
    );
    assert_eq!(
        spell(&d.reconciling),
        format!(
            "apply every Some(900) probe Some(3600) allow daily UTC deny {deny} suspended 2027-01-04T07:00:00Z (x)"
        )
    );
}

#[test]
fn nothing_said_is_observed() {
    let text = "driftlock: 1\nname: t\nvariables: { A: x }\ntargets:\n  a: { file: { path: a }, variables: [A] }\n";
    assert_eq!(targets(text)[0].reconciling, Reconciling::default());
    assert_eq!(Reconciling::default().mode, Mode::Observe);
}

#[test]
fn how_often_it_is_looked_at_is_no_matter_of_authority() {
    let before = parse(SAMPLE).unwrap().manifest;
    assert_eq!(
        before.targets[0].reconciling.every,
        Some(Duration::from_secs(900))
    );
    let after = parse(&SAMPLE.replace("every: 15m", "every: 1h"))
        .unwrap()
        .manifest;
    assert_eq!(before.authority_facts(), after.authority_facts());
    let facts = before.authority_facts();
    let json = serde_json::to_string(&facts).unwrap();
    assert_eq!(
        serde_json::from_str::<crate::model::AuthorityFacts>(&json).unwrap(),
        facts
    );
    // what a journal holds of a revision before there was such a thing
    let old = json.replace("\"reconciling\"", "\"something\"");
    let old: crate::model::AuthorityFacts = serde_json::from_str(&old).unwrap();
    assert!(
        old.targets
            .values()
            .all(|target| target.reconciling.is_default())
    );
}

#[test]
fn edits_leave_it_as_it_is() {
    let mut editor = Editor::new(SAMPLE).unwrap();
    let name = "LEVEL".parse().unwrap();
    editor
        .set(&name, &crate::manifest::Source::Clear("debug".into()))
        .unwrap();
    let (text, _) = editor.finish().unwrap();
    assert_eq!(text, SAMPLE.replace("LEVEL: info", "LEVEL: debug"));
}
