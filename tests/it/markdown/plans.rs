//! Plans for comments: one with foreign text in every place that takes any, and large ones.

use driftlock::model::{Behind, Fingerprint, PlatformKind, VarName};
use driftlock::plan::{
    ActionKind, ActivationCause, Authority, AuthorityKind, Change, Class, Glimpse, Hold, Plan,
    PlanId, PlannedActivation, Reason, TargetPlan, TargetState,
};
use driftlock::render::comment::{self, Comment};
use driftlock::render::markdown::plan_comment;
use driftlock::render::{Invocation, Saved};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

pub fn random(salt: u64) -> StdRng {
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    let seed: u64 = set.and_then(|text| text.parse().ok()).unwrap_or(20_261_129);
    println!("DRIFTLOCK_SEED={seed}");
    StdRng::seed_from_u64(seed ^ salt)
}

pub fn cases(count: usize) -> usize {
    match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => count * 20,
        None => count,
    }
}

pub fn call() -> Invocation {
    Invocation {
        manifests: vec!["manifests/production.yaml".to_owned()],
        ..Invocation::default()
    }
}

/// The comment of these plans, in at most `limit` bytes.
pub fn composed(call: &Invocation, plans: &[Plan], limit: usize) -> String {
    let mut out = String::new();
    comment::compose(&mut out, &comment_of(call, plans), limit).unwrap();
    out
}

pub fn comment_of(call: &Invocation, plans: &[Plan]) -> Comment {
    let sum = |sum: driftlock::plan::Summary, plan| sum.plus(driftlock::plan::summary(plan));
    let summary = plans.iter().fold(Default::default(), sum);
    plan_comment(call, plans, &summary)
}

pub fn print(byte: u8) -> Glimpse {
    // eight digits that do not look alike
    let digits = [0, 0x6b, 0xd4, 0x39, 0xa2].map(|salt| byte.wrapping_mul(3) ^ salt);
    Glimpse::Fingerprint(Fingerprint::from_bytes(std::array::from_fn(|at| {
        digits[at % 5]
    })))
}

