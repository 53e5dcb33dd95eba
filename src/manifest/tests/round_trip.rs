//! Random texts and random edits: what was written is what is read, and nothing else moves.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{payload, seal};
use crate::manifest::{Editor, Fresh, FreshTarget, Manifest, Source, parse, render_new};
use crate::model::{Address, FileAddress, Machine, VarName};

/// Texts that YAML readers stumble over, and any other.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>().prop_map(|text| text.replace('\0', "")),
        "[ -~\n\t]{0,40}",
        "[-?:,\\[\\]{}#&*!|>'\"%@` a]{0,8}",
        "[ \n]{0,3}[a-z \n#:]{0,20}[ \n]{0,3}",
        prop::sample::select(vec![
            "",
            " ",
            "~",
            "null",
            "yes",
            "1.10",
            "0o7",
            "<<",
            "---",
            "...",
            "- a",
            "? a",
            "a: b",
            "a #b",
            "#",
            "%YAML",
            "\u{feff}",
            "\u{85}",
            "a\u{2028}b",
            "'",
            "\"",
            "\\",
            "|",
            ">",
            "a\r\nb",
            "\n",
            "\na",
            "a\n\n",
            "\ta",
            "a\t",
            "[",
            "{",
            "]",
            "}",
            ",",
            "a,b",
            "2027-01-01",
        ])
        .prop_map(ToOwned::to_owned),
    ]
}

fn value(manifest: &Manifest, name: &VarName) -> Option<String> {
    match &manifest.variables.get(name)?.source {
        Source::Clear(text) => Some(text.clone()),
        Source::Sealed(payload) => Some(payload.base64.clone()),
        _ => None,
    }
}

fn names() -> impl Strategy<Value = VarName> {
    "[A-D]{1,2}".prop_map(|text| VarName::new(text).unwrap())
}

fn sources() -> impl Strategy<Value = Source> {
    prop_oneof![
        nasty().prop_map(Source::Clear),
        any::<u8>().prop_map(|byte| Source::Sealed(payload(byte))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_new_manifest_says_what_it_was_made_from(
        variables in prop::collection::btree_map(names(), sources(), 0..6),
        comment in "[^\0]{0,20}",
        at in prop::option::of(prop::sample::select(vec!["env", "a-b.c", "l[0].\"x: y\"", "no", "null"])),
    ) {
        let name = "test".parse().unwrap();
        let seal = seal(1);
        let file = FileAddress {
            machine: Machine::Any,
            path: ".env".to_owned(),
            format: if at.is_some() { "json" } else { "portable" }.to_owned(),
            at: at.map(|at| at.parse().unwrap()),
        };
        let address = Address::File(file.clone());
        let target =
            FreshTarget::file("app".parse().unwrap(), file, variables.keys().cloned().collect());
        let comment: String = comment.chars().filter(|c| !c.is_control()).collect();
        let text = render_new(&Fresh {
            comment: Some("yaml-language-server: $schema=x"),
            name: &name,
            recipients: &[("age1first".to_owned(), comment)],
            variables: &variables,
            references: &BTreeSet::new(),
            targets: &[target],
            seal: Some(&seal),
        });
        let parsed = parse(&text);
        prop_assert!(parsed.is_ok(), "{parsed:?}\n{text}");
        let parsed = parsed.unwrap();
        prop_assert_eq!(&parsed.manifest.targets[0].address, &address);
        prop_assert!(parsed.warnings.is_empty());
        for (name, source) in &variables {
            prop_assert_eq!(&parsed.manifest.variables[name].source, source);
        }
        prop_assert_eq!(parsed.manifest.seal.unwrap(), seal);
    }

    #[test]
    fn edits_say_what_was_asked_and_nothing_else_moves(
        start in prop::collection::btree_map(names(), sources(), 0..5),
        steps in prop::collection::vec((names(), prop::option::of(sources())), 1..8),
        crlf in any::<bool>(),
    ) {
        let name = "test".parse().unwrap();
        let mut text = render_new(&Fresh {
            comment: None,
            name: &name,
            recipients: &[("age1first".to_owned(), String::new())],
            variables: &start,
            references: &BTreeSet::new(),
            targets: &[],
            seal: Some(&seal(1)),
        });
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let mut model: BTreeMap<VarName, Source> = start;
        for (name, step) in steps {
            let mut editor = Editor::new(&text).unwrap();
            match &step {
                Some(source) => {
                    editor.set(&name, source).unwrap();
                    model.insert(name.clone(), source.clone());
                }
                None if model.remove(&name).is_some() => editor.unset(&name, true).unwrap(),
                None => continue,
            }
            let finished = editor.finish();
            prop_assert!(finished.is_ok(), "{finished:?}\n{name} {step:?}\n{text}");
            text = finished.unwrap().0;
        }
        let manifest = parse(&text).unwrap().manifest;
        prop_assert_eq!(manifest.variables.len(), model.len());
        for (name, source) in &model {
            let wanted = match source {
                Source::Clear(text) => text.clone(),
                Source::Sealed(payload) => payload.base64.clone(),
                _ => unreachable!("not generated"),
            };
            prop_assert_eq!(value(&manifest, name), Some(wanted), "{}", text);
        }
    }
}
