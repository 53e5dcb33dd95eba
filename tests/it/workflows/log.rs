//! What GitHub's runner makes of the lines of a log.

/// What the runner does with the lines of a log: `::name …::text` at their begin, blanks left out, and
/// `##[name …]text` anywhere in them, unless a step has stopped that with a word of its own.
pub fn obey(log: &str) -> (String, Vec<String>) {
    let mut seen = String::new();
    let mut obeyed = vec![];
    let mut until: Option<String> = None;
    for line in log.lines() {
        let command = line
            .trim()
            .strip_prefix("::")
            .and_then(|rest| rest.split_once("::"))
            .or_else(|| line.split_once("##[")?.1.split_once(']'));
        if let Some((name, text)) = command {
            if until.as_deref() == Some(name) {
                until = None;
                continue;
            }
            if until.is_none() {
                match name {
                    "stop-commands" => until = Some(text.to_owned()),
                    _ => obeyed.push(format!("{name} {text}")),
                }
                continue;
            }
        }
        seen.push_str(line);
        seen.push('\n');
    }
    assert!(until.is_none(), "commands stay stopped after\n{log}");
    (seen, obeyed)
}

#[test]
fn commands_of_a_log_are_taken_as_the_runner_takes_them() {
    let log = "a\n  ::error title=x::b\n::stop-commands::w\n::error::c\n##[error]d\n::w::\ne ##[group]f\n";
    let (seen, obeyed) = obey(log);
    assert_eq!(seen, "a\n::error::c\n##[error]d\n");
    assert_eq!(obeyed, ["error title=x b", "group f"]);
}
