//! One store: what it holds, what was done to it, and what goes wrong.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Fault, MAX_VALUE_BYTES};
use crate::model::{Completeness, Live, LiveVar, Running, SecretValue, VarName, Version};
use crate::platforms::{Batch, BatchOutcome, Operation, Outcome, ReadError};

/// One variable of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Readable.
    Value(SecretValue),
    /// Held, but shown to nobody who reads.
    Sealed {
        /// The value itself, for a test to look at.
        value: SecretValue,
        /// When the platform says it changed.
        changed_at: Option<Timestamp>,
    },
}

impl Entry {
    /// The value, sealed or not.
    pub fn value(&self) -> &SecretValue {
        match self {
            Self::Value(value) | Self::Sealed { value, .. } => value,
        }
    }
}

/// An operation that took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logged {
    /// This name was set.
    Set(VarName),
    /// This name was deleted, or was absent already.
    Deleted(VarName),
}

/// How often a store was used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Reads asked for, those that failed included.
    pub reads: usize,
    /// Batches asked for, those that were refused included.
    pub writes: usize,
    /// Operations that took effect.
    pub operations: usize,
}

/// The inside of a store.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) exists: bool,
    pub(super) entries: BTreeMap<VarName, Entry>,
    pub(super) faults: Vec<Fault>,
    pub(super) counts: Counts,
    pub(super) log: Vec<Logged>,
    /// Counts every change, whoever made it.
    revision: u64,
    /// What lagging reads still show, and to how many of them.
    behind: Option<(u32, Box<Live>)>,
}

impl Store {
    pub(super) fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    pub(super) fn add_fault(&mut self, fault: Fault) {
        if let Fault::Seals(name, changed_at) = &fault
            && let Some(entry) = self.entries.get(name)
        {
            let value = entry.value().clone();
            let sealed = Entry::Sealed {
                value,
                changed_at: *changed_at,
            };
            self.entries.insert(name.clone(), sealed);
        }
        self.faults.push(fault);
    }

    /// For how many reads a write stays unseen.
    pub(super) fn lag(&self) -> u32 {
        self.first(|fault| match fault {
            Fault::ReadLag(reads) => Some(*reads),
            _ => None,
        })
        .unwrap_or(0)
    }

    /// Puts an entry as somebody else would.
    pub(super) fn put(&mut self, name: &VarName, entry: Option<Entry>) {
        match entry {
            Some(entry) => self.entries.insert(name.clone(), entry),
            None => self.entries.remove(name),
        };
        self.exists = true;
        self.revision += 1;
    }

    pub(super) fn accepts(&self, name: &VarName, value: &SecretValue) -> Result<(), String> {
        if self.has(&Fault::RefusesName(name.clone())) {
            return Err(format!("the store does not take the name {name}"));
        }
        if value.len() > MAX_VALUE_BYTES {
            return Err(format!(
                "the value has {} bytes, and the store takes at most {MAX_VALUE_BYTES}",
                value.len()
            ));
        }
        Ok(())
    }

    pub(super) fn read(&mut self) -> Result<Live, ReadError> {
        self.counts.reads += 1;
        if let Some(error) = self.failed_read() {
            return Err(error);
        }
        if let Some((left, live)) = &mut self.behind {
            *left -= 1;
            let live = (**live).clone();
            if self.behind.as_ref().is_some_and(|(left, _)| *left == 0) {
                self.behind = None;
            }
            return Ok(live);
        }
        Ok(self.live())
    }

    pub(super) fn write(&mut self, batch: &Batch) -> BatchOutcome {
        self.counts.writes += 1;
        self.let_others_write();
        if batch.expected != self.version() {
            return BatchOutcome::refused(batch, "the store changed since it was read", true);
        }
        if self.wears_off(|fault| match fault {
            Fault::TimesOutBefore(left) => Some(left),
            _ => None,
        }) {
            return in_doubt(batch);
        }
        let before = self.live();
        let stop = self.first(|fault| match fault {
            Fault::StopsAfter(operations) => Some(*operations),
            _ => None,
        });
        let mut operations = Vec::with_capacity(batch.operations.len());
        for (index, operation) in batch.operations.iter().enumerate() {
            operations.push(if stop.is_some_and(|stop| index >= stop) {
                Outcome::Refused("the store stopped taking operations".to_owned())
            } else {
                self.carry_out(operation)
            });
        }
        if operations.contains(&Outcome::Done) {
            self.exists = true;
            self.revision += 1;
            self.begin_lag(before);
        }
        if self.wears_off(|fault| match fault {
            Fault::TimesOutAfter(left) => Some(left),
            _ => None,
        }) {
            return in_doubt(batch);
        }
        BatchOutcome::of(operations)
    }

