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
    let upper = text.to_uppercase();
    if upper.contains("AGE-SECRET-KEY-") || upper.contains("AGE-PLUGIN-") {
        return "(a message that quotes an identity is not shown)".to_owned();
    }
    let shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MOST)
        .collect();
    shown.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_plugin_cannot_drive_the_terminal_or_quote_a_key() {
        assert_eq!(plain("touch\u{1b}[2J now\n"), "touch [2J now");
        assert!(!plain("bad: age-plugin-foo-1QQQ").contains("1QQQ"));
        assert_eq!(plain(&"x".repeat(10_000)).len(), 300);
    }
}
