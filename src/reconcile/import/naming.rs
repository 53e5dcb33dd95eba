//! Names: how targets are called, what stands before a variable's name, and when an id is safer than
//! a name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Named, Place};
use crate::model::{TargetName, VarName};

const SHARED: &str = "shared";
const MAX_TARGET: usize = 64;
const MAX_PREFIX: usize = 64;
const MAX_VARIABLE: usize = 255;
const MAX_ADDRESS: usize = 255;

/// The names of one place.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) target: TargetName,
    /// Stands before a variable's name where places disagree about its value.
    pub(super) prefix: String,
    /// Another service has this name too, but for upper and lower case.
    pub(super) ambiguous: bool,
}

/// The names of all places, in their order.
pub(super) fn of_places(places: &[Place]) -> Vec<Names> {
    let names: Vec<Option<&str>> = places
        .iter()
        .map(|place| place.service.as_ref().map(|service| service.name.as_str()))
        .collect();
    of_names(&names, BTreeSet::new())
}

/// The same of what places are called; `None` are the shared variables. `taken` are names of
/// targets, in lower case.
pub(super) fn of_names(names: &[Option<&str>], mut taken: BTreeSet<String>) -> Vec<Names> {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for name in names.iter().flatten() {
        *count.entry(name.to_lowercase()).or_default() += 1;
    }
    // the shared variables have their name whatever services are called
    if names.contains(&None) {
        taken.insert(SHARED.to_owned());
    }
    names
        .iter()
        .map(|name| match name {
            None => Names {
                target: TargetName::new(SHARED).expect("the name keeps the rule"),
                prefix: prefix(SHARED),
                ambiguous: false,
            },
            Some(name) => Names {
                target: target(name, &mut taken),
                prefix: prefix(name),
                ambiguous: count[&name.to_lowercase()] > 1,
            },
        })
        .collect()
}

/// A service's name as a target's: unique, upper and lower case alike.
fn target(service: &str, taken: &mut BTreeSet<String>) -> TargetName {
    let base = slug(service);
    let mut number = 1;
    loop {
        let end = match number {
            1 => String::new(),
            number => format!("-{number}"),
        };
        let mut text = base.clone();
        text.truncate(MAX_TARGET - end.len());
        text.push_str(&end);
        if taken.insert(text.to_ascii_lowercase()) {
            return TargetName::new(text).expect("a slug keeps the rule");
        }
        number += 1;
    }
}

/// What a manifest may be called that is named after something; letters, digits, dots and dashes.
pub fn slug(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_') {
            text.push(letter);
        } else if !text.ends_with('-') {
            text.push('-');
        }
    }
    let plain = text.trim_matches(['-', '.', '_']);
    let mut text = match plain {
        "" => "service",
        plain => plain,
    }
    .to_owned();
    text.truncate(MAX_TARGET);
    text
}

/// A service's name as the beginning of a variable's.
pub(super) fn prefix(service: &str) -> String {
    let mut text = String::new();
    for letter in service.chars() {
        if letter.is_ascii_alphanumeric() {
            text.push(letter.to_ascii_uppercase());
        } else if !text.ends_with('_') {
            text.push('_');
        }
    }
    let plain = text.trim_matches('_');
    let mut text = if plain.starts_with(|first: char| first.is_ascii_alphabetic()) {
        plain.to_owned()
    } else {
        format!("SERVICE_{plain}")
    };
    text.truncate(MAX_PREFIX);
    text.trim_end_matches('_').to_owned()
}

/// `PREFIX_NAME`, with a number where that is taken.
pub(super) fn prefixed(prefix: &str, name: &VarName, taken: &mut BTreeSet<VarName>) -> VarName {
    let mut number = 1;
    loop {
        let end = match number {
            1 => String::new(),
            number => format!("_{number}"),
        };
        let mut text = format!("{prefix}_{name}");
        text.truncate(MAX_VARIABLE - end.len());
        text.push_str(&end);
        let name = VarName::new(text).expect("a prefix and a name keep the rule");
        if taken.insert(name.clone()) {
            return name;
        }
        number += 1;
    }
}

