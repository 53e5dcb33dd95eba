//! Text to model, and edits of that text. Pure; imports only the model.
//!
//! [`parse`] reports every problem at once, with line and column and without a value.
//! [`Editor`] changes single entries by splicing bytes, and refuses when anything else would move.

mod alerting;
mod allowlist;
mod conceal;
mod decode;
mod document;
mod edit;
mod facts;
mod fresh;
mod glance;
mod merge;
mod openclaw;
mod overlap;
mod place;
mod place_root;
mod probe;
mod problem;
mod rails;
mod readers;
mod scalar;
mod spec;
mod template;
#[cfg(test)]
mod tests;
mod tree;
mod validate;
mod view;
mod yaml;

pub use alerting::parse_alerts;
pub use allowlist::{Allowlist, Here, parse_allowlist};
pub use conceal::{Cipher, Concealed, begins_as_manifest, conceal, says_driftlock};
pub use document::{alerts_schema, authority_schema, json_schema, rails_schema};
pub use edit::{EditError, Editor};
pub use fresh::{Fresh, FreshTarget, render_new};
pub use glance::glance;
pub use merge::{Conflict, MergeError, Merged, Side, Texts, mark_whole, merge};
pub use overlap::{Both, Overlap, Stage};
pub use place::{SharedPlace, place_key, shared_places};
pub use problem::nearest;
pub use rails::{FolderRails, RAILS_FILE, TargetTightening, Tightening, parse_rails};
pub use readers::reader_names;
pub use spec::{
    Ask, Glance, HttpAsk, Manifest, Metadata, Parsed, Payload, ProbeSpec, Seal, Source, TargetSpec,
    Use, UseSource, Variable, format_duration, parse_duration,
};
pub use template::{ExpandError, Filter, Part, Template, TemplateError};
pub use view::{Head, Subject, Taken, TakenSecret, without_head};
pub use yaml::MAX_BYTES;

use crate::model::Diagnostic;

/// The names that `format:` takes, the default first.
pub const FORMATS: [&str; 10] = [
    "portable", "compose", "docker", "systemd", "shell", "node", "python", "launchd", "json",
    "json5",
];

/// The most recipients that one manifest may have.
pub const MAX_RECIPIENTS: usize = 256;

/// Reads a manifest. On failure all problems, warnings among them, sorted by position.
pub fn parse(text: &str) -> Result<Parsed, Vec<Diagnostic>> {
    let mut problems = problem::Problems::default();
    let manifest =
        yaml::parse_tree(text, &mut problems).and_then(|root| decode::decode(&root, &mut problems));
    match manifest {
        Some(manifest) if !problems.failed() => Ok(Parsed {
            manifest,
            warnings: problems.finish(),
        }),
        _ => Err(problems.finish()),
    }
}
