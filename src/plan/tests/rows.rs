//! One test for each row of the classification table.

use super::world::{Place, World, keys, line, only, stamp, target, unknown, var};
use crate::model::{Behind, Completeness, LiveVar, Running};
use crate::plan::{Glimpse, has_differences, has_holds, has_unknown, summary};

fn row(change: impl FnOnce(&mut Place)) -> String {
    line(only(&World::one(change).plan()))
}

#[test]
fn the_table() {
    type Setup = fn(&mut Place);
    let rows: &[(Setup, &str)] = &[
        (
            |p| {
                p.settled("A", "d");
            },
            "A InSync/Equal None []",
        ),
        (
            |p| {
                p.want("A", "d").has("A", "d");
            },
            "A InSync/EqualUnrecorded Record []",
        ),
        (
            |p| {
                p.want("A", "d").has("A", "d").remember("A", "b");
            },
            "A InSync/EqualUnrecorded Record []",
        ),
        (
            |p| {
                p.want("A", "d").has("A", "b").remember("A", "b");
            },
            "A Change/DesiredMoved Update []",
        ),
        (
            |p| {
                p.want("A", "b").has("A", "l").remember("A", "b");
            },
            "A Drift/ChangedOutside Update []",
        ),
        (
            |p| {
                p.want("A", "b").remember("A", "b");
            },
            "A Drift/RemovedOutside Create []",
        ),
        (
            |p| {
                p.want("A", "d").has("A", "l").remember("A", "b");
            },
            "A Conflict/BothMoved Update [conflict]",
        ),
        (
            |p| {
                p.want("A", "d").remember("A", "b");
            },
            "A Conflict/BothMoved Create [conflict]",
        ),
        (
            |p| {
                p.want("A", "d");
            },
            "A Change/New Create []",
        ),
        (
            |p| {
                p.last.recorded = true;
                p.want("A", "d");
            },
            "A Change/New Create []",
        ),
        (
            |p| {
                p.want("A", "d").has("A", "l");
            },
            "A Change/FirstTakeOver Update []",
        ),
        (
            |p| {
                p.last.recorded = true;
                p.want("A", "d").has("A", "l");
            },
            "A Conflict/NotOurs Update [conflict]",
        ),
        (
            |p| {
                p.has("A", "b").remember("A", "b").has("X", "x");
                p.target.rails.deletes.percent = None;
            },
            "A Change/Prune Delete []",
        ),
        (
            |p| {
                p.has("A", "b").remember("A", "b");
                p.target.prune = false;
            },
            "A Change/PruneOff None []",
        ),
        (
            |p| {
                p.has("A", "l").remember("A", "b");
            },
            "A Conflict/PruneChangedOutside Delete [conflict]",
        ),
        (
            |p| {
                p.has("A", "l").remember("A", "b");
                p.target.prune = false;
            },
            "A Conflict/PruneChangedOutside None []",
        ),
        (
            |p| {
                p.remember("A", "b");
            },
            "A InSync/EqualUnrecorded Record []",
        ),
        (
            |p| {
                p.want("A", "d").has("A", "l").remember("A", "b");
                p.last.comparable = false;
            },
            "A Change/CannotCompare Update []",
        ),
        (
            |p| {
                p.has("A", "l").remember("A", "b");
                p.last.comparable = false;
            },
            "A Conflict/CannotCompare None []",
        ),
        (
            |p| {
                p.want("A", "d")
                    .live
                    .vars
                    .insert(var("A"), LiveVar::Unknown("odd".into()));
            },
            "A Unknown/VariableUnreadable None []",
        ),
        (
            |p| {
                p.want("A", "d");
                p.live.completeness = Completeness::Partial("cut".into());
            },
            "A Unknown/VariableUnreadable None []",
        ),
        (
            |p| {
                p.remember("A", "d");
                p.live.completeness = Completeness::Partial("cut".into());
            },
            "A Unknown/VariableUnreadable None []",
        ),
        (
            |p| {
                p.has("A", "d")
                    .desired
                    .unknown
                    .insert(var("A"), unknown("A"));
            },
            "A Unknown/Undecryptable None []",
        ),
        (
            |p| {
                p.want("A", "d").has("A", "d");
                p.live_unknown = true;
            },
            "A Unknown/Unreadable None []",
        ),
        (
            |p| {
                p.remember("A", "d");
                p.desired_unknown = true;
            },
            "A Unknown/Undecryptable None []",
        ),
    ];
    for (setup, expected) in rows {
        assert_eq!(row(setup), *expected);
    }
}

fn sealed(p: &mut Place, at: Option<i64>) {
    p.live.vars.insert(
        var("A"),
        LiveVar::Sealed {
            changed_at: at.map(stamp),
        },
    );
}

