//! What a plan is told as.

use std::collections::BTreeSet;

use clap::Parser as _;

use super::*;
use crate::alert::rules::{Began, Patience, Round, advance};
use crate::model::{AlertBook, Due, Fingerprint, FingerprintKey, PlatformKind};
use crate::plan::{Hold, PlanId, Reason};

fn print(byte: u8) -> Glimpse {
    Glimpse::Fingerprint(Fingerprint::from_bytes([byte; 32]))
}

fn change(name: &str, class: Class, reason: Reason, action: ActionKind) -> Change {
    Change {
        name: name.parse().unwrap(),
        declared: Some(name.parse().unwrap()),
        class,
        reason,
        action,
        before: print(1),
        after: print(2),
        live_changed_at: None,
        live_unshown: None,
        sequence: None,
        holds: vec![],
        detail: None,
    }
}

fn drift(name: &str) -> Change {
    change(
        name,
        Class::Drift,
        Reason::ChangedOutside,
        ActionKind::Update,
    )
}

fn on(name: &str, changes: Vec<Change>) -> TargetPlan {
    TargetPlan {
        target: name.parse().unwrap(),
        platform: PlatformKind::File,
        address: "a.env".to_owned(),
        format: None,
        state: TargetState::Read,
        recorded: true,
        changes,
        unmanaged: 3,
        drafts: vec![],
        behind: None,
        activates: false,
        activation: None,
        notes: vec![],
    }
}

fn plan(targets: Vec<TargetPlan>) -> Plan {
    Plan {
        manifest: "production".parse().unwrap(),
        key_id: None,
        id: PlanId("0".repeat(64)),
        authority: vec![],
        targets,
        who: crate::model::Authors::default(),
        expiry: vec![],
    }
}

fn about<'a>(owners: &'a BTreeMap<VarName, String>, key: Option<&'a Fingerprinter>) -> About<'a> {
    About {
        observer: "vps",
        argument: "manifests/production.yaml",
        fingerprinter: key,
        owners,
        dated: true,
    }
}

fn see(plan: &Plan) -> (Vec<Sighting>, Coverage) {
    let owners = BTreeMap::from([("A".parse().unwrap(), "ops".to_owned())]);
    of_plan(plan, &about(&owners, None))
}

/// What is to be run next is a command line of this program.
#[track_caller]
pub(super) fn can_be_pasted(sightings: &[Sighting]) {
    for line in sightings.iter().flat_map(|one| &one.next) {
        let parsed = crate::cli::Cli::try_parse_from(line.split(' '));
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }
}

/// Class, variable and words of each.
#[track_caller]
fn told(sightings: &[Sighting]) -> Vec<String> {
    can_be_pasted(sightings);
    let line = |one: &Sighting| {
        let name = one.key.variable.as_ref().map_or("-", VarName::as_str);
        format!("{} {name}: {}", one.key.class, one.what)
    };
    sightings.iter().map(line).collect()
}

#[test]
fn each_row_of_the_table_has_its_word_or_none() {
    use ActionKind::{Create, Delete, None, Record, Update};
    let rows = [
        ("A", Class::Drift, Reason::ChangedOutside, Update),
        ("B", Class::Drift, Reason::RemovedOutside, Create),
        ("C", Class::Conflict, Reason::BothMoved, Update),
        ("D", Class::Conflict, Reason::PruneChangedOutside, None),
        ("E", Class::Change, Reason::DesiredMoved, Update),
        ("F", Class::Change, Reason::New, Create),
        ("G", Class::Change, Reason::Prune, Delete),
        ("H", Class::Change, Reason::FirstTakeOver, Update),
        ("I", Class::Change, Reason::PruneOff, None),
        ("J", Class::Change, Reason::Adopted, Record),
        ("K", Class::InSync, Reason::Equal, None),
        ("L", Class::InSync, Reason::EqualUnrecorded, Record),
        ("M", Class::Unmanaged, Reason::NeverOurs, None),
    ];
    let changes = rows.map(|(name, class, reason, action)| change(name, class, reason, action));
    let (sightings, coverage) = see(&plan(vec![on("api", changes.into())]));
    let both = "live 01010101, desired 02020202";
    assert_eq!(
        told(&sightings),
        [
            format!("drift A: changed outside: {both}"),
            format!("drift B: removed outside: {both}"),
            format!("conflict C: the manifest and the live value both moved: {both}"),
            format!("conflict D: no longer in the manifest, but changed outside: {both}"),
            format!("pending E: the manifest has a new value: {both}"),
            format!("pending F: new: {both}"),
            format!("pending G: no longer in the manifest: {both}"),
            format!("pending H: first take-over of this target: {both}"),
        ]
    );
    let drift = &sightings[0];
    assert_eq!(drift.pin, "01".repeat(32));
    assert_eq!(drift.owner.as_deref(), Some("ops"));
    assert_eq!(
        drift.next,
        [
            "driftlock plan manifests/production.yaml --target api",
            "driftlock apply manifests/production.yaml --target api --only A",
        ]
    );
    assert!(drift.urgent && !sightings[4].urgent);
    assert_eq!(sightings[4].pin, "02".repeat(32));
    assert!(sightings[2].next[1].ends_with("--overwrite C@api"));
    let looked = Look::Checked {
        unread: BTreeSet::new(),
        left_out: BTreeSet::new(),
    };
    assert_eq!(coverage.targets["api"], looked);
    assert!(coverage.classes.contains(&AlertClass::Expiry));
}

