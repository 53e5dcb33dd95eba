//! An activation by a command line of the manifest.

use super::deadline::Deadline;
use super::failure::{Trouble, of_a_step, words_of_status};
use crate::machine::{Call, Ran, Run};
use crate::model::Activated;

pub(super) async fn activate(host: &dyn Run, line: &str, deadline: &Deadline) -> Activated {
    let call = Call::shell(line).within(deadline.limit());
    match host.run(&call).await {
        Ok(ran) if ran.succeeded() => Activated::Done,
        Ok(ran) => failed(&ran).into(),
        Err(error) => of_a_step(&error),
    }
}

fn failed(ran: &Ran) -> Trouble {
    let lines = lines(&ran.output) + lines(&ran.errors);
    let printed = match lines {
        0 => "without a word".to_owned(),
        1 => "and printed 1 line, not shown here".to_owned(),
        _ => format!("and printed {lines} lines, not shown here"),
    };
    Trouble::helped(
        format!("{} {printed}", words_of_status(ran.status)),
        "run it by hand on that machine to see what it says",
    )
}

/// The last one may lack its end.
fn lines(bytes: &[u8]) -> usize {
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    ends + usize::from(bytes.last().is_some_and(|last| *last != b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn a_failure_counts_lines_and_shows_none() {
        let ran = |status, output: &[u8], errors: &[u8]| Ran {
            status,
            output: Zeroizing::new(output.to_vec()),
            errors: Zeroizing::new(errors.to_vec()),
        };
        let why = |ran: &Ran| failed(ran).why;
        assert_eq!(
            why(&ran(3, b"", b"")),
            "it ended with status 3 without a word"
        );
        assert_eq!(
            why(&ran(1, b"hunter2\n", b"hunter2")),
            "it ended with status 1 and printed 2 lines, not shown here"
        );
        assert_eq!(
            why(&ran(143, b"hunter2", b"")),
            "it was ended by signal 15 and printed 1 line, not shown here"
        );
        assert_eq!(
            why(&ran(127, b"", b"sh: 1: hunter2: not found\n")),
            "there is no such program there (status 127) and printed 1 line, not shown here"
        );
    }
}