#[test]
fn sealed_values_are_told_by_their_time_stamp() {
    type Setup = fn(&mut Place);
    let rows: &[(Setup, &str)] = &[
        (
            |p| {
                p.want("A", "d");
                sealed(p, Some(100));
            },
            "A Change/SealedFirstTakeOver Update []",
        ),
        (
            |p| {
                p.last.recorded = true;
                p.want("A", "d");
                sealed(p, Some(100));
            },
            "A Conflict/NotOurs Update [conflict]",
        ),
        (
            |p| {
                p.want("A", "d").remember("A", "d");
                sealed(p, Some(100));
            },
            "A InSync/SealedUnchanged None []",
        ),
        (
            |p| {
                p.want("A", "d").remember("A", "d");
                sealed(p, Some(101));
            },
            "A Drift/SealedChangedOutside Update []",
        ),
        (
            |p| {
                p.want("A", "d").remember("A", "d");
                sealed(p, Some(99));
            },
            "A Drift/SealedChangedOutside Update []",
        ),
        (
            |p| {
                p.want("A", "d").remember("A", "d");
                sealed(p, None);
            },
            "A Unknown/VariableUnreadable None []",
        ),
        (
            |p| {
                p.want("A", "d").remember("A", "b");
                sealed(p, Some(100));
            },
            "A Change/SealedDesiredMoved Update []",
        ),
        (
            |p| {
                p.want("A", "d").remember("A", "b");
                sealed(p, None);
            },
            "A Change/SealedDesiredMoved Update []",
        ),
        (
            |p| {
                p.want("A", "d").remember("A", "b");
                sealed(p, Some(101));
            },
            "A Conflict/BothMoved Update [conflict]",
        ),
        (
            |p| {
                p.remember("A", "b");
                sealed(p, Some(101));
            },
            "A Conflict/PruneChangedOutside Delete [conflict]",
        ),
        (
            |p| {
                p.remember("A", "b");
                sealed(p, None);
            },
            "A Conflict/PruneChangedOutside Delete [conflict]",
        ),
        (
            |p| {
                p.remember("A", "b").has("X", "x");
                p.target.rails.deletes.percent = None;
                sealed(p, Some(100));
            },
            "A Change/Prune Delete []",
        ),
    ];
    for (setup, expected) in rows {
        assert_eq!(row(setup), *expected);
    }
}

#[test]
fn what_somebody_sealed_since_is_told_by_the_time_of_our_record() {
    let since = |changed_at: i64| {
        move |p: &mut Place| {
            p.want("A", "d").remember("A", "d");
            let recorded = p.last.vars.get_mut(&var("A")).unwrap();
            recorded.platform_changed_at = None;
            recorded.at = stamp(10_000);
            sealed(p, Some(changed_at));
        }
    };
    assert_eq!(row(since(9_000)), "A InSync/SealedUnchanged None []");
    for later in [9_900, 10_000, 20_000] {
        assert_eq!(
            row(since(later)),
            "A Drift/SealedChangedOutside Update []",
            "{later}"
        );
    }
}

#[test]
fn what_was_never_ours_is_counted() {
    let plan = World::one(|p| {
        p.settled("A", "d").has("B", "x").has("C", "y");
        p.live.vars.insert(var("D"), LiveVar::Unknown("odd".into()));
    })
    .plan();
    assert_eq!(plan.targets[0].changes.len(), 1);
    assert_eq!(summary(&plan).unmanaged, 3);
    assert!(!has_differences(&plan) && !has_unknown(&plan) && !has_holds(&plan));
}

#[test]
fn a_former_key_matches_and_is_recorded_anew() {
    let mut world = World::one(|p| {
        p.settled("A", "d").settled("B", "b").want("B", "d");
    });
    world.fingerprinter = Some(keys(2, &[1]));
    let plan = world.plan();
    let lines: Vec<_> = plan.targets[0].changes.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "A InSync/EqualUnrecorded Record []",
            "B Change/DesiredMoved Update []"
        ]
    );
    assert!(!has_holds(&plan));
    world.apply(&plan);
    world.fingerprinter = Some(keys(2, &[]));
    assert!(!has_differences(&world.plan()));
}

#[test]
fn without_a_key_nothing_is_recorded_or_pruned() {
    let mut world = World::one(|p| {
        p.want_clear("A", "d").has("A", "d");
        p.has("B", "b").remember("B", "b");
    });
    world.fingerprinter = None;
    let lines = super::world::lines(&world.plan());
    assert_eq!(
        lines,
        [
            "api: A InSync/EqualUnrecorded None []",
            "api: B Conflict/CannotCompare None []"
        ]
    );
}

#[test]
fn a_conflict_can_be_overwritten_or_adopted() {
    let mut world = World::one(|p| {
        p.want("A", "d").has("A", "l").remember("A", "b");
    });
    world.overrides.overwrite.insert((var("A"), target("api")));
    assert_eq!(line(only(&world.plan())), "A Conflict/BothMoved Update []");

    world.overrides = Default::default();
    world.overrides.adopt.insert((var("A"), target("api")));
    let plan = world.plan();
    let change = only(&plan);
    assert_eq!(line(change), "A Change/Adopted Record []");
    assert_eq!(change.before, change.after);
    assert!(matches!(change.before, Glimpse::Fingerprint(_)));
    world.apply(&plan);
    world.overrides = Default::default();
    assert_eq!(line(only(&world.plan())), "A Change/DesiredMoved Update []");
}

