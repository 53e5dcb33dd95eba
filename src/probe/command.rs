//! A command that succeeds, with the target's variables as its environment.
//!
//! The values go to a shell over its standard input, as text that it exports: never as arguments,
//! nor through the environment of anything but the command itself. That shell then turns into the
//! one that runs the line, with nothing to read and nowhere to write.

use std::fmt::Write as _;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{CommandProbe, not_tried, unexpected, unreachable};
use crate::machine::{Call, MAX_OUTPUT_BYTES, Ran, Run, RunError};
use crate::model::Verdict;

/// Said by the script when every variable is set, right before the line.
const READY: &str = "ready";

pub(super) async fn run(host: &dyn Run, probe: &CommandProbe) -> Verdict {
    let script = match script(probe) {
        Ok(script) => script,
        Err(verdict) => return verdict,
    };
    let mut call = Call::new("sh", ["-s"]).within(probe.limit);
    call.input = script;
    match host.run(&call).await {
        Ok(ran) => judge(&ran),
        Err(error) => no_end(&error, probe.limit),
    }
}

fn script(probe: &CommandProbe) -> Result<Zeroizing<Vec<u8>>, Verdict> {
    for (name, value) in &probe.variables {
        if value.expose().contains('\0') {
            return Err(not_tried(format!(
                "{name} holds a NUL, which no environment can hold"
            )));
        }
    }
    if probe.line.contains('\0') {
        return Err(not_tried("the command holds a NUL"));
    }
    let values: usize = probe.variables.iter().map(|(_, value)| value.len()).sum();
    // enough for the worst case, so that the text never grows and leaves a copy behind
    let mut text = Zeroizing::new(String::with_capacity(
        512 + 1024 * probe.variables.len() + 4 * (values + probe.line.len()),
    ));
    // PATH may be among the variables: the shell is found before
    text.push_str("set -- \"$(command -v sh)\"\n");
    for (name, value) in &probe.variables {
        // unset first: some shells count in names such as SECONDS until then
        write!(text, "unset {name}\nexport {name}=").expect("a string takes any text");
        push_quoted(&mut text, value.expose());
        text.push('\n');
    }
    writeln!(text, "echo {READY}").expect("a string takes any text");
    text.push_str("exec \"$1\" -c ");
    push_quoted(&mut text, &probe.line);
    text.push_str(" </dev/null >/dev/null 2>&1\n");
    if text.len() > MAX_OUTPUT_BYTES {
        return Err(not_tried("the values are too long to hand them over"));
    }
    Ok(Zeroizing::new(std::mem::take(&mut *text).into_bytes()))
}

/// As one word of a shell, whatever it holds.
fn push_quoted(text: &mut String, word: &str) {
    text.push('\'');
    for (number, part) in word.split('\'').enumerate() {
        if number > 0 {
            text.push_str("'\\''");
        }
        text.push_str(part);
    }
    text.push('\'');
}

fn judge(ran: &Ran) -> Verdict {
    if ran.output.trim_ascii() != READY.as_bytes() {
        return not_tried(
            "the shell there did not take the variables: it keeps one of their names for itself, \
             for example UID",
        );
    }
    match ran.status {
        0 => Verdict::Works,
        126 => unexpected("exit status 126: a program of the command could not be run"),
        127 => unexpected("exit status 127: a program of the command was not found"),
        status => unexpected(format!("exit status {status}")),
    }
}

fn no_end(error: &RunError, limit: Duration) -> Verdict {
    match error {
        RunError::Slow { .. } => unreachable(format!(
            "the command did not end within {} s",
            limit.as_secs_f32()
        )),
        RunError::Lost { .. } => {
            unreachable("the connection to the machine was lost while the command ran")
        }
        // it was not begun
        other => not_tried(other.to_string()),
    }
}
