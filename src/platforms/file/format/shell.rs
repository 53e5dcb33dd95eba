//! `set -a; . file` in a shell: assignments, `export`, comments. Any other command is left alone;
//! what it may set is not known, so variables that it names, or all of them where it could reach
//! all, are ambiguous.

use super::Reading;
use super::scan::{Lines, ParseError, Remark, Scan, ambiguous, skip};
use super::shell_word::{PATTERN, Place, TILDE, ends_word, read_word};

/// Commands that can set, unset or skip anything.
const REACHING: [&str; 25] = [
    "export", "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case",
    "esac", "function", ".", "source", "eval", "return", "exit", "exec", "trap", "alias", "set",
    "{", "(",
];

pub(super) fn scan(text: &str) -> Result<Scan, ParseError> {
    let lines = Lines::new(text);
    let mut shell = Shell {
        scan: Scan::default(),
        commands: vec![],
        reaching: None,
    };
    let mut at = 0;
    while at < text.len() {
        at = shell.command(&lines, at)?;
    }
    shell.taint();
    Ok(shell.scan)
}

struct Shell<'a> {
    scan: Scan,
    /// Commands that are not ours to understand, with their lines.
    commands: Vec<(u32, &'a str)>,
    /// The line of the first that can reach every variable.
    reaching: Option<u32>,
}

impl<'a> Shell<'a> {
    /// Reads one command, up to and with what separates it from the next.
    fn command(&mut self, lines: &Lines<'a>, from: usize) -> Result<usize, ParseError> {
        let text = lines.text;
        let at = skip(text, from, |c| matches!(c, ' ' | '\t' | '\n'));
        let rest = &text[at..];
        if rest.starts_with("\r\n") {
            return Ok(at + 2);
        }
        if rest.starts_with([';', '&', '|', ')']) {
            let why = "a shell takes that line for a syntax error and stops there";
            return Err(ParseError {
                line: lines.number(at),
                why,
            });
        }
        if rest.is_empty() {
            return Ok(at);
        }
        if rest.starts_with('#') {
            return Ok(lines.end(at));
        }
        let word = &rest[..rest.find(ends_word).unwrap_or(rest.len())];
        if word == "export" {
            return self.export(lines, at);
        }
        let known = self.scan.statements.len();
        let (end, assigned) = self.assignments(lines, at, at, Place::Assignment)?;
        if assigned && let Some(next) = after_command(text, end) {
            return Ok(next);
        }
        // assignments before a command hold for that command only
        self.scan.statements.truncate(known);
        self.foreign(lines, at)
    }

    fn export(&mut self, lines: &Lines<'a>, head: usize) -> Result<usize, ParseError> {
        let text = lines.text;
        let known = self.scan.statements.len();
        let from = skip(text, head + "export".len(), is_blank);
        let (end, _) = self.assignments(lines, head, from, Place::Argument)?;
        if let Some(next) = after_command(text, end) {
            return Ok(next);
        }
        self.scan.statements.truncate(known);
        self.foreign(lines, head)
    }

    /// Reads `NAME=word …` from `at`; where it stopped, and whether there was any.
    fn assignments(
        &mut self,
        lines: &Lines<'a>,
        head: usize,
        at: usize,
        place: Place,
    ) -> Result<(usize, bool), ParseError> {
        let text = lines.text;
        let (mut at, mut head) = (at, head);
        let mut any = false;
        loop {
            let key_end = skip(text, at, |c| c.is_ascii_alphanumeric() || c == '_');
            let digit = text[at..].starts_with(|c: char| c.is_ascii_digit());
            if key_end == at || digit {
                return Ok((at, any));
            }
            let key = &text[at..key_end];
            let line = lines.number(at);
            if text[key_end..].starts_with('=') {
                let word =
                    read_word(text, key_end + 1, place).map_err(|why| ParseError { line, why })?;
                let reading = match word.value {
                    Ok(value) => Reading::Value(value),
                    Err(why) => {
                        // zsh stops at a pattern or `~` that it finds nothing for
                        if why == PATTERN || why == TILDE {
                            self.reaching.get_or_insert(line);
                        }
                        ambiguous(line, why)
                    }
                };
                self.scan
                    .push(lines, head, key, key_end + 1..word.end, reading);
                at = word.end;
            } else if place == Place::Argument
                && text[key_end..].chars().next().is_none_or(ends_word)
            {
                at = key_end;
            } else {
                return Ok((at, any));
            }
            any = true;
            at = skip(text, at, is_blank);
            head = at;
        }
    }

