use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::manifest;
use crate::model::{Behind, Fingerprint, PlatformKind, Recorded, Sensitivity};
use crate::plan::{ActionKind, Change, Glimpse};

const FIXTURE: &str = include_str!("../../../tests/fixtures/valid/overlap.yaml");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn name(text: &str) -> VarName {
    text.parse().unwrap()
}

/// One target that is where its stage wants it.
struct Calm {
    manifest: Manifest,
    target: &'static str,
    plan: TargetPlan,
    unsettled: Option<Unsettled>,
    last: LastApplied,
    probed: Vec<ProbeReport>,
    seen: Option<SeenTarget>,
}

impl Calm {
    fn new(stage: &str, target: &'static str) -> Self {
        let text = FIXTURE.replace("rotating: accept", &format!("rotating: {stage}"));
        let manifest = manifest::parse(&text).unwrap().manifest;
        let spec = manifest
            .targets
            .iter()
            .find(|spec| spec.name.as_str() == target);
        let names: Vec<VarName> = spec
            .unwrap()
            .uses
            .iter()
            .map(|used| used.name.clone())
            .collect();
        let recorded = Recorded {
            fingerprint: Fingerprint::from_bytes([1; 32]),
            sequence: None,
            sensitivity: Sensitivity::Secret,
            at: at("2026-11-30T10:00:00Z"),
            platform_changed_at: None,
            dropped: false,
        };
        Self {
            plan: TargetPlan {
                target: target.parse().unwrap(),
                platform: PlatformKind::File,
                address: String::new(),
                format: None,
                state: TargetState::Read,
                recorded: true,
                changes: names.iter().map(change).collect(),
                unmanaged: 0,
                drafts: vec![],
                behind: None,
                activates: false,
                activation: None,
                notes: vec![],
            },
            last: LastApplied {
                recorded: true,
                vars: names
                    .iter()
                    .map(|name| (name.clone(), recorded.clone()))
                    .collect(),
                ..LastApplied::default()
            },
            manifest,
            target,
            unsettled: None,
            probed: vec![],
            seen: None,
        }
    }

    fn asked(&self, direction: Direction) -> Option<Obstacle> {
        let rotation = under_way(&self.manifest)[0];
        let mut specs = self.manifest.targets.iter();
        let look = Look {
            spec: specs
                .find(|spec| spec.name.as_str() == self.target)
                .unwrap(),
            plan: &self.plan,
            unsettled: self.unsettled.as_ref(),
            last: Some(&self.last),
            probed: &self.probed,
            seen: self.seen.as_ref(),
        };
        obstacle(&rotation, direction, &self.manifest, &look)
    }

    fn obstacle(&self) -> Option<Obstacle> {
        self.asked(Direction::On)
    }

    fn differ(&mut self, wanted: &str) {
        let mut changes = self.plan.changes.iter_mut();
        let change = changes.find(|one| one.name.as_str() == wanted).unwrap();
        change.class = Class::Change;
    }
}

fn change(name: &VarName) -> Change {
    Change {
        name: name.clone(),
        declared: None,
        class: Class::InSync,
        reason: Reason::Equal,
        action: ActionKind::None,
        before: Glimpse::Sealed,
        after: Glimpse::Sealed,
        live_changed_at: None,
        live_unshown: None,
        sequence: None,
        holds: vec![],
        detail: None,
    }
}

#[test]
fn what_is_not_in_force_is_in_the_way() {
    for (stage, target) in [("accept", "api"), ("accept", "worker"), ("use", "worker")] {
        assert_eq!(
            Calm::new(stage, target).obstacle(),
            None,
            "{stage} {target}"
        );
    }
    type Disturb = fn(&mut Calm);
    let cases: [(&str, bool, bool, Disturb); 12] = [
        ("AUTH_OLD is not there as", false, true, |one| {
            one.differ("AUTH_OLD");
        }),
        (
            "AUTH is there, and no apply has recorded that",
            false,
            true,
            |one| {
                one.plan.changes[0].reason = Reason::EqualUnrecorded;
            },
        ),
        ("cannot be read: gone", true, false, |one| {
            let reason = "gone".to_owned();
            one.plan.state = TargetState::Unknown { reason, help: None };
        }),
        ("cannot be read whole", true, false, |one| {
            let reason = "half".to_owned();
            one.plan.state = TargetState::Partial { reason };
        }),
        ("no apply of AUTH_OLD is on record", false, true, |one| {
            one.last.vars.remove(&name("AUTH_OLD"));
        }),
        ("did not say how it ended", false, true, |one| {
            one.last.doubts.insert(name("AUTH"));
        }),
        ("was not put in force", false, true, |one| {
            one.last.pending = Some(at("2026-11-30T10:00:00Z"));
        }),
        ("stored, but not running: old", false, true, |one| {
            one.plan.behind = Some(Behind {
                names: BTreeSet::new(),
                since: None,
                why: "old".to_owned(),
                help: None,
                restart_helps: true,
            });
        }),
        ("a deployment is under way", true, false, |one| {
            let why = "a deployment is under way (QUEUED)".to_owned();
            one.unsettled = Some(Unsettled { why, passes: true });
        }),
        ("did not succeed", false, false, |one| {
            let why = "its last deployment did not succeed (FAILED)".to_owned();
            one.unsettled = Some(Unsettled { why, passes: false });
        }),
        ("x answers 403", true, false, |one| {
            one.probed.push(ProbeReport {
                what: "x".to_owned(),
                verdict: Verdict::Forbidden,
                left_out: false,
            });
        }),
        ("only mac can read it", false, true, |one| {
            let machine = "mac".to_owned();
            one.plan.state = TargetState::Elsewhere { machine };
        }),
    ];
    for (why, passes, wants_apply, disturb) in cases {
        let mut one = Calm::new("accept", "api");
        disturb(&mut one);
        let found = one.obstacle().unwrap_or_else(|| panic!("{why}"));
        assert!(found.why.contains(why), "{} is not {why}", found.why);
        assert_eq!(
            (found.passes, found.wants_apply),
            (passes, wants_apply),
            "{why}"
        );
    }
}

