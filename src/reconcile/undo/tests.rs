//! Pure parts: how long, and what opens.

use jiff::{SignedDuration, Timestamp};

use super::carry::{Carried, without_twins};
use super::retention::{Policy, Retention, expired, until};
use super::sealing::{Former, NotOpened, fill, open, reseal};
use crate::crypto::Envelope;
use crate::journal::{Authenticator, Changes, KeptKind, KeptRow, Scope, UndoStore};
use crate::model::{FingerprintKey, Fingerprinter, SecretValue, Sensitivity};

fn auth() -> Authenticator {
    let key = FingerprintKey::new([1; 32]);
    Authenticator::new(&Fingerprinter::new(key, vec![]))
}

fn envelope() -> Envelope {
    Envelope::generate(&"dev".parse().unwrap())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn row(receipt: Option<u64>, when: &str) -> KeptRow {
    let (target, name) = ("api".parse().unwrap(), "A".parse().unwrap());
    let mut row = KeptRow::new(("plan", at(when)), &target, "place", &name);
    row.receipt = receipt;
    row
}

fn sealed(former: &Former, envelope: Option<&Envelope>) -> KeptRow {
    let mut row = row(None, "2026-01-01T00:00:00.5Z");
    fill(&mut row, former, envelope);
    assert!(row.prove(&auth()));
    row
}

fn secret() -> Former {
    Former::Value(SecretValue::new("hunter2"), Sensitivity::Secret)
}

fn clear() -> Former {
    Former::Value(SecretValue::new("info"), Sensitivity::Clear)
}

#[test]
fn what_was_kept_opens_under_its_own_key_only() {
    let (mine, other) = (envelope(), envelope());
    let formers = [
        secret(),
        clear(),
        Former::Absent,
        Former::NotKept("why".to_owned()),
    ];
    for former in formers {
        let row = sealed(&former, Some(&mine));
        assert!(!row.body.contains("hunter2") && !row.body.contains("info"));
        assert_eq!(open(&row, Some(&mine), &auth()), Ok(former));
        for wrong in [Some(&other), None] {
            assert_eq!(open(&row, wrong, &auth()), Err(NotOpened::OtherKey));
        }
        let nobody = Authenticator::without_key();
        assert_eq!(open(&row, Some(&mine), &nobody), Err(NotOpened::Forged));
    }
}

#[test]
fn without_a_key_only_clear_text_is_kept() {
    let row = sealed(&clear(), None);
    assert_eq!((row.kind, row.body.as_str()), (KeptKind::Clear, "info"));
    assert_eq!(open(&row, None, &auth()), Ok(clear()));
    let row = sealed(&secret(), None);
    assert_eq!(row.kind, KeptKind::NotKept);
    assert!(!row.body.contains("hunter2"));
}

#[test]
fn a_payload_is_bound_to_what_it_is_even_where_the_proof_is_made_anew() {
    let mine = envelope();
    let edits: [fn(&mut KeptRow); 6] = [
        |row| row.kind = KeptKind::Clear,
        |row| row.plan_id = "other".to_owned(),
        |row| row.at = at("2026-01-01T00:00:00.6Z"),
        |row| row.target = "web".parse().unwrap(),
        |row| row.place = "other".to_owned(),
        |row| row.variable = "B".parse().unwrap(),
    ];
    for edit in edits {
        let mut row = sealed(&secret(), Some(&mine));
        edit(&mut row);
        assert!(row.prove(&auth()));
        assert_eq!(open(&row, Some(&mine), &auth()), Err(NotOpened::Forged));
    }
}

#[test]
fn what_is_too_long_to_seal_is_said_to_be() {
    let long = SecretValue::new("x".repeat((1 << 20) + 1));
    let row = sealed(&Former::Value(long, Sensitivity::Secret), Some(&envelope()));
    assert_eq!(row.kind, KeptKind::NotKept);
    assert!(row.body.contains("1 MiB") && row.body.len() < 100);
}

#[test]
fn a_row_is_carried_over_to_another_key() {
    let (old, new) = (envelope(), envelope());
    let row = sealed(&secret(), Some(&old));
    let apply = ("next", at("2026-01-02T00:00:00Z"));
    let carried = reseal(&row, apply, (Some(&old), &auth()), (Some(&new), &auth())).unwrap();
    assert_eq!(open(&carried, Some(&new), &auth()), Ok(secret()));
    assert_eq!(carried.key, Some(new.key_id()));
    assert_eq!(carried.plan_id, "next");
    let wrong = reseal(&row, apply, (Some(&new), &auth()), (Some(&new), &auth()));
    assert_eq!(wrong, None);
}

#[test]
fn a_policy_is_off_or_a_time() {
    let hours = |text: &str| match Policy::parse(text) {
        Some(Policy::For(retention)) => Some(retention.age.as_hours()),
        _ => None,
    };
    assert_eq!(Policy::parse("off"), Some(Policy::Off));
    assert_eq!(Policy::parse("OFF"), Some(Policy::Off));
    assert_eq!(hours("7d"), Some(168));
    assert_eq!(hours("12h"), Some(12));
    for bad in [
        "", "0d", "-1d", "7", "d", "7 d", "1.5h", "99999d", "é", "7é", "on",
    ] {
        assert_eq!(Policy::parse(bad), None, "{bad}");
    }
}

#[test]
fn rows_go_when_they_are_old_or_pushed_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = crate::journal::UndoStore::new(folder.path().join("undo.sqlite3"));
    let scope = crate::journal::Scope("m".to_owned());
    let mut add: Vec<KeptRow> = (1..=5)
        .map(|number| row(Some(number), "2026-01-10T00:00:00Z"))
        .collect();
    add.push(row(None, "2026-01-10T00:00:00Z"));
    add.push(row(None, "2026-01-01T00:00:00Z"));
    // another target has a count of its own
    let mut other = row(Some(1), "2026-01-10T00:00:00Z");
    other.target = "web".parse().unwrap();
    add.push(other);
    let changes = crate::journal::Changes {
        add,
        ..crate::journal::Changes::default()
    };
    store.change(&scope, &changes).unwrap();
    let rows = store.rows(&scope).unwrap();
    let retention = Retention {
        age: SignedDuration::from_hours(7 * 24),
        receipts: 3,
    };
    let left = |now: &str| -> Vec<(String, Option<u64>)> {
        let gone = expired(&rows, at(now), &retention);
        let stays = |row: &&KeptRow| !gone.contains(&row.id.unwrap());
        let kept = rows.iter().filter(stays);
        kept.map(|row| (row.target.to_string(), row.receipt))
            .collect()
    };
    let api = |receipt| ("api".to_owned(), receipt);
    let pushed = [
        api(Some(3)),
        api(Some(4)),
        api(Some(5)),
        api(None),
        ("web".to_owned(), Some(1)),
    ];
    assert_eq!(left("2026-01-12T00:00:00Z"), pushed);
    assert_eq!(until(&rows[0], &retention), at("2026-01-17T00:00:00Z"));
    assert_eq!(left("2026-01-17T00:00:00Z"), pushed, "to the second");
    assert_eq!(left("2026-01-17T00:00:01Z"), []);
    // a clock that was set back deletes nothing early
    assert_eq!(left("2025-01-01T00:00:00Z").len(), 6);
}

