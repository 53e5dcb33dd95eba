//! Fingerprints of variables as they are declared, which belong to no target.

use crate::model::{Fingerprint, Fingerprinter, SecretValue, TargetName, VarName};

/// What stands in the place of a target's name.
const NO_TARGET: &str = "manifest";

/// The fingerprint of a declared variable. It is not the one that it has on any target: two of
/// those never compare with it, only two of these with each other.
pub fn declared_fingerprint(
    fingerprinter: &Fingerprinter,
    name: &VarName,
    value: &SecretValue,
) -> Fingerprint {
    let target = TargetName::new(NO_TARGET).expect("it keeps the rule of names");
    fingerprinter.fingerprint(&target, name, value)
}
