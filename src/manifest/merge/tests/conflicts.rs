//! Every conflict, with its marks and with what is said about it.

use super::{BASE, LIST, TOKEN, TOKEN_2, TOKEN_3, clash, clean, joined, re_keyed, with};
use crate::manifest::merge::{MergeError, Merged, Side, Texts, merge};

#[test]
fn one_variable_changed_on_both_sides() {
    let ours = with(&[(TOKEN, TOKEN_2), ("LOG_LEVEL: info", "LOG_LEVEL: warn")]);
    let theirs = with(&[(TOKEN, TOKEN_3), (LIST, "[API_TOKEN, LOG_LEVEL, URL]")]);
    let (text, said) = clash(BASE, &ours, &theirs);
    assert_eq!(
        said,
        [
            "API_TOKEN: both sides gave it another value; keep one of the two, or keep either and run: \
          driftlock set API_TOKEN"
        ]
    );
    let entry = |value: &str| format!("  API_TOKEN:\n    age: 3fa9c1.{value}\n");
    let marked = format!(
        "<<<<<<< ours\n{}=======\n{}>>>>>>> theirs\n",
        entry(TOKEN_2),
        entry(TOKEN_3)
    );
    let rest = with(&[
        (&entry(TOKEN), &marked),
        ("LOG_LEVEL: info", "LOG_LEVEL: warn"),
        (LIST, "[API_TOKEN, LOG_LEVEL, URL]"),
    ]);
    assert_eq!(text, rest);
    // whoever can open both may find that nothing is to decide
    let texts = Texts {
        base: BASE,
        ours: &ours,
        theirs: &theirs,
        by_lines: None,
    };
    let mut asked = vec![];
    let merged = merge(&texts, &mut |name, one, other| {
        asked.push((name.to_string(), one, other));
        true
    });
    let wanted = with(&[
        (TOKEN, TOKEN_2),
        ("LOG_LEVEL: info", "LOG_LEVEL: warn"),
        (LIST, "[API_TOKEN, LOG_LEVEL, URL]"),
    ]);
    assert_eq!(merged, Ok(Merged::Clean(wanted)));
    assert_eq!(asked, [("API_TOKEN".to_owned(), Side::Ours, Side::Theirs)]);
}

#[test]
fn changed_against_removed() {
    let ours = with(&[("LOG_LEVEL: info", "LOG_LEVEL: warn")]);
    let theirs = with(&[
        ("  LOG_LEVEL: info\n\n", ""),
        ("[API_TOKEN, LOG_LEVEL]", "[API_TOKEN]"),
        ("      - LOG_LEVEL  # shown\n", ""),
        ("/${LOG_LEVEL}", "/"),
    ]);
    let (text, said) = clash(BASE, &ours, &theirs);
    assert_eq!(
        said,
        ["LOG_LEVEL: ours changed it, theirs removed it; keep it, or leave it out"]
    );
    assert!(
        text.contains("<<<<<<< ours\n  LOG_LEVEL: warn\n=======\n>>>>>>> theirs\n"),
        "{text}"
    );
    let (_, said) = clash(BASE, &theirs, &ours);
    assert_eq!(
        said,
        ["LOG_LEVEL: theirs changed it, ours removed it; keep it, or leave it out"]
    );
}

#[test]
fn removed_and_used_anew() {
    let ours = with(&[
        (
            "  URL: { template: \"https://x/${LOG_LEVEL}\", owner: ops }\n\n",
            "",
        ),
        ("      - URL\n", ""),
    ]);
    let theirs = with(&[(LIST, "[API_TOKEN, LOG_LEVEL, URL]")]);
    let (text, said) = clash(BASE, &ours, &theirs);
    assert_eq!(
        said,
        [
            "URL: ours removed it, and in theirs it is used by the target api; keep it, or remove the \
          use as well"
        ]
    );
    assert!(text.contains("<<<<<<< ours\n=======\n  URL: {"), "{text}");
}

#[test]
fn a_re_key_against_a_new_value() {
    let ours = re_keyed(BASE);
    let theirs = with(&[(TOKEN, TOKEN_2)]);
    let (text, said) = clash(BASE, &ours, &theirs);
    assert_eq!(
        said,
        [
            "API_TOKEN: theirs has a new value under the former key, ours re-keyed the manifest; \
          keep what ours has, then run: driftlock set API_TOKEN"
        ]
    );
    assert!(text.contains("age: b00b1e.BA") && text.contains("age: 3fa9c1.Ag"));
    let added = with(&[(
        "  LOG_LEVEL: info",
        "  B_NEW:\n    age: 3fa9c1.AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n\n  LOG_LEVEL: info",
    )]);
    let (text, said) = clash(BASE, &added, &ours);
    assert_eq!(
        said,
        [
            "B_NEW: ours has a new value under the former key, theirs re-keyed the manifest; keep \
          what theirs has, then run: driftlock set B_NEW"
        ]
    );
    assert!(text.contains("<<<<<<< ours\n  B_NEW:"), "{text}");
    // all else joins
    let other = with(&[
        ("rotate: 90d", "rotate: 30d"),
        ("LOG_LEVEL: info", "LOG_LEVEL: warn"),
    ]);
    assert_eq!(clean(BASE, &ours, &other), re_keyed(&other));
}

/// Nothing was sealed at the base but the fingerprint key, so the section is only one side's.
#[test]
fn a_re_key_against_the_first_sealed_value() {
    let base = with(&[(
        "age: 3fa9c1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n    rotate",
        "value: x\n    rotate",
    )]);
    let ours = with(&[(TOKEN, TOKEN_2)]);
    let (_, said) = clash(&base, &ours, &re_keyed(&base));
    assert!(
        said[0].contains("API_TOKEN: ours has a new value under the former key"),
        "{said:?}"
    );
}