    /// Passes over a command to the end of its line, quotes and continued lines included.
    fn foreign(&mut self, lines: &Lines<'a>, at: usize) -> Result<usize, ParseError> {
        let text = lines.text;
        let line = lines.number(at);
        let mut end = at;
        while end < text.len() && !text[end..].starts_with('\n') {
            end = read_word(text, end, Place::Argument)
                .map_err(|why| ParseError { line, why })?
                .end;
            end = skip(text, end, |c| ends_word(c) && c != '\n');
            if text[end..].starts_with('#') && text[..end].ends_with(is_blank) {
                end = lines.text_end(end);
            }
        }
        let command = &text[at..end];
        if is_harmless(command) {
            return Ok(end);
        }
        self.scan.remark(Remark::Command, line);
        let reaches = command
            .split(ends_word)
            .any(|word| REACHING.contains(&word))
            || command.contains(['(', ')', '{', '}', '*', '?', '[', '~', '^'])
            || command.contains("<<");
        if reaches {
            self.reaching.get_or_insert(line);
        }
        self.commands.push((line, command));
        Ok(end)
    }

    fn taint(&mut self) {
        for statement in &mut self.scan.statements {
            let Some(name) = &statement.name else {
                continue;
            };
            let named = self.commands.iter().find(|(_, command)| {
                command
                    .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .any(|word| word == name.as_str())
            });
            if let Some(line) = named.map(|(line, _)| *line).or(self.reaching) {
                let why = "a shell command there may set or skip this variable";
                statement.reading = ambiguous(line, why);
            }
        }
        self.name_only_in_commands();
    }

    /// `readonly NAME=…` and the like: a variable that only commands set is not absent.
    fn name_only_in_commands(&mut self) {
        for (line, command) in std::mem::take(&mut self.commands) {
            let words = command.split([' ', '\t', '\n', '\\', ';', '&', '|', '(', '`']);
            let set = words
                .filter_map(|word| word.split_once('='))
                .map(|(key, _)| key);
            for key in set.map(|key| key.trim_end_matches('+')) {
                if let Ok(name) = key.parse() {
                    let reading = ambiguous(line, SET_BY_COMMAND);
                    self.scan.elsewhere.entry(name).or_insert(reading);
                }
            }
        }
    }
}

const SET_BY_COMMAND: &str = "a shell command there sets this variable";

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// Where the next command can begin, if one ends at `at`: with its line, `;`, or a comment.
fn after_command(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let comment = rest.starts_with('#') && text[..at].ends_with(is_blank);
    if rest.is_empty() || rest.starts_with('\n') || comment {
        return Some(at);
    }
    (rest.starts_with(';') && !rest.starts_with(";;")).then_some(at + 1)
}

/// Commands that are often in such files and set nothing.
fn is_harmless(command: &str) -> bool {
    const OPTIONS: [&str; 12] = [
        "-a",
        "+a",
        "-e",
        "-u",
        "-x",
        "-eu",
        "-eo",
        "-euo",
        "-o",
        "+o",
        "pipefail",
        "allexport",
    ];
    let mut words = command.split_whitespace();
    match words.next() {
        Some("set") => words.all(|word| OPTIONS.contains(&word)),
        Some(":" | "true") => words.next().is_none(),
        _ => false,
    }
}
