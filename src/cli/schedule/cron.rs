//! cron: one line between two marks in the user's crontab. Everything else there stays as it is.

use super::interval::{cron_fields, fits_cron, unsayable};
use super::job::Job;
use super::words;
use crate::cli::error::CommandError;

/// Longer commands are cut or refused by the crons that there are.
const MOST: usize = 990;

fn begin(name: &str) -> String {
    format!(
        "# begin driftlock {name}: made by `driftlock schedule install cron`, `driftlock schedule remove cron` takes it away"
    )
}

fn end(name: &str) -> String {
    format!("# end driftlock {name}")
}

/// The lines, marks included.
pub(super) fn block(job: &Job) -> Result<String, CommandError> {
    if !fits_cron(job.every) {
        return Err(too_odd(job));
    }
    let mut command = String::new();
    if let Some(file) = &job.environment_file {
        command.push_str(&format!("set -a; . {}; set +a; ", words::cron(file)?));
    }
    for (name, value) in job.environment() {
        command.push_str(&format!("{name}={} ", words::cron(value)?));
    }
    command.push_str(&words::cron(&job.program)?);
    for word in job.words_with_identities(true) {
        command.push(' ');
        command.push_str(&words::cron(&word)?);
    }
    if command.len() > MOST {
        return Err(CommandError::error(format!(
            "the command has {} bytes, and cron takes no more than {MOST}",
            command.len()
        ))
        .hint("name fewer manifests, or a folder of them; or use a shorter path"));
    }
    let (begin, end) = (begin(&job.name), end(&job.name));
    let fields = cron_fields(job.every, job.spread());
    Ok(format!(
        "{begin}\n# what it prints, cron mails to MAILTO where that is set above; alerts go where alerts.yaml says\n\
         {fields} {command}\n{end}\n"
    ))
}

pub(super) fn too_odd(job: &Job) -> CommandError {
    let nearest = crate::manifest::format_duration(super::interval::nearest(job.every));
    CommandError::usage(unsayable(job.every))
        .hint(format!(
            "--round takes the nearest one that it can, {nearest}"
        ))
        .hint("`driftlock schedule print systemd-timer` and `systemd` can say any")
}

/// The crontab with the block in it: in its old place, else at the end.
pub(super) fn with(crontab: &str, name: &str, block: &str) -> Result<String, CommandError> {
    let Some((from, to)) = find(crontab, name)? else {
        let mut out = crontab.to_owned();
        if !(out.is_empty() || out.ends_with('\n')) {
            out.push('\n');
        }
        out.push_str(block);
        return Ok(out);
    };
    Ok(format!("{}{block}{}", &crontab[..from], &crontab[to..]))
}

/// The crontab without it.
pub(super) fn without(crontab: &str, name: &str) -> Result<String, CommandError> {
    Ok(match find(crontab, name)? {
        None => crontab.to_owned(),
        Some((from, to)) => format!("{}{}", &crontab[..from], &crontab[to..]),
    })
}

/// From its first byte to behind its last line end. A mark without its other half was edited by
/// somebody, who knows what is meant.
fn find(crontab: &str, name: &str) -> Result<Option<(usize, usize)>, CommandError> {
    let (first, last) = (format!("# begin driftlock {name}:"), end(name));
    let mut found = None;
    let (mut begun, mut at) = (None, 0);
    for line in crontab.split_inclusive('\n') {
        let text = line.trim_end_matches(['\n', '\r']);
        let next = at + line.len();
        if text.starts_with(&first) {
            if begun.is_some() || found.is_some() {
                return Err(torn(&first, "stands there twice"));
            }
            begun = Some(at);
        } else if text == last {
            let Some(from) = begun.take() else {
                return Err(torn(&last, "has no beginning"));
            };
            found = Some((from, next));
        }
        at = next;
    }
    match begun {
        Some(_) => Err(torn(&first, "has no end")),
        None => Ok(found),
    }
}

fn torn(mark: &str, why: &str) -> CommandError {
    CommandError::refused(format!(
        "the crontab was left alone: the mark `{mark}` in it {why}"
    ))
    .hint("crontab -e, and take the lines around it away; then run this again")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn job() -> Job {
        Job {
            name: "reconcile".to_owned(),
            program: "/usr/bin/driftlock".to_owned(),
            manifests: vec!["/srv/my app/manifests".to_owned()],
            every: Duration::from_secs(300),
            identities: vec!["/home/me/keys.txt".to_owned()],
            path: "/usr/bin:/bin".to_owned(),
            ..Job::default()
        }
    }

    #[test]
    fn the_line_is_whole_and_names_no_secret() {
        let block = block(&job()).unwrap();
        let line = block.lines().nth(2).unwrap();
        let command = "PATH=/usr/bin:/bin /usr/bin/driftlock reconcile --once --identity \
                       /home/me/keys.txt -- '/srv/my app/manifests'";
        assert!(line.ends_with(command), "{line}");
        assert!(line.contains("-59/5 * * * * PATH"), "{line}");
        assert_eq!(block.lines().count(), 4);
    }

    #[test]
    fn everything_else_in_a_crontab_stays() {
        let ours = block(&job()).unwrap();
        for before in [
            "",
            "MAILTO=me\n0 1 * * * x \\% y\n",
            "# no line end",
            "\r\n\n#\n",
        ] {
            let with_it = with(before, "reconcile", &ours).unwrap();
            assert_eq!(with(&with_it, "reconcile", &ours).unwrap(), with_it);
            let back = without(&with_it, "reconcile").unwrap();
            let ended = match before.is_empty() || before.ends_with('\n') {
                true => before.to_owned(),
                false => format!("{before}\n"),
            };
            assert_eq!(back, ended);
            // in its place, with what came after it
            let later = format!("{with_it}5 5 * * * other\n");
            let mut slower = job();
            slower.every = Duration::from_secs(600);
            let slower = block(&slower).unwrap();
            let changed = with(&later, "reconcile", &slower).unwrap();
            assert_eq!(changed, format!("{ended}{slower}5 5 * * * other\n"));
            assert_eq!(with(&changed, "reconcile", &ours).unwrap(), later);
            assert_eq!(without(&later, "other").unwrap(), later);
        }
    }

    #[test]
    fn a_torn_block_is_nobodys_to_guess() {
        let ours = block(&job()).unwrap();
        let lines: Vec<&str> = ours.lines().collect();
        let (begin, end) = (lines[0], lines[3]);
        for torn in [
            format!("{begin}\n1 1 * * * x\n"),
            format!("{end}\n"),
            format!("{ours}{ours}"),
            format!("{begin}\n{ours}"),
        ] {
            assert!(with(&torn, "reconcile", &ours).is_err(), "{torn}");
            assert!(without(&torn, "reconcile").is_err(), "{torn}");
        }
    }

    #[test]
    fn an_interval_that_cron_cannot_say_is_refused_with_what_it_can() {
        let mut job = job();
        job.every = Duration::from_secs(7 * 60);
        let error = block(&job).unwrap_err().to_string();
        assert!(
            error.contains("\"every 7m\"") && error.contains("6m"),
            "{error}"
        );
        job.every = Duration::from_secs(60);
        job.manifests = vec!["/x".repeat(500)];
        assert!(block(&job).unwrap_err().to_string().contains("990"));
    }
}
