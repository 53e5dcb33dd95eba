use insta::assert_snapshot;

use super::{payload, seal};
use crate::manifest::fresh::payload_text;
use crate::manifest::{EditError, Editor, Source};
use crate::model::VarName;

pub(super) fn name(text: &str) -> VarName {
    VarName::new(text).unwrap()
}

pub(super) fn edit(
    text: &str,
    change: impl FnOnce(&mut Editor<'_>) -> Result<(), EditError>,
) -> Result<String, EditError> {
    let mut editor = Editor::new(text)?;
    change(&mut editor)?;
    Ok(editor.finish()?.0)
}

fn sealed(byte: u8) -> Source {
    Source::Sealed(payload(byte))
}

fn clear(text: &str) -> Source {
    Source::Clear(text.to_owned())
}

/// A manifest with two encrypted values and one in clear.
fn base() -> String {
    let text = include_str!("../../../tests/fixtures/valid/sealed.yaml");
    text.to_owned()
}

/// The lines that an edit took out and put in, payloads shortened.
pub(super) fn difference(before: &str, after: &str) -> String {
    let mut out = String::new();
    let diff = similar::TextDiff::from_lines(before, after);
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            similar::ChangeTag::Equal => continue,
            similar::ChangeTag::Delete => '-',
            similar::ChangeTag::Insert => '+',
        };
        let line = change.value().replace('\r', "␍");
        let mut line: String = line.trim_end_matches('\n').chars().take(60).collect();
        if line.is_empty() {
            line.push('⏎');
        }
        out.push_str(&format!("{sign}{line}\n"));
    }
    out
}

