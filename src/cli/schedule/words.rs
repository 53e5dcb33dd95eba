//! One text as one word, in each of the languages that schedules are written in. What a language cannot
//! hold is refused, never bent.

use crate::cli::error::CommandError;
use crate::render::escape;

/// A word, or why there is none.
pub(super) type Word = Result<String, CommandError>;

fn refused(text: &str, place: &str, why: &str) -> CommandError {
    let text = escape::quoted(text);
    CommandError::error(format!("{text} cannot be written into {place}: {why}"))
        .hint("give the file or folder another name, or name a link to it")
}

/// Control characters have no place in a line.
fn of_one_line<'a>(text: &'a str, place: &str) -> Result<&'a str, CommandError> {
    match text.chars().any(char::is_control) {
        true => Err(refused(text, place, "it holds a control character")),
        false => Ok(text),
    }
}

fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:=@+,".contains(c);
    !text.is_empty() && text.chars().all(plain)
}

/// One word of a shell's command line that stands in a crontab. cron ends a command at `%` unless a
/// backslash is before it, and the crons do not agree on other backslashes: there are none that a
/// quote does not follow.
pub(super) fn cron(text: &str) -> Word {
    of_one_line(text, "a crontab")?;
    if is_plain(text) {
        return Ok(text.to_owned());
    }
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("'\"'\"'"),
            '\\' => out.push_str("\\''"),
            '%' => out.push_str("\\%"),
            c => out.push(c),
        }
    }
    out.push('\'');
    Ok(out)
}

const UNIT: &str = "a unit of systemd";

/// One argument of `ExecStart=`: no specifier, no variable, one word.
pub(super) fn unit_argument(text: &str) -> Word {
    unit_quoted(text, true)
}

/// A word of `Environment=` or `ReadWritePaths=`, where no variable is looked for.
pub(super) fn unit_word(text: &str) -> Word {
    unit_quoted(text, false)
}

fn unit_quoted(text: &str, variables: bool) -> Word {
    of_one_line(text, UNIT)?;
    if is_plain(text) {
        return Ok(text.to_owned());
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '%' => out.push_str("%%"),
            '$' if variables => out.push_str("$$"),
            c => out.push(c),
        }
    }
    out.push('"');
    Ok(out)
}

/// The program of `ExecStart=`: systemd takes no quotes and backslashes in it, however they are
/// written, and looks for no variables.
pub(super) fn unit_program(text: &str) -> Word {
    if text.contains(['"', '\'', '\\']) {
        return Err(refused(
            text,
            UNIT,
            "a program's path there has no quotes and no backslashes",
        ));
    }
    unit_quoted(text, false)
}

/// A path that is all of the rest of a line: nothing in it is quoted.
pub(super) fn unit_rest(text: &str) -> Word {
    of_one_line(text, UNIT)?;
    if text.ends_with('\\') || text.trim() != text {
        return Err(refused(
            text,
            UNIT,
            "a path there does not end in a blank or a backslash",
        ));
    }
    Ok(text.replace('%', "%%"))
}

/// A text of `Description=`.
pub(super) fn unit_text(text: &str) -> String {
    escape::terminal(text).replace('%', "%%").replace('\\', "/")
}

/// The text of an element of a property list.
pub(super) fn plist(text: &str) -> Word {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // a raw one is read as a line end
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                let why = "XML has no such character";
                return Err(refused(text, "a property list", why));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

/// A value of a workflow, in double quotes: JSON's are YAML's. What GitHub would evaluate is refused.
pub(super) fn workflow(text: &str) -> Word {
    if text.contains("${{") {
        return Err(refused(
            text,
            "a workflow",
            "GitHub would take a part of it for an expression",
        ));
    }
    if is_plain(text) && !text.contains(':') && text.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        return Ok(text.to_owned());
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // YAML's own line ends, and what it does not let stand
            c if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c if matches!(c, '\u{fffe}' | '\u{ffff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_quotes() {
        let path = "/srv/a b/it's 5% of $x \\ \"q\"";
        assert_eq!(
            cron(path).unwrap(),
            "'/srv/a b/it'\"'\"'s 5\\% of $x \\'' \"q\"'"
        );
        assert_eq!(
            unit_argument(path).unwrap(),
            "\"/srv/a b/it's 5%% of $$x \\\\ \\\"q\\\"\""
        );
        assert_eq!(
            unit_word("A=1 $b").unwrap(),
            "\"A=1 $b\"",
            "no variables are looked for"
        );
        assert_eq!(plist("a<b>&\r").unwrap(), "a&lt;b&gt;&amp;&#13;");
        assert_eq!(workflow("a\"\n#é").unwrap(), "\"a\\\"\\n#é\"");
        assert_eq!(workflow("manifests").unwrap(), "manifests");
        for plain in ["/usr/bin/driftlock", "127.0.0.1:9187", "--once"] {
            assert_eq!(cron(plain).unwrap(), plain);
            assert_eq!(unit_argument(plain).unwrap(), plain);
        }
    }

    #[test]
    fn what_a_language_cannot_hold_is_refused() {
        for odd in ["a\nb", "a\u{7}b", "a\rb"] {
            assert!(cron(odd).is_err() && unit_argument(odd).is_err());
            assert!(unit_rest(odd).is_err() && unit_word(odd).is_err());
        }
        assert!(unit_rest("/a ").is_err() && unit_rest("/a\\").is_err());
        assert!(unit_program("/it's/driftlock").is_err());
        assert!(plist("\u{1}").is_err());
        assert!(workflow("${{ secrets.X }}").is_err());
        let error = cron("a\nb").unwrap_err().to_string();
        assert!(error.contains("\"a\\nb\" cannot be written into a crontab"));
    }
}