#[test]
fn an_apply_that_died_between_write_and_receipt_converges() {
    let mut world = World::one(|p| {
        p.last.in_doubt = true;
        // written, not recorded; not reached; deleted, not recorded
        p.want("A", "d").has("A", "d").remember("A", "b");
        p.want("B", "d").has("B", "b").remember("B", "b");
        p.remember("C", "b");
    });
    let plan = world.plan();
    assert!(!has_holds(&plan));
    assert_eq!(plan.targets[0].notes.len(), 1);
    world.apply(&plan);
    let second = world.plan();
    assert!(
        !has_differences(&second),
        "{:?}",
        super::world::lines(&second)
    );
    assert!(!world.places[0].last.vars.contains_key("C"));
}

#[test]
fn another_machines_target_says_nothing() {
    let plan = World::one(|p| {
        p.want("A", "d");
        p.elsewhere = true;
    })
    .plan();
    assert!(plan.targets[0].changes.is_empty());
    assert_eq!(summary(&plan).elsewhere, 1);
    assert!(!has_unknown(&plan));
}

#[test]
fn a_value_that_may_be_our_own_unfinished_write_is_not_overwritten_unasked() {
    // written by an apply that died, and the manifest moved on since
    let plan = World::one(|p| {
        p.last.in_doubt = true;
        p.want("A", "second").has("A", "first").remember("A", "b");
    })
    .plan();
    let change = only(&plan);
    assert_eq!(line(change), "A Conflict/BothMoved Update [conflict]");
    assert!(change.detail.as_ref().unwrap().contains("earlier apply"));
}

/// Not in the records, so it is not deleted; but who made it knows of it no more.
#[test]
fn what_an_unfinished_apply_may_have_left_is_named_and_left_alone() {
    let orphaned = |live: bool| {
        let plan = World::one(|p| {
            p.last.in_doubt = true;
            p.last.doubts = ["A", "B", "ORPHAN"].map(var).into();
            p.settled("A", "d").has("FOREIGN", "x");
            // recorded before, so pruning speaks for it
            p.has("B", "b").remember("B", "b");
            if live {
                p.has("ORPHAN", "x");
            }
        })
        .plan();
        assert!(
            !super::world::lines(&plan)
                .iter()
                .any(|line| line.contains("ORPHAN"))
        );
        let target = &plan.targets[0];
        assert_eq!(target.unmanaged, 1 + usize::from(live));
        let notes = target.notes.iter();
        let notes = notes.filter(|note| note.contains("may be ours"));
        notes.cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        orphaned(true),
        [
            "ORPHAN may be ours: an apply that set it never said how it ended, and no manifest names it; delete it by hand, or name it again"
        ]
    );
    assert!(orphaned(false).is_empty(), "deleted by hand");
}

#[test]
fn to_be_sealed_is_written_once_more() {
    let mut world = World::one(|p| {
        p.settled("A", "d");
        p.desired.vars.get_mut(&var("A")).unwrap().sealed = true;
    });
    let plan = world.plan();
    assert_eq!(line(only(&plan)), "A Change/NotSealed Update []");
    sealed(&mut world.places[0], Some(100));
    assert_eq!(
        line(only(&world.plan())),
        "A InSync/SealedUnchanged None []"
    );
}

#[test]
fn an_empty_value_that_was_not_kept_is_not_written_again() {
    let dropped = |p: &mut Place| {
        p.want("A", "").remember("A", "");
        p.last.vars.get_mut(&var("A")).unwrap().dropped = true;
    };
    assert_eq!(row(dropped), "A InSync/EmptyNotKept None []");
    // a stranger's value is drift all the same, and a new wish is a change
    let stranger = |p: &mut Place| {
        dropped(p);
        p.has("A", "x");
    };
    assert_eq!(row(stranger), "A Drift/ChangedOutside Update []");
    let wish = |p: &mut Place| {
        dropped(p);
        p.want("A", "d");
    };
    assert_eq!(row(wish), "A Change/DesiredMoved Create []");
    let unwanted = |p: &mut Place| {
        dropped(p);
        p.desired.vars.clear();
    };
    assert_eq!(row(unwanted), "A InSync/EqualUnrecorded Record []");
}

#[test]
fn what_is_stored_but_not_running_is_said_and_is_no_difference() {
    let world = World::one(|p| {
        p.settled("A", "d");
        p.live.running = Running::Behind(Behind {
            restart_helps: true,
            names: [var("A")].into(),
            since: Some(stamp(5)),
            why: "the last deployment is older".to_owned(),
            help: None,
        });
    });
    let plan = world.plan();
    let behind = plan.targets[0].behind.as_ref().unwrap();
    assert_eq!(behind.names, [var("A")].into());
    assert!(!has_differences(&plan));
}
