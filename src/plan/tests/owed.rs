//! A restart that is owed because what is stored does not run: when apply does it, and what holds it.

use super::world::{Place, World, target, var};
use crate::model::{Activation, Behind, Running};
use crate::plan::{ActivationCause, Authority, AuthorityKind};

/// `A` is as wanted and as recorded, and the process has another one.
fn owed(change: impl FnOnce(&mut Place)) -> World {
    World::one(|p| {
        p.settled("A", "d");
        p.target.activation = Some(Activation::Command("up".to_owned()));
        p.live.running = Running::Behind(Behind {
            restart_helps: true,
            names: [var("A")].into(),
            since: None,
            why: "it started before".to_owned(),
            help: None,
        });
        change(p);
    })
}

/// What holds the restart, as `rail release`; `None` where apply does it.
#[track_caller]
fn held(world: &World) -> Option<String> {
    let plan = world.plan();
    let planned = plan.targets[0].activation.clone().unwrap();
    assert_eq!(planned.because, Some(ActivationCause::Behind));
    assert_eq!(planned.will_happen(), planned.hold.is_none());
    let hold = planned.hold?;
    Some(format!(
        "{} {}",
        hold.rail,
        hold.release.as_deref().unwrap_or("-")
    ))
}

/// A rail holds the restart, asked or not, and the flag that it names lets it go.
#[track_caller]
fn held_until_allowed(mut world: World, rail: &str) {
    for unattended in [false, true] {
        world.unattended = unattended;
        let release = format!("{rail} --allow {rail}@api");
        assert_eq!(held(&world), Some(release), "unattended: {unattended}");
    }
    world.allow(rail, None);
    assert_eq!(held(&world), None, "{rail}");
}

#[test]
fn nothing_holds_what_is_ours() {
    let mut world = owed(|_| ());
    assert_eq!(held(&world), None);
    world.unattended = true;
    assert_eq!(held(&world), None);
}

#[test]
fn a_manifest_or_place_that_may_be_a_strangers_restarts_nothing() {
    held_until_allowed(owed(|p| p.desired.key_trusted = false), "new-key");
    held_until_allowed(owed(|p| p.last.identity = "another".to_owned()), "identity");
    held_until_allowed(owed(|p| p.live.exists = false), "vanished");
    let mut edited = owed(|_| ());
    edited.recipients_authentic = false;
    held_until_allowed(edited, "recipients");
}

#[test]
fn what_a_revision_may_do_more_waits_where_nobody_is_asked() {
    use AuthorityKind as K;
    for kind in [
        K::ActivationChanged,
        K::ProbeChanged,
        K::DestinationChanged,
        K::SecretEdgeAdded,
        K::TargetAdded,
    ] {
        let mut world = owed(|_| ());
        let found = Authority {
            kind,
            target: Some(target("api")),
            variable: None,
            what: "more".to_owned(),
            held: true,
        };
        world.authority = vec![found];
        assert_eq!(held(&world), None, "a person sees it and says yes");
        world.unattended = true;
        let release = "authority --allow authority@api".to_owned();
        assert_eq!(held(&world), Some(release), "{kind:?}");
        let mut other = world.clone();
        other.authority[0].target = Some(target("vps"));
        assert_eq!(held(&other), None);
        let mut listed = world.clone();
        listed.authority[0].held = false;
        assert_eq!(held(&listed), None, "an allowlist covers it");
        world.allow("authority", None);
        assert_eq!(held(&world), None);
    }
}

#[test]
fn what_somebody_else_stored_is_not_put_in_force_in_passing() {
    // a conflict: changed there and in the manifest
    let conflict = owed(|p| {
        p.want("B", "d").has("B", "x").remember("B", "b");
    });
    assert_eq!(held(&conflict).unwrap(), "conflict --overwrite B@api");
    // never recorded, and nobody to ask
    let mut first = owed(|p| {
        p.last = crate::model::LastApplied {
            comparable: true,
            ..Default::default()
        };
        p.want("B", "d").has("B", "x");
    });
    first.unattended = true;
    assert_eq!(held(&first).unwrap(), "take-over --take-over api");
    // what waits here is our own of before: it may run
    let mut ours = owed(|p| {
        p.want("B", "d").has("B", "b").remember("B", "b");
        p.target.rails.changes.count = Some(0);
    });
    ours.unattended = true;
    assert_eq!(held(&ours), None);
}