#[test]
fn a_live_text_is_never_told_and_pins_all_the_same() {
    let live = |text: &str| Change {
        before: Glimpse::Text(text.to_owned()),
        after: Glimpse::Text("info".to_owned()),
        ..drift("LOG_LEVEL")
    };
    let key = Fingerprinter::new(FingerprintKey::new([7; 32]), vec![]);
    let owners = BTreeMap::new();
    let pin = |text: &str, key: Option<&Fingerprinter>| {
        let plan = plan(vec![on("api", vec![live(text)])]);
        let (sightings, _) = of_plan(&plan, &about(&owners, key));
        let all = format!("{sightings:?}");
        assert!(!all.contains(text) && !all.contains("info"), "{all}");
        sightings[0].pin.clone()
    };
    let pasted = "pasted-by-mistake-4711";
    assert_eq!(pin(pasted, Some(&key)).len(), 64);
    assert_eq!(pin(pasted, Some(&key)), pin(pasted, Some(&key)));
    assert_ne!(pin(pasted, Some(&key)), pin("other-4711", Some(&key)));
    // without a key nobody could say whether it moved, and nothing is given away
    assert_eq!(pin(pasted, None), pin("other-4711", None));
}

#[test]
fn one_cause_is_one_alert() {
    let names: Vec<String> = (0..8).map(|number| format!("V{number}")).collect();
    let unknown = |reason| {
        let one = |name: &String| change(name, Class::Unknown, reason, ActionKind::None);
        names.iter().map(one).collect::<Vec<_>>()
    };
    let mut silent = on("api", unknown(Reason::Unreadable));
    silent.state = TargetState::Unknown {
        reason: "the host did not answer".to_owned(),
        help: Some("see: ssh deploy@vps".to_owned()),
    };
    let mut part = on("part", unknown(Reason::VariableUnreadable));
    part.state = TargetState::Partial {
        reason: "the page was cut off".to_owned(),
    };
    let locked = on("locked", unknown(Reason::Undecryptable));
    let mut elsewhere = on("mini", vec![drift("A")]);
    elsewhere.state = TargetState::Elsewhere {
        machine: "mini".to_owned(),
    };
    let (sightings, coverage) = see(&plan(vec![silent, part, locked, elsewhere]));
    assert_eq!(
        told(&sightings),
        [
            "unknown -: cannot be read: the host did not answer; see: ssh deploy@vps",
            "unknown -: was read in part: the page was cut off",
            "unknown -: V0, V1, V2, V3, V4 and 3 more could not be decrypted",
        ]
    );
    assert!(
        sightings
            .iter()
            .all(|one| one.key.observer.as_deref() == Some("vps"))
    );
    let silence = Look::Unchecked("the host did not answer".to_owned());
    assert_eq!(coverage.targets["api"], silence);
    assert!(!coverage.targets.contains_key("mini"));
    let Look::Checked { unread, .. } = &coverage.targets["part"] else {
        panic!("it was read");
    };
    assert_eq!(unread.len(), 8);
    assert_eq!(coverage.declared.unwrap().len(), 4);
}

#[test]
fn what_a_run_was_not_asked_for_is_neither_wrong_nor_well() {
    let hold = Hold {
        rail: "not-selected".to_owned(),
        why: "not asked for".to_owned(),
        release: None,
    };
    let left_out = Change {
        holds: vec![hold],
        ..drift("A")
    };
    let (sightings, coverage) = see(&plan(vec![on("api", vec![left_out, drift("B")])]));
    assert_eq!(told(&sightings).len(), 1);
    let Look::Checked { left_out, .. } = &coverage.targets["api"] else {
        panic!("it was read");
    };
    assert!(left_out.contains("A"));
}

#[test]
fn stored_and_not_running_is_one_for_the_target() {
    let mut target = on("api", vec![]);
    target.behind = Some(Behind {
        names: ["A", "B"].map(|name| name.parse().unwrap()).into(),
        since: Some("2026-03-01T10:00:00Z".parse().unwrap()),
        why: "the service began before".to_owned(),
        help: Some("systemctl restart app".to_owned()),
        restart_helps: true,
    });
    let (sightings, _) = see(&plan(vec![target]));
    assert_eq!(
        told(&sightings),
        [
            "not-running -: stored but not running A, B since 2026-03-01 10:00 UTC: the service began \
          before; systemctl restart app"
        ]
    );
}

