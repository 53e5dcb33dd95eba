//! launchd: a property list for an agent of the user, or a daemon of the system.

use std::fmt::Write as _;

use super::MARK;
use super::job::Job;
use super::words;
use crate::cli::error::CommandError;

/// The job's name for launchd.
pub(super) fn label(job: &Job) -> String {
    format!("driftlock.{}", job.name)
}

/// The file's name and text: a job that launchd keeps alive, or (`once`) starts again and again.
pub(super) fn plist(job: &Job, once: bool) -> Result<(String, String), CommandError> {
    let label = label(job);
    let mark = MARK.trim_start_matches("# ");
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <!-- {mark} -->\n\
         <plist version=\"1.0\">\n<dict>\n"
    );
    entry(&mut text, "Label", &label)?;
    key(&mut text, "ProgramArguments");
    text.push_str("\t<array>\n");
    for word in command(job, once)? {
        let word = words::plist(&word)?;
        let _ = writeln!(text, "\t\t<string>{word}</string>");
    }
    text.push_str("\t</array>\n");
    key(&mut text, "EnvironmentVariables");
    text.push_str("\t<dict>\n");
    for (name, value) in job.environment() {
        let (name, value) = (words::plist(name)?, words::plist(value)?);
        let _ = writeln!(text, "\t\t<key>{name}</key>\n\t\t<string>{value}</string>");
    }
    text.push_str("\t</dict>\n");
    match once {
        true => {
            key(&mut text, "StartInterval");
            let _ = writeln!(text, "\t<integer>{}</integer>", job.every.as_secs());
            key(&mut text, "RunAtLoad");
            text.push_str("\t<true/>\n");
        }
        false => {
            // again after a failure, and not after somebody ended it
            key(&mut text, "KeepAlive");
            text.push_str("\t<dict>\n\t\t<key>SuccessfulExit</key>\n\t\t<false/>\n\t</dict>\n");
            key(&mut text, "RunAtLoad");
            text.push_str("\t<true/>\n");
            key(&mut text, "ThrottleInterval");
            text.push_str("\t<integer>15</integer>\n");
            key(&mut text, "ExitTimeOut");
            text.push_str("\t<integer>30</integer>\n");
        }
    }
    entry(&mut text, "ProcessType", "Background")?;
    key(&mut text, "Umask");
    // launchd takes it in decimal: 0077
    text.push_str("\t<integer>63</integer>\n");
    if let Some(log) = log(job) {
        entry(&mut text, "StandardOutPath", &log)?;
        entry(&mut text, "StandardErrorPath", &log)?;
    }
    if job.system {
        entry(&mut text, "UserName", &job.account.user)?;
    }
    text.push_str("</dict>\n</plist>\n");
    Ok((format!("{label}.plist"), text))
}

fn key(text: &mut String, name: &str) {
    let _ = writeln!(text, "\t<key>{name}</key>");
}

fn entry(text: &mut String, name: &str, value: &str) -> Result<(), CommandError> {
    key(text, name);
    let value = words::plist(value)?;
    let _ = writeln!(text, "\t<string>{value}</string>");
    Ok(())
}

/// launchd reads no file of variables: a shell does.
fn command(job: &Job, once: bool) -> Result<Vec<String>, CommandError> {
    let mut own = vec![job.program.clone()];
    own.extend(job.words_with_identities(once));
    let Some(file) = &job.environment_file else {
        return Ok(own);
    };
    let script = "set -a && . \"$0\" && set +a && exec \"$@\"";
    let mut all: Vec<String> = ["/bin/sh", "-c", script].map(str::to_owned).into();
    all.push(file.clone());
    all.extend(own);
    Ok(all)
}

/// Where it writes what it says: launchd itself keeps nothing.
pub(super) fn log(job: &Job) -> Option<String> {
    match job.system {
        true => Some(format!("/Library/Logs/{}.log", job.unit())),
        false => {
            let home = job.account.home.as_ref()?;
            Some(format!("{home}/Library/Logs/{}.log", job.unit()))
        }
    }
}

/// Where it is loaded.
pub(super) fn domain(job: &Job) -> String {
    match job.system {
        true => "system".to_owned(),
        false => format!("gui/{}", job.account.uid),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_shell_reads_the_tokens_and_is_gone() {
        let job = Job {
            name: "reconcile".to_owned(),
            program: "/opt/driftlock".to_owned(),
            every: Duration::from_secs(420),
            environment_file: Some("/Users/me/it's.env".to_owned()),
            ..Job::default()
        };
        let (name, text) = plist(&job, true).unwrap();
        assert_eq!(name, "driftlock.reconcile.plist");
        assert!(text.contains("<integer>420</integer>"));
        let words = command(&job, true).unwrap();
        assert_eq!(words[0], "/bin/sh");
        assert_eq!(
            words[3..],
            [
                "/Users/me/it's.env",
                "/opt/driftlock",
                "reconcile",
                "--once"
            ]
        );
        assert!(!text.contains("--></"), "a comment ends where it should");
    }
}