/// Both are to be written, and the process takes these over by itself.
fn taken_over(names: &[&str]) -> World {
    World::one(|p| {
        for name in ["A", "B"] {
            p.want(name, "d").has(name, "b").remember(name, "b");
        }
        p.target.activation = Some(Activation::Command("up".to_owned()));
        p.live.running = Running::Current;
        p.live.taken_over = names.iter().map(|name| var(name)).collect();
    })
}

fn cause(world: &World) -> Option<ActivationCause> {
    world.plan().targets[0].activation.clone().unwrap().because
}

#[test]
fn what_is_taken_over_by_itself_restarts_nothing() {
    assert_eq!(cause(&taken_over(&["A", "B"])), None);
    assert_eq!(cause(&taken_over(&["A", "B", "C"])), None);
    for some in [&[][..], &["A"], &["C"]] {
        assert_eq!(
            cause(&taken_over(some)),
            Some(ActivationCause::Written),
            "{some:?}"
        );
    }
    // what is not written now does not count
    let mut one = taken_over(&["A"]);
    one.only_variables = Some([var("A")].into());
    assert_eq!(cause(&one), None);
    one.only_variables = Some([var("B")].into());
    assert_eq!(cause(&one), Some(ActivationCause::Written));
    let mut settled = taken_over(&["A"]);
    settled.places[0].settled("B", "d");
    assert_eq!(cause(&settled), None);
}

#[test]
fn what_is_owed_is_owed_though_the_rest_is_taken_over() {
    let mut world = taken_over(&["A", "B"]);
    world.places[0].live.running = Running::Behind(Behind {
        restart_helps: true,
        names: [].into(),
        since: None,
        why: "it does not run".to_owned(),
        help: None,
    });
    assert_eq!(cause(&world), Some(ActivationCause::Behind));
    if let Running::Behind(behind) = &mut world.places[0].live.running {
        behind.restart_helps = false;
    }
    assert_eq!(
        cause(&world),
        None,
        "it refused its config: a restart would end it"
    );
    let pending = Some(super::world::stamp(50));
    world.places[0].last.pending = pending;
    world.places[0].live.running = Running::Unknown;
    assert_eq!(
        cause(&world),
        Some(ActivationCause::Pending { since: pending })
    );
}

/// A run that is limited to some variables puts in force what it is about, and nothing else: it may be
/// the one that settles what an apply left open.
#[test]
fn a_limited_run_owes_what_it_is_about() {
    let mut world = World::one(|p| {
        for name in ["A", "B"] {
            p.want(name, "d").has(name, "d").remember(name, "d");
        }
        p.target.activation = Some(Activation::Command("up".to_owned()));
        p.live.running = Running::Unknown;
    });
    let limited = |world: &mut World, name: &str| {
        world.only_variables = Some([var(name)].into());
        cause(world)
    };
    assert_eq!(limited(&mut world, "A"), None);
    world.places[0].last.in_doubt = true;
    world.places[0].last.doubts = [var("A")].into();
    let pending = |since| Some(ActivationCause::Pending { since });
    assert_eq!(limited(&mut world, "A"), pending(None));
    assert_eq!(limited(&mut world, "B"), None);
    world.places[0].last.in_doubt = false;
    world.places[0].last.doubts.clear();
    let stored = world.places[0].last.vars[&var("A")].at;
    world.places[0].last.pending = Some(stored);
    assert_eq!(limited(&mut world, "A"), pending(Some(stored)));
    let later = Some(
        stored
            .checked_add(jiff::SignedDuration::from_secs(1))
            .unwrap(),
    );
    world.places[0].last.pending = later;
    assert_eq!(limited(&mut world, "A"), None);
    world.places[0].live.running = Running::Behind(Behind {
        restart_helps: true,
        names: [var("B")].into(),
        since: None,
        why: "it does not run".to_owned(),
        help: None,
    });
    assert_eq!(limited(&mut world, "A"), None);
    assert_eq!(limited(&mut world, "B"), Some(ActivationCause::Behind));
}