#[test]
fn dates_are_of_the_manifest_and_only_where_they_were_looked_at() {
    let mut plan = plan(vec![]);
    let date = "2026-03-01".parse().unwrap();
    plan.expiry = vec![Expiring {
        name: "A".parse().unwrap(),
        due: Due::Expired(date),
        past: true,
        fails: true,
        owner: Some("ann".to_owned()),
    }];
    let (sightings, _) = see(&plan);
    assert_eq!(
        told(&sightings),
        ["expiry A: A has expired, on 2026-03-01; renew it where it comes from"]
    );
    assert_eq!(
        sightings[0].next,
        ["driftlock set A -f manifests/production.yaml"]
    );
    assert!(sightings[0].urgent && sightings[0].key.target.is_none());
    let owners = BTreeMap::new();
    let sealed = About {
        dated: false,
        ..about(&owners, None)
    };
    let (sightings, coverage) = of_plan(&plan, &sealed);
    assert!(sightings.is_empty() && coverage.classes.is_empty());
}

#[test]
fn holds_and_failures_are_one_for_each_target() {
    let held = |name: &str, rail: &str| Change {
        holds: vec![Hold {
            rail: rail.to_owned(),
            why: "3 of 4 would change".to_owned(),
            release: Some("--allow changes=3@api".to_owned()),
        }],
        ..change(
            name,
            Class::Change,
            Reason::DesiredMoved,
            ActionKind::Update,
        )
    };
    let changes = vec![
        held("A", "changes"),
        held("B", "changes"),
        held("C", "unknown"),
        change("D", Class::Conflict, Reason::BothMoved, ActionKind::Update),
    ];
    let plan = plan(vec![
        on("api", changes),
        on("web", vec![held("A", "changes")]),
    ]);
    let owners = BTreeMap::new();
    let about = about(&owners, None);
    let acted = BTreeSet::from(["api".parse().unwrap()]);
    let sightings = of_holds(&plan, &acted, &about);
    assert_eq!(
        told(&sightings),
        ["held -: A, B are held by changes: 3 of 4 would change"]
    );
    assert_eq!(
        sightings[0].next[1],
        "driftlock apply manifests/production.yaml --target api --allow changes=3@api"
    );
    let failure = |names: &[&str], why: &str, in_doubt| Failure {
        target: "api".parse().unwrap(),
        variables: names.iter().map(|name| name.parse().unwrap()).collect(),
        why: why.to_owned(),
        in_doubt,
    };
    let failures = [
        failure(&["B"], "timed out after 31 s", false),
        failure(&["A"], "refused", true),
    ];
    let sightings = of_failures(&plan.manifest, &failures, &about);
    assert_eq!(
        told(&sightings),
        ["failed -: A, B may be half written: timed out after 31 s"]
    );
    // another time in the words is no other state
    let later = [failure(&["A", "B"], "timed out after 32 s", true)];
    assert_eq!(
        of_failures(&plan.manifest, &later, &about)[0].pin,
        sightings[0].pin
    );
    let braked = BTreeSet::from([("api".parse().unwrap(), "A".parse().unwrap())]);
    let brake = of_brakes(&plan.manifest, &braked, &about);
    can_be_pasted(&brake);
    assert_eq!(
        brake[0].next[1],
        "driftlock alert release A@api -f manifests/production.yaml"
    );
}

#[test]
fn a_plan_and_the_rules_fit_together() {
    let mut silent = on("web", vec![]);
    silent.state = TargetState::Unknown {
        reason: "no answer".to_owned(),
        help: None,
    };
    let worlds = [
        plan(vec![on("api", vec![drift("A")]), silent.clone()]),
        plan(vec![on("api", vec![drift("A")]), silent.clone()]),
        plan(vec![on("api", vec![]), silent]),
        plan(vec![on("api", vec![]), on("web", vec![])]),
    ];
    let mut book = AlertBook::default();
    let mut kinds = vec![];
    for (minute, world) in (0..).zip(&worlds) {
        let (sightings, coverage) = see(world);
        let began = Began::with(&book);
        let round = Round {
            at: jiff::Timestamp::from_second(1_800_000_000 + minute * 60).unwrap(),
            observer: "vps",
            began: &began,
            revision: "",
            sightings: &sightings,
            coverage: &coverage,
            patience: Patience::default(),
            sinks: &BTreeSet::new(),
        };
        if let Some(mut next) = advance(&book, &round) {
            next.generation += 1;
            book = next;
        }
        let told = book
            .events
            .iter()
            .map(|event| (event.kind, event.alert.key.class));
        kinds = told.collect();
    }
    use crate::model::AlertEventKind::{Opened, Resolved};
    assert_eq!(
        kinds,
        [
            (Opened, AlertClass::Drift),
            (Opened, AlertClass::Unknown),
            (Resolved, AlertClass::Drift),
            (Resolved, AlertClass::Unknown),
        ]
    );
    assert!(book.open.is_empty());
}
