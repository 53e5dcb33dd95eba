//! Asking the person: passphrases, and what plugins want to say.

use std::fmt;
use std::sync::Arc;

use age_core::secrecy::SecretString;
use zeroize::Zeroizing;

/// How to reach the person who runs the command. `None` from any question means that nobody can be
/// asked. Texts that come from plugins are already freed of control characters.
pub trait Prompt: Send + Sync {
    /// Shows a text, for example "touch the key".
    fn message(&self, text: &str);

    /// Asks for a yes or no; `yes` and `no` are the words to offer.
    fn confirm(&self, text: &str, yes: &str, no: Option<&str>) -> Option<bool>;

    /// Asks for something that is not secret.
    fn ask(&self, text: &str) -> Option<String>;

    /// Asks for a passphrase, without echo.
    fn passphrase(&self, text: &str) -> Option<Zeroizing<String>>;
}

/// Shared, because plugins are talked to from a thread of their own.
pub type SharedPrompt = Arc<dyn Prompt>;

/// Nobody can be asked: CI, cron.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPrompt;

impl Prompt for NoPrompt {
    fn message(&self, _: &str) {}

    fn confirm(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }

    fn ask(&self, _: &str) -> Option<String> {
        None
    }

    fn passphrase(&self, _: &str) -> Option<Zeroizing<String>> {
        None
    }
}

/// The same, as age's plugins want it.
#[derive(Clone)]
pub(super) struct Callbacks(pub(super) SharedPrompt);

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callbacks")
    }
}

impl age::Callbacks for Callbacks {
    fn display_message(&self, message: &str) {
        self.0.message(&plain(message));
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let no = no.map(plain);
        self.0.confirm(&plain(message), &plain(yes), no.as_deref())
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.0.ask(&plain(description))
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        let passphrase = self.0.passphrase(&plain(description))?;
        Some(SecretString::from(passphrase.as_str()))
    }
}

/// The words of a plugin as they may be shown: one line, no control characters, not endless, and
/// nothing at all if they quote a private key.
pub(super) fn plain(text: &str) -> String {
    const MOST: usize = 300;
    if quotes_an_identity(text) {
        return "(a message that quotes an identity is not shown)".to_owned();
    }
    let shown: String = text
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MOST)
        .collect();
    shown.trim().to_owned()
}

/// Marks that reorder or hide text; age's own translations put some around names.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `AGE-SECRET-KEY-1…` or `AGE-PLUGIN-NAME-1…`; a plugin's program is called `age-plugin-name`, which
/// may be said.
fn quotes_an_identity(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    upper.contains("AGE-SECRET-KEY-")
        || upper.split("AGE-PLUGIN-").skip(1).any(|rest| {
            let part_of_one = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
            let end = rest.find(|c| !part_of_one(c)).unwrap_or(rest.len());
            rest[..end].contains("-1")
        })
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_plugin_cannot_drive_the_terminal_or_quote_a_key() {
        assert_eq!(plain("touch\u{1b}[2J now\n"), "touch [2J now");
        assert!(!plain("bad: age-plugin-foo-1QQQ").contains("1QQQ"));
        assert!(!plain("bad: 'AGE-PLUGIN-A-B-1QQQ'").contains("1QQQ"));
        assert!(!plain("age-secret-key-1qqq").contains("1qqq"));
        assert_eq!(plain("a\u{202e}b\u{2068}c\u{2069}"), "abc");
        assert_eq!(plain("run age-plugin-foo -1"), "run age-plugin-foo -1");
        assert_eq!(plain(&"x".repeat(10_000)).len(), 300);
    }
}
