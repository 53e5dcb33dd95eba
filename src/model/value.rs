//! The one type that holds a secret.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// The value of a variable: text, wiped from memory when dropped. It has no `Display`, and its
/// `Debug` says nothing about the text. Two values are compared whole.
///
/// A clone shares the text: there is one copy of it to wipe, and it goes with its last holder.
///
/// Not every value is a secret, but every value travels as one: what may be shown is decided by
/// [`super::Sensitivity`], in one place.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(Arc<Zeroizing<Box<str>>>);

impl SecretValue {
    /// Takes the text over.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    /// The text itself. Each call is a place to look at in review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_is_redacted() {
        let value = SecretValue::new("hunter2");
        assert_eq!(
            format!("{value:?} {value:#?}").matches("hunter2").count(),
            0
        );
    }
}
