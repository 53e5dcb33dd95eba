//! Files with a public key on each line, as other programs write them: age recipients files, `.pub`
//! files and the `.keys` lists of forges, `authorized_keys` (options in front of a key) and
//! `allowed_signers` (principals in front of it).
//!
//! <https://man.openbsd.org/sshd.8#AUTHORIZED_KEYS_FILE_FORMAT>,
//! <https://man.openbsd.org/ssh-keygen.1#ALLOWED_SIGNERS>

use super::recipients::{Recipient, RecipientError};

/// The largest file that is looked at.
pub const MAX_KEY_LIST_BYTES: u64 = 1 << 20;

/// What precedes a key at most: principals, then options.
const MOST_BEFORE: usize = 2;

/// One line that is not blank and no comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// From 1.
    pub line: usize,
    /// The key, or why there is none to encrypt to.
    pub key: Result<Recipient, KeyLineError>,
    /// What the line calls it: its comment, else its principals. As it stands there.
    pub name: Option<String>,
}

/// Why a line holds no key that could be listed. Never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyLineError {
    /// As anywhere else.
    #[error(transparent)]
    Recipient(#[from] RecipientError),
    /// It signs the keys of others.
    #[error("this key is an authority that signs the keys of others, and nobody's own")]
    Authority,
    /// Nobody can be a reader until a day.
    #[error(
        "this key is limited in time, and a recipient cannot be: list its key itself, if that is meant"
    )]
    Limited,
    /// Marked as known to others.
    #[error("this key is marked as revoked")]
    Revoked,
}

impl KeyLineError {
    /// Whether the line holds something that nobody may see.
    pub fn is_private_key(self) -> bool {
        self == Self::Recipient(RecipientError::PrivateKey)
    }
}

/// Every key of a file.
pub fn parse_key_list(text: &str) -> Vec<ListedKey> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            let line = line.trim();
            let is_key = !line.is_empty() && !line.starts_with('#');
            is_key.then(|| parse_line(index + 1, line))
        })
        .collect()
}

fn parse_line(number: usize, line: &str) -> ListedKey {
    let (key, name) = match age_key(line) {
        _ if holds_a_private_key(line) => (Err(RecipientError::PrivateKey.into()), None),
        Some(parts) => parts,
        None => ssh_key(line),
    };
    ListedKey {
        line: number,
        key,
        name,
    }
}

/// Anywhere in it: behind options, or as the value of something.
fn holds_a_private_key(line: &str) -> bool {
    let upper = line.to_ascii_uppercase();
    ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY-----"]
        .iter()
        .any(|mark| upper.contains(mark))
}

type Parts = (Result<Recipient, KeyLineError>, Option<String>);

/// `age1…`, and what somebody wrote behind it as a comment.
fn age_key(line: &str) -> Option<Parts> {
    if !line.to_ascii_lowercase().starts_with("age") {
        return None;
    }
    let (key, name) = match line.split_once([' ', '\t']) {
        Some((key, rest)) if rest.trim_start().starts_with('#') => {
            (key, named(rest.trim_start().trim_start_matches('#')))
        }
        _ => (line, None),
    };
    Some((Recipient::parse(key).map_err(KeyLineError::from), name))
}

fn ssh_key(line: &str) -> Parts {
    let (before, rest) = divide(line);
    let Some((kind, rest)) = rest.split_once([' ', '\t']) else {
        // a word alone: what it is not is said better by the one who reads keys
        return (Recipient::parse(line).map_err(KeyLineError::from), None);
    };
    let (body, comment) = match rest.trim_start().split_once([' ', '\t']) {
        Some((body, comment)) => (body, named(comment)),
        None => (rest.trim(), None),
    };
    let name = comment.or_else(|| before.iter().copied().find_map(principals));
    let key = match before.iter().copied().find_map(limit) {
        Some(why) => Err(why),
        None => Recipient::parse(&format!("{kind} {body}")).map_err(KeyLineError::from),
    };
    (key, name)
}

/// The words in front of the key, and the line from its type on.
fn divide(line: &str) -> (Vec<&str>, &str) {
    let (mut before, mut rest) = (vec![], line);
    while !is_type(rest) {
        let Some((word, behind)) = word(rest).filter(|_| before.len() < MOST_BEFORE) else {
            return (vec![], line);
        };
        before.push(word);
        rest = behind;
    }
    (before, rest)
}

fn is_type(text: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"]
        .iter()
        .any(|begin| text.starts_with(begin))
}

/// Up to a blank that is not inside double quotes; `\"` does not end them.
fn word(text: &str) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.char_indices().find(|(_, c)| {
        let ends = !quoted && matches!(c, ' ' | '\t');
        match c {
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = *c == '\\' && !escaped;
        ends
    });
    let (at, _) = end?;
    Some((&text[..at], text[at..].trim_start()))
}

/// What an option in front of the key says against it.
fn limit(word: &str) -> Option<KeyLineError> {
    if word == "@revoked" {
        return Some(KeyLineError::Revoked);
    }
    let mut options = options(word);
    options.find_map(|option| {
        let option = option.to_ascii_lowercase();
        let name = option.split('=').next().unwrap_or_default();
        match name {
            "cert-authority" | "@cert-authority" => Some(KeyLineError::Authority),
            "expiry-time" | "valid-after" | "valid-before" => Some(KeyLineError::Limited),
            _ => None,
        }
    })
}

/// Divided at the commas outside of quotes.
fn options(word: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    word.split(move |c| {
        if c == '"' {
            quoted = !quoted;
        }
        c == ',' && !quoted
    })
}

/// `alice@example.com,bob@example.com`, which no option looks like.
fn principals(word: &str) -> Option<String> {
    let is_name = word.contains('@') && !word.starts_with('@') && !word.contains(['=', '"']);
    is_name.then(|| word.to_owned())
}

fn named(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
