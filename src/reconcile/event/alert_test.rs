//! What a test of the sinks came to.

/// Whether alerts reach the places that they are meant for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertTestReport {
    /// In the order of their names.
    pub sinks: Vec<AlertTest>,
}

/// One sink, or the ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertTest {
    /// Its name; of the ping, `ping`.
    pub sink: String,
    /// As the file spells it.
    pub kind: &'static str,
    /// What was proved, or what went wrong.
    pub outcome: Result<String, AlertTestFault>,
}

/// What went wrong: lower case, no final period, no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertTestFault {
    /// In words.
    pub what: String,
    /// What to do, where that is known.
    pub help: Option<String>,
}

impl AlertTestReport {
    /// How many do not work.
    pub fn failed(&self) -> usize {
        self.sinks.iter().filter(|one| one.outcome.is_err()).count()
    }
}
