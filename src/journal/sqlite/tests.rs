//! The journal in one process: what is remembered, what is not believed, what is refused. Several
//! processes: `tests/it/journal`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use super::{SqliteJournal, schema};
use crate::journal::{
    AppliedAuthority, Authenticator, HistoryFilter, IntendedVar, Intent, Journal, JournalError,
    Observation, Observations, Proof, Receipt, ReceiptId, ReceiptOutcome, Recollection, Remembered,
    Scope, Sighting, VarAction, VarOutcome, VarReceipt, Was,
};
use crate::model::{
    AuthorityFacts, Fingerprint, FingerprintKey, Fingerprinter, LastApplied, Sensitivity,
    TargetName, VarName,
};

mod alerts;
mod forged;
mod opening;
mod remembered;

struct World {
    folder: tempfile::TempDir,
    journal: SqliteJournal,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::new(folder.path().join("state/journal.db"));
        Self { folder, journal }
    }

    /// Another handle on the same file, as the next run has it.
    fn again(&self) -> SqliteJournal {
        SqliteJournal::new(self.journal.path())
    }

    fn sql(&self, statements: &str) {
        let connection = Connection::open(self.journal.path()).unwrap();
        connection.execute_batch(statements).unwrap();
    }

    fn last(&self, auth: &Authenticator) -> LastApplied {
        self.recollect(auth).targets.remove("api").unwrap()
    }

    fn recollect(&self, auth: &Authenticator) -> Recollection {
        let targets = [(target(), "place".to_owned())];
        self.again().last_applied(&scope(), &targets, auth).unwrap()
    }

    fn record(&mut self, receipt: Receipt) {
        let kept = self.journal.record(&scope(), &[receipt], &auth(1, &[]));
        assert_eq!(kept.unwrap().notes, Vec::<String>::new());
    }

    fn proofs(&self) -> Vec<Proof> {
        let all = HistoryFilter::default();
        let history = self.again().history(&scope(), &all, &auth(1, &[]));
        history.unwrap().iter().map(|entry| entry.proof).collect()
    }
}

fn scope() -> Scope {
    Scope("lineage-1".to_owned())
}

fn target() -> TargetName {
    "api".parse().unwrap()
}

fn name(text: &str) -> VarName {
    text.parse().unwrap()
}

fn auth(present: u8, former: &[u8]) -> Authenticator {
    let key = |byte: u8| FingerprintKey::new([byte; 32]);
    let former = former.iter().copied().map(key).collect();
    Authenticator::new(&Fingerprinter::new(key(present), former))
}

fn at(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn print(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes([byte; 32])
}

fn var(action: VarAction, after: Option<u8>, outcome: VarOutcome) -> VarReceipt {
    VarReceipt {
        action,
        before: None,
        after: after.map(print),
        sequence: None,
        declared: None,
        sensitivity: Sensitivity::Secret,
        platform_changed_at: None,
        dropped: false,
        outcome,
    }
}

fn done(after: u8) -> VarReceipt {
    var(VarAction::Set, Some(after), VarOutcome::Done)
}

fn receipt<const N: usize>(second: i64, vars: [(&str, VarReceipt); N]) -> Receipt {
    Receipt {
        manifest: "production".parse().unwrap(),
        target: target(),
        place: "place".to_owned(),
        identity: "inode 7".to_owned(),
        at: at(second),
        who: "ops@laptop".to_owned(),
        revision: None,
        plan_id: "0123".to_owned(),
        outcome: ReceiptOutcome::Applied,
        vars: vars
            .into_iter()
            .map(|(text, var)| (name(text), var))
            .collect(),
        activated: None,
    }
}

fn intent<const N: usize>(names: [&str; N]) -> Intent {
    let intended = IntendedVar {
        action: VarAction::Set,
        before: None,
        after: None,
    };
    Intent {
        manifest: "production".parse().unwrap(),
        target: target(),
        place: "place".to_owned(),
        at: at(0),
        who: "ops@laptop".to_owned(),
        revision: None,
        plan_id: "0123".to_owned(),
        vars: names.map(|text| (name(text), intended.clone())).into(),
    }
}

fn names<const N: usize>(texts: [&str; N]) -> BTreeSet<VarName> {
    texts.map(name).into()
}
