//! Whole reports at several widths, and what must never be in one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::model::{CheckKind, Diagnostic, Finding, Fingerprint, Position, SecretValue, Severity};
use crate::plan::PlanId;
use crate::reconcile::event::{
    ApplyReport, Event, Held, HistoryAction, HistoryEntry, HistoryReport, HistoryVar,
    OperationOutcome, OperationReport, ReadBack, Source, StatusReport, TargetReport, UndoEntry,
    UndoKept, UndoList, UndoVar,
};
use crate::render::layout::width;
use crate::render::report::{Checked, CheckedFile, Place};
use crate::render::samples;
use crate::render::scrub::Scrubber;

fn style(width: usize) -> Style {
    Style {
        width,
        ..Style::plain()
    }
}

fn call() -> Invocation {
    Invocation {
        manifests: vec!["manifests/production.yaml".to_owned()],
        ..Invocation::default()
    }
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn planned(style: &Style) -> String {
    let mut out = String::new();
    let plan = samples::full();
    render_plan(&mut out, style, &call(), &plan).unwrap();
    render_plan_summary(
        &mut out,
        style,
        &samples::full_summary(),
        plan.targets.len(),
    )
    .unwrap();
    out
}

fn status(columns: usize) -> String {
    let applied = BTreeMap::from([(
        "api".parse().unwrap(),
        "2026-01-02T01:00:00Z".parse().unwrap(),
    )]);
    let report = StatusReport::of_plan(
        &samples::full(),
        Source::Platforms,
        &applied,
        &BTreeMap::new(),
    );
    let mut out = String::new();
    render_status(&mut out, &style(columns), &call(), &report, now()).unwrap();
    out
}

fn applied() -> ApplyReport {
    let operation = |name: &str, outcome| OperationReport {
        name: name.parse().unwrap(),
        declared: Some(name.parse().unwrap()),
        action: ActionKind::Update,
        outcome,
    };
    let target = |name: &str, results, read_back| TargetReport {
        activation: None,
        probes: vec![],
        target: name.parse().unwrap(),
        address: format!("/srv/{name}/.env"),
        results,
        read_back,
        error: None,
        activated: None,
        notes: vec![],
        receipt: Some("17".to_owned()),
    };
    ApplyReport {
        manifest: "production".parse().unwrap(),
        plan_id: PlanId("00".repeat(32)),
        targets: vec![
            target(
                "api",
                vec![operation("AUTH_SECRET", OperationOutcome::Done)],
                ReadBack::Verified,
            ),
            target(
                "vps",
                vec![operation(
                    "AUTH_SECRET",
                    OperationOutcome::InDoubt("time-out\u{1b}[2J".to_owned()),
                )],
                ReadBack::Unknown("unreachable".to_owned()),
            ),
        ],
        held_activations: vec![],
        held: vec![Held {
            target: "vps".parse().unwrap(),
            name: "DB_PASSWORD".parse().unwrap(),
            holds: vec![Hold {
                rail: "conflict".to_owned(),
                why: "both sides moved".to_owned(),
                release: Some("--overwrite DB_PASSWORD@vps".to_owned()),
            }],
        }],
        interrupted: None,
    }
}

fn applied_text() -> String {
    let mut out = String::new();
    render_apply(&mut out, &style(80), &call(), &applied()).unwrap();
    out
}

fn history() -> String {
    let report = HistoryReport {
        subject: "vps".to_owned(),
        entries: vec![HistoryEntry {
            receipt: 12,
            activated: None,
            at: "2026-01-01T03:04:05Z".parse().unwrap(),
            who: "ops\u{202e}".to_owned(),
            revision: Some("0123456789abcdef".to_owned()),
            plan_id: "00".repeat(32),
            target: "vps".parse().unwrap(),
            outcome: "applied".to_owned(),
            verified: false,
            vars: vec![HistoryVar {
                name: "AUTH_SECRET".parse().unwrap(),
                action: HistoryAction::Set,
                before: Some(Fingerprint::from_bytes([0x3f; 32])),
                after: Some(Fingerprint::from_bytes([0x91; 32])),
                trouble: None,
            }],
        }],
        older: 3,
    };
    let mut out = String::new();
    render_history(&mut out, &style(100), &report, now()).unwrap();
    out
}

fn undoable() -> String {
    let entry = |receipt: u64, trouble: Option<&str>, vars| UndoEntry {
        receipt,
        target: "vps".parse().unwrap(),
        at: "2026-01-01T03:04:05Z".parse().unwrap(),
        until: "2026-01-31T03:04:05Z".parse().unwrap(),
        who: Some("ops\u{202e}".to_owned()),
        trouble: trouble.map(str::to_owned),
        vars,
    };
    let var = |name: &str, kept, why: Option<&str>| UndoVar {
        name: name.parse().unwrap(),
        kept,
        why: why.map(str::to_owned),
    };
    let report = UndoList {
        manifest: "production".to_owned(),
        entries: vec![
            entry(
                12,
                None,
                vec![
                    var("AUTH_SECRET", UndoKept::Value, None),
                    var("NEW", UndoKept::Absent, None),
                    var("SEALED", UndoKept::Not, Some("nobody could\u{1b} read it")),
                ],
            ),
            entry(
                9,
                Some("cannot undo receipt 9: it does not\u{1b} verify"),
                vec![],
            ),
        ],
    };
    let mut out = String::new();
    render_undo(&mut out, &style(100), &report).unwrap();
    out
}

#[test]
fn the_undo_list_says_what_each_receipt_goes_back_to() {
    insta::assert_snapshot!(undoable(), @r###"
    12  2026-01-01 03:04:05Z  vps  kept until 2026-01-31 03:04:05Z, applied by ops\u{202e}
      ~ AUTH_SECRET  its former value
      - NEW  it was not there
      ? SEALED  not kept: nobody could\u{1b} read it
    9  2026-01-01 03:04:05Z  vps  kept until 2026-01-31 03:04:05Z, applied by ops\u{202e}
      cannot undo receipt 9: it does not\u{1b} verify
    1 receipt of production can be undone.
    "###);
}

fn checked() -> String {
    let diagnostics = [Diagnostic {
        position: Position { line: 3, column: 5 },
        severity: Severity::Error,
        code: "unknown-key",
        message: "unknown key".to_owned(),
        help: Some("did you mean `age`?".to_owned()),
    }];
    let [diagnostic] = diagnostics;
    let checked = Checked {
        files: vec![CheckedFile {
            path: "m/a\n.yaml".to_owned(),
            place: Place::Below("m/a\n.yaml".into()),
            kinds: CheckKind::ALL.into(),
            findings: vec![Finding::of_file(diagnostic)],
            unchecked: vec![],
        }],
        strict: false,
    };
    let mut out = String::new();
    render_check(&mut out, &style(80), &checked).unwrap();
    out
}

fn markdown() -> String {
    let mut out = String::new();
    let plans = [samples::full()];
    crate::render::markdown::render_markdown(&mut out, &call(), &plans, &samples::full_summary())
        .unwrap();
    out
}

fn long_text() -> String {
    let url = |host: &str| {
        format!(
            "postgres://app@{host}.internal/app?{}",
            "option=value&".repeat(12)
        )
    };
    let change = samples::change(
        "DATABASE_URL",
        (
            crate::plan::Class::Change,
            crate::plan::Reason::DesiredMoved,
            ActionKind::Update,
        ),
        samples::text(&url("db1")),
        samples::text(&url("db2")),
    );
    let plan = samples::plan(vec![samples::target("api", "/srv/.env", vec![change])]);
    let mut out = String::new();
    render_plan(&mut out, &style(80), &call(), &plan).unwrap();
    out
}

#[test]
fn a_plan_at_60_columns() {
    insta::assert_snapshot!(planned(&style(60)), @r###"
    production  plan 3fa9c1d2ab12

    This revision may do more than the last applied one:
      ! destination changed, vps: file /srv/a → file /srv/b
          (held)
          $ driftlock apply manifests/production.yaml --allow authority@vps

    dead  file /mnt/x/.env (portable)
      ? unknown: permission denied @admin -->
        help: run as the owner of the file
        $ driftlock plan manifests/production.yaml --target dead

    vps  file /srv/app/\u{1b}[31m|`x`\u{202e}.env (portable)
      ✗ DB_PASSWORD  conflict: the manifest and the live value
          both moved  aaaaaaaa → bbbbbbbb
          held by conflict: both sides moved since the last
            apply
          $ driftlock apply manifests/production.yaml --overwrite DB_PASSWORD@vps
      ! LOG_LEVEL    drift: changed outside
          de|`bug` → <b>info</b>
      - OLD          change: no longer in the manifest
          07070707 → absent
      ~ AUTH_SECRET  change: the manifest has a new value
          3f3f3f3f → 91919191  (same on api)
      ~ BANNER       change: the manifest has a new value
          │   one
          │ - two
          │ + 2 \u{1b}[0m
          │   ```
          │   three
      + NEW          change: new  " padded "
      note: lines end in CRLF

    api  file /srv/api/.env (portable)
      ~ AUTH_SECRET  change: the manifest has a new value
          3f3f3f3f → 91919191  (same on vps)

    $ driftlock apply manifests/production.yaml
    Plan: 1 to create, 3 to change, 1 to delete, 1 drift, 1
      conflict, 1 unknown, 1 held · 1 in sync, 12 unmanaged.
    "###);
}

#[test]
fn a_plan_at_80_columns() {
    insta::assert_snapshot!(planned(&style(80)), @r###"
    production  plan 3fa9c1d2ab12

    This revision may do more than the last applied one:
      ! destination changed, vps: file /srv/a → file /srv/b (held)
          $ driftlock apply manifests/production.yaml --allow authority@vps

    dead  file /mnt/x/.env (portable)
      ? unknown: permission denied @admin -->
        help: run as the owner of the file
        $ driftlock plan manifests/production.yaml --target dead

    vps  file /srv/app/\u{1b}[31m|`x`\u{202e}.env (portable)
      ✗ DB_PASSWORD  conflict: the manifest and the live value both moved
          aaaaaaaa → bbbbbbbb
          held by conflict: both sides moved since the last apply
          $ driftlock apply manifests/production.yaml --overwrite DB_PASSWORD@vps
      ! LOG_LEVEL    drift: changed outside  de|`bug` → <b>info</b>
      - OLD          change: no longer in the manifest  07070707 → absent
      ~ AUTH_SECRET  change: the manifest has a new value  3f3f3f3f → 91919191
          (same on api)
      ~ BANNER       change: the manifest has a new value
          │   one
          │ - two
          │ + 2 \u{1b}[0m
          │   ```
          │   three
      + NEW          change: new  " padded "
      note: lines end in CRLF

    api  file /srv/api/.env (portable)
      ~ AUTH_SECRET  change: the manifest has a new value  3f3f3f3f → 91919191
          (same on vps)

    $ driftlock apply manifests/production.yaml
    Plan: 1 to create, 3 to change, 1 to delete, 1 drift, 1 conflict, 1 unknown, 1
      held · 1 in sync, 12 unmanaged.
    "###);
}

#[test]
fn a_plan_at_120_columns() {
    insta::assert_snapshot!(planned(&style(120)), @r###"
    production  plan 3fa9c1d2ab12

    This revision may do more than the last applied one:
      ! destination changed, vps: file /srv/a → file /srv/b (held)
          $ driftlock apply manifests/production.yaml --allow authority@vps

    dead  file /mnt/x/.env (portable)
      ? unknown: permission denied @admin -->
        help: run as the owner of the file
        $ driftlock plan manifests/production.yaml --target dead

    vps  file /srv/app/\u{1b}[31m|`x`\u{202e}.env (portable)
      ✗ DB_PASSWORD  conflict: the manifest and the live value both moved  aaaaaaaa → bbbbbbbb
          held by conflict: both sides moved since the last apply
          $ driftlock apply manifests/production.yaml --overwrite DB_PASSWORD@vps
      ! LOG_LEVEL    drift: changed outside  de|`bug` → <b>info</b>
      - OLD          change: no longer in the manifest  07070707 → absent
      ~ AUTH_SECRET  change: the manifest has a new value  3f3f3f3f → 91919191  (same on api)
      ~ BANNER       change: the manifest has a new value
          │   one
          │ - two
          │ + 2 \u{1b}[0m
          │   ```
          │   three
      + NEW          change: new  " padded "
      note: lines end in CRLF

    api  file /srv/api/.env (portable)
      ~ AUTH_SECRET  change: the manifest has a new value  3f3f3f3f → 91919191  (same on vps)

    $ driftlock apply manifests/production.yaml
    Plan: 1 to create, 3 to change, 1 to delete, 1 drift, 1 conflict, 1 unknown, 1 held · 1 in sync, 12 unmanaged.
    "###);
}

#[test]
fn a_plan_in_colour() {
    insta::assert_snapshot!(planned(&Style { color: true, ..style(80) }).replace('\u{1b}', "^"), @r###"
    ^[1mproduction^[0m  ^[2mplan 3fa9c1d2ab12^[0m

    ^[1m^[31mThis revision may do more than the last applied one:^[0m
      ^[1m^[31m!^[0m destination changed, vps: file /srv/a → file /srv/b ^[2m(held)^[0m
          ^[36m$ driftlock apply manifests/production.yaml --allow authority@vps^[0m

    ^[1mdead^[0m  ^[2mfile /mnt/x/.env (portable)^[0m
      ^[34m? unknown^[0m: permission denied @admin -->
        ^[2mhelp: run as the owner of the file^[0m
        ^[36m$ driftlock plan manifests/production.yaml --target dead^[0m

    ^[1mvps^[0m  ^[2mfile /srv/app/\u{1b}[31m|`x`\u{202e}.env (portable)^[0m
      ^[1m^[31m✗ DB_PASSWORD^[0m  ^[1m^[31mconflict^[0m: the manifest and the live value both moved
          ^[1maaaaaaaa → bbbbbbbb^[0m
          ^[1m^[31mheld by conflict^[0m: both sides moved since the last apply
          ^[36m$ driftlock apply manifests/production.yaml --overwrite DB_PASSWORD@vps^[0m
      ^[35m! LOG_LEVEL^[0m    ^[35mdrift^[0m: changed outside  ^[1mde|`bug` → <b>info</b>^[0m
      ^[1m^[31m- OLD^[0m          ^[1m^[31mchange^[0m: no longer in the manifest  ^[1m07070707 → absent^[0m
      ^[33m~ AUTH_SECRET^[0m  ^[33mchange^[0m: the manifest has a new value  ^[1m3f3f3f3f → 91919191^[0m
          ^[2m(same on api)^[0m
      ^[33m~ BANNER^[0m       ^[33mchange^[0m: the manifest has a new value
          │ ^[2m  one^[0m
          │ ^[31m- two^[0m
          │ ^[32m+ 2 \u{1b}[0m^[0m
          │ ^[2m  ```^[0m
          │ ^[2m  three^[0m
      ^[32m+ NEW^[0m          ^[32mchange^[0m: new  ^[1m" padded "^[0m
      ^[2mnote: lines end in CRLF^[0m

    ^[1mapi^[0m  ^[2mfile /srv/api/.env (portable)^[0m
      ^[33m~ AUTH_SECRET^[0m  ^[33mchange^[0m: the manifest has a new value  ^[1m3f3f3f3f → 91919191^[0m
          ^[2m(same on vps)^[0m

    ^[36m$ driftlock apply manifests/production.yaml^[0m
    ^[1mPlan: 1 to create, 3 to change, 1 to delete, 1 drift, 1 conflict, 1 unknown, 1^[0m
      ^[1mheld · 1 in sync, 12 unmanaged.^[0m
    "###);
}

#[test]
fn a_long_line_shows_what_moved() {
    insta::assert_snapshot!(long_text(), @r###"
    production  plan 3fa9c1d2ab12

    api  file /srv/.env (portable)
      ~ DATABASE_URL  change: the manifest has a new value
          │ - postgres://app@db1.internal/app?op…
          │ + postgres://app@db2.internal/app?op…

    $ driftlock apply manifests/production.yaml
    "###);
}

#[test]
fn status_as_a_table() {
    insta::assert_snapshot!(status(80), @r###"
                 api        vps        dead
    DB_PASSWORD  -          conflict   unknown
    LOG_LEVEL    -          drift      unknown
    NEW          -          missing    unknown
    AUTH_SECRET  to change  to change  unknown
    BANNER       -          to change  unknown
    EQUAL        -          equal      unknown
    OLD          -          left over  unknown
    ? dead: permission denied @admin -->
    last applied: api 2 h ago, vps never, dead never
    $ driftlock plan manifests/production.yaml
    production: 7 variables on 3 targets, 7 not as wanted, 7 unknown.
    "###);
}

#[test]
fn status_as_a_list_where_the_window_is_small() {
    insta::assert_snapshot!(status(36), @r###"
    DB_PASSWORD
      conflict: vps
      unknown: dead
    LOG_LEVEL
      drift: vps
      unknown: dead
    NEW
      missing: vps
      unknown: dead
    AUTH_SECRET
      unknown: dead
      to change: api, vps
    BANNER
      unknown: dead
      to change: vps
    EQUAL
      unknown: dead
      equal: vps
    OLD
      unknown: dead
      left over: vps
    ? dead: permission denied @admin -->
    last applied: api 2 h ago, vps
      never, dead never
    $ driftlock plan manifests/production.yaml
    production: 7 variables on 3
      targets, 7 not as wanted, 7
      unknown.
    "###);
}

#[test]
fn an_apply_leads_with_what_is_half_written() {
    insta::assert_snapshot!(applied_text(), @r###"
    AUTH_SECRET is half written: new on api, not for sure on vps
      $ driftlock plan manifests/production.yaml --only AUTH_SECRET
    vps  /srv/vps/.env
      ? AUTH_SECRET  perhaps updated, in doubt: time-out\u{1b}[2J
      could not be read back: unreachable
      receipt 17
    api  /srv/api/.env
      ✓ AUTH_SECRET  updated
      read back, as written
      receipt 17
      DB_PASSWORD@vps was held, nothing was written for it
          held by conflict: both sides moved
          $ driftlock apply manifests/production.yaml --overwrite DB_PASSWORD@vps
    $ driftlock plan manifests/production.yaml
    Partly applied: 1 written, 0 deleted on 1 target, 1 in doubt, 1 held.
    "###);
}

#[test]
fn history_says_what_does_not_verify() {
    insta::assert_snapshot!(history(), @r###"
    12  2026-01-01 03:04:05Z  vps  applied by ops\u{202e}  (24 h ago)  at 0123456789  NOT VERIFIED
      ~ AUTH_SECRET  3f3f3f3f → 91919191
    1 receipt of vps, 3 older left out, 1 not verified: they count as no record.
    "###);
}

#[test]
fn check_gives_places() {
    insta::assert_snapshot!(checked(), @r###"
    m/a\n.yaml:3:5: error: unknown key [unknown-key]
        help: did you mean `age`?
    1 error, 0 warnings in 1 manifest.
    "###);
}

#[test]
fn a_comment_is_escaped_and_folded() {
    insta::assert_snapshot!(markdown().replace('\u{200b}', "<ZWSP>"), @r#"
    <!-- driftlock:plan production -->
    **Plan: 1 to create, 3 to change, 1 to delete, 1 drift, 1 conflict, 1 unknown, 1 held · 1 in sync, 12 unmanaged.**

    ### This revision may do more than the last applied one

    - **destination changed** on `vps`: `file /srv/a → file /srv/b` (held)
      - to let it go: `driftlock apply manifests/production.yaml --allow authority@vps`

    ### To look at

    - `dead` is **unknown**: `permission denied @admin -->`
      - help: `run as the owner of the file`
    - `DB_PASSWORD` on `vps`: **conflict**, the manifest and the live value both moved, would update
      - held by `conflict`: `both sides moved since the last apply`
      - to let it go: `driftlock apply manifests/production.yaml --overwrite DB_PASSWORD@vps`

    ### To be deleted

    - `OLD` on `vps`: no longer in the manifest

    <details><summary><b><code>dead</code></b>: could not be read</summary>

    `file /mnt/x/.env (portable)`

    - **unknown**: `permission denied @admin -->`

    </details>

    <details><summary><b><code>vps</code></b>: 1 in conflict, 1 drifted, 1 to delete, 2 to change, 1 to create</summary>

    ``file /srv/app/\u{1b}[31m|`x`\u{202e}.env (portable)``

    - note: `lines end in CRLF`

    | | variable | what | before → after |
    |:-:|:--|:--|:--|
    | `✗` | `DB_PASSWORD` | **conflict**: the manifest and the live value both moved, held by `conflict` | `aaaaaaaa` → `bbbbbbbb` |
    | `!` | `LOG_LEVEL` | **drift**: changed outside | `` de\|`bug` `` → `<b>info</b>` |
    | `-` | `OLD` | no longer in the manifest | `07070707` → absent |
    | `~` | `AUTH_SECRET` | the manifest has a new value | `3f3f3f3f` → `91919191` |
    | `~` | `BANNER` | the manifest has a new value | `"one\ntwo\n```\nthree\n"` → `"one\n2 \u{1b}[0m\n```\nthree\n"` |
    | `+` | `NEW` | new | absent → `" padded "` |

    `BANNER`:

    ````diff
     one
    -two
    +2 \u{1b}[0m
     ```
     three
    ````

    </details>

    <details><summary><b><code>api</code></b>: 1 to change</summary>

    `file /srv/api/.env (portable)`

    | | variable | what | before → after |
    |:-:|:--|:--|:--|
    | `~` | `AUTH_SECRET` | the manifest has a new value | `3f3f3f3f` → `91919191` |

    </details>

    <sub>plan `3fa9c1d2ab12` of `production`</sub>
    "#);
}

#[test]
fn lines_fit_the_window_but_for_what_is_pasted() {
    for columns in [40, 60, 80, 120] {
        for line in planned(&style(columns))
            .lines()
            .chain(status(columns).lines())
        {
            let is_whole = line.trim_start().starts_with(['$', '│']) || !line.trim().contains(' ');
            assert!(is_whole || width(line) <= columns, "{columns}: {line}");
        }
    }
}

#[test]
fn ascii_only_where_asked() {
    let text = planned(&Style {
        unicode: false,
        ..style(80)
    });
    let foreign: String = text.chars().filter(|c| !c.is_ascii()).collect();
    // the arrow of the sample's own words
    assert_eq!(foreign, "→");
}

#[test]
fn no_report_lets_a_terminal_be_driven() {
    for report in [
        planned(&style(80)),
        applied_text(),
        history(),
        undoable(),
        checked(),
        markdown(),
        status(80),
    ] {
        assert!(!report.contains(['\u{1b}', '\u{202e}']), "{report}");
    }
}

#[test]
fn a_value_that_slips_into_a_reason_is_caught_in_every_form_of_report() {
    let canary = "c4nary/\"value\" of a secret";
    let mut plan = samples::full();
    plan.targets[1].notes.push(format!("note {canary}"));
    let verdict = crate::reconcile::event::Verdict::new(Default::default(), canary);
    let net = Scrubber::new([SecretValue::new(canary)], &BTreeSet::new());
    let (mut text, mut comment, mut json) = (String::new(), String::new(), String::new());
    let summary = samples::full_summary();
    render_plan(&mut text, &style(120), &call(), &plan).unwrap();
    crate::render::markdown::render_markdown(&mut comment, &call(), &[plan.clone()], &summary)
        .unwrap();
    let document = crate::render::json::PlanDocument::new(&[plan], &summary, &verdict);
    crate::render::json::render_json(&mut json, &document).unwrap();
    for report in [text, comment, json] {
        assert!(report.contains("c4nary"));
        let scrubbed = net.scrub(&report);
        assert!(!scrubbed.contains("c4nary"), "{scrubbed}");
    }
}

#[test]
fn an_empty_plan_is_one_line() {
    let plan = samples::plan(vec![samples::target("api", "/srv/.env", vec![])]);
    let mut out = String::new();
    render_plan(&mut out, &style(80), &call(), &plan).unwrap();
    let summary = crate::plan::Summary {
        in_sync: 100,
        owed: 0,
        ..Default::default()
    };
    render_plan_summary(&mut out, &style(80), &summary, 3).unwrap();
    assert_eq!(out, "No changes. 100 variables in sync on 3 targets.\n");
}

#[test]
fn progress_is_patient_and_leaves_nothing() {
    let mut progress = Progress::default();
    let mut out = String::new();
    progress.note(&Event::ReadStarted { targets: 2 });
    progress
        .draw(&mut out, &style(80), Duration::from_millis(999))
        .unwrap();
    assert_eq!(out, "");
    progress.note(&Event::TargetRead {
        target: "a".parse().unwrap(),
        readable: false,
    });
    progress
        .draw(&mut out, &style(80), Duration::from_secs(1))
        .unwrap();
    assert_eq!(out, "\r\u{1b}[2K1 of 2 targets read, 1 with problems");
    out.clear();
    progress.note(&Event::Finished);
    progress
        .draw(&mut out, &style(80), Duration::from_secs(2))
        .unwrap();
    progress.clear(&mut out).unwrap();
    assert_eq!(out, "\r\u{1b}[2K");
}

#[test]
fn one_command_lets_go_of_all_that_holds() {
    let releases = [
        "--allow drafts@api",
        "driftlock accept TOKEN",
        "--overwrite A@api",
    ];
    assert_eq!(
        release_commands(&call(), releases.into_iter()),
        [
            "driftlock accept --manifest manifests/production.yaml TOKEN",
            "driftlock apply manifests/production.yaml --allow drafts@api --overwrite A@api",
        ]
    );
}