/// A name as the manifest addresses it; its id where the name would not do, with a note of the name.
pub(super) fn spelled(kind: &str, named: &Named, by_id: bool, notes: &mut Vec<String>) -> String {
    if !by_id && is_plain(&named.name) {
        return named.name.clone();
    }
    let shown: String = named
        .name
        .chars()
        .map(|letter| if is_plain_letter(letter) { letter } else { '?' })
        .take(64)
        .collect();
    notes.push(format!("{kind} {}", shown.trim()));
    named.id.clone()
}

/// Whether the name says the same to everyone who reads it, and could not be an id.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_ADDRESS
        && name.trim() == name
        && name.chars().all(is_plain_letter)
        && !is_id(name)
}

fn is_plain_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == ' ' || letter.is_ascii_punctuation()
}

/// The form of an id: 8-4-4-4-12 hexadecimal digits.
fn is_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: Option<&str>) -> Place {
        Place {
            service: name.map(|name| Named {
                id: "id".to_owned(),
                name: name.to_owned(),
            }),
            vars: BTreeMap::new(),
        }
    }

    #[test]
    fn every_place_has_a_target_name_of_its_own() {
        let long = "a".repeat(80);
        let names = [
            None,
            Some("shared"),
            Some("api"),
            Some("API"),
            Some("my api / v2 "),
            Some("日本"),
            Some("…"),
            Some(&long),
            Some(&format!("{long}b")),
        ];
        let places: Vec<Place> = names.into_iter().map(place).collect();
        let names = of_places(&places);
        let targets: Vec<&str> = names.iter().map(|names| names.target.as_str()).collect();
        assert_eq!(
            targets[..7],
            [
                "shared",
                "shared-2",
                "api",
                "API-2",
                "my-api-v2",
                "service",
                "service-2"
            ]
        );
        assert_eq!(targets[7], &long[..64]);
        assert_eq!(targets[8], format!("{}-2", &long[..62]));
        let ambiguous: Vec<bool> = names.iter().map(|names| names.ambiguous).collect();
        assert_eq!(ambiguous[..5], [false, false, true, true, false]);
    }

    #[test]
    fn a_prefix_begins_a_variable() {
        for (service, expected) in [
            ("api", "API"),
            ("my-api v2", "MY_API_V2"),
            ("2nd", "SERVICE_2ND"),
            ("日本", "SERVICE"),
            ("_x_", "X"),
        ] {
            assert_eq!(prefix(service), expected);
        }
        let mut taken = BTreeSet::new();
        let long = VarName::new("A".repeat(255)).unwrap();
        let first = prefixed("API", &long, &mut taken);
        let second = prefixed("API", &long, &mut taken);
        assert_eq!((first.as_str().len(), second.as_str().len()), (255, 255));
        assert!(second.as_str().ends_with("A_2"));
    }

    #[test]
    fn an_id_takes_the_place_of_a_name_that_would_not_do() {
        let mut notes = vec![];
        let mut spell = |name: &str| {
            let named = Named {
                id: "the-id".to_owned(),
                name: name.to_owned(),
            };
            spelled("service", &named, false, &mut notes)
        };
        for plain in ["api", "My API (v2): ü", "a/b", "日本"] {
            assert_eq!(spell(plain), plain);
        }
        for odd in [
            "",
            " api",
            "a\u{202e}b",
            "a\nb",
            "tab\t",
            "6f1a9c2e-6f3b-4f0e-9a55-6f2f4f8f8a01",
        ] {
            assert_eq!(spell(odd), "the-id", "{odd}");
        }
        assert!(notes.iter().all(|note| note.chars().all(is_plain_letter)));
        assert!(notes.contains(&"service a?b".to_owned()));
    }
}