pub fn change(name: &str, kind: (Class, Reason, ActionKind), values: (Glimpse, Glimpse)) -> Change {
    let (class, reason, action) = kind;
    let (before, after) = values;
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

pub fn target(name: &str, address: &str, changes: Vec<Change>) -> TargetPlan {
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

pub fn plan(manifest: &str, targets: Vec<TargetPlan>) -> Plan {
    Plan {
        manifest: manifest.parse().unwrap(),
        key_id: None,
        id: PlanId("3fa9c1d2ab12".repeat(5) + "0000"),
        authority: vec![],
        targets,
        expiry: vec![],
        who: driftlock::model::Authors::default(),
    }
}

pub const UPDATED: (Class, Reason, ActionKind) =
    (Class::Change, Reason::DesiredMoved, ActionKind::Update);
pub const CREATED: (Class, Reason, ActionKind) = (Class::Change, Reason::New, ActionKind::Create);
pub const DELETED: (Class, Reason, ActionKind) = (Class::Change, Reason::Prune, ActionKind::Delete);
pub const DRIFTED: (Class, Reason, ActionKind) =
    (Class::Drift, Reason::ChangedOutside, ActionKind::Update);
pub const CONFLICT: (Class, Reason, ActionKind) =
    (Class::Conflict, Reason::BothMoved, ActionKind::Update);

/// Texts of [`everywhere`].
pub const TEXTS: usize = 23;
/// Clear values of [`everywhere`].
pub const VALUES: usize = 5;

/// A plan in which each of these texts stands in another place.
pub fn everywhere(texts: &[String], values: &[String]) -> (Invocation, Plan) {
    let mut texts = texts.iter().cloned();
    let mut next = || texts.next().expect("there are as many texts as places");
    let text = |number: usize| Glimpse::Text(values[number].clone());
    let mut conflict = change("DB_PASSWORD", CONFLICT, (print(1), print(2)));
    conflict.detail = Some(next());
    conflict.holds = vec![Hold {
        rail: next(),
        why: next(),
        release: Some("--overwrite DB_PASSWORD@vps".to_owned()),
    }];
    let mut deleted = change("OLD", DELETED, (text(0), Glimpse::Absent));
    deleted.holds = vec![Hold {
        rail: next(),
        why: next(),
        release: Some(format!("driftlock accept {}", "OLD")),
    }];
    deleted.detail = Some(next());
    let mut created = change("NEW", CREATED, (Glimpse::Absent, text(1)));
    created.detail = Some(next());
    let mut vps = target(
        "vps",
        &next(),
        vec![
            conflict,
            deleted,
            created,
            change("LOG_LEVEL", UPDATED, (text(2), text(3))),
            change("BANNER", DRIFTED, (print(3), text(4))),
        ],
    );
    vps.format = Some(next());
    vps.notes = vec![next()];
    vps.drafts = vec![next()];
    vps.behind = Some(Behind {
        names: [VarName::new("OLD").unwrap()].into(),
        since: None,
        why: next(),
        help: None,
        restart_helps: true,
    });
    vps.activation = Some(PlannedActivation {
        what: next(),
        on: Some(next()),
        because: Some(ActivationCause::Written),
        hold: None,
    });
    let mut dead = target(
        "dead",
        &next(),
        vec![change(
            "X",
            (Class::Unknown, Reason::Unreadable, ActionKind::None),
            (Glimpse::Unknown, Glimpse::Unknown),
        )],
    );
    dead.state = TargetState::Unknown {
        reason: next(),
        help: Some(next()),
    };
    let mut half = target("half", "/srv/half/.env", vec![]);
    half.state = TargetState::Partial { reason: next() };
    half.activation = Some(PlannedActivation {
        what: next(),
        on: None,
        because: Some(ActivationCause::Behind),
        hold: Some(Hold {
            rail: next(),
            why: next(),
            release: None,
        }),
    });
    let mut plan = plan("production", vec![vps, dead, half]);
    plan.authority = vec![
        authority(AuthorityKind::DestinationChanged, Some("vps"), &next()),
        authority(AuthorityKind::RecipientAdded, None, &next()),
    ];
    let call = Invocation {
        saved: Some(Saved {
            file: "plan.json".to_owned(),
            id: plan.id.0.clone(),
        }),
        ..call()
    };
    (call, plan)
}

pub fn authority(kind: AuthorityKind, target: Option<&str>, what: &str) -> Authority {
    Authority {
        kind,
        target: target.map(|name| name.parse().unwrap()),
        variable: None,
        what: what.to_owned(),
        held: true,
    }
}

/// As many changes as wanted on twelve targets, with reasons as long as they get; every so many
/// deletes one, and authority changes.
pub fn large(changes: usize, every: usize, random: &mut StdRng) -> Plan {
    let why = |random: &mut StdRng| "a reason that goes on and on, ".repeat(random.gen_range(1..9));
    let mut targets: Vec<TargetPlan> = (0..12)
        .map(|number| {
            target(
                &format!("target-{number}"),
                "deploy@vps.example.com:/srv/app/.env",
                vec![],
            )
        })
        .collect();
    for number in 0..changes {
        let name = format!("SERVICE_{}_VARIABLE_{number:04}", number % 7);
        let is_delete = number % every == 0;
        let kind = match (is_delete, random.gen_range(0..10)) {
            (true, _) => DELETED,
            (_, 0) => CONFLICT,
            (_, 1) => DRIFTED,
            (_, 2 | 3) => CREATED,
            _ => UPDATED,
        };
        let text =
            |random: &mut StdRng| Glimpse::Text("clear text ".repeat(random.gen_range(1..60)));
        let values = match random.gen_range(0..4) {
            0 => (text(random), text(random)),
            _ => (print(1), print(2)),
        };
        let mut one = change(&name, kind, values);
        one.detail = random.gen_bool(0.3).then(|| why(random));
        if kind == CONFLICT || random.gen_bool(0.2) {
            one.holds = vec![Hold {
                rail: "changes".to_owned(),
                why: why(random),
                release: Some(format!("--allow changes={changes}@target")),
            }];
        }
        targets[number % 12].changes.push(one);
    }
    let mut plan = plan("production", targets);
    plan.authority = (0..12)
        .map(|number| {
            let target = format!("target-{number}");
            authority(
                AuthorityKind::DestinationChanged,
                Some(&target),
                &why(random),
            )
        })
        .collect();
    plan.authority.push(authority(
        AuthorityKind::RecipientAdded,
        None,
        "age1newreader",
    ));
    plan
}

/// The same in another order.
pub fn shuffled(mut plans: Vec<Plan>, random: &mut StdRng) -> Vec<Plan> {
    for plan in &mut plans {
        plan.authority.shuffle(random);
        plan.targets.shuffle(random);
        for target in &mut plan.targets {
            target.changes.shuffle(random);
            target.notes.shuffle(random);
            target.drafts.shuffle(random);
        }
    }
    plans.shuffle(random);
    plans
}
