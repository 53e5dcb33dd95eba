//! Targets that are added, and variables that targets get: every other byte stays.

use crate::manifest::{EditError, Editor, FreshTarget, UseSource, parse};
use crate::model::{Address, FileAddress, Machine, TargetName, VarName};

fn name(text: &str) -> VarName {
    VarName::new(text).unwrap()
}

fn target(text: &str, uses: &[(&str, &str)]) -> FreshTarget {
    FreshTarget {
        name: TargetName::new(text).unwrap(),
        comment: None,
        address: Address::File(FileAddress {
            machine: Machine::Any,
            path: format!("../{text}.env"),
            format: "portable".to_owned(),
            at: None,
        }),
        uses: uses
            .iter()
            .map(|(there, declared)| (name(there), UseSource::Declared(name(declared))))
            .collect(),
    }
}

fn edit(
    text: &str,
    change: impl FnOnce(&mut Editor<'_>) -> Result<(), EditError>,
) -> Result<String, EditError> {
    let mut editor = Editor::new(text)?;
    change(&mut editor)?;
    Ok(editor.finish()?.0)
}

fn both(editor: &mut Editor<'_>) -> Result<(), EditError> {
    editor.add_targets(&[
        target("api", &[("A", "A"), ("PORT", "B")]),
        target("web", &[]),
    ])
}

/// What the first targets of a manifest use, one text each.
fn uses(text: &str) -> Vec<String> {
    let manifest = parse(text)
        .unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
        .manifest;
    let shown = |target: &crate::manifest::TargetSpec| {
        let uses = target.uses.iter().map(|used| match &used.source {
            UseSource::Declared(declared) if *declared == used.name => used.name.to_string(),
            UseSource::Declared(declared) => format!("{}<-{declared}", used.name),
            _ => "?".to_owned(),
        });
        let uses: Vec<String> = uses.collect();
        format!("{}: {}", target.name, uses.join(" "))
    };
    manifest.targets.iter().map(shown).collect()
}

const HEAD: &str = "driftlock: 1\nname: dev\n\nvariables:\n  A: a\n\n  B: b\n";

#[test]
fn behind_those_that_are_there() {
    let before = format!(
        "{HEAD}\ntargets:\n  local: # mine\n    file: {{ path: ../.env }}\n    variables: [A]\n\n# the end\n"
    );
    let after = edit(&before, both).unwrap();
    insta::assert_snapshot!(after, @r"
    driftlock: 1
    name: dev

    variables:
      A: a

      B: b

    targets:
      local: # mine
        file: { path: ../.env }
        variables: [A]

      api:
        file: { path: ../api.env, format: portable }
        variables:
          - A
          - PORT: { from: B }

      web:
        file: { path: ../web.env, format: portable }

    # the end
    ");
    assert_eq!(uses(&after), ["local: A", "api: A PORT<-B", "web: "]);
}

#[test]
fn where_there_are_none_yet() {
    for (rest, expected) in [
        ("", 2),
        ("\ntargets: {}\n", 2),
        ("\ntargets: {} # none yet\n", 2),
        ("\ntargets:\n", 2),
        ("\ntargets: {}", 2),
    ] {
        let before = format!("{HEAD}{rest}");
        let after = edit(&before, both).unwrap_or_else(|error| panic!("{error:?} {rest:?}"));
        assert_eq!(uses(&after).len(), expected, "{after}");
        assert!(after.starts_with(HEAD), "{after}");
    }
}

#[test]
fn before_the_seal_and_with_new_variables() {
    let before = include_str!("../../../tests/fixtures/valid/sealed.yaml").replace("\r", "");
    let after = edit(&before, |editor| {
        editor.set(
            &name("ADDED"),
            &crate::manifest::Source::Clear("x".to_owned()),
        )?;
        editor.add_targets(&[target("added", &[("ADDED", "ADDED")])])
    })
    .unwrap();
    let kept: Vec<&str> = before.lines().filter(|line| !line.is_empty()).collect();
    let lines: Vec<&str> = after.lines().collect();
    let mut rest = lines.iter();
    for line in kept {
        assert!(
            rest.any(|found| *found == line),
            "{line} is missing or moved"
        );
    }
    assert_eq!(uses(&after).last().unwrap(), "added: ADDED");
}

#[test]
fn with_the_indents_and_line_ends_of_the_file() {
    let before = "driftlock: 1\r\nname: dev\r\nvariables:\r\n    A: a\r\n    B: b\r\ntargets:\r\n    local:\r\n        file: { path: ../.env }\r\n";
    let after = edit(before, both).unwrap();
    assert!(after.starts_with(before));
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    assert!(after.contains("\r\n    api:\r\n        file:"), "{after}");
    assert_eq!(uses(&after)[1], "api: A PORT<-B");
}

#[test]
fn a_target_gets_variables_in_every_layout() {
    let new = [(name("B"), name("B")), (name("PORT"), name("A"))];
    for (list, expected, text) in [
        (
            "    variables: [A]\n",
            "local: A B PORT<-A",
            "[A, B, { PORT: { from: A } }]",
        ),
        (
            "    variables: []\n",
            "local: B PORT<-A",
            "[B, { PORT: { from: A } }]",
        ),
        (
            "",
            "local: B PORT<-A",
            "    variables:\n      - B\n      - PORT: { from: A }\n",
        ),
        (
            "    variables:\n      - A # first\n      - C\n",
            "local: A B C PORT<-A",
            "      - A # first\n      - B\n      - C\n      - PORT: { from: A }\n",
        ),
        (
            "    variables:\n      - X: { from: C }\n",
            "local: X<-C B PORT<-A",
            "      - X: { from: C }\n      - B\n      - PORT: { from: A }\n",
        ),
    ] {
        let before = format!(
            "{HEAD}\n  C: c\n\ntargets:\n  local:\n    file: {{ path: ../.env }}\n{list}    # stays\n"
        );
        let target = TargetName::new("local").unwrap();
        let after = edit(&before, |editor| editor.add_uses(&target, &new))
            .unwrap_or_else(|error| panic!("{error:?} {list:?}"));
        assert_eq!(uses(&after), [expected], "{after}");
        assert!(after.contains(text), "{after}");
        assert!(after.contains("    # stays\n"));
    }
}

#[test]
fn a_target_that_is_not_there_or_is_there_already() {
    let before = format!("{HEAD}\ntargets:\n  api:\n    file: {{ path: ../.env }}\n");
    let missing = TargetName::new("nope").unwrap();
    let error = edit(&before, |editor| {
        editor.add_uses(&missing, &[(name("A"), name("A"))])
    });
    assert_eq!(error, Err(EditError::NoSuchTarget(missing)));
    assert!(matches!(
        edit(&before, both),
        Err(EditError::Unreadable(_) | EditError::Invalid(_) | EditError::WouldDisturb)
    ));
}
