//! Values of all kinds through a view and back.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{manifest, messages, values};
use crate::manifest::view::{Head, Subject, without_head};

fn any_value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,12}",
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\t".to_owned()),
        Just(" #".to_owned()),
        Just("null".to_owned()),
        Just("  ".to_owned()),
        Just("---".to_owned()),
        Just("\u{85}\u{2028}\u{feff}".to_owned()),
        Just("é漢😀".to_owned()),
        Just("# driftlock edit: x\n".to_owned()),
        any::<char>()
            .prop_filter("no NUL", |c| *c != '\0')
            .prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_the_values_are_they_come_back(a in any_value(), b in any_value(), c in any_value(), crlf: bool) {
        let text = if crlf { manifest().replace('\n', "\r\n") } else { manifest() };
        let subject = Subject::new(&text).unwrap();
        let values = values([&a, &b, &c]);
        let head = Head { name: "t", notes: &[], problems: &[] };
        let view = without_head(&head.above(&subject.view(&values)));
        let taken = subject.take_back(&view).map_err(|problems| TestCaseError::fail(messages(&problems)))?;
        for (name, value) in &values {
            prop_assert_eq!(&taken.secrets[name].value, value, "{}", name);
        }
        prop_assert_eq!(taken.finish(&BTreeMap::new(), None).unwrap().0, text);
    }
}