    fn carry_out(&mut self, operation: &Operation) -> Outcome {
        match operation {
            Operation::Set(name, value) => {
                if let Err(reason) = self.accepts(name, value) {
                    return Outcome::Refused(reason);
                }
                if value.is_empty() && self.has(&Fault::DropsEmpty) {
                    self.entries.remove(name);
                } else {
                    let entry = self.entry(name, value);
                    self.entries.insert(name.clone(), entry);
                }
                self.log.push(Logged::Set(name.clone()));
            }
            Operation::Delete(name) => {
                self.entries.remove(name);
                self.log.push(Logged::Deleted(name.clone()));
            }
        }
        self.counts.operations += 1;
        Outcome::Done
    }

    fn entry(&self, name: &VarName, value: &SecretValue) -> Entry {
        let sealed = self.first(|fault| match fault {
            Fault::Seals(sealed, changed_at) if sealed == name => Some(*changed_at),
            _ => None,
        });
        match sealed {
            Some(changed_at) => Entry::Sealed {
                value: value.clone(),
                changed_at,
            },
            None => Entry::Value(value.clone()),
        }
    }

    fn live(&self) -> Live {
        let mut vars: BTreeMap<VarName, LiveVar> = self
            .entries
            .iter()
            .map(|(name, entry)| (name.clone(), entry.clone().into()))
            .collect();
        let mut completeness = Completeness::Complete;
        for fault in &self.faults {
            match fault {
                Fault::PartialRead(hidden) => {
                    vars.retain(|name, _| !hidden.contains(name));
                    completeness =
                        Completeness::Partial("the store did not show all of it".to_owned());
                }
                Fault::Unreadable(name) => {
                    let why = "the store could not read it".to_owned();
                    vars.insert(name.clone(), LiveVar::Unknown(why));
                }
                _ => {}
            }
        }
        Live {
            vars,
            changed_at: BTreeMap::new(),
            completeness,
            version: self.version(),
            exists: self.exists,
            stored_at: None,
            identity: String::new(),
            taken_over: std::collections::BTreeSet::new(),
            unsettled: None,
            drafts: Vec::new(),
            running: Running::Unknown,
            notes: Vec::new(),
        }
    }

    fn version(&self) -> Version {
        Version(format!("r{}", self.revision))
    }

    fn begin_lag(&mut self, before: Live) {
        let lag = self.lag();
        if lag > 0 {
            self.behind = Some((lag, Box::new(before)));
        }
    }

    fn let_others_write(&mut self) {
        let waiting = |fault: &Fault| matches!(fault, Fault::ConcurrentWriter(..));
        while let Some(at) = self.faults.iter().position(waiting) {
            if let Fault::ConcurrentWriter(name, entry) = self.faults.remove(at) {
                self.put(&name, entry);
            }
        }
    }

    fn failed_read(&mut self) -> Option<ReadError> {
        let failing = self.wears_off(|fault| match fault {
            Fault::ReadFails { times, .. } => Some(times),
            _ => None,
        });
        failing.then(|| {
            self.first(|fault| match fault {
                Fault::ReadFails {
                    reason,
                    retry_after,
                    ..
                } => Some(ReadError {
                    reason: reason.clone(),
                    help: None,
                    retry_after: *retry_after,
                }),
                _ => None,
            })
        })?
    }

    fn first<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.faults.iter().find_map(pick)
    }

    /// Uses up one time of a fault that lasts for a number of times; `false` if none is left.
    fn wears_off(&mut self, count: impl Fn(&mut Fault) -> Option<&mut usize>) -> bool {
        match self.faults.iter_mut().find_map(count) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

fn in_doubt(batch: &Batch) -> BatchOutcome {
    let silence = Outcome::InDoubt("the store did not answer in time".to_owned());
    BatchOutcome::of(vec![silence; batch.operations.len()])
}
