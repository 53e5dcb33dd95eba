//! Questions to a person. Nobody is asked where standard input is no terminal.

use std::io::{self, BufRead};

use zeroize::Zeroizing;

use super::error::CommandError;
use super::ui::Ui;
use crate::model::SecretValue;

/// Asks for a yes; anything but `y` or `yes` is a no.
pub(crate) fn confirm(ui: &mut Ui, question: &str) -> Result<bool, CommandError> {
    ui.progress(&format!("{question} [y/N] "));
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| CommandError::error(format!("the answer cannot be read: {}", error.kind())))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}

/// Asks for a secret twice, without echo.
pub(crate) fn secret(question: &str) -> Result<SecretValue, CommandError> {
    let ask = |question: String| {
        rpassword::prompt_password(question)
            .map(Zeroizing::new)
            .map_err(|error| CommandError::error(format!("the value cannot be read: {}", error.kind())))
    };
    let first = ask(format!("{question}: "))?;
    let second = ask("once more: ".to_owned())?;
    if *first != *second {
        return Err(CommandError::error("the two values differ; nothing was changed"));
    }
    Ok(SecretValue::new(first.as_str()))
}

/// Asks once, without echo: the passphrase of a key.
pub(crate) fn passphrase(question: &str) -> Option<Zeroizing<String>> {
    rpassword::prompt_password(format!("{question}: "))
        .ok()
        .map(Zeroizing::new)
}
