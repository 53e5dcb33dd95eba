//! Plans that the tests of this room share, nasty names and texts among them.

use std::time::Duration;

use crate::model::{AlertClass, AlertEventKind, Fingerprint, Mode, PlatformKind};
use crate::plan::{
    ActionKind, Authority, AuthorityKind, Change, Class, Glimpse, Hold, Plan, PlanId, Reason,
    Summary, TargetPlan, TargetState,
};
use crate::reconcile::event::{
    RoundAlert, RoundLook, RoundManifest, RoundReport, RoundSink, RoundTarget,
};

pub(super) fn print(byte: u8) -> Glimpse {
    Glimpse::Fingerprint(Fingerprint::from_bytes([byte; 32]))
}

pub(super) fn text(text: &str) -> Glimpse {
    Glimpse::Text(text.to_owned())
}

pub(super) fn change(
    name: &str,
    (class, reason, action): (Class, Reason, ActionKind),
    before: Glimpse,
    after: Glimpse,
) -> Change {
    Change {
        name: name.parse().unwrap(),
        declared: Some(name.parse().unwrap()),
        class,
        reason,
        action,
        before,
        after,
        live_changed_at: None,
        live_unshown: None,
        sequence: None,
        holds: vec![],
        detail: None,
    }
}

pub(super) fn target(name: &str, address: &str, changes: Vec<Change>) -> TargetPlan {
    TargetPlan {
        target: name.parse().unwrap(),
        platform: PlatformKind::File,
        address: address.to_owned(),
        format: Some("portable".to_owned()),
        state: TargetState::Read,
        recorded: true,
        changes,
        unmanaged: 0,
        drafts: vec![],
        behind: None,
        activates: false,
        activation: None,
        notes: vec![],
    }
}

pub(super) fn plan(targets: Vec<TargetPlan>) -> Plan {
    Plan {
        manifest: "production".parse().unwrap(),
        key_id: None,
        id: PlanId("3fa9c1d2ab12".repeat(5) + "0000"),
        authority: vec![],
        targets,
        expiry: vec![],
        who: crate::model::Authors::default(),
    }
}

/// One of everything.
pub(super) fn full() -> Plan {
    let updated = (Class::Change, Reason::DesiredMoved, ActionKind::Update);
    let secret = || change("AUTH_SECRET", updated, print(0x3f), print(0x91));
    let mut conflict = change(
        "DB_PASSWORD",
        (Class::Conflict, Reason::BothMoved, ActionKind::Update),
        print(0xaa),
        print(0xbb),
    );
    conflict.holds = vec![Hold {
        rail: "conflict".to_owned(),
        why: "both sides moved since the last apply".to_owned(),
        release: Some("--overwrite DB_PASSWORD@vps".to_owned()),
    }];
    let drift = (Class::Drift, Reason::ChangedOutside, ActionKind::Update);
    let created = (Class::Change, Reason::New, ActionKind::Create);
    let mut vps = target(
        "vps",
        "/srv/app/\u{1b}[31m|`x`\u{202e}.env",
        vec![
            secret(),
            change(
                "BANNER",
                updated,
                text("one\ntwo\n```\nthree\n"),
                text("one\n2 \u{1b}[0m\n```\nthree\n"),
            ),
            conflict,
            change(
                "EQUAL",
                (Class::InSync, Reason::Equal, ActionKind::None),
                print(1),
                print(1),
            ),
            change("LOG_LEVEL", drift, text("de|`bug`"), text("<b>info</b>")),
            change("NEW", created, Glimpse::Absent, text(" padded ")),
            change(
                "OLD",
                (Class::Change, Reason::Prune, ActionKind::Delete),
                print(7),
                Glimpse::Absent,
            ),
        ],
    );
    vps.notes = vec!["lines end in CRLF".to_owned()];
    let mut dead = target("dead", "/mnt/x/.env", vec![]);
    dead.state = TargetState::Unknown {
        reason: "permission denied @admin -->".to_owned(),
        help: Some("run as the owner of the file".to_owned()),
    };
    let mut plan = plan(vec![
        target("api", "/srv/api/.env", vec![secret()]),
        vps,
        dead,
    ]);
    plan.authority = vec![Authority {
        kind: AuthorityKind::DestinationChanged,
        target: Some("vps".parse().unwrap()),
        variable: None,
        what: "file /srv/a → file /srv/b".to_owned(),
        held: true,
    }];
    plan
}

