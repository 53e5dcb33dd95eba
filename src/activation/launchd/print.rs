//! What `launchctl print` says of a job. It is made for people, and not documented: what is not
//! found there is not known, never absent.

use crate::model::SecretValue;

use super::super::environ::Environment;

/// A loaded job.
#[derive(Debug, Default)]
pub(super) struct Job {
    pub(super) pid: Option<u32>,
    pub(super) state: String,
    /// The property list that it was loaded from.
    pub(super) path: Option<String>,
    /// `None` if it never ended, or does not say.
    pub(super) last_exit: Option<i64>,
    /// It was ended by a signal or crashed the last time.
    pub(super) crashed: bool,
    /// What its property list gave it when it was loaded.
    pub(super) environment: Option<Environment>,
}

impl Job {
    /// Lines that stand one tab deep are the job's own.
    pub(super) fn read(text: &str) -> Self {
        let mut job = Self::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line == "\tenvironment = {" {
                job.environment = environment(&mut lines);
                continue;
            }
            let Some((name, value)) = own(line).and_then(|line| line.split_once(" = ")) else {
                continue;
            };
            match name {
                "pid" => job.pid = job.pid.or(value.parse().ok()),
                "state" if job.state.is_empty() => value.clone_into(&mut job.state),
                "path" => job.path = job.path.or_else(|| Some(value.to_owned())),
                "last exit code" => job.last_exit = number_at_the_start(value),
                "last terminating signal" => job.crashed = true,
                _ => {}
            }
        }
        job
    }

    /// Why it does not run although it began, right after it was loaded.
    pub(super) fn fell_over(&self) -> Option<String> {
        if self.pid.is_some() {
            return None;
        }
        match self.last_exit {
            Some(0) if self.state == "spawn scheduled" => {
                Some("ended at once, with status 0; launchd will start it again".to_owned())
            }
            Some(0) => None,
            Some(code) => Some(format!(
                "fell over right after its start, with status {code}"
            )),
            None if self.crashed => Some("was ended by a signal right after its start".to_owned()),
            None => None,
        }
    }
}

fn own(line: &str) -> Option<&str> {
    line.strip_prefix('\t')
        .filter(|rest| !rest.starts_with('\t'))
}

/// `78: EX_CONFIG` or `1`; not `(never exited)`.
fn number_at_the_start(value: &str) -> Option<i64> {
    value.split(':').next()?.trim().parse().ok()
}

/// The block up to its brace. A value with line breaks stands there with them, and what looks like
/// the next entry may be part of it: such a block is not taken.
fn environment<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Option<Environment> {
    let mut environment = Environment::default();
    let mut is_whole = true;
    for line in lines {
        if line == "\t}" {
            return is_whole.then_some(environment);
        }
        match line
            .strip_prefix("\t\t")
            .and_then(|line| line.split_once(" => "))
        {
            Some((name, value)) => environment.add(name, SecretValue::new(value)),
            None => match line
                .strip_prefix("\t\t")
                .and_then(|line| line.strip_suffix(" =>"))
            {
                Some(name) => environment.add(name, SecretValue::new("")),
                None => is_whole = false,
            },
        }
    }
    None
}

/// Whether `launchctl print-disabled` says so of this label: `"label" => disabled`, on older
/// versions `"label" => true`.
pub(super) fn is_disabled(text: &str, label: &str) -> bool {
    let quoted = format!("\"{label}\" => ");
    text.lines()
        .filter_map(|line| line.trim().strip_prefix(&quoted))
        .any(|state| matches!(state.trim(), "disabled" | "true"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::VarName;

    const RUNNING: &str = "gui/501/com.example.app = {\n\tactive count = 1\n\tpath = /Users/a/Library/LaunchAgents/com.example.app.plist\n\
        \ttype = LaunchAgent\n\tstate = running\n\n\tprogram = /usr/bin/app\n\tinherited environment = {\n\
        \t\tTOKEN => inherited\n\t}\n\n\tdefault environment = {\n\t\tPATH => /usr/bin:/bin\n\t}\n\n\
        \tenvironment = {\n\t\tTOKEN => a => b = c\n\t\tEMPTY => \n\t\tXPC_SERVICE_NAME => com.example.app\n\t}\n\n\
        \tlast exit code = (never exited)\n\tresource coalition = {\n\t\tstate = active\n\t\tpid = 1\n\t}\n\tpid = 36019\n}\n";

    #[test]
    fn a_running_job_is_read() {
        let job = Job::read(RUNNING);
        assert_eq!((job.pid, job.state.as_str()), (Some(36019), "running"));
        assert_eq!(job.last_exit, None);
        assert!(job.path.unwrap().ends_with("com.example.app.plist"));
        let vars = job.environment.unwrap().vars;
        let value = |name: &str| vars[&VarName::new(name).unwrap()].expose().to_owned();
        assert_eq!(value("TOKEN"), "a => b = c");
        assert_eq!(value("EMPTY"), "");
        assert!(!vars.contains_key("PATH"));
    }

    #[test]
    fn values_with_line_breaks_spoil_the_block() {
        let text = RUNNING.replace("a => b = c", "first\nsecond");
        let job = Job::read(&text);
        assert!(job.environment.is_none());
        assert_eq!(job.pid, Some(36019));
        let cut = &RUNNING[..RUNNING.find("\t\tEMPTY").unwrap()];
        assert!(Job::read(cut).environment.is_none());
    }

    #[test]
    fn who_fell_over_is_seen() {
        let of = |state: &str, exit: &str| {
            Job::read(&format!(
                "x = {{\n\tstate = {state}\n\tlast exit code = {exit}\n}}\n"
            ))
            .fell_over()
        };
        assert_eq!(of("not running", "(never exited)"), None);
        assert_eq!(of("not running", "0"), None);
        assert!(of("spawn scheduled", "0").is_some());
        assert!(
            of("spawn scheduled", "78: EX_CONFIG")
                .unwrap()
                .contains("78")
        );
    }

    #[test]
    fn disabled_jobs_are_found_by_their_whole_label() {
        let text = "\tdisabled services = {\n\t\t\"com.a\" => disabled\n\t\t\"com.b\" => true\n\t\t\"com.c\" => enabled\n\t}\n";
        assert!(is_disabled(text, "com.a") && is_disabled(text, "com.b"));
        assert!(
            !is_disabled(text, "com.c") && !is_disabled(text, "com") && !is_disabled(text, "a")
        );
    }
}
