//! The arguments that `plan` and `apply` share: which manifests, which part of them, and what is
//! allowed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::error::CommandError;
use crate::model::{Overrides, TargetName, VarName};

#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Manifests, or folders of them [default: the folder manifests]
    #[arg(value_name = "MANIFEST")]
    pub(crate) manifests: Vec<PathBuf>,

    /// Only this target; may be repeated
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<TargetName>,

    /// Only this variable; may be repeated
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) only: Vec<VarName>,

    /// Take the manifest at this git revision as what was last applied, instead of the journal
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,

    /// Fail where a target of another machine was not seen lately, and say which must run
    #[arg(long)]
    pub(crate) require_all: bool,
}

impl Selection {
    /// Some variables of one manifest, on all of its targets; the only manifest that there is where
    /// none is named.
    pub(crate) fn of_variables(manifest: Option<&Path>, only: Vec<VarName>) -> Self {
        Self {
            manifests: manifest.map(Path::to_owned).into_iter().collect(),
            target: vec![],
            only,
            since: None,
            require_all: false,
        }
    }

    /// What was selected, as the words of a command line.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = flags("--target", &self.target);
        words.extend(flags("--only", &self.only));
        words.extend(flags("--since", self.since.as_slice()));
        words.extend(self.require_all.then(|| "--require-all".to_owned()));
        words
    }

    pub(crate) fn targets(&self) -> Option<BTreeSet<TargetName>> {
        (!self.target.is_empty()).then(|| self.target.iter().cloned().collect())
    }

    pub(crate) fn variables(&self) -> Option<BTreeSet<VarName>> {
        (!self.only.is_empty()).then(|| self.only.iter().cloned().collect())
    }
}

#[derive(Debug, Default, Args)]
pub(crate) struct Allowances {
    /// Overwrite what a target without records holds
    #[arg(long, value_name = "TARGET", help_heading = "What is allowed")]
    take_over: Vec<TargetName>,

    /// Ours wins this conflict; may be repeated
    #[arg(long, value_name = "VARIABLE@TARGET", help_heading = "What is allowed")]
    overwrite: Vec<String>,

    /// Record the live value as known, and write nothing to it now; may be repeated
    #[arg(long, value_name = "VARIABLE@TARGET", help_heading = "What is allowed")]
    adopt: Vec<String>,

    /// Let a rail go, as the plan's message spells it, for example deletes=3@api; may be repeated
    #[arg(
        long,
        value_name = "RAIL[=N][@TARGET]",
        help_heading = "What is allowed"
    )]
    allow: Vec<String>,

    /// Write this variable where it can be written, though another of its targets has to wait
    #[arg(long, value_name = "VARIABLE", help_heading = "What is allowed")]
    partial: Vec<VarName>,
}

fn flags(flag: &str, values: &[impl ToString]) -> Vec<String> {
    values
        .iter()
        .flat_map(|value| [flag.to_owned(), value.to_string()])
        .collect()
}

impl Allowances {
    /// Those that make sense where former values are put back.
    pub(crate) fn of_flags(overwrite: &[String], allow: &[String], partial: &[VarName]) -> Self {
        Self {
            overwrite: overwrite.to_vec(),
            allow: allow.to_vec(),
            partial: partial.to_vec(),
            ..Self::default()
        }
    }

    /// What was allowed, as the words of a command line.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = flags("--take-over", &self.take_over);
        words.extend(flags("--overwrite", &self.overwrite));
        words.extend(flags("--adopt", &self.adopt));
        words.extend(flags("--allow", &self.allow));
        words.extend(flags("--partial", &self.partial));
        words
    }

    /// What a plan was approved with, as flags again.
    pub(crate) fn of(overrides: &Overrides) -> Self {
        let at = |(name, target): &(VarName, TargetName)| format!("{name}@{target}");
        let allow = overrides.allow.iter().map(|((rail, target), most)| {
            let most = most.map_or_else(String::new, |most| format!("={most}"));
            let target = target
                .as_ref()
                .map_or_else(String::new, |target| format!("@{target}"));
            format!("{rail}{most}{target}")
        });
        Self {
            take_over: overrides.take_over.iter().cloned().collect(),
            overwrite: overrides.overwrite.iter().map(at).collect(),
            adopt: overrides.adopt.iter().map(at).collect(),
            allow: allow.collect(),
            partial: overrides.partial.iter().cloned().collect(),
        }
    }

    pub(crate) fn overrides(&self) -> Result<Overrides, CommandError> {
        let mut overrides = Overrides {
            take_over: self.take_over.iter().cloned().collect(),
            partial: self.partial.iter().cloned().collect(),
            ..Overrides::default()
        };
        for text in &self.overwrite {
            overrides
                .overwrite
                .insert(variable_at(text, "--overwrite")?);
        }
        for text in &self.adopt {
            overrides.adopt.insert(variable_at(text, "--adopt")?);
        }
        for text in &self.allow {
            let (key, most) = allowance(text)?;
            overrides.allow.insert(key, most);
        }
        Ok(overrides)
    }
}

fn variable_at(text: &str, flag: &str) -> Result<(VarName, TargetName), CommandError> {
    text.split_once('@')
        .and_then(|(name, target)| Some((name.parse().ok()?, target.parse().ok()?)))
        .ok_or_else(|| CommandError::usage(format!("{flag} takes VARIABLE@TARGET")))
}

type Allowance = ((String, Option<TargetName>), Option<u32>);

fn allowance(text: &str) -> Result<Allowance, CommandError> {
    let wrong = || {
        CommandError::usage("--allow takes RAIL, RAIL=N, RAIL@TARGET or RAIL=N@TARGET")
            .hint("the plan names the rail that holds a change, and the flag to paste")
    };
    let (rail, target) = match text.split_once('@') {
        Some((rail, target)) => (rail, Some(target.parse().map_err(|_| wrong())?)),
        None => (text, None),
    };
    let (rail, most) = match rail.split_once('=') {
        Some((rail, most)) => (rail, Some(most.parse().map_err(|_| wrong())?)),
        None => (rail, None),
    };
    if crate::plan::RAILS.contains(&rail) {
        Ok(((rail.to_owned(), target), most))
    } else {
        Err(CommandError::usage("--allow names no rail that there is")
            .hint(format!("the rails are {}", crate::plan::RAILS.join(", "))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_flags_again() {
        let allowances = Allowances {
            take_over: vec!["api".parse().unwrap()],
            overwrite: vec!["A@api".to_owned()],
            adopt: vec!["B@api".to_owned()],
            allow: ["authority", "deletes=3@api"].map(str::to_owned).into(),
            partial: vec!["C".parse().unwrap()],
        };
        let again = Allowances::of(&allowances.overrides().unwrap());
        assert_eq!(again.words(), allowances.words());
    }

    #[test]
    fn an_allowance_names_rail_number_and_target() {
        let ((rail, target), most) = allowance("deletes=3@api").unwrap();
        assert_eq!((rail.as_str(), most), ("deletes", Some(3)));
        assert_eq!(target.unwrap().as_str(), "api");
        assert!(allowance("deletes=many").is_err());
        assert!(allowance("everything").is_err());
        assert!(allowance("deletes@no/target").is_err());
    }
}
