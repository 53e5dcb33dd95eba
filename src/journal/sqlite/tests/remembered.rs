//! What the next run knows.

use super::*;

#[test]
fn nothing_recorded_creates_no_file() {
    let world = World::new();
    let last = world.last(&auth(1, &[]));
    assert!(!last.recorded && !last.in_doubt && last.comparable);
    assert!(
        world
            .journal
            .existing_local_key(&scope())
            .unwrap()
            .is_none()
    );
    assert!(!world.journal.path().exists());
}

#[test]
fn sets_and_deletes_are_remembered_and_refusals_change_nothing() {
    let mut world = World::new();
    world.record(receipt(1, [("A", done(1)), ("B", done(2)), ("C", done(3))]));
    world.record(receipt(
        2,
        [
            ("A", var(VarAction::Set, Some(9), VarOutcome::Refused)),
            ("B", var(VarAction::Delete, None, VarOutcome::Done)),
        ],
    ));
    let last = world.last(&auth(1, &[]));
    assert!(last.recorded && last.comparable && !last.in_doubt);
    assert_eq!((last.identity.as_str(), last.at), ("inode 7", Some(at(2))));
    let vars: Vec<_> = last
        .vars
        .iter()
        .map(|(name, var)| (name.as_str(), var.fingerprint))
        .collect();
    assert_eq!(vars, [("A", print(1)), ("C", print(3))]);
    assert_eq!(last.vars["A"].at, at(1));
}

#[test]
fn a_write_without_a_fingerprint_leaves_no_record_behind() {
    let mut world = World::new();
    world.record(receipt(1, [("A", done(1))]));
    world.record(receipt(
        2,
        [("A", var(VarAction::Set, None, VarOutcome::Done))],
    ));
    assert!(world.last(&auth(1, &[])).vars.is_empty());
}

#[test]
fn an_intent_without_a_receipt_leaves_its_names_in_doubt_until_they_are_settled() {
    let mut world = World::new();
    let auth = auth(1, &[]);
    world.record(receipt(1, [("A", done(1))]));
    world
        .journal
        .begin(&scope(), &[intent(["A", "B"])])
        .unwrap();
    assert!(world.last(&auth).in_doubt);
    assert_eq!(world.last(&auth).doubts, names(["A", "B"]));

    let ids = world.journal.begin(&scope(), &[intent(["A"])]).unwrap();
    let receipts = [(ids[0], receipt(2, [("A", done(2))]))];
    world.journal.finish(&scope(), &receipts, &auth).unwrap();
    assert_eq!(world.last(&auth).doubts, names(["B"]));

    world.record(receipt(
        3,
        [("B", var(VarAction::Delete, None, VarOutcome::Done))],
    ));
    assert!(!world.last(&auth).in_doubt && world.last(&auth).doubts.is_empty());
}

#[test]
fn in_doubt_and_unsaid_names_stay_in_doubt_and_refused_ones_do_not() {
    let mut world = World::new();
    let ids = world
        .journal
        .begin(&scope(), &[intent(["A", "B", "C", "D"])])
        .unwrap();
    let vars = [
        ("A", done(1)),
        ("B", var(VarAction::Set, Some(2), VarOutcome::InDoubt)),
        ("C", var(VarAction::Set, Some(3), VarOutcome::Refused)),
    ];
    let receipts = [(ids[0], receipt(1, vars))];
    world
        .journal
        .finish(&scope(), &receipts, &auth(1, &[]))
        .unwrap();
    let recollection = world.recollect(&auth(1, &[]));
    assert!(recollection.targets["api"].in_doubt);
    assert_eq!(recollection.targets["api"].doubts, names(["B", "D"]));
}

#[test]
fn the_highest_sequence_outlives_lower_ones_deletes_and_pruning() {
    let mut world = World::new();
    let sealed = |sequence| VarReceipt {
        sequence: Some(sequence),
        declared: Some(name("SECRET")),
        ..done(1)
    };
    for (second, sequence) in [4, 7, 5].into_iter().enumerate() {
        world.record(receipt(second as i64, [("A", sealed(sequence))]));
    }
    world.record(receipt(
        9,
        [("A", var(VarAction::Delete, None, VarOutcome::Done))],
    ));
    assert_eq!(world.journal.prune(&scope(), 0).unwrap(), 3);
    let last = world.last(&auth(1, &[]));
    assert_eq!(last.sequences, BTreeMap::from([(name("SECRET"), 7)]));
    assert_eq!(world.proofs(), [Proof::Verified]);
    world.record(receipt(10, [("A", sealed(8))]));
    assert_eq!(world.proofs(), [Proof::Verified; 2]);
    assert_eq!(world.last(&auth(1, &[])).sequences[&name("SECRET")], 8);
}

#[test]
fn a_clock_that_went_backwards_is_noted_and_does_not_change_the_order() {
    let mut world = World::new();
    world.record(receipt(100, [("A", done(1))]));
    let early = [receipt(50, [("A", done(2))])];
    let kept = world
        .journal
        .record(&scope(), &early, &auth(1, &[]))
        .unwrap();
    assert_eq!(kept.ids, [ReceiptId(2)]);
    assert_eq!(
        kept.notes,
        [
            "the clock of this machine is behind the last receipt: api is recorded under \
          2027-01-15T08:01:40Z"
        ]
    );
    let last = world.last(&auth(1, &[]));
    assert_eq!(
        (last.at, last.vars["A"].fingerprint),
        (Some(at(100)), print(2))
    );
    let all = HistoryFilter::default();
    let history = world
        .again()
        .history(&scope(), &all, &auth(1, &[]))
        .unwrap();
    assert_eq!(history[0].at, at(100));
    assert_eq!(history[0].receipt.as_ref().unwrap().at, at(50));
}

