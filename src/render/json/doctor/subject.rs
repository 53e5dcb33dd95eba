//! One variable on the wire.

use schemars::JsonSchema;
use serde::Serialize;

use super::words::SinceJson;
use crate::reconcile::event::{self, Form, Holding};

/// One variable that was asked for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Variable", deny_unknown_fields)]
pub(super) struct SubjectJson {
    variable: String,
    /// Where it is declared; null if only targets have it.
    line: Option<u32>,
    form: FormJson,
    /// RFC 3339.
    sealed_at: Option<String>,
    /// Wrong ones first.
    holders: Vec<HolderJson>,
}

impl From<&event::Subject> for SubjectJson {
    fn from(of: &event::Subject) -> Self {
        Self {
            variable: of.variable.to_string(),
            line: of.position.map(|position| position.line),
            form: match of.form {
                Form::Clear => FormJson::Clear,
                Form::Encrypted => FormJson::Encrypted,
                Form::Template => FormJson::Template,
                Form::AtTargets => FormJson::AtTargets,
            },
            sealed_at: of.sealed_at.map(|at| at.to_string()),
            holders: of.holders.iter().map(HolderJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Form")]
enum FormJson {
    Clear,
    Encrypted,
    Template,
    /// Given at targets only.
    AtTargets,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Holder", deny_unknown_fields)]
struct HolderJson {
    target: String,
    /// Its name there.
    name: String,
    /// Whether it goes in through a template of that name.
    through_template: bool,
    holds: HoldingJson,
    since: Option<SinceJson>,
}

impl From<&event::Holder> for HolderJson {
    fn from(of: &event::Holder) -> Self {
        Self {
            target: of.target.to_string(),
            name: of.name.to_string(),
            through_template: of.through_template,
            holds: (&of.holding).into(),
            since: of.since.map(SinceJson::from),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[schemars(rename = "Holding")]
enum HoldingJson {
    /// Targets with the same number under `alike` hold the same value.
    Another {
        why: String,
        alike: Option<usize>,
    },
    Missing {
        why: String,
    },
    Leftover,
    Unknown {
        why: String,
    },
    Elsewhere {
        machine: String,
    },
    /// As wanted, and the running process does not have it.
    NotRunning,
    Equal,
}

impl From<&Holding> for HoldingJson {
    fn from(of: &Holding) -> Self {
        match of {
            Holding::Another { why, alike } => Self::Another {
                why: why.clone(),
                alike: *alike,
            },
            Holding::Missing { why } => Self::Missing { why: why.clone() },
            Holding::Leftover => Self::Leftover,
            Holding::Unknown(why) => Self::Unknown { why: why.clone() },
            Holding::Elsewhere(machine) => Self::Elsewhere {
                machine: machine.clone(),
            },
            Holding::NotRunning => Self::NotRunning,
            Holding::Equal => Self::Equal,
        }
    }
}
