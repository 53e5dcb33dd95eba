//! Fingerprints of variables as they are declared, where no target is meant.

use crate::model::{Fingerprint, Fingerprinter, SecretValue, TargetName, VarName};

/// The fingerprint of a declared variable. It is another one than on any target: a target's name is
/// part of what is keyed, and none is meant here.
pub fn declared_fingerprint(
    fingerprinter: &Fingerprinter,
    name: &VarName,
    value: &SecretValue,
) -> Fingerprint {
    fingerprinter.fingerprint(&no_target(), name, value)
}

/// The same whatever the variable is called: tells a renamed value from a new one.
pub fn nameless_fingerprint(fingerprinter: &Fingerprinter, value: &SecretValue) -> Fingerprint {
    let name = VarName::new("_").expect("an underscore is a name");
    fingerprinter.fingerprint(&no_target(), &name, value)
}

fn no_target() -> TargetName {
    TargetName::new("manifest").expect("a word is a name")
}
