//! The comment of a diff: foreign text stays text in it too, and what goes is always named.

use driftlock::model::{Diagnostic, Position, Severity, TargetName, VarName};
use driftlock::plan::{AuthorityKind, Glimpse};
use driftlock::render::Style;
use driftlock::render::comment::LIMIT;
use driftlock::render::review_markdown::render_review;
use driftlock::review::{
    Comparison, End, MetaChange, Review, Sealing, Sight, State, TargetChange, Unreadable,
    UseChange, UseKind, ValueChange, VariableChange,
};

use super::hostile::text;
use super::plans::{authority, cases, print, random};
use super::read::{is_ours, read};

/// Foreign texts of one comparison.
const TEXTS: usize = 12;

fn name(text: &str) -> VarName {
    text.parse().unwrap()
}

fn target(text: &str) -> TargetName {
    text.parse().unwrap()
}

fn variable(text: &str, state: State, values: (Glimpse, Glimpse)) -> VariableChange {
    VariableChange {
        name: name(text),
        was: None,
        state,
        value: match state {
            State::Changed => ValueChange::Changed,
            State::Added | State::Removed => ValueChange::New,
        },
        before: values.0,
        after: values.1,
        sealing: None,
        meta: vec![],
        gained: vec![],
        lost: vec![],
        kept: vec![target("api")],
        earlier: None,
    }
}

/// A comparison with foreign text wherever there can be one; values are `(before, after)`.
fn comparison(texts: &[String], values: &(String, String)) -> Comparison {
    let clear = |text: &str| Glimpse::Text(text.to_owned());
    let mut changed = variable(
        "CHANGED",
        State::Changed,
        (clear(&values.0), clear(&values.1)),
    );
    changed.meta = vec![MetaChange {
        what: "owner changed",
        before: Some(texts[0].clone()),
        after: Some(texts[1].clone()),
    }];
    let mut sealed = variable("SEALED", State::Changed, (print(1), print(2)));
    sealed.sealing = Some(Sealing {
        unauthenticated: true,
        ..Sealing::default()
    });
    let review = Review {
        path: texts[2].clone(),
        was_path: Some(texts[3].clone()),
        manifest: "production".parse().unwrap(),
        was_manifest: None,
        state: State::Changed,
        base: Some(Sight::Sealed(texts[4].clone())),
        head: Some(Sight::Open),
        authority: vec![authority(
            AuthorityKind::ActivationChanged,
            Some("api"),
            &texts[5],
        )],
        keys: vec![],
        variables: vec![changed, sealed],
        targets: vec![TargetChange {
            target: target("api"),
            was: None,
            state: State::Changed,
            place: texts[6].clone(),
            uses: vec![UseChange {
                name: name("CHANGED"),
                was: None,
                kind: UseKind::Changed,
                before: clear(&values.0),
                after: clear(&values.1),
                through: vec![],
            }],
            settings: vec![texts[7].clone()],
        }],
        notes: vec![texts[8].clone()],
    };
    Comparison {
        asked: vec![texts[9].clone()],
        base: End {
            // a name of a revision is never empty
            revision: Some(format!("r{}", texts[10])),
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        },
        head: End {
            revision: None,
            commit: None,
        },
        reviews: vec![review],
        equal: 0,
        unreadable: vec![Unreadable {
            path: texts[11].clone(),
            side: "base",
            diagnostics: vec![Diagnostic {
                position: Position { line: 1, column: 1 },
                severity: Severity::Error,
                code: "unreadable",
                message: texts[0].clone(),
                help: None,
            }],
        }],
    }
}

fn comment(comparison: &Comparison) -> String {
    let mut out = String::new();
    render_review(&mut out, comparison).unwrap();
    out
}

/// The names in a marker and in the summary of a fold are part of the structure: they are left out.
fn structure(markdown: &str) -> Vec<String> {
    let read = read(markdown);
    is_ours(&read);
    let lines = read.structure.iter();
    lines
        .map(|line| match line.strip_prefix("HtmlBlock ") {
            Some(html) if html.starts_with("<!--") => "HtmlBlock marker".to_owned(),
            Some(html) if html.starts_with("<details>") => "HtmlBlock fold".to_owned(),
            _ => line.clone(),
        })
        .collect()
}

#[test]
fn whatever_a_text_says_the_comment_of_a_diff_stays_as_it_is() {
    let mut random = random(31);
    let tame = |text: &str| -> String {
        let same_length = text.chars().map(|c| if c == '\n' { c } else { 'v' });
        same_length.collect()
    };
    for _ in 0..cases(60) {
        let texts: Vec<String> = (0..TEXTS).map(|_| text(&mut random)).collect();
        let values = (text(&mut random), text(&mut random));
        let hostile = comparison(&texts, &values);
        let tokens: Vec<String> = (0..TEXTS)
            .map(|number| format!("token{number}end"))
            .collect();
        let harmless = comparison(&tokens, &(tame(&values.0), tame(&values.1)));
        let markdown = comment(&hostile);
        assert!(markdown.len() <= LIMIT, "{} bytes", markdown.len());
        // equal values have no row of their own in neither
        if values.0 != values.1 && tame(&values.0) != tame(&values.1) {
            assert_eq!(
                structure(&markdown),
                structure(&comment(&harmless)),
                "{markdown}"
            );
        } else {
            structure(&markdown);
        }
        let mut shown = String::new();
        driftlock::render::text::render_review(&mut shown, &Style::plain(), &hostile).unwrap();
        let raw = shown.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(raw, None, "{shown:?}");
    }
}

#[test]
fn a_large_diff_fits_and_names_all_that_goes() {
    let several = |count: usize, what: &str, state: State| -> Vec<VariableChange> {
        (0..count)
            .map(|number| {
                let values = match state {
                    State::Removed => (print(1), Glimpse::Absent),
                    _ => (print(1), print(2)),
                };
                variable(&format!("{what}_{number:05}_WITH_A_NAME"), state, values)
            })
            .collect()
    };
    let texts: Vec<String> = (0..TEXTS).map(|number| format!("text{number}")).collect();
    let mut large = comparison(&texts, &("a".to_owned(), "b".to_owned()));
    let review = &mut large.reviews[0];
    review.variables = several(3_000, "CHANGED", State::Changed);
    review
        .variables
        .extend(several(400, "GONE", State::Removed));
    review.authority = (0..20)
        .map(|number| {
            let what = format!(
                "an apply on api now does more: run {number} {}",
                "x".repeat(900)
            );
            authority(AuthorityKind::ActivationChanged, Some("api"), &what)
        })
        .collect();
    let markdown = comment(&large);
    assert!(markdown.len() <= LIMIT, "{} bytes", markdown.len());
    structure(&markdown);
    for number in 0..400 {
        let name = format!("`GONE_{number:05}_WITH_A_NAME`");
        assert!(markdown.contains(&name), "{name}");
    }
    assert_eq!(markdown.matches("**activation changed**").count(), 20);
    assert!(
        markdown.contains("driftlock diff 0123456789"),
        "what is left out is said"
    );
    assert_eq!(markdown, comment(&large));
}
