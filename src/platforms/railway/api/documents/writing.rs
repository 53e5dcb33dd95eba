//! Mutations that do not depend on a count.

use super::Document;

/// Applies a patch at once. Variables: `environmentId`, `patch`, `message`.
pub const COMMIT_PATCH: Document = Document::fixed(
    "CommitPatch",
    "mutation CommitPatch($environmentId: String!, $patch: EnvironmentConfig!, $message: String) { \
     environmentPatchCommit(environmentId: $environmentId, patch: $patch, \
     commitMessage: $message) }",
    1,
);

/// The same, and says whether to deploy: only for servers that list the argument
/// ([`super::MUTATION_ARGUMENTS`]); the published schema does not. Variables as above, and `skipDeploys`.
pub const COMMIT_PATCH_SKIPPING: Document = Document::fixed(
    "CommitPatchSkipping",
    "mutation CommitPatchSkipping($environmentId: String!, $patch: EnvironmentConfig!, \
     $message: String, $skipDeploys: Boolean) { \
     environmentPatchCommit(environmentId: $environmentId, patch: $patch, \
     commitMessage: $message, skipDeploys: $skipDeploys) }",
    1,
);

/// Adds to what is staged. Variables: `environmentId`, `patch`.
pub const STAGE: Document = Document::fixed(
    "Stage",
    "mutation Stage($environmentId: String!, $patch: EnvironmentConfig!) { \
     environmentStageChanges(environmentId: $environmentId, input: $patch, merge: true) { \
     id status patch } }",
    1,
);

/// Commits everything that is staged, whoever staged it. Variables: `environmentId`, `message`,
/// `skipDeploys`.
pub const COMMIT_STAGED: Document = Document::fixed(
    "CommitStaged",
    "mutation CommitStaged($environmentId: String!, $message: String, $skipDeploys: Boolean) { \
     environmentPatchCommitStaged(environmentId: $environmentId, commitMessage: $message, \
     skipDeploys: $skipDeploys) }",
    1,
);