fn changed(before: &str, change: impl FnOnce(&mut Editor<'_>) -> Result<(), EditError>) -> String {
    let after = edit(before, change).unwrap_or_else(|error| panic!("{error:?}"));
    difference(before, &after)
}

#[test]
fn the_same_value_changes_nothing() {
    let text = base();
    let same = edit(&text, |editor| {
        editor.set(&name("LOG_LEVEL"), &clear("info"))
    })
    .unwrap();
    assert_eq!(same, text);
    assert_eq!(edit(&text, |_| Ok(())).unwrap(), text);
}

#[test]
fn a_new_value_is_one_line() {
    assert_snapshot!(changed(&base(), |editor| editor.set(&name("API_KEY"), &sealed(9))), @r#"
-    age: 3fa9c1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB
+    age: 3fa9c1.CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ
"#);
}

#[test]
fn additions_stand_in_order() {
    let shown = changed(&base(), |editor| {
        editor.set(&name("AAA"), &sealed(9))?;
        editor.set(&name("BBB"), &clear("yes: no"))?;
        editor.set(&name("BBC"), &clear("two\nlines\n"))?;
        editor.set(
            &name("ZZZ"),
            &Source::Armored(
                "-----BEGIN AGE ENCRYPTED FILE-----\nYWJj\n-----END AGE ENCRYPTED FILE-----\n"
                    .into(),
            ),
        )
    });
    assert_snapshot!(shown, @r#"
+  AAA:
+    age: 3fa9c1.CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ
+⏎
+  BBB: "yes: no"
+⏎
+  BBC: |
+    two
+    lines
+⏎
+  ZZZ:
+    age: |
+      -----BEGIN AGE ENCRYPTED FILE-----
+      YWJj
+      -----END AGE ENCRYPTED FILE-----
+⏎
"#);
}

#[test]
fn clear_becomes_secret_and_back() {
    let text = base();
    assert_snapshot!(changed(&text, |editor| editor.set(&name("LOG_LEVEL"), &sealed(8))), @r#"
-  LOG_LEVEL: info # quiet
+  LOG_LEVEL: # quiet
+    age: 3fa9c1.CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI
"#);
    assert_snapshot!(changed(&text, |editor| editor.set(&name("TOKEN"), &clear("public"))), @r#"
-    age: 3fa9c1.AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
+    value: public
"#);
}

#[test]
fn unset_refuses_while_used() {
    let text = base();
    let error = edit(&text, |editor| editor.unset(&name("TOKEN"), false)).unwrap_err();
    assert_snapshot!(error.to_string(), @r#"TOKEN is still used by the target app"#);
    assert_snapshot!(changed(&text, |editor| editor.unset(&name("TOKEN"), true)), @r#"
-  TOKEN:
-    # from the vendor's page
-    age: 3fa9c1.AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
-    owner: ops
-⏎
-      - TOKEN
"#);
    let gone = EditError::NoSuchVariable(name("GONE"));
    assert_eq!(
        edit(&text, |editor| editor.unset(&name("GONE"), true)),
        Err(gone)
    );
}

#[test]
fn recipients_keep_their_comments() {
    let text = base();
    let list = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let more = changed(&text, |editor| {
        editor.set_recipients(&list(&[
            "age1first",
            "age1second",
            "ssh-ed25519 AAAA third",
        ]))?;
        editor.set_seal(&seal(2))
    });
    assert_snapshot!(more, @r#"
+  - ssh-ed25519 AAAA third
-key: 3fa9c1000000000000000000000000ff.0101010101010101010101
-fingerprints: 3fa9c1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE
+key: 3fa9c1000000000000000000000000ff.0202020202020202020202
+fingerprints: 3fa9c1.AgICAgICAgICAgICAgICAgICAgICAgICAgICAgI
-  -> X25519 stanza1
+  -> X25519 stanza2
-  --- mac1
+  --- mac2
"#);
    assert_snapshot!(changed(&text, |editor| editor.set_recipients(&list(&["age1second"]))), @r#"-  - age1first   # laptop"#);
}

#[test]
fn new_recipients_come_last_with_their_names() {
    let text = base();
    let list = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let named = |key: &str, name: &str| [(key.to_owned(), name.to_owned())].into();
    let shown = changed(&text, |editor| {
        editor.name_recipients(named("age1a", "a\r\nname: x\u{2028}y"));
        editor.set_recipients(&list(&["age1second", "age1b", "age1a"]))
    });
    assert_snapshot!(shown, @r#"
-  - age1first   # laptop
+  - age1b
+  - age1a # a  name: x y
"#);
    let flow = "driftlock: 1\nname: test\nrecipients: [age1first] # ours\n";
    let after = edit(flow, |editor| {
        editor.name_recipients(named("age1a", "a name"));
        editor.set_recipients(&list(&["age1first", "age1b", "age1a"]))
    });
    assert_eq!(
        after.unwrap(),
        flow.replace("age1first", "age1first, age1b, age1a")
    );
}

#[test]
fn uses_are_added_once() {
    let text = base();
    let target = "app".parse().unwrap();
    let shown = changed(&text, |editor| {
        editor.set(&name("NEW"), &clear("x"))?;
        editor.add_use(&target, &name("NEW"))?;
        editor.add_use(&target, &name("TOKEN"))
    });
    assert_snapshot!(shown, @r#"
+  NEW: x
+⏎
+      - NEW
"#);
}

#[test]
fn a_first_secret_makes_the_whole_seal() {
    let text = "driftlock: 1\nname: test\nvariables: {}\ntargets:\n  app: { file: { path: .env } }";
    let after = edit(text, |editor| {
        editor.set_recipients(&["age1first".to_owned()])?;
        editor.set(&name("A"), &sealed(1))?;
        editor.set_seal(&seal(1))
    });
    assert_snapshot!(after.unwrap(), @r#"
driftlock: 1
name: test
recipients:
  - age1first
variables:
  A:
    age: 3fa9c1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=

targets:
  app: { file: { path: .env } }

key: 3fa9c1000000000000000000000000ff.0101010101010101010101010101010101010101010101010101010101010101
fingerprints: 3fa9c1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
age: |
  age-encryption.org/v1
  -> X25519 stanza1
  body
  --- mac1
"#);
}

#[test]
fn crlf_and_wide_indents_are_kept() {
    let text = "driftlock: 1\r\nname: test\r\nvariables:\r\n    A: x   # why\r\n    # about B\r\n    B: { value: z, owner: me }\r\n\r\ntargets:\r\n    app:\r\n        file: { path: .env }\r\n        variables: [A, B]\r\n";
    let shown = changed(text, |editor| {
        editor.set(
            &name("A"),
            &Source::Template(crate::manifest::Template::parse("${B}").unwrap()),
        )?;
        editor.set(&name("AB"), &clear("1\n2"))?;
        editor.set(&name("B"), &clear("a, b"))
    });
    assert_snapshot!(shown, @r#"
-    A: x   # why␍
+    A:   # why␍
+        template: "${B}"␍
+␍
+    AB: |-␍
+        1␍
+        2␍
+␍
-    B: { value: z, owner: me }␍
+    B: { value: "a, b", owner: me }␍
"#);
}

#[test]
fn a_broken_result_is_refused() {
    let text = "driftlock: 1\nname: test\nvariables:\n  A: x\n";
    let error = edit(text, |editor| editor.set(&name("A"), &sealed(1))).unwrap_err();
    assert!(matches!(error, EditError::Invalid(_)), "{error:?}");
    let unreadable = Editor::new("a: [").err();
    assert!(matches!(unreadable, Some(EditError::Unreadable(_))));
    let flow = "{ driftlock: 1, name: test }";
    assert!(matches!(
        Editor::new(flow).err(),
        Some(EditError::ByHand { .. })
    ));
}

#[test]
fn a_whole_re_key_touches_only_payloads() {
    let text = base();
    let after = edit(&text, |editor| {
        editor.set(&name("API_KEY"), &sealed(3))?;
        editor.set(&name("TOKEN"), &sealed(4))?;
        editor.set_seal(&crate::manifest::Seal {
            former_fingerprints: vec![payload(5), payload(6)],
            ..seal(3)
        })
    })
    .unwrap();
    assert!(after.contains(&format!(
        "former_fingerprints:\n  - {}\n",
        payload_text(&payload(5))
    )));
    let back = edit(&after, |editor| editor.set_seal(&seal(3))).unwrap();
    assert!(!back.contains("former"));
    assert_eq!(text.lines().count(), back.lines().count());
}

/// Comments of every kind around three variables.
const COMMENTED: &str = "driftlock: 1
name: test
variables:
  # about A
  A: x
    # deeper: still about A

  # about the next ones

  # about B,
  # in two lines
  B: y
  # about C
  C: |
    # no comment
";

#[test]
fn unset_takes_the_comments_right_above() {
    let without = |gone: &str| changed(COMMENTED, |editor| editor.unset(&name(gone), false));
    assert_snapshot!(without("A"), @r#"
-  # about A
-  A: x
-    # deeper: still about A
-⏎
"#);
    assert_snapshot!(without("B"), @r#"
-  # about B,
-  # in two lines
-  B: y
"#);
    assert_snapshot!(without("C"), @r#"
-  # about C
-  C: |
-    # no comment
"#);
}

#[test]
fn unset_of_all_leaves_an_empty_section() {
    let after = edit(COMMENTED, |editor| {
        ["C", "A", "B"]
            .into_iter()
            .try_for_each(|gone| editor.unset(&name(gone), false))
    });
    let after = after.unwrap();
    assert_eq!(
        after.trim_end(),
        "driftlock: 1\nname: test\nvariables: {}\n  # about the next ones"
    );
}

#[test]
fn one_goes_and_another_comes_beside_it() {
    for (gone, new) in [("A", "AA"), ("B", "AB"), ("B", "BA"), ("C", "D")] {
        let new = name(new);
        let after = edit(COMMENTED, |editor| {
            editor.unset(&name(gone), false)?;
            editor.set(&new, &clear("new"))
        });
        let after = after.unwrap_or_else(|error| panic!("{gone} {new}: {error:?}"));
        assert!(after.contains(&format!("  {new}: new\n")), "{after}");
        assert!(!after.contains(&format!("about {gone}")), "{after}");
    }
}

#[test]
fn a_recipe_goes_behind_the_value_or_in_place_of_another() {
    let age = payload_text(&payload(1));
    let text = |variable: &str| {
        base().replacen(
            "variables:\n",
            &format!("variables:\n  A_NEW:{variable}\n\n"),
            1,
        )
    };
    for (before, after) in [
        (
            format!("\n    age: {age}"),
            format!("\n    age: {age}\n    generate: hex:64"),
        ),
        (
            format!("\n    age: {age}\n    # when\n    rotate: 90d"),
            format!("\n    age: {age}\n    generate: hex:64\n    # when\n    rotate: 90d"),
        ),
        (
            format!("\n    generate: {{ ed25519: hex, public: B }} # old\n    age: {age}"),
            format!("\n    generate: hex:64 # old\n    age: {age}"),
        ),
        (
            format!("\n    generate:\n      alphabet: a-z\n      length: 32\n    age: {age}"),
            format!("\n    generate: hex:64\n    age: {age}"),
        ),
        (
            format!(" {{ owner: me, age: {age} }} # x"),
            format!(" {{ owner: me, age: {age}, generate: hex:64 }} # x"),
        ),
        (
            format!(" {{ age: {age}, generate: uuid, owner: me }}"),
            format!(" {{ age: {age}, generate: hex:64, owner: me }}"),
        ),
    ] {
        let edited = edit(&text(&before), |editor| {
            editor.set_recipe(&name("A_NEW"), "hex:64")
        });
        assert_eq!(edited, Ok(text(&after)), "{before}");
        let again = edit(&text(&after), |editor| {
            editor.set_recipe(&name("A_NEW"), "hex:64")
        });
        assert_eq!(again, Ok(text(&after)));
    }
    let quoted = edit(&text(&format!("\n    age: {age}")), |editor| {
        editor.set_recipe(&name("A_NEW"), "alphabet:#%:64")
    });
    assert!(quoted.is_ok(), "{quoted:?}");
    let none = edit(&base(), |editor| editor.set_recipe(&name("NOPE"), "uuid"));
    assert_eq!(none, Err(EditError::NoSuchVariable(name("NOPE"))));
}
