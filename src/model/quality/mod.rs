//! What is remarkable about a secret although nothing stands in the way of writing it. Pure text rules;
//! they see the value, and never say it.

mod names;
mod pasted;
mod strength;
#[cfg(test)]
mod tests;
mod url;
mod words;

pub use names::dangerous_name;

use super::SecretValue;
use super::clear::is_secret_name;

/// Codes of findings that `lint_ok` at a variable can say to be meant.
pub const WAIVABLE: [&str; 13] = [
    "bad-url",
    "bearer",
    "blanks",
    "ciphertext",
    "dangerous-name",
    "empty",
    "invisible",
    "name-case",
    "placeholder",
    "quoted",
    "repeated",
    "short",
    "weak",
];

/// One remark about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remark {
    /// The code of its rule.
    pub code: &'static str,
    /// In words that follow the name: `is easy to guess`.
    pub what: &'static str,
}

/// Everything that is remarkable about a secret under this name. What is empty, a placeholder or a
/// ciphertext is said by [`super::lint_value`] and needs no more.
pub fn quality(name: &str, value: &SecretValue) -> Vec<Remark> {
    let text = value.expose();
    if !super::lint_value(value)
        .iter()
        .all(|lint| *lint == "private-key")
    {
        return vec![];
    }
    let mut found = vec![];
    let mut add = |code, what| found.push(Remark { code, what });
    if pasted::has_blanks(text) {
        add("blanks", "begins or ends with blanks or a line break");
    }
    if pasted::is_quoted(text) {
        add("quoted", "stands in quotes, which are part of it");
    }
    if pasted::has_invisible(text) {
        add("invisible", "holds a character that nobody sees");
    }
    if url::is_broken(text.trim()) {
        add(
            "bad-url",
            "is a URL whose user or password holds a character that must be percent-encoded",
        );
    }
    if is_secret_name(name) {
        if pasted::is_bearer(text) {
            add("bearer", "begins with the word that whoever sends it adds");
        }
        if let Some(weakness) = strength::weakness(name, text.trim()) {
            found.push(weakness);
        }
    }
    found
}

/// Whether a value is of a kind of which no two variables should hold the same one.
pub fn is_distinct(name: &str, value: &SecretValue) -> bool {
    let text = value.expose().trim();
    is_secret_name(name) && text.len() >= 8 && super::lint_value(value).is_empty()
}
