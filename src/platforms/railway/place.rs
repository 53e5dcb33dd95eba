//! Where targets are, before anything is asked: which of them share a connection, and which are one.

use std::collections::BTreeMap;

use crate::model::{Address, Live, RailwayAddress, Target};
use crate::platforms::ReadError;

/// What targets share that are read together, as the manifest spells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) token: Option<String>,
    pub(super) project: String,
    pub(super) environment: String,
}

impl Place {
    pub(super) fn of(address: &RailwayAddress) -> Self {
        Self {
            token: address.token.clone(),
            project: address.project.clone(),
            environment: address.environment.clone(),
        }
    }
}

/// Places that are spelt in different ways, or reached with different tokens, may be one: of targets
/// with one identity none is believed.
pub(super) fn refuse_twins(targets: &[Target], outcomes: &mut [Result<Live, ReadError>]) {
    let mut owners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, outcome) in outcomes.iter().enumerate() {
        if let Ok(live) = outcome {
            owners.entry(live.identity.clone()).or_default().push(index);
        }
    }
    for indexes in owners.into_values().filter(|indexes| indexes.len() > 1) {
        let name = |index: &usize| targets[*index].name.as_str();
        let names: Vec<&str> = indexes.iter().map(name).collect();
        let shared = indexes
            .iter()
            .all(|index| address(&targets[*index]).is_ok_and(|address| address.service.is_none()));
        let error = twins(&names, shared);
        for index in indexes {
            outcomes[index] = Err(error.clone());
        }
    }
}

pub(super) fn twins(names: &[&str], shared: bool) -> ReadError {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let what = if shared {
        "shared variables"
    } else {
        "service"
    };
    ReadError {
        reason: format!(
            "the targets {} are the same {what} in Railway",
            names.join(" and ")
        ),
        help: Some("let one target hold the variables of both".to_owned()),
        retry_after: None,
    }
}

/// The address of a target that is ours.
pub(super) fn address(target: &Target) -> Result<&RailwayAddress, ReadError> {
    match &target.address {
        Address::Railway(address) => Ok(address),
        Address::File(_) | Address::Openclaw(_) | Address::Memory(_) => Err(ReadError {
            reason: format!("target {} is not on Railway", target.name),
            help: None,
            retry_after: None,
        }),
    }
}

/// An answer that leaves something out.
pub(super) fn nothing() -> ReadError {
    ReadError {
        reason: "Railway said nothing about it".to_owned(),
        help: None,
        retry_after: None,
    }
}