#[test]
fn a_re_key_on_both_sides_is_one_thing_to_decide() {
    let other = re_keyed(BASE)
        .replace("b00b1e.BA", "c0ffee.BQ")
        .replace("key: b00b1e", "key: c0ffee")
        .replace("stanza2", "stanza3");
    let (_, said) = clash(BASE, &re_keyed(BASE), &other);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("both sides re-keyed the manifest"),
        "{said:?}"
    );
}

#[test]
fn recipients_of_both_sides() {
    let add = |key: &str, stanza: &str| {
        with(&[
            (
                "age1first   # laptop",
                &format!("age1first   # laptop\n  - {key}"),
            ),
            (
                ".0101",
                &format!(".{}", if stanza == "a" { "0202" } else { "0303" }),
            ),
            ("stanza1", stanza),
        ])
    };
    let (one, other) = (add("age1second", "a"), add("age1third", "b"));
    let (text, said) = clash(BASE, &one, &other);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("`recipients`: both sides changed the recipients"),
        "{said:?}"
    );
    for part in [
        "<<<<<<< ours\nrecipients:",
        "<<<<<<< ours\nkey:",
        "<<<<<<< ours\nage: |",
    ] {
        assert!(text.contains(part), "{text}");
    }
    // on one side, against new values under the same key
    let theirs = with(&[(TOKEN, TOKEN_2)]);
    assert_eq!(clean(BASE, &one, &theirs), one.replace(TOKEN, TOKEN_2));
}

#[test]
fn the_place_of_a_target_is_one_thing() {
    let ours = with(&[("path: ../w.env", "path: ../v.env")]);
    let theirs = with(&[("format: compose", "format: docker")]);
    let (text, said) = clash(BASE, &ours, &theirs);
    assert!(
        said[0].starts_with("the target web: both sides changed its place"),
        "{said:?}"
    );
    assert!(text.contains("<<<<<<< ours\n  web:"), "{text}");
    let moved = with(&[(
        "    file:\n      path: ../w.env\n      format: compose\n",
        "    file: { path: ../w.env, machine: any, format: compose }\n",
    )]);
    let (_, said) = clash(BASE, &ours, &moved);
    assert_eq!(said.len(), 1);
}

#[test]
fn two_targets_of_one_place() {
    let target = |name: &str| {
        format!("  {name}:\n    file: {{ path: ../n.env }}\n    variables: [LOG_LEVEL]\nkey:")
    };
    let (ours, theirs) = (
        with(&[("key:", &target("one"))]),
        with(&[("key:", &target("two"))]),
    );
    let (text, said) = clash(BASE, &ours, &theirs);
    assert!(said[0].contains("with both sides' changes"), "{said:?}");
    assert!(text.contains("<<<<<<< ours"), "{text}");
}

#[test]
fn one_program_changed_on_both_sides() {
    let ours = with(&[("restart web", "reload web")]);
    let theirs = with(&[("restart web", "restart web2")]);
    let (text, said) = clash(BASE, &ours, &theirs);
    assert_eq!(
        said,
        ["the target web: both sides changed its `activate`; keep one of the two"]
    );
    assert!(
        text.contains("<<<<<<< ours\n    activate: systemctl reload web\n=======\n"),
        "{text}"
    );
}

/// Lines of one text that git joins are joined; a value that is sealed has no lines.
#[test]
fn what_git_joins_stays_joined() {
    let long = |first: &str, last: &str| {
        with(&[(
            "LOG_LEVEL: info",
            &format!("LOG_LEVEL: |\n    {first}\n    a\n    b\n    c\n    {last}"),
        )])
    };
    let (base, ours, theirs, both) = (
        long("1", "1"),
        long("2", "1"),
        long("1", "2"),
        long("2", "2"),
    );
    let texts = Texts {
        base: &base,
        ours: &ours,
        theirs: &theirs,
        by_lines: Some(&both),
    };
    assert_eq!(
        merge(&texts, &mut |_, _, _| false),
        Ok(Merged::Clean(both.clone()))
    );
    // not where git's lines say something else besides
    let wrong = both.replace("owner: ops", "owner: eve");
    let texts = Texts {
        by_lines: Some(&wrong),
        ..texts
    };
    assert!(matches!(
        merge(&texts, &mut |_, _, _| false),
        Ok(Merged::Conflict { .. })
    ));
    let texts = Texts {
        by_lines: None,
        ..texts
    };
    assert!(matches!(
        merge(&texts, &mut |_, _, _| false),
        Ok(Merged::Conflict { .. })
    ));
}

#[test]
fn what_is_no_manifest_is_not_joined() {
    for (broken, side) in [
        (BASE.replace("driftlock: 1", "driftlock: 2"), Side::Theirs),
        ("{{".to_owned(), Side::Theirs),
    ] {
        let error = joined(BASE, BASE, &broken).unwrap_err();
        assert!(matches!(error, MergeError::Unreadable { side: found, .. } if found == side));
    }
    let braces = "{driftlock: 1, name: t}";
    assert_eq!(
        joined(braces, braces, "{driftlock: 1, name: u}"),
        Err(MergeError::Braces(Side::Ours))
    );
    assert!(matches!(
        joined("- {", BASE, BASE),
        Err(MergeError::Unreadable {
            side: Side::Base,
            ..
        })
    ));
    assert!(matches!(
        joined(BASE, "", BASE),
        Err(MergeError::Unreadable {
            side: Side::Ours,
            ..
        })
    ));
}
