//! The environment of a process, as the kernel or a container keeps it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{SecretValue, VarName};

/// What was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) vars: BTreeMap<VarName, SecretValue>,
    /// Names that stand there twice with different values: readers disagree on which one counts.
    pub(super) unclear: BTreeSet<VarName>,
}

impl Environment {
    pub(super) fn add(&mut self, name: &str, value: SecretValue) {
        // what has another name is wanted by no manifest
        let Ok(name) = VarName::new(name) else {
            return;
        };
        match self.vars.get(&name) {
            Some(known) if *known != value => {
                self.unclear.insert(name);
            }
            Some(_) => {}
            None => {
                self.vars.insert(name, value);
            }
        }
    }
}

/// What `/proc/PID/environ` holds. `None` if that is no environment any more: programs that set
/// their title write over it.
pub(super) fn parse(bytes: &[u8]) -> Option<Environment> {
    let mut environment = Environment::default();
    for entry in bytes.strip_suffix(b"\0")?.split(|byte| *byte == 0) {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (&entry[..at], &entry[at + 1..]);
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let name = std::str::from_utf8(name).ok()?;
        environment.add(name, value_of(value));
    }
    Some(environment)
}

/// A value that is no text is different from every stored one; so is one with a NUL.
fn value_of(bytes: &[u8]) -> SecretValue {
    SecretValue::new(std::str::from_utf8(bytes).unwrap_or("\0"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> VarName {
        VarName::new(text).unwrap()
    }

    #[test]
    fn entries_are_read() {
        let read = parse(b"A=1\0B=a=b\nc\0EMPTY=\0BASH_FUNC_x%%=() {  :\n}\0").unwrap();
        let value = |of: &str| read.vars[&name(of)].expose().to_owned();
        assert_eq!(
            [value("A"), value("B"), value("EMPTY")],
            ["1", "a=b\nc", ""]
        );
        assert_eq!(read.vars.len(), 3);
    }

    #[test]
    fn a_title_written_over_it_is_no_environment() {
        for garbage in [
            &b""[..],
            b"A=1",
            b"nginx: worker process\0",
            b"gunicorn: master [app] --conf=x\0B=2\0",
            b"tail of a title\0\0\0\0B=2\0",
            b"\0\0\0\0",
            b"=x\0",
        ] {
            assert_eq!(parse(garbage), None);
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_unclear_only_if_the_values_differ() {
        assert_eq!(parse(b"A=1\0A=1\0").unwrap().unclear, [].into());
        assert_eq!(parse(b"A=1\0A=2\0").unwrap().unclear, [name("A")].into());
    }

    #[test]
    fn what_is_no_text_equals_nothing() {
        let read = parse(b"A=\xff\0").unwrap();
        assert_ne!(read.vars[&name("A")].expose(), "\u{FFFD}");
    }

    proptest! {
        #[test]
        fn any_environment_is_read_back(
            vars in proptest::collection::btree_map("[A-Z_][A-Z0-9_]{0,8}", "[^\0]{0,20}", 1..8)
        ) {
            let bytes: String = vars.iter().map(|(name, value)| format!("{name}={value}\0")).collect();
            let read = parse(bytes.as_bytes()).unwrap();
            prop_assert_eq!(read.vars.len(), vars.len());
            for (key, value) in &vars {
                prop_assert_eq!(read.vars[&name(key)].expose(), value.as_str());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            parse(&bytes);
        }
    }
}
