//! How often everything happened: nobody shall believe a test that never gets where it matters.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// Counts by word, over all sequences of a run.
#[derive(Default)]
pub struct Tally(Mutex<BTreeMap<String, usize>>);

impl Tally {
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub fn count(&self, what: impl Into<String>) {
        *self.counts().entry(what.into()).or_default() += 1;
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, usize>> {
        // a failed sequence leaves whole numbers behind
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Prints all of it, and fails if something of `must` never happened.
    pub fn show(&self, must: &[&str]) {
        let counts = self.counts();
        let mut line = String::new();
        for (what, count) in counts.iter() {
            line.push_str(&format!("  {what}: {count}\n"));
        }
        println!("{line}");
        let never: Vec<&&str> = must
            .iter()
            .filter(|what| !counts.contains_key(**what))
            .collect();
        assert!(never.is_empty(), "never reached: {never:?}");
    }
}