/// Another variable of the target is another matter.
#[test]
fn other_variables_are_in_nobodys_way() {
    let mut one = Calm::new("accept", "api");
    one.differ("LIST");
    one.last.vars.remove(&name("LIST"));
    one.last.doubts.insert(name("LIST"));
    assert_eq!(one.obstacle(), None);
}

#[test]
fn what_another_machine_saw_lately_counts() {
    let seen = |freshness, then| SeenTarget {
        machine: Some("mac".to_owned()),
        sight: Sight::Seen {
            at: at("2026-11-30T10:00:00Z"),
            freshness,
            readable: true,
        },
        vars: BTreeMap::from([(name("AUTH"), then), (name("LIST"), Then::Differed)]),
    };
    let mut one = Calm::new("use", "worker");
    let machine = "mac".to_owned();
    one.plan.state = TargetState::Elsewhere { machine };
    for (freshness, then, well) in [
        (Freshness::Young, Then::InSync, true),
        (Freshness::Young, Then::DesiredMoved, false),
        (Freshness::Young, Then::Incomparable, false),
        (Freshness::Stale, Then::InSync, false),
        (Freshness::Future, Then::InSync, false),
    ] {
        one.seen = Some(seen(freshness, then));
        assert_eq!(one.obstacle().is_none(), well, "{freshness:?} {then:?}");
    }
}

/// What nothing is said about is not taken for being there.
#[test]
fn silence_is_no_consent() {
    let mut one = Calm::new("accept", "api");
    one.plan.changes.clear();
    assert!(one.obstacle().is_some());
    one.plan.state = TargetState::Elsewhere {
        machine: "mac".to_owned(),
    };
    one.seen = Some(SeenTarget {
        machine: Some("mac".to_owned()),
        sight: Sight::Seen {
            at: at("2026-11-30T10:00:00Z"),
            freshness: Freshness::Young,
            readable: true,
        },
        vars: BTreeMap::new(),
    });
    assert!(one.obstacle().is_some());
}

/// To take a new value back, nobody may present it; whether it is accepted already does not matter.
#[test]
fn a_new_value_that_nobody_uses_can_be_taken_back() {
    let rotation = |stage: &str| Calm::new(stage, "api").manifest;
    let (accept, used) = (rotation("accept"), rotation("use"));
    let who = |manifest: &Manifest, direction| {
        let one = under_way(manifest)[0];
        ["api", "worker"].map(|target| matters(&one, direction, &target.parse().unwrap()))
    };
    assert_eq!(who(&accept, Direction::On), [true, true]);
    assert_eq!(who(&accept, Direction::Back), [false, true]);
    assert_eq!(who(&used, Direction::Back), [false, false]);
    let mut worker = Calm::new("accept", "worker");
    worker.last.vars.clear();
    assert_eq!(worker.asked(Direction::Back), None);
    worker.differ("AUTH");
    assert!(worker.asked(Direction::Back).is_some());
}

#[test]
fn the_next_step_follows_from_stage_direction_and_time() {
    let manifest = |stage: &str| Calm::new(stage, "api").manifest;
    let (accept, used) = (manifest("accept"), manifest("use"));
    let (accept, used) = (under_way(&accept)[0], under_way(&used)[0]);
    assert_eq!(used.overlap.hold, Duration::from_secs(90 * 60));
    let switched = Some(at("2026-11-30T10:00:00Z"));
    let says = |rotation, direction, now| next(rotation, direction, switched, at(now));
    let ten = "2026-11-30T10:00:00Z";
    assert_eq!(says(&accept, Direction::On, ten), Next::Switch);
    assert_eq!(says(&accept, Direction::Back, ten), Next::Withdraw);
    assert_eq!(says(&used, Direction::Back, ten), Next::SwitchBack);
    let until = at("2026-11-30T11:30:00Z");
    for early in ["2026-11-30T09:00:00Z", ten, "2026-11-30T11:29:59Z"] {
        assert_eq!(
            says(&used, Direction::On, early),
            Next::Hold(until),
            "{early}"
        );
    }
    assert_eq!(
        says(&used, Direction::On, "2026-11-30T11:30:00Z"),
        Next::Retire
    );
    // without a record, the time begins now
    let now = at(ten);
    assert_eq!(next(&used, Direction::On, None, now), Next::Hold(until));
}

#[test]
fn the_last_user_counts() {
    let calm = Calm::new("use", "worker");
    let rotation = under_way(&calm.manifest)[0];
    let late = at("2026-11-30T12:00:00Z");
    let mut last = calm.last.clone();
    fn look<'a>(calm: &'a Calm, last: &'a LastApplied) -> Look<'a> {
        let mut specs = calm.manifest.targets.iter();
        Look {
            spec: specs.find(|spec| spec.name.as_str() == "worker").unwrap(),
            plan: &calm.plan,
            unsettled: None,
            last: Some(last),
            probed: &[],
            seen: None,
        }
    }
    last.vars.get_mut(&name("AUTH")).unwrap().at = late;
    last.vars.get_mut(&name("LIST")).unwrap().at = at("2026-11-30T13:00:00Z");
    assert_eq!(
        switched_at(&rotation, &calm.manifest, &[look(&calm, &last)]),
        Some(late)
    );
    last.vars.clear();
    assert_eq!(
        switched_at(&rotation, &calm.manifest, &[look(&calm, &last)]),
        None
    );
}
