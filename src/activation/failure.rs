//! An activation that did not do what it should, in words.

use crate::machine::RunError;
use crate::model::Activated;

/// Why, and the next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) why: String,
    pub(super) help: Option<String>,
}

impl Trouble {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            help: None,
        }
    }

    pub(super) fn helped(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            help: Some(help.into()),
        }
    }
}

impl From<Trouble> for Activated {
    fn from(of: Trouble) -> Self {
        Self::Failed {
            why: of.why,
            help: of.help,
        }
    }
}

/// A step that changes something did not end as it should.
pub(super) fn of_a_step(error: &RunError) -> Activated {
    if error.in_doubt() {
        Activated::InDoubt {
            why: error.to_string(),
        }
    } else {
        of_a_question(error).into()
    }
}

/// A question was not answered, so nothing was tried.
pub(super) fn of_a_question(error: &RunError) -> Trouble {
    Trouble {
        why: error.to_string(),
        help: error.help(),
    }
}

/// Of a program that a shell ran.
pub(super) fn words_of_status(status: i32) -> String {
    match status {
        126 => "it may not be run there (status 126)".to_owned(),
        127 => "there is no such program there (status 127)".to_owned(),
        129..=192 => format!("it was ended by signal {}", status - 128),
        _ => format!("it ended with status {status}"),
    }
}
