//! Names and their rules.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A name that breaks the rules of its kind. Holds the rule, not the name: a secret pasted
/// into the wrong place must not come back in an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must {rule}")]
pub struct InvalidName {
    /// What was being named, for example "a variable's name".
    pub kind: &'static str,
    /// The rule, to follow the word "must".
    pub rule: &'static str,
}

macro_rules! name {
    ($(#[$meta:meta])* $type:ident, $kind:literal, $rule:literal, $check:expr) => {
        $(#[$meta])*
        ///
        /// A clone shares the text: names go into many sets on their way to a plan.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Arc<str>);

        impl $type {
            /// Checks the rule.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
                let text = text.as_ref();
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName { kind: $kind, rule: $rule })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.as_str().to_owned()
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($kind)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        $type::new(text).map_err(E::custom)
                    }
                }
                from.deserialize_str(Text)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// The name of an environment variable: `[A-Za-z_][A-Za-z0-9_]*`, the set that every dotenv
    /// reader and shell accepts, at most 255 bytes.
    VarName,
    "a variable's name",
    "be 1 to 255 of A-Z, a-z, 0-9 and _, and not begin with a digit",
    |text| {
        text.len() <= 255
            && text
                .bytes()
                .next()
                .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }
);

fn is_plain_name(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

name!(
    /// The name of a manifest, usually of an environment: `[A-Za-z0-9][A-Za-z0-9._-]*`, at most 64
    /// bytes.
    ManifestName,
    "a manifest's name",
    "be 1 to 64 of A-Z, a-z, 0-9, dot, dash and _, and begin with a letter or digit",
    is_plain_name
);

name!(
    /// The name of a target: `[A-Za-z0-9][A-Za-z0-9._-]*`, at most 64 bytes.
    TargetName,
    "a target's name",
    "be 1 to 64 of A-Z, a-z, 0-9, dot, dash and _, and begin with a letter or digit",
    is_plain_name
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_a_shell_identifier() {
        for good in ["A", "_", "a1", "PATH_2"] {
            assert!(VarName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "1A", "a-b", "a.b", "é", "A B", "A\n", &"A".repeat(256)] {
            assert!(VarName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reading_json_keeps_the_rule() {
        use std::collections::BTreeMap;
        let name = VarName::new("A_1").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), r#""A_1""#);
        // escaped, owned and as a key: three ways for a text to come in
        assert_eq!(
            serde_json::from_str::<VarName>(r#""A\u005f1""#).unwrap(),
            name
        );
        assert_eq!(
            serde_json::from_value::<VarName>("A_1".into()).unwrap(),
            name
        );
        let map: BTreeMap<VarName, u8> = serde_json::from_str(r#"{"A_1":2}"#).unwrap();
        assert_eq!(map[&name], 2);
        for bad in [r#""A-1""#, r#""""#, "7", "null"] {
            assert!(serde_json::from_str::<VarName>(bad).is_err(), "{bad}");
        }
        let error = serde_json::from_str::<VarName>(r#""hunter2 is my password""#).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn an_error_does_not_quote_the_text() {
        let error = VarName::new("hunter2 is my password").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