pub(super) fn full_summary() -> Summary {
    Summary {
        create: 1,
        update: 3,
        delete: 1,
        drift: 1,
        conflict: 1,
        unknown: 1,
        held: 1,
        in_sync: 1,
        owed: 0,
        unmanaged: 12,
        elsewhere: 0,
    }
}

/// A round with one of everything: one manifest that is looked at, and one that does not load.
pub(super) fn round() -> RoundReport {
    let target = |name: &str, mode, look, variables: &[(Class, u64)]| RoundTarget {
        name: name.parse().unwrap(),
        platform: PlatformKind::File,
        mode,
        look,
        variables: variables.iter().copied().collect(),
        written: 0,
        healed: 0,
        held: 0,
        failed: 0,
        trouble: None,
        probes: vec![],
    };
    let read = || RoundLook::Read {
        took: Duration::from_millis(1204),
    };
    let alert = |kind, class, variable: &str, what: &str| RoundAlert {
        kind,
        id: "a1b2c3d4e5f6".to_owned(),
        class,
        target: Some("api".parse().unwrap()),
        variable: Some(variable.parse().unwrap()),
        what: what.to_owned(),
        next: vec!["driftlock plan --target api".to_owned()],
        urgent: true,
        muted: false,
    };
    let good = RoundManifest {
        path: "manifests/production.yaml".to_owned(),
        name: Some("production".parse().unwrap()),
        revision: Some("3fa9c1d291bc04e73fa9c1d291bc04e73fa9c1d2".to_owned()),
        targets: vec![
            RoundTarget {
                written: 2,
                healed: 1,
                ..target(
                    "api",
                    Mode::Heal,
                    read(),
                    &[(Class::Drift, 1), (Class::Change, 2), (Class::InSync, 12)],
                )
            },
            target(
                "vps",
                Mode::Observe,
                RoundLook::Failed {
                    why: "the host cannot be reached within 10 seconds".to_owned(),
                },
                &[],
            ),
            RoundTarget {
                held: 1,
                ..target(
                    "worker",
                    Mode::Apply,
                    read(),
                    &[(Class::Drift, 1), (Class::Change, 2), (Class::InSync, 9)],
                )
            },
            RoundTarget {
                probes: vec![(
                    "GET https://web.example.com/health".to_owned(),
                    crate::model::Verdict::Unauthorized,
                )],
                ..target("web", Mode::Observe, read(), &[(Class::InSync, 3)])
            },
            target(
                "mac-mini",
                Mode::Observe,
                RoundLook::Skipped {
                    why: "it is another machine's".to_owned(),
                },
                &[],
            ),
        ],
        alerts: vec![
            alert(
                AlertEventKind::Opened,
                AlertClass::Drift,
                "TOKEN",
                "changed outside",
            ),
            alert(
                AlertEventKind::Resolved,
                AlertClass::Expiry,
                "CERT",
                "ended yesterday",
            ),
        ],
        open: Some(3),
        ..RoundManifest::default()
    };
    let broken = RoundManifest {
        path: "manifests/staging.yaml".to_owned(),
        broken: Some("line 4, column 2: unknown key `targts`".to_owned()),
        open: Some(1),
        ..RoundManifest::default()
    };
    RoundReport {
        took: Duration::from_millis(10_480),
        manifests: vec![good, broken],
        sinks: vec![RoundSink {
            name: "slack".to_owned(),
            delivered: 1,
            waiting: 2,
            trouble: Some("429, tried again in 30 s".to_owned()),
        }],
        ..RoundReport::default()
    }
}
