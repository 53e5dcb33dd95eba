//! The published schema and the documents checked against it. Both are parsed once per process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use apollo_compiler::ast;
use apollo_compiler::collections::HashMap as ApolloMap;
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Name};
use serde_json::{Value, json};

/// Above this many different documents the cache starts anew: a test may build texts at random.
const KEPT_DOCUMENTS: usize = 4096;

/// A parsed schema with the documents already checked against it.
pub struct Schema {
    pub types: Valid<apollo_compiler::Schema>,
    pub implementers: ApolloMap<Name, Implementers>,
    documents: Mutex<HashMap<String, Arc<Checked>>>,
}

/// A document as the schema sees it.
pub enum Checked {
    Good(Box<Document>),
    /// The `errors` of an HTTP 400.
    Bad(Value),
}

pub struct Document {
    pub text: Arc<str>,
    pub executable: Valid<ExecutableDocument>,
    /// The names of all fields, at any depth.
    pub fields: Arc<[String]>,
}

impl Schema {
    /// The schema as published, or with the `skipDeploys` argument that newer servers are said to
    /// accept on `environmentPatchCommit`.
    pub fn prepared(sdl: &str, skip_on_commit: bool) -> Arc<Self> {
        type Known = Vec<(String, bool, Arc<Schema>)>;
        static KNOWN: Mutex<Known> = Mutex::new(Vec::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., schema)) = known
            .iter()
            .find(|(text, skip, _)| *skip == skip_on_commit && text == sdl)
        {
            return Arc::clone(schema);
        }
        let schema = Arc::new(Self::parse(sdl, skip_on_commit));
        known.push((sdl.to_owned(), skip_on_commit, Arc::clone(&schema)));
        schema
    }

    fn parse(sdl: &str, skip_on_commit: bool) -> Self {
        let text = if skip_on_commit {
            let plain = "  environmentPatchCommit(commitMessage: String,";
            assert!(
                sdl.contains(plain),
                "the schema's environmentPatchCommit has moved"
            );
            sdl.replace(plain, &format!("{plain} skipDeploys: Boolean,"))
        } else {
            sdl.to_owned()
        };
        let types = apollo_compiler::Schema::parse_and_validate(text, "schema.graphql")
            .unwrap_or_else(|bad| panic!("the published schema is not valid: {}", bad.errors));
        Self {
            implementers: types.implementers_map(),
            types,
            documents: Mutex::default(),
        }
    }

    pub fn document(&self, text: &str) -> Arc<Checked> {
        let mut documents = self
            .documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(checked) = documents.get(text) {
            return Arc::clone(checked);
        }
        if documents.len() >= KEPT_DOCUMENTS {
            documents.clear();
        }
        let checked = Arc::new(self.check(text));
        documents.insert(text.to_owned(), Arc::clone(&checked));
        checked
    }

    fn check(&self, text: &str) -> Checked {
        let parsed = match ast::Document::parse(text, "query.graphql") {
            Ok(parsed) => parsed,
            Err(bad) => return Checked::Bad(problems(&bad.errors, "GRAPHQL_PARSE_FAILED")),
        };
        match parsed.to_executable_validate(&self.types) {
            Ok(executable) => Checked::Good(Box::new(Document {
                text: text.into(),
                fields: field_names(&executable),
                executable,
            })),
            Err(bad) => Checked::Bad(problems(&bad.errors, "GRAPHQL_VALIDATION_FAILED")),
        }
    }
}

fn problems(list: &DiagnosticList, code: &str) -> Value {
    list.iter()
        .map(|problem| {
            let message = problem.error.to_string();
            json!({ "message": message, "extensions": { "code": code } })
        })
        .collect()
}

fn field_names(document: &ExecutableDocument) -> Arc<[String]> {
    document
        .operations
        .iter()
        .flat_map(|operation| operation.all_fields(document))
        .map(|field| field.name.to_string())
        .collect()
}
