//! The codes of launchd in words. Some stand for several causes, and one of those passes by itself.

use super::super::failure::Trouble;
use crate::machine::Ran;

/// Something that `launchctl` did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    code: i32,
}

/// The code that `launchctl` says in its words (`Bootstrap failed: 5: Input/output error`), else its
/// status.
pub(super) fn refusal(ran: &Ran) -> Refusal {
    let text = String::from_utf8_lossy(&ran.errors);
    let said = text
        .split_once("failed: ")
        .and_then(|(_, rest)| rest.split_once(':'))
        .and_then(|(code, _)| code.trim().parse().ok());
    Refusal {
        code: said.unwrap_or(ran.status),
    }
}

/// Whether `launchctl print` shows a job, or says that there is none. Its status is the same for a
/// job and a domain that is not there on some versions, so its words count.
pub(super) fn of_print(status: i32, text: &str) -> Result<bool, Refusal> {
    if status == 0 {
        Ok(true)
    } else if text.contains("Could not find domain")
        || text.contains("Could not find specified domain")
    {
        Err(Refusal { code: 112 })
    } else if status == 113 || text.contains("Could not find service") {
        Ok(false)
    } else {
        Err(Refusal { code: status })
    }
}

impl Refusal {
    /// Whether launchd says so also while a job is on its way out.
    pub(super) fn is_passing(self) -> bool {
        matches!(self.code, 5 | 16 | 17 | 36 | 37)
    }

    pub(super) fn trouble(self, domain: &str) -> Trouble {
        let code = self.code;
        let of = |why: &str| format!("{why} (code {code} of launchd)");
        match code {
            1 | 13 | 144 | 150 => Trouble::new(of("launchd does not allow it")),
            5 => Trouble::helped(
                of("launchd would not load it"),
                "it says this of a property list that it does not like, of a program that is \
                 missing, and of a job that is there already: see the system's log",
            ),
            16 | 17 | 36 | 37 => Trouble::new(of("launchd is still busy with this job")),
            2 | 108 => Trouble::new(of("its property list is not there")),
            109 | 110 => Trouble::new(of("its property list is not one of a job")),
            111 => Trouble::new(of("its property list names no program")),
            112 | 124 | 125 if domain.starts_with("gui/") => Trouble::helped(
                of("nobody is logged in at that machine's screen"),
                "log in there, or say `domain: user`",
            ),
            112 | 124 | 125 => {
                Trouble::new(of("launchd has no such domain, or it takes no jobs now"))
            }
            114 | 115 => Trouble::new(of(
                "the user or group that its property list names does not exist",
            )),
            119 => Trouble::new(of("the job is disabled")),
            122 => Trouble::helped(
                of("launchd does not take a property list with this owner or mode"),
                "it must belong to root for a daemon, to its user for an agent, and nobody else may write it",
            ),
            134 => Trouble::new(of("the job may not run in this kind of session")),
            138 | 139 => Trouble::new(of("the job cannot run on this machine now")),
            _ => Trouble::new(format!("launchd refused it with code {code}")),
        }
    }
}

pub(super) fn disabled(target: &str) -> Trouble {
    Trouble::helped(
        format!("{target} is disabled, so launchd would not load it again: left as it is"),
        format!("launchctl enable {target}"),
    )
}

pub(super) fn no_launchd() -> Trouble {
    Trouble::new("there is no launchd there")
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn ran(status: i32, errors: &str) -> Ran {
        Ran {
            status,
            output: Zeroizing::default(),
            errors: Zeroizing::new(errors.as_bytes().to_vec()),
        }
    }

    #[test]
    fn the_code_in_the_words_counts_before_the_status() {
        let code = |status, words| refusal(&ran(status, words)).code;
        assert_eq!(
            code(5, "Bootstrap failed: 5: Input/output error\nTry re-running"),
            5
        );
        assert_eq!(code(1, "Bootstrap failed: 119: Service is disabled\n"), 119);
        assert_eq!(
            code(1, "Boot-out failed: 36: Operation now in progress\n"),
            36
        );
        assert_eq!(code(3, "Boot-out failed: hunter2: x\n"), 3);
        assert_eq!(code(64, ""), 64);
    }

    #[test]
    fn a_missing_job_is_told_from_a_missing_domain() {
        let missing = "Bad request.\nCould not find service \"x\" in domain for user gui: 501\n";
        assert_eq!(of_print(113, missing), Ok(false));
        for status in [112, 113] {
            let words = "Bad request.\nCould not find domain for user gui: 501\n";
            let refusal = of_print(status, words).unwrap_err();
            assert_eq!(
                refusal.trouble("gui/501").why,
                "nobody is logged in at that machine's screen (code 112 of launchd)"
            );
        }
        assert!(of_print(1, "").is_err());
    }
}
