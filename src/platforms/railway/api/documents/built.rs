//! Documents of as many aliased fields as are asked for.

use std::fmt::Write;

use super::reading::PROJECTS_SELECTION;
use super::{Document, MAX_ALIASES};

/// Unrendered variables of the shared scope (alias `shared`) and of `services` services (aliases and
/// variables `s0`…), with what is staged (`staged`) beside them if asked for. Variables, too:
/// `projectId`, `environmentId`.
///
/// # Panics
/// When asked for nothing, or for more than [`MAX_ALIASES`] scopes.
pub fn variables(shared: bool, services: usize, staged: bool) -> Document {
    let scopes = services + usize::from(shared);
    assert!(
        (1..=MAX_ALIASES).contains(&scopes),
        "the caller splits scopes"
    );
    let mut text = String::from("query Variables($projectId: String!, $environmentId: String!");
    for at in 0..services {
        push(&mut text, format_args!(", $s{at}: String!"));
    }
    text.push_str(") {");
    let scope = "variables(projectId: $projectId, environmentId: $environmentId";
    if shared {
        push(
            &mut text,
            format_args!(" shared: {scope}, unrendered: true)"),
        );
    }
    for at in 0..services {
        push(
            &mut text,
            format_args!(" s{at}: {scope}, serviceId: $s{at}, unrendered: true)"),
        );
    }
    if staged {
        text.push_str(
            " staged: environmentStagedChanges(environmentId: $environmentId) { id status patch }",
        );
    }
    text.push_str(" }");
    Document {
        name: "Variables",
        text: text.into(),
        fields: scopes + usize::from(staged),
    }
}

/// The first projects of several workspaces: aliases and variables `w0`….
///
/// # Panics
/// When asked for none, or for more than [`MAX_ALIASES`].
pub fn projects(workspaces: usize) -> Document {
    let root =
        |at| format!("w{at}: projects(workspaceId: $w{at}, first: 500) {{ {PROJECTS_SELECTION} }}");
    aliased(
        "query",
        "Projects",
        workspaces,
        |at| format!("$w{at}: String!"),
        root,
    )
}

/// Sets variables of several scopes, each its own root field: aliases and variables `u0`…, of type
/// `VariableCollectionUpsertInput`, which must not hold `replace`.
///
/// # Panics
/// When asked for none, or for more than [`MAX_ALIASES`].
pub fn upserts(scopes: usize) -> Document {
    aliased(
        "mutation",
        "Upserts",
        scopes,
        |at| format!("$u{at}: VariableCollectionUpsertInput!"),
        |at| format!("u{at}: variableCollectionUpsert(input: $u{at})"),
    )
}

fn aliased(
    kind: &str,
    name: &'static str,
    count: usize,
    variable: impl Fn(usize) -> String,
    root: impl Fn(usize) -> String,
) -> Document {
    assert!(
        (1..=MAX_ALIASES).contains(&count),
        "the caller splits what it asks for"
    );
    let variables: Vec<_> = (0..count).map(variable).collect();
    let roots: Vec<_> = (0..count).map(root).collect();
    Document {
        name,
        text: format!(
            "{kind} {name}({}) {{ {} }}",
            variables.join(", "),
            roots.join(" ")
        )
        .into(),
        fields: count,
    }
}

fn push(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part).expect("a String takes everything");
}
