//! Any two sides of a small model: what is joined is exactly what the model says, to the byte.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::{MergeError, Merged, Side, Texts, merge};
use super::joined;
use super::model::{Model, both_add_to_one, model, sides};
use crate::manifest::parse;

/// What a manifest says, wherever it says it.
fn says(text: &str) -> impl PartialEq + std::fmt::Debug + use<> {
    let manifest = parse(text).unwrap().manifest;
    let variables = manifest.variables.into_iter();
    let variables: Vec<_> = variables
        .map(|(name, one)| (name, one.source, one.metadata))
        .collect();
    let targets = manifest.targets.into_iter().map(|one| {
        let uses: BTreeSet<_> = one.uses.into_iter().map(|used| used.name).collect();
        (one.name, (one.address, uses))
    });
    (
        variables,
        targets.collect::<BTreeMap<_, _>>(),
        manifest.seal,
    )
}

/// The text; where both sides brought targets or keys of a variable, whose order is then theirs to say,
/// only its lines.
fn settled(text: &str, base: &Model, ours: &Model, theirs: &Model) -> Vec<String> {
    let brings = |side: &Model| {
        side.targets
            .keys()
            .any(|name| !base.targets.contains_key(name))
    };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if brings(ours) && brings(theirs) || both_add_to_one(base, ours, theirs) {
        lines.sort();
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 300,
        ..ProptestConfig::default()
    })]

    /// Joined exactly where the model can be joined and holds together, and then to its very text.
    #[test]
    fn what_is_joined_is_what_the_model_says((base, ours, theirs) in sides()) {
        let wanted = model(&base, &ours, &theirs);
        let holds = wanted.as_ref().is_some_and(|wanted| wanted.clone().settled() == *wanted);
        let outcome = joined(&base.text(), &ours.text(), &theirs.text());
        match outcome {
            Ok(Merged::Clean(text)) => {
                prop_assert!(holds, "joined, and should not:\n{text}");
                prop_assert!(parse(&text).is_ok());
                let wanted = wanted.unwrap().text();
                prop_assert_eq!(settled(&text, &base, &ours, &theirs), settled(&wanted, &base, &ours, &theirs));
            }
            Ok(Merged::Conflict { text, conflicts }) => {
                prop_assert!(!holds, "{conflicts:?}\n{text}");
                prop_assert!(!conflicts.is_empty());
                prop_assert!(parse(&text).is_err());
            }
            Err(error) => prop_assert!(false, "{error:?}"),
        }
    }

    /// The other way round the outcome is the same: these lists are in order.
    #[test]
    fn the_sides_can_be_exchanged((base, ours, theirs) in sides()) {
        let one = joined(&base.text(), &ours.text(), &theirs.text());
        let other = joined(&base.text(), &theirs.text(), &ours.text());
        let settled = |text: &str| settled(text, &base, &ours, &theirs);
        match (one, other) {
            (Ok(Merged::Clean(one)), Ok(Merged::Clean(other))) => {
                prop_assert_eq!(settled(&one), settled(&other));
            }
            (Ok(Merged::Conflict { .. }), Ok(Merged::Conflict { .. })) => {}
            (one, other) => prop_assert!(false, "{one:?}\n{other:?}"),
        }
    }

    /// Whoever lays out what they edit anew: what is joined still says what the model says.
    #[test]
    fn other_layouts_join_to_the_same_meaning(
        (base, ours, theirs) in sides(),
        styles in prop::array::uniform3(prop::array::uniform4(any::<bool>())),
    ) {
        let wanted = model(&base, &ours, &theirs);
        let holds = wanted.as_ref().is_some_and(|wanted| wanted.clone().settled() == *wanted);
        let (base, ours, theirs) =
            (base.text_in(styles[0]), ours.text_in(styles[1]), theirs.text_in(styles[2]));
        for text in [&base, &ours, &theirs] {
            prop_assert!(parse(text).is_ok(), "{text}");
        }
        match joined(&base, &ours, &theirs) {
            Ok(Merged::Clean(text)) => {
                prop_assert!(holds, "joined, and should not:\n{text}");
                prop_assert_eq!(says(&text), says(&wanted.unwrap().text()));
            }
            Ok(Merged::Conflict { text, .. }) => {
                // one layout on all sides is always seen through
                let alike = styles.iter().all(|style| *style == styles[0]);
                prop_assert!(!(holds && alike), "{text}");
                prop_assert!(parse(&text).is_err());
            }
            Err(error) => prop_assert_eq!(error, MergeError::Layout),
        }
    }

    #[test]
    fn a_side_that_changed_nothing_changes_nothing((base, ours, _) in sides()) {
        let (base, ours) = (base.text(), ours.text());
        for (a, b) in [(&ours, &base), (&base, &ours), (&ours, &ours)] {
            prop_assert_eq!(joined(&base, a, b), Ok(Merged::Clean(ours.clone())));
        }
    }

    /// Garbage and pieces of manifests: told or joined, and never read as something else.
    #[test]
    fn nothing_that_is_cut_or_mixed_makes_it_fail(
        (base, ours, theirs) in sides(),
        cuts in prop::array::uniform3(any::<prop::sample::Index>()),
    ) {
        let texts = [base.text(), ours.text(), theirs.text()];
        let cut = |index: usize| {
            let text = &texts[index];
            let at = cuts[index].index(text.len() * 2);
            text.get(..at.min(text.len())).unwrap_or(text)
        };
        let texts = Texts { base: cut(0), ours: cut(1), theirs: cut(2), by_lines: None };
        if let Ok(Merged::Clean(text)) = merge(&texts, &mut |_, _: Side, _| false) {
            prop_assert!(parse(&text).is_ok());
        }
    }
}
