//! The book of alerts.

use std::cell::Cell;

use super::*;
use crate::model::AlertBook;

fn raised(book: &AlertBook) -> Option<AlertBook> {
    let mut next = book.clone();
    next.last_event += 1;
    Some(next)
}

fn read(world: &World, auth: &Authenticator) -> Remembered<AlertBook> {
    world.again().alerts(&scope(), auth).unwrap()
}

#[test]
fn a_book_is_begun_once_and_its_generation_rises_with_each_change() {
    let mut world = World::new();
    let ours = auth(1, &[]);
    assert_eq!(read(&world, &ours), Remembered::Nothing);
    let first = (world.journal).change_alerts(&scope(), &ours, &mut raised);
    let first = first.unwrap();
    assert_eq!((first.generation, first.id.len()), (1, 12));
    let second = world.again().change_alerts(&scope(), &ours, &mut raised);
    let second = second.unwrap();
    assert_eq!(second.id, first.id);
    assert_eq!((second.generation, second.last_event), (2, 2));
    assert_eq!(read(&world, &ours), Remembered::Known(second));
    assert!(world.journal.notes().is_empty());
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let mut world = World::new();
    let ours = auth(1, &[]);
    let none = (world.journal).change_alerts(&scope(), &ours, &mut |_| None);
    assert_eq!(none.unwrap().generation, 0);
    let same = |book: &AlertBook| {
        // its generation and its name are the journal's to say
        Some(AlertBook {
            generation: 77,
            id: "mine".to_owned(),
            ..book.clone()
        })
    };
    let kept = (world.journal).change_alerts(&scope(), &ours, &mut { same });
    assert_eq!(kept.unwrap().generation, 0);
    assert_eq!(read(&world, &ours), Remembered::Nothing);
    let first = (world.journal).change_alerts(&scope(), &ours, &mut raised);
    let first = first.unwrap();
    let kept = (world.journal).change_alerts(&scope(), &ours, &mut { same });
    assert_eq!(kept.unwrap(), first);
}

#[test]
fn a_book_that_is_not_to_be_believed_counts_as_none_and_is_begun_anew() {
    let mut world = World::new();
    let ours = auth(1, &[]);
    let first = (world.journal).change_alerts(&scope(), &ours, &mut raised);
    let first = first.unwrap();
    world.sql("UPDATE alerts SET body = replace(body, '\"last_event\":1', '\"last_event\":9')");
    assert_eq!(read(&world, &ours), Remembered::Unverified);
    // a look that changes nothing leaves it where it is
    (world.journal)
        .change_alerts(&scope(), &ours, &mut |_| None)
        .unwrap();
    assert_eq!(read(&world, &ours), Remembered::Unverified);
    let seen = Cell::new(9);
    let begun = world.journal.change_alerts(&scope(), &ours, &mut |book| {
        seen.set(book.last_event);
        raised(book)
    });
    let begun = begun.unwrap();
    assert_eq!((seen.get(), begun.last_event, begun.generation), (0, 1, 1));
    assert_ne!(begun.id, first.id);
    assert_eq!(
        world.journal.notes(),
        [
            "the book of alerts of lineage-1 does not verify and counts as none: what is wrong now is \
          told anew"
        ]
    );
}

#[test]
fn under_another_key_it_is_not_read_and_under_a_former_one_it_is() {
    let mut world = World::new();
    let first = (world.journal).change_alerts(&scope(), &auth(1, &[]), &mut raised);
    assert_eq!(read(&world, &auth(2, &[])), Remembered::OtherKey);
    assert_eq!(
        read(&world, &auth(2, &[1])),
        Remembered::Known(first.unwrap())
    );
    let moved = (world.journal).change_alerts(&scope(), &auth(2, &[1]), &mut raised);
    assert_eq!(moved.unwrap().generation, 2);
    assert_eq!(read(&world, &auth(1, &[])), Remembered::OtherKey);
    let refused =
        (world.journal).change_alerts(&scope(), &Authenticator::without_key(), &mut raised);
    assert!(matches!(refused, Err(JournalError::NoKey)));
    assert!(matches!(read(&world, &auth(2, &[])), Remembered::Known(_)));
}

#[test]
fn a_lost_journal_begins_another_book() {
    let mut world = World::new();
    let ours = auth(1, &[]);
    let first = (world.journal).change_alerts(&scope(), &ours, &mut raised);
    let first = first.unwrap();
    world.journal = world.again();
    fs::remove_dir_all(world.folder.path().join("state")).unwrap();
    assert_eq!(read(&world, &ours), Remembered::Nothing);
    let begun = (world.journal).change_alerts(&scope(), &ours, &mut raised);
    let begun = begun.unwrap();
    assert_ne!(begun.id, first.id);
    assert_eq!((begun.generation, begun.last_event), (1, 1));
}

#[test]
fn it_outlives_pruning_and_moves_with_the_records() {
    let mut world = World::new();
    let ours = auth(1, &[]);
    world.record(receipt(1, [("A", done(1))]));
    world.record(receipt(2, [("A", done(2))]));
    let book = (world.journal).change_alerts(&scope(), &ours, &mut raised);
    let book = book.unwrap();
    world.journal.prune(&scope(), 1).unwrap();
    assert_eq!(read(&world, &ours), Remembered::Known(book.clone()));
    let archive = world.journal.export(&scope()).unwrap().unwrap();
    // where somebody only looked until now there is a book of its own
    let mut other = World::new();
    (other.journal)
        .change_alerts(&scope(), &ours, &mut raised)
        .unwrap();
    other.journal.import(&scope(), &archive).unwrap();
    assert_eq!(read(&other, &ours), Remembered::Known(book));
}
