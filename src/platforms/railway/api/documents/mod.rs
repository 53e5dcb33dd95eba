//! Every GraphQL text that is sent, in one place: a test holds each of them against the published
//! schema. `Variable.service`, `.environment` and `.plugin` are never selected: for a shared variable
//! they make the whole query fail.

mod authors;
mod built;
mod reading;
mod writing;

use std::borrow::Cow;

pub use authors::{AUDIT_LOG, PATCHES};
pub use built::{projects, upserts, variables};
pub use reading::{
    API_TOKEN, ENVIRONMENT, ENVIRONMENTS_PAGE, INSTANCES_PAGE, ME, MUTATION_ARGUMENTS, PROJECT,
    PROJECT_TOKEN, PROJECT_TOKEN_ONLY, PROJECTS_PAGE, SERVICES, STAGED, VARIABLES_META_PAGE,
    WORKFLOW,
};
pub use writing::{COMMIT_PATCH, COMMIT_PATCH_SKIPPING, COMMIT_STAGED, STAGE};

/// Most aliased fields in one request. Railway publishes no limit; 50 services and the shared
/// variables fit two requests.
pub const MAX_ALIASES: usize = 26;

/// One operation: what is sent, and what it is called in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The operation's name.
    pub name: &'static str,
    /// The text.
    pub text: Cow<'static, str>,
    /// How many root fields it has. They run in order: with more than one, an error does not mean
    /// that nothing was done.
    pub fields: usize,
}

impl Document {
    const fn fixed(name: &'static str, text: &'static str, fields: usize) -> Self {
        Self {
            name,
            text: Cow::Borrowed(text),
            fields,
        }
    }
}

/// All documents that do not depend on a count.
pub const FIXED: [&Document; 20] = [
    &PROJECT_TOKEN,
    &PROJECT_TOKEN_ONLY,
    &API_TOKEN,
    &ME,
    &PROJECTS_PAGE,
    &PROJECT,
    &ENVIRONMENTS_PAGE,
    &SERVICES,
    &ENVIRONMENT,
    &INSTANCES_PAGE,
    &VARIABLES_META_PAGE,
    &STAGED,
    &WORKFLOW,
    &MUTATION_ARGUMENTS,
    &PATCHES,
    &AUDIT_LOG,
    &COMMIT_PATCH,
    &COMMIT_PATCH_SKIPPING,
    &STAGE,
    &COMMIT_STAGED,
];
