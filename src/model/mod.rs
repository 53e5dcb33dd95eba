//! Words of the field as types. No I/O; imports nothing of ours.
#![warn(missing_docs)]

mod activation;
mod alert;
mod alerting;
mod authority;
mod clear;
mod commit_message;
mod destination;
mod diagnostic;
mod expiring;
mod finding;
mod fingerprint;
mod key_path;
mod lint;
mod name;
mod openclaw;
mod policy;
mod probe;
mod quality;
mod railway;
mod recipe;
mod reconciling;
mod scheduled;
mod target;
mod treacherous;
mod validity;
mod value;
mod vars;
mod who;

pub use activation::{
    Activated, Activation, ComposeProject, LaunchdDomain, LaunchdJob, Process, SystemdUnit,
};
pub use alert::{
    Alert, AlertBook, AlertClass, AlertEvent, AlertEventKind, AlertKey, LastProbe, Mute, Sighting,
    SinkState, SinkTrouble, Strike, Track,
};
pub use alerting::{
    Alerting, HeaderSource, Pattern, PingMethod, PingSpec, Route, SecretSource, SinkSpec, UrlSource,
};
pub use authority::{AuthorityFacts, TargetFacts};
pub use clear::{clear_lint, clear_name_lint, holds_identity, is_private_key};
pub use commit_message::CommitMessage;
pub(crate) use destination::is_name;
pub use destination::{Destination, ParseDestinationError, Sudo, UserName};
pub use diagnostic::{Diagnostic, Position, Severity};
pub use expiring::{Due, Expiring};
pub use finding::{CheckKind, Finding, RULES, Rule, Unchecked, rule};
pub use fingerprint::{Fingerprint, FingerprintKey, Fingerprinter, KeyId};
pub(crate) use fingerprint::{from_hex, to_hex};
pub use key_path::{InvalidKeyPath, KeyPath, Segment};
pub use lint::{EXPIRED, LINTS, lint_value, shows as shows_lint};
pub use name::{InvalidName, ManifestName, TargetName, VarName};
pub use openclaw::{
    OPENCLAW_GATEWAY_TOKEN, OPENCLAW_HOOKS_TOKEN, OPENCLAW_REDACTED, OpenclawAddress,
    OpenclawSecret, OpenclawService,
};
pub use policy::{ExpiryPolicy, Limit, Overrides, Rails};
pub use probe::{ProbeFrom, Verdict};
pub use quality::{Remark, WAIVABLE, dangerous_name, is_distinct, quality};
pub use railway::{RailwayAddress, is_provided_by_railway, is_railway_token_name};
pub use recipe::{
    Alphabet, COMMAND_LIMIT, CharClass, CommandRecipe, Draw, Ed25519Spelling, GOOD_BITS,
    MAX_LENGTH, MAX_PREFIX, MIN_BITS, PairKind, PairRecipe, Recipe, RecipeError, SHORT_FORMS,
    Shape, TextRecipe, X25519Spelling, size_of,
};
pub use reconciling::{Mode, ParseWindowError, Reconciling, Suspension, Window, Withheld, Zones};
pub use scheduled::Scheduled;
pub use target::{Address, FileAddress, HostAddress, Machine, PlatformKind, Target};
pub(crate) use treacherous::is_treacherous;
pub use validity::{Dated, Validity, validity};
pub use value::SecretValue;
pub use vars::{
    Behind, Completeness, Desired, DesiredVar, LastApplied, Live, LiveVar, Recorded, Running,
    Sensitivity, Trust, UnknownVar, Unsettled, Version,
};
pub use who::{Authors, Who};