/// A re-key that ends at any moment leaves what is kept under the key that the manifest then has.
#[test]
fn what_is_kept_follows_to_a_new_key_at_every_moment() {
    let folder = tempfile::tempdir().unwrap();
    let scope = Scope("dev".to_owned());
    let new_auth = {
        let key = |byte| FingerprintKey::new([byte; 32]);
        Authenticator::new(&Fingerprinter::new(key(2), vec![key(1)]))
    };
    let (old, new) = (envelope(), envelope());
    let opened = |rows: &[KeptRow], with: &Envelope| -> Vec<Former> {
        let rows = without_twins(rows.to_vec(), Some(with.key_id()));
        rows.iter()
            .map(|row| open(row, Some(with), &new_auth).unwrap())
            .collect()
    };
    for (number, ends) in ["begun", "taken back", "done"].into_iter().enumerate() {
        let mut store = UndoStore::new(folder.path().join(format!("{number}.sqlite3")));
        let mut rows: Vec<KeptRow> = [secret(), clear(), Former::Absent]
            .iter()
            .zip(["A", "B", "C"])
            .map(|(former, name)| {
                let (target, name) = ("api".parse().unwrap(), name.parse().unwrap());
                let when = at("2026-01-01T00:00:00.5Z");
                let mut row = KeptRow::new(("plan", when), &target, "place", &name);
                row.wanted = "a fingerprint under the old key".to_owned();
                fill(&mut row, former, Some(&old));
                assert!(row.prove(&auth()));
                row
            })
            .collect();
        let mut forged = rows[0].clone();
        forged.body = "edited".to_owned();
        rows.push(forged);
        let changes = Changes {
            add: rows,
            ..Changes::default()
        };
        store.change(&scope, &changes).unwrap();
        let carried =
            Carried::begin(&mut store, &scope, (&old, &auth()), (&new, &new_auth)).unwrap();
        assert_eq!(carried.count(), 3, "what was forged is not believed anew");
        match ends {
            "begun" => {}
            "done" => carried.finish(&mut store, &scope).unwrap(),
            _ => carried.take_back(&mut store, &scope).unwrap(),
        }
        let mut rows = store.rows(&scope).unwrap();
        rows.retain(|row| row.body != "edited");
        let all = vec![secret(), clear(), Former::Absent];
        if ends != "done" {
            assert_eq!(opened(&rows, &old), all, "{ends}");
        }
        if ends != "taken back" {
            assert_eq!(opened(&rows, &new), all, "{ends}");
            let carried = rows.iter().filter(|row| row.key == Some(new.key_id()));
            assert!(carried.into_iter().all(|row| row.wanted.is_empty()));
        }
        assert_eq!(rows.len(), if ends == "begun" { 6 } else { 3 });
    }
}
