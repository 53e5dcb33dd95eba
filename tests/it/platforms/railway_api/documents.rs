//! Every document that is ever sent is valid by the published schema.

use apollo_compiler::{ExecutableDocument, Schema};
use driftlock::platforms::railway::api::documents::{
    COMMIT_PATCH_SKIPPING, Document, FIXED, MAX_ALIASES, projects, upserts, variables,
};

use crate::support::peers;

fn schema() -> Option<apollo_compiler::validation::Valid<Schema>> {
    let path = peers::facts("railway-schema.graphql", "DRIFTLOCK_RAILWAY_SCHEMA")?;
    let text = std::fs::read_to_string(path).unwrap();
    Some(Schema::parse_and_validate(text, "schema.graphql").unwrap())
}

fn problems(
    schema: &apollo_compiler::validation::Valid<Schema>,
    document: &Document,
) -> Vec<String> {
    match ExecutableDocument::parse_and_validate(schema, document.text.as_ref(), "it.graphql") {
        Ok(parsed) => {
            let operations: Vec<_> = parsed.operations.iter().collect();
            assert_eq!(operations.len(), 1, "{}", document.name);
            let operation = operations[0];
            assert_eq!(operation.name.as_ref().unwrap().as_str(), document.name);
            let fields = operation.root_fields(&parsed).count();
            assert_eq!(fields, document.fields, "{}", document.name);
            vec![]
        }
        Err(bad) => bad
            .errors
            .iter()
            .map(|problem| problem.error.to_string())
            .collect(),
    }
}

fn built() -> Vec<Document> {
    let mut all = vec![];
    for count in [1, 2, MAX_ALIASES] {
        all.push(projects(count));
        all.push(upserts(count));
        all.push(variables(false, count, false));
        all.push(variables(false, count, true));
        all.push(variables(true, count - 1, false));
        all.push(variables(true, count - 1, true));
    }
    all
}

#[test]
fn all_documents_are_valid() {
    let Some(schema) = schema() else { return };
    let fixed = FIXED.into_iter().cloned();
    for document in fixed.chain(built()) {
        if document == COMMIT_PATCH_SKIPPING {
            continue;
        }
        let problems = problems(&schema, &document);
        assert!(problems.is_empty(), "{}: {problems:?}", document.name);
    }
}

/// Newer servers are said to take `skipDeploys` there; the published schema does not, and that is all
/// that is wrong with the document.
#[test]
fn one_document_is_ahead_of_the_schema_by_one_argument() {
    let Some(schema) = schema() else { return };
    let problems = problems(&schema, &COMMIT_PATCH_SKIPPING);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].contains("skipDeploys") && problems[0].contains("environmentPatchCommit"),
        "{problems:?}"
    );
}

#[test]
fn names_are_told_apart_and_nothing_dangerous_is_asked_for() {
    let all: Vec<Document> = FIXED.into_iter().cloned().chain(built()).collect();
    for document in &all {
        let text = document.text.as_ref();
        assert!(!text.contains("replace"), "{}", document.name);
        assert!(!text.contains("unrendered: false"), "{}", document.name);
        // unresolvable for shared variables
        for field in [" service ", " environment {", " plugin "] {
            assert!(
                !text.contains("node { ") || !text.contains(&format!("isSealed{field}")),
                "{}",
                document.name
            );
        }
        let values = text.matches("variables(projectId").count();
        assert_eq!(values, text.matches("unrendered: true").count());
    }
    let mut names: Vec<&str> = FIXED.iter().map(|document| document.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
#[should_panic(expected = "the caller splits scopes")]
fn more_scopes_than_allowed_are_a_mistake_of_ours() {
    variables(true, MAX_ALIASES, false);
}
