//! Queries for who changed an environment. What was changed is never asked for: a patch and an entry's
//! payload can hold values.

use super::Document;

/// Commits of an environment, a page of them. In which order they come is not documented. Variables:
/// `environmentId`; `first` and `after`, or `last`.
pub const PATCHES: Document = Document::fixed(
    "Patches",
    "query Patches($environmentId: String!, $first: Int, $after: String, $last: Int) { \
     environmentPatches(environmentId: $environmentId, first: $first, after: $after, last: $last) { \
     edges { node { appliedAt status message appliedBy { name username email } } } \
     pageInfo { hasNextPage endCursor } } }",
    1,
);

/// The audit log of a workspace, newest first, a page of it. Variables: `workspaceId`, `filter`, `after`.
pub const AUDIT_LOG: Document = Document::fixed(
    "AuditLog",
    "query AuditLog($workspaceId: String!, $filter: AuditLogFilterInput, $after: String) { \
     auditLogs(workspaceId: $workspaceId, filter: $filter, sort: desc, first: 50, after: $after) { \
     edges { node { createdAt eventType context } } \
     pageInfo { hasNextPage endCursor } } }",
    1,
);
