//! A command whose standard output is a new value. Nothing of what it prints is ever shown.

use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::look;
use crate::machine::{Ran, Run, RunError};
use crate::model::{CommandRecipe, SecretValue, VarName};
use crate::reconcile::stop::Stop;

/// The longest value that a command may print, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Runs it on this machine, with the little environment that [`crate::machine::Call`] says, and to
/// its end: a signal to us ends it too.
pub(crate) fn run(
    name: &VarName,
    command: &CommandRecipe,
    context: &Context,
) -> Result<SecretValue, CommandError> {
    let call = crate::machine::Call::shell(&command.line).within(command.limit);
    let host = context.local_host();
    let ended = look::runtime()?.block_on(async {
        let stop = Stop::on_signals();
        tokio::select! {
            ended = host.run(&call) => Some(ended),
            () = stop.requested() => None,
        }
    });
    let why = match ended {
        None => "was stopped by a signal".to_owned(),
        Some(Err(RunError::Slow { limit, .. })) => {
            format!("did not end within {} s and was stopped", limit.as_secs())
        }
        Some(Err(error)) => format!("did not run: {error}"),
        Some(Ok(ran)) => match value(&ran) {
            Ok(value) => return Ok(value),
            Err(why) => why,
        },
    };
    Err(CommandError::error(format!(
        "{name} got no new value: its command {why}; nothing was changed"
    ))
    .hint("run it by hand to see what it says; it runs in / with PATH, HOME and USER only"))
}

/// One line end at the end is not part of it.
fn value(ran: &Ran) -> Result<SecretValue, String> {
    match ran.status {
        0 => {}
        126 => return Err("may not be run (exit status 126)".to_owned()),
        127 => return Err("names a program that is not there (exit status 127)".to_owned()),
        129..=192 => return Err(format!("was ended by signal {}", ran.status - 128)),
        status => return Err(format!("failed with exit status {status}")),
    }
    // the two last may be the end of a line
    if ran.output.len() > MAX_BYTES + 2 {
        return Err("printed more than 64 KiB".to_owned());
    }
    let text = std::str::from_utf8(&ran.output)
        .map_err(|_| "printed something that is not UTF-8 text".to_owned())?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err("printed nothing".to_owned());
    }
    if text.len() > MAX_BYTES {
        return Err("printed more than 64 KiB".to_owned());
    }
    if text.contains('\0') {
        return Err("printed a NUL, which no environment variable can hold".to_owned());
    }
    Ok(SecretValue::new(text))
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn says(status: i32, output: &[u8]) -> Result<String, String> {
        let ran = Ran {
            status,
            output: Zeroizing::new(output.to_vec()),
            errors: Zeroizing::default(),
        };
        value(&ran).map(|value| value.expose().to_owned())
    }

    #[test]
    fn one_line_end_is_dropped() {
        for (output, wanted) in [
            (&b"v"[..], "v"),
            (b"v\n", "v"),
            (b"v\r\n", "v"),
            (b"v\n\n", "v\n"),
            (b" v ", " v "),
        ] {
            assert_eq!(says(0, output), Ok(wanted.to_owned()));
        }
        let most = [b"x".repeat(MAX_BYTES), b"\n".to_vec()].concat();
        assert_eq!(says(0, &most).map(|value| value.len()), Ok(MAX_BYTES));
    }

    #[test]
    fn what_is_no_value_is_refused_without_it() {
        let long = b"canary".repeat(MAX_BYTES);
        for (status, output, why) in [
            (0, &b""[..], "printed nothing"),
            (0, b"\n", "printed nothing"),
            (0, b"canary\0", "printed a NUL"),
            (0, b"canary\xff", "not UTF-8"),
            (0, &long, "more than 64 KiB"),
            (3, b"canary", "failed with exit status 3"),
            (126, b"", "may not be run"),
            (127, b"", "not there"),
            (137, b"canary", "ended by signal 9"),
        ] {
            let said = says(status, output).unwrap_err();
            assert!(said.contains(why) && !said.contains("canary"), "{said}");
        }
    }
}
