//! What somebody with an editor for databases, and no key, can do: nothing but make us forget.

use super::*;

fn recorded_twice() -> World {
    let mut world = World::new();
    world.record(receipt(1, [("A", done(1))]));
    world.record(receipt(2, [("A", done(2))]));
    world
}

fn assert_forgotten(world: &World) {
    let recollection = world.recollect(&auth(1, &[]));
    assert_eq!(recollection.unverified, 1);
    assert!(!recollection.targets["api"].recorded);
    assert!(recollection.targets["api"].vars.is_empty());
}

#[test]
fn an_edited_state_counts_as_none() {
    for edit in [
        "UPDATE states SET body = replace(body, '\"secret\"', '\"clear\"')",
        "UPDATE states SET body = 'not json'",
        "UPDATE states SET mac = x'00'",
        "UPDATE states SET mac = zeroblob(32)",
    ] {
        let world = recorded_twice();
        world.sql(edit);
        assert_forgotten(&world);
    }
}

#[test]
fn a_state_moved_to_another_place_or_put_back_counts_as_none() {
    let world = recorded_twice();
    world.sql("UPDATE states SET place = 'elsewhere'");
    let targets = [(target(), "elsewhere".to_owned())];
    let found = world
        .again()
        .last_applied(&scope(), &targets, &auth(1, &[]))
        .unwrap();
    assert_eq!(
        (found.unverified, found.targets["api"].recorded),
        (1, false)
    );

    let mut world = World::new();
    world.record(receipt(1, [("A", done(1))]));
    world.sql("CREATE TABLE old AS SELECT * FROM states");
    world.record(receipt(2, [("A", done(2))]));
    world.sql("DELETE FROM states; INSERT INTO states SELECT * FROM old; DROP TABLE old");
    assert_forgotten(&world);
}

#[test]
fn an_apply_after_a_forgery_begins_anew_and_believes_nothing_of_it() {
    let mut world = recorded_twice();
    world.sql("UPDATE states SET body = replace(body, '\"A\"', '\"B\"')");
    world.record(receipt(3, [("C", done(3))]));
    let last = world.last(&auth(1, &[]));
    assert_eq!(last.vars.keys().collect::<Vec<_>>(), [&name("C")]);
}

#[test]
fn edited_receipts_show_in_the_history() {
    let world = recorded_twice();
    assert_eq!(world.proofs(), [Proof::Verified; 2]);
    world.sql("UPDATE receipts SET body = replace(body, 'ops@', 'eve@') WHERE number = 1");
    assert_eq!(world.proofs(), [Proof::ChainBroken, Proof::Forged]);

    for column in ["at", "place", "target"] {
        let world = recorded_twice();
        let value = "2030-01-01T00:00:00Z";
        world.sql(&format!(
            "UPDATE receipts SET {column} = '{value}' WHERE number = 2"
        ));
        assert_eq!(world.proofs(), [Proof::Forged, Proof::Verified], "{column}");
    }
}

#[test]
fn a_receipt_taken_out_of_the_middle_breaks_the_chain() {
    let mut world = recorded_twice();
    world.record(receipt(3, [("A", done(3))]));
    world.sql("DELETE FROM receipts WHERE number = 2");
    assert_eq!(world.proofs(), [Proof::ChainBroken, Proof::Verified]);
}

#[test]
fn a_receipt_that_a_stranger_wrote_is_no_proof() {
    let world = recorded_twice();
    let mut stranger = world.again();
    let theirs = [receipt(3, [("A", done(9))])];
    stranger.record(&scope(), &theirs, &auth(9, &[])).unwrap();
    assert_eq!(
        world.proofs(),
        [Proof::OtherKey, Proof::Verified, Proof::Verified]
    );
    // Their state is in the place of ours: there is a record, and it compares with nothing.
    let last = world.last(&auth(1, &[]));
    assert!(last.recorded && !last.comparable && last.vars.is_empty());
}

#[test]
fn a_lost_former_key_makes_records_incomparable_and_a_kept_one_does_not() {
    let mut world = World::new();
    world.record(receipt(1, [("A", done(1)), ("B", done(2))]));
    let rekeyed = auth(2, &[1]);
    assert!(world.last(&rekeyed).comparable);
    let update = [receipt(2, [("A", done(3))])];
    world.journal.record(&scope(), &update, &rekeyed).unwrap();
    assert!(world.last(&rekeyed).comparable);
    // `B` was fingerprinted under the key that is gone now.
    let lost = world.last(&auth(2, &[]));
    assert!(lost.recorded && !lost.comparable);
}

#[test]
fn without_an_identity_nothing_is_recorded_and_nothing_believed() {
    let mut world = World::new();
    let none = Authenticator::without_key();
    let receipts = [receipt(1, [("A", done(1))])];
    let error = world
        .journal
        .record(&scope(), &receipts, &none)
        .unwrap_err();
    assert!(matches!(error, JournalError::NoKey));
    assert!(world.proofs().is_empty());
    world.record(receipt(1, [("A", done(1))]));
    let last = world.last(&none);
    assert!(last.recorded && !last.comparable && last.vars.is_empty());
}
