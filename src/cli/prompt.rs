//! Questions to a person. Nobody is asked where standard input is no terminal.

use std::io::{self, BufRead};

use zeroize::Zeroizing;

use super::error::CommandError;
use super::ui::Ui;
use crate::crypto::Prompt;
use crate::model::SecretValue;

/// Asks for a yes; anything but `y` or `yes` is a no.
pub(crate) fn confirm(ui: &mut Ui, question: &str) -> Result<bool, CommandError> {
    ui.ask(&format!("{question} [y/N] "));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| {
        CommandError::error(format!("the answer cannot be read: {}", error.kind()))
    })?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}

/// Asks for a secret twice, without echo.
pub(crate) fn secret(question: &str) -> Result<SecretValue, CommandError> {
    let ask = |question: String| {
        rpassword::prompt_password(question)
            .map(Zeroizing::new)
            .map_err(|error| {
                CommandError::error(format!("the value cannot be read: {}", error.kind()))
            })
    };
    let first = ask(format!("{question}: "))?;
    let second = ask("once more: ".to_owned())?;
    if *first != *second {
        return Err(CommandError::error(
            "the two values differ; nothing was changed",
        ));
    }
    Ok(SecretValue::new(first.as_str()))
}

/// Asks once, without echo: the passphrase of a key.
fn passphrase(question: &str) -> Option<Zeroizing<String>> {
    rpassword::prompt_password(format!("{question}: "))
        .ok()
        .map(Zeroizing::new)
}

/// A person at the terminal, for passphrases and plugins.
pub(crate) struct TerminalPrompt;

impl Prompt for TerminalPrompt {
    fn message(&self, text: &str) {
        super::ui::print_line(text);
    }

    fn confirm(&self, text: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let no = no.unwrap_or("no");
        super::ui::print_line(&format!("{text} [{yes}/{no}]"));
        Some(read_line()?.eq_ignore_ascii_case(yes))
    }

    fn ask(&self, text: &str) -> Option<String> {
        super::ui::print_line(text);
        read_line()
    }

    fn passphrase(&self, text: &str) -> Option<Zeroizing<String>> {
        passphrase(text)
    }
}

fn read_line() -> Option<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).ok()?;
    Some(line.trim_end_matches(['\n', '\r']).to_owned())
}