#[test]
fn history_is_filtered_and_newest_first() {
    let mut world = World::new();
    let renamed = VarReceipt {
        declared: Some(name("B")),
        ..done(3)
    };
    world.record(receipt(1, [("A", done(1))]));
    world.record(receipt(2, [("B", done(2))]));
    world.record(receipt(3, [("C", renamed)]));
    let other = Receipt {
        target: "web".parse().unwrap(),
        ..receipt(4, [("A", done(4))])
    };
    world.record(other);
    let found = |filter: HistoryFilter| -> Vec<u64> {
        let history = world.again().history(&scope(), &filter, &auth(1, &[]));
        history.unwrap().iter().map(|entry| entry.id.0).collect()
    };
    let all = HistoryFilter::default;
    assert_eq!(found(all()), [4, 3, 2, 1]);
    assert_eq!(
        found(HistoryFilter {
            variable: Some(name("B")),
            ..all()
        }),
        [3, 2]
    );
    assert_eq!(
        found(HistoryFilter {
            target: Some(target()),
            limit: Some(2),
            ..all()
        }),
        [3, 2]
    );
    assert_eq!(
        found(HistoryFilter {
            limit: Some(0),
            ..all()
        }),
        [0; 0]
    );
}

#[test]
fn scopes_places_and_targets_are_kept_apart() {
    let mut world = World::new();
    world.record(receipt(1, [("A", done(1))]));
    let auth = auth(1, &[]);
    let recorded = |scope: &str, target: &str, place: &str| {
        let targets = [(target.parse().unwrap(), place.to_owned())];
        let scope = Scope(scope.to_owned());
        let found = world.again().last_applied(&scope, &targets, &auth).unwrap();
        found.targets[target].recorded
    };
    assert!(recorded("lineage-1", "api", "place"));
    assert!(!recorded("lineage-2", "api", "place"));
    assert!(!recorded("lineage-1", "web", "place"));
    assert!(!recorded("lineage-1", "api", "elsewhere"));
}

#[test]
fn the_newest_observation_of_each_machine_is_found_under_its_key_only() {
    let mut world = World::new();
    let seen = |machine: &str, second| Observation {
        target: target(),
        place: machine.to_owned(),
        machine: machine.to_owned(),
        at: at(second),
        readable: true,
        vars: BTreeMap::from([(
            name("A"),
            Sighting {
                was: Was::Equal,
                live: Some(print(1)),
            },
        )]),
    };
    let auth = auth(1, &[]);
    let both = [seen("mini", 5), seen("vps", 3)];
    world.journal.observe(&scope(), &both, &auth).unwrap();
    let found = |world: &World, auth| world.again().observations(&scope(), auth).unwrap();
    assert_eq!(found(&world, &auth).known, both);
    world
        .journal
        .observe(&scope(), &[seen("vps", 8)], &auth)
        .unwrap();
    assert_eq!(
        found(&world, &auth).known,
        [seen("mini", 5), seen("vps", 8)]
    );
    let other = super::auth(2, &[]);
    let stranger = found(&world, &other);
    assert!(stranger.known.is_empty());
    assert_eq!(stranger.other_key, BTreeSet::from([target()]));
    world.sql("UPDATE observations SET body = replace(body, 'equal', 'missing')");
    assert_eq!(found(&world, &auth), Observations::default());
}

#[test]
fn authority_is_remembered_under_its_key_only() {
    let mut world = World::new();
    let applied = AppliedAuthority {
        facts: AuthorityFacts {
            recipients: BTreeSet::from(["age1reader".to_owned()]),
            ..AuthorityFacts::default()
        },
        revision: Some("c0ffee".to_owned()),
        at: at(1),
    };
    let ours = auth(1, &[]);
    assert_eq!(
        world.journal.authority(&scope(), &ours).unwrap(),
        Remembered::Nothing
    );
    world
        .journal
        .set_authority(&scope(), &applied, &ours)
        .unwrap();
    let read = |auth: &Authenticator| world.again().authority(&scope(), auth).unwrap();
    assert_eq!(read(&ours), Remembered::Known(applied));
    assert_eq!(read(&auth(2, &[])), Remembered::OtherKey);
    world.sql("UPDATE authorities SET body = replace(body, 'age1reader', 'age1stranger')");
    assert_eq!(read(&ours), Remembered::Unverified);
}

#[test]
fn the_local_key_is_made_once_for_each_scope() {
    let mut world = World::new();
    let first = world.journal.local_key(&scope()).unwrap();
    assert_eq!(world.again().local_key(&scope()).unwrap(), first);
    assert_eq!(
        world.again().existing_local_key(&scope()).unwrap(),
        Some(first.clone())
    );
    let other = Scope("lineage-2".to_owned());
    assert_ne!(world.again().local_key(&other).unwrap(), first);
}
