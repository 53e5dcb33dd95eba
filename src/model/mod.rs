//! Words of the field as types. No I/O; imports nothing of ours.
#![warn(missing_docs)]

mod authority;
mod diagnostic;
mod fingerprint;
mod key_path;
mod lint;
mod name;
mod policy;
mod railway;
mod target;
mod value;
mod vars;

pub use authority::{AuthorityFacts, TargetFacts};
pub use diagnostic::{Diagnostic, Position, Severity};
pub use fingerprint::{Fingerprint, FingerprintKey, Fingerprinter, KeyId};
pub use key_path::{InvalidKeyPath, KeyPath, Segment};
pub use lint::{LINTS, lint_value, shows as shows_lint};
pub use name::{InvalidName, ManifestName, TargetName, VarName};
pub use policy::{Limit, Overrides, Rails};
pub use railway::{RailwayAddress, is_provided_by_railway, is_railway_token_name};
pub use target::{Address, FileAddress, Machine, PlatformKind, Target};
pub use value::SecretValue;
pub use vars::{
    Behind, Completeness, Desired, DesiredVar, LastApplied, Live, LiveVar, Recorded, Running,
    Sensitivity, Trust, UnknownVar, Version,
};
