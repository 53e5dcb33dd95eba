//! The journal between processes: this test binary runs itself as writers and kills them.
#![expect(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use driftlock::journal::{
    Authenticator, HistoryFilter, Holder, IntendedVar, Intent, Journal, LeaseRequest, Proof,
    Receipt, ReceiptOutcome, Scope, SqliteJournal, VarAction, VarOutcome, VarReceipt,
};
use driftlock::model::{Fingerprint, FingerprintKey, Fingerprinter, Sensitivity, VarName};
use rand::Rng;

mod alerts;
mod pages;
mod read_only;
mod size;

const FOLDER: &str = "DRIFTLOCK_TEST_JOURNAL";

pub fn auth() -> Authenticator {
    Authenticator::new(&Fingerprinter::new(FingerprintKey::new([7; 32]), vec![]))
}

fn scope() -> Scope {
    Scope("lineage".to_owned())
}

fn journal(folder: &Path) -> SqliteJournal {
    SqliteJournal::new(folder.join("journal.db"))
}

fn name() -> VarName {
    "A".parse().unwrap()
}

pub fn receipt(target: &str, plan_id: String) -> Receipt {
    let var = VarReceipt {
        action: VarAction::Set,
        before: None,
        after: Some(Fingerprint::from_bytes([1; 32])),
        sequence: None,
        declared: None,
        sensitivity: Sensitivity::Secret,
        platform_changed_at: None,
        dropped: false,
        outcome: VarOutcome::Done,
    };
    Receipt {
        manifest: "production".parse().unwrap(),
        target: target.parse().unwrap(),
        place: target.to_owned(),
        identity: String::new(),
        at: jiff::Timestamp::UNIX_EPOCH,
        who: "writer".to_owned(),
        revision: None,
        plan_id,
        outcome: ReceiptOutcome::Applied,
        vars: [(name(), var)].into(),
        activated: None,
    }
}

fn intent(target: &str) -> Intent {
    let var = IntendedVar {
        action: VarAction::Set,
        before: None,
        after: None,
    };
    Intent {
        manifest: "production".parse().unwrap(),
        target: target.parse().unwrap(),
        place: target.to_owned(),
        at: jiff::Timestamp::UNIX_EPOCH,
        who: "writer".to_owned(),
        revision: None,
        plan_id: "plan".to_owned(),
        vars: [(name(), var)].into(),
    }
}

/// What the writers of [`spawn`] run. In an ordinary run of the tests it does nothing.
#[test]
fn writer() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test tells its child what to do"
    )]
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut journal = journal(Path::new(&folder));
    let target = format!("w{}", std::process::id());
    let mut out = std::io::stderr().lock();
    for count in 0_u32.. {
        let ids = journal.begin(&scope(), &[intent(&target)]).unwrap();
        let plan = format!("{target}-{count}");
        let receipts = [(ids[0], receipt(&target, plan.clone()))];
        journal.finish(&scope(), &receipts, &auth()).unwrap();
        // Only what has been kept is told.
        if writeln!(out, "kept {plan}").is_err() {
            return;
        }
    }
}

fn spawn(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "journal::writer",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the writer after some of its receipts, in the midst of the next one, and returns all that
/// it said it had kept.
fn kill_after(mut child: Child, receipts: usize) -> Vec<String> {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut kept = Vec::new();
    while let Some(Ok(line)) = lines.next() {
        kept.extend(line.strip_prefix("kept ").map(str::to_owned));
        if kept.len() == receipts {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(
        kept.len() >= receipts,
        "a writer failed by itself: {kept:?}"
    );
    kept
}

#[test]
fn no_kept_receipt_is_lost_when_three_writers_at_once_are_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = BTreeSet::new();
    let mut targets = BTreeSet::new();
    for _ in 0..17 {
        let writers = [(); 3].map(|()| spawn(folder.path()));
        let threads = writers.map(|child| {
            targets.insert(format!("w{}", child.id()));
            let receipts = rand::thread_rng().gen_range(1..12);
            std::thread::spawn(move || kill_after(child, receipts))
        });
        for thread in threads {
            kept.extend(thread.join().unwrap());
        }
        // The database opens after each round, and goes on.
        journal(folder.path())
            .record(&scope(), &[], &auth())
            .unwrap();
    }
    let all = HistoryFilter::default();
    let history = journal(folder.path())
        .history(&scope(), &all, &auth())
        .unwrap();
    assert!(history.iter().all(|entry| entry.proof == Proof::Verified));
    let ids: Vec<u64> = history.iter().rev().map(|entry| entry.id.0).collect();
    assert_eq!(ids, (1..=history.len() as u64).collect::<Vec<_>>());
    let found: BTreeSet<String> = history
        .into_iter()
        .map(|entry| entry.receipt.unwrap().plan_id)
        .collect();
    let lost: Vec<_> = kept.difference(&found).collect();
    assert!(lost.is_empty(), "lost of {}: {lost:?}", kept.len());
    // At most the one receipt in flight of each writer was kept and not told.
    assert!(found.len() - kept.len() <= targets.len());
    check_targets(folder.path(), &targets);
}

/// Each killed writer's target is either in doubt, or recorded.
fn check_targets(folder: &Path, targets: &BTreeSet<String>) {
    let asked: Vec<_> = targets
        .iter()
        .map(|target| (target.parse().unwrap(), target.clone()))
        .collect();
    let recollection = journal(folder)
        .last_applied(&scope(), &asked, &auth())
        .unwrap();
    assert_eq!(recollection.unverified, 0);
    assert!(
        recollection
            .targets
            .values()
            .all(|last| last.recorded || last.in_doubt)
    );
}

#[test]
fn processes_that_race_to_create_it_share_one_journal() {
    let folder = tempfile::tempdir().unwrap();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let mut journal = journal(folder.path());
            std::thread::spawn(move || journal.local_key(&scope()).unwrap())
        })
        .collect();
    let mut keys = threads.into_iter().map(|thread| thread.join().unwrap());
    let first = keys.next().unwrap();
    assert!(keys.all(|key| key == first));
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "only the journal is left behind");
}

/// Takes a lease and holds it until it is killed.
#[test]
fn lease_holder() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test tells its child what to do"
    )]
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let lease = journal(Path::new(&folder))
        .lease(&[&scope()], &request("other run"))
        .unwrap();
    writeln!(std::io::stderr(), "held").unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
    drop(lease);
}

fn request(who: &str) -> LeaseRequest {
    LeaseRequest {
        holder: Holder {
            pid: std::process::id(),
            who: who.to_owned(),
            run: None,
            since: jiff::Timestamp::UNIX_EPOCH,
        },
        breaks: None,
    }
}

#[test]
fn a_lease_goes_with_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "journal::lease_holder", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "held"));
    let mut journal = journal(folder.path());
    let refused = journal
        .lease(&[&scope()], &request("this run"))
        .unwrap_err();
    let expected = format!("held by process {} (other run) since", child.id());
    assert!(refused.to_string().contains(&expected), "{refused}");
    child.kill().unwrap();
    child.wait().unwrap();
    drop(journal.lease(&[&scope()], &request("this run")).unwrap());
}
