//! Where in a nested document something stands: `gateway.auth`, `agents.list[0].env`.

use std::fmt;
use std::str::FromStr;

/// Longest text of a path, and most steps.
const LONGEST: usize = 512;
const MOST_STEPS: usize = 32;

/// One step into a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A member of an object.
    Key(String),
    /// An element of an array, from 0.
    Index(u32),
}

/// Steps from the outermost object inwards; at least one. Spelled with dots: a key of other
/// characters than `[A-Za-z0-9_$-]` stands in double quotes, an element of a list in brackets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath(Vec<Segment>);

/// A text that is no path into a document. Holds the rule, not the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a path into a document must {0}")]
pub struct InvalidKeyPath(pub &'static str);

impl KeyPath {
    /// The path that is one step: a member of the outermost object.
    pub fn key(key: impl Into<String>) -> Self {
        Self(vec![Segment::Key(key.into())])
    }

    /// One step further in.
    #[must_use]
    pub fn member(&self, key: impl Into<String>) -> Self {
        let mut steps = self.0.clone();
        steps.push(Segment::Key(key.into()));
        Self(steps)
    }

    /// The path of these steps; `None` for no step.
    pub fn of(steps: &[Segment]) -> Option<Self> {
        (!steps.is_empty()).then(|| Self(steps.to_vec()))
    }

    /// The steps, outermost first.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-')
}

impl FromStr for KeyPath {
    type Err = InvalidKeyPath;

    fn from_str(text: &str) -> Result<Self, InvalidKeyPath> {
        if text.len() > LONGEST {
            return Err(InvalidKeyPath("be at most 512 bytes long"));
        }
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            let (key, after) = take_key(rest)?;
            steps.push(Segment::Key(key));
            rest = after;
            while let Some(inside) = rest.strip_prefix('[') {
                let (index, after) = take_index(inside)?;
                steps.push(Segment::Index(index));
                rest = after;
            }
            match rest.strip_prefix('.') {
                Some(next) => rest = next,
                None if rest.is_empty() => break,
                None => {
                    return Err(InvalidKeyPath(
                        "have dots between its keys, for example gateway.auth",
                    ));
                }
            }
        }
        if steps.len() > MOST_STEPS {
            return Err(InvalidKeyPath("have at most 32 steps"));
        }
        Ok(Self(steps))
    }
}

/// The key at the start, and what follows it.
fn take_key(text: &str) -> Result<(String, &str), InvalidKeyPath> {
    if let Some(inside) = text.strip_prefix('"') {
        let (key, after) = inside
            .split_once('"')
            .ok_or(InvalidKeyPath("close every double quote"))?;
        if key.is_empty() || key.contains('\\') || key.chars().any(char::is_control) {
            return Err(InvalidKeyPath(
                "have no empty key, backslash or control character in double quotes",
            ));
        }
        return Ok((key.to_owned(), after));
    }
    let end = text
        .bytes()
        .position(|byte| !is_plain(byte))
        .unwrap_or(text.len());
    if end == 0 {
        return Err(InvalidKeyPath(
            "have a key of A-Z, a-z, 0-9, _, $ and - (or one in double quotes) in every step",
        ));
    }
    Ok((text[..end].to_owned(), &text[end..]))
}

/// The number before the next `]`, and what follows it. One number has one spelling.
fn take_index(text: &str) -> Result<(u32, &str), InvalidKeyPath> {
    let rule = InvalidKeyPath("have a number without leading zeros in brackets");
    let (digits, after) = text.split_once(']').ok_or(rule)?;
    let plain = (1..=6).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    if !plain {
        return Err(rule);
    }
    Ok((digits.parse().map_err(|_| rule)?, after))
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    if number > 0 {
                        f.write_str(".")?;
                    }
                    if !key.is_empty() && key.bytes().all(is_plain) {
                        f.write_str(key)?;
                    } else {
                        write!(f, "\"{key}\"")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<Segment> {
        text.parse::<KeyPath>().unwrap().segments().to_vec()
    }

    fn key(text: &str) -> Segment {
        Segment::Key(text.to_owned())
    }

    #[test]
    fn steps_are_read() {
        assert_eq!(keys("env"), [key("env")]);
        assert_eq!(keys("a.b-c.$d_1"), [key("a"), key("b-c"), key("$d_1")]);
        assert_eq!(keys(r#"a."b.c[0]".d"#), [key("a"), key("b.c[0]"), key("d")]);
        assert_eq!(
            keys("list[0][12].env"),
            [
                key("list"),
                Segment::Index(0),
                Segment::Index(12),
                key("env")
            ]
        );
    }

    #[test]
    fn one_path_has_one_canonical_spelling() {
        for (text, canonical) in [
            ("env", "env"),
            (r#""env""#, "env"),
            (r#"a."b.c""#, r#"a."b.c""#),
            ("list[3].env", "list[3].env"),
        ] {
            let path: KeyPath = text.parse().unwrap();
            assert_eq!(path.to_string(), canonical);
            assert_eq!(path.to_string().parse(), Ok(path));
        }
    }

    #[test]
    fn bad_paths_are_refused() {
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "a b",
            "a[",
            "a[]",
            "a[01]",
            "a[-1]",
            "a[x]",
            "a[1]b",
            "[0]",
            "a[9999999]",
            r#""a"#,
            r#""""#,
            r#""a"b"#,
            "\"a\nb\"",
            r#""a\b""#,
            "ä",
            "a/b",
        ] {
            assert!(text.parse::<KeyPath>().is_err(), "{text:?}");
        }
        assert!("a".repeat(513).parse::<KeyPath>().is_err());
        assert!(vec!["a"; 33].join(".").parse::<KeyPath>().is_err());
    }
}
