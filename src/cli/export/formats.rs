//! What each format looks like, and what it cannot hold. Pure, but for the delimiters that the caller
//! draws.

use std::fmt::Write as _;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::cli::target_values::TargetValue;
use crate::platforms::file::format::{Dialect, Edit};
use crate::render::escape::workflow_data;

/// The most that Kubernetes keeps in one Secret, in bytes of all values.
/// (`MaxSecretSize` of its API types.)
const MOST_IN_SECRET: usize = 1024 * 1024;
/// A mask of fewer characters would hide half of every log.
const SHORTEST_LINE: usize = 4;

/// A text that holds values.
pub(super) type Text = Zeroizing<String>;

/// Room for a text that is never moved while it grows: an escape takes at most six characters.
fn text_for(values: &[TargetValue]) -> Text {
    let sizes = values
        .iter()
        .map(|one| one.name.as_str().len() + 6 * one.value.len());
    let room: usize = sizes.map(|size| size + 128).sum();
    Zeroizing::new(String::with_capacity(room + 512))
}

/// `NAME=value`, as all readers of dotenv files read it alike.
pub(super) fn dotenv(values: &[TargetValue]) -> Result<Text, String> {
    for one in values {
        let encoded = Dialect::Portable.encode(&one.name, one.value.expose());
        drop(Zeroizing::new(encoded.map_err(|error| error.to_string())?));
    }
    let edits: Vec<Edit<'_>> = values
        .iter()
        .map(|one| Edit {
            name: one.name.clone(),
            value: Some(one.value.expose()),
        })
        .collect();
    let empty = Dialect::Portable
        .parse("")
        .map_err(|error| error.to_string())?;
    let text = empty.rewrite(&edits).map_err(|error| error.to_string())?;
    Ok(Zeroizing::new(text))
}

/// One object of strings.
pub(super) fn json(values: &[TargetValue]) -> Text {
    let mut out = text_for(values);
    out.push('{');
    for (index, one) in values.iter().enumerate() {
        out.push_str(if index == 0 { "\n  " } else { ",\n  " });
        push_json(&mut out, one.name.as_str());
        out.push_str(": ");
        push_json(&mut out, one.value.expose());
    }
    out.push_str(if values.is_empty() { "}\n" } else { "\n}\n" });
    out
}

/// `export NAME='value'`, for `eval` in any POSIX shell. Every name of a variable is a shell's too.
pub(super) fn shell(values: &[TargetValue]) -> Text {
    let mut out = text_for(values);
    for one in values {
        let _never_fails = write!(out, "export {}='", one.name);
        for c in one.value.expose().chars() {
            match c {
                '\'' => out.push_str("'\\''"),
                other => out.push(other),
            }
        }
        out.push_str("'\n");
    }
    out
}

/// For the file that `GITHUB_ENV` names. `delimiter` must be in no value.
pub(super) fn github(values: &[TargetValue], delimiter: &str) -> Result<Text, String> {
    let mut out = text_for(values);
    for one in values {
        let name = one.name.as_str();
        let upper = name.to_ascii_uppercase();
        // the runner keeps its own, and takes this one from no job
        if upper.starts_with("GITHUB_") || upper.starts_with("RUNNER_") || upper == "NODE_OPTIONS" {
            return Err(format!(
                "{name} is a variable that a job cannot set for its steps"
            ));
        }
        let value = one.value.expose();
        if value.contains(delimiter) {
            return Err(format!(
                "{name} holds the delimiter that was drawn; run this again"
            ));
        }
        let _never_fails = write!(out, "{name}<<{delimiter}\n{value}\n{delimiter}\n");
    }
    Ok(out)
}

/// The commands that make a runner hide these values in the job's log: each whole, and each of its
/// lines, because logs are hidden line by line.
pub(super) fn masks(values: &[TargetValue]) -> Text {
    let mut out = text_for(values);
    for one in values.iter().filter(|one| one.is_secret) {
        let value = one.value.expose();
        let lines = value.lines().map(str::trim);
        let lines = lines.filter(|line| line.chars().count() >= SHORTEST_LINE && *line != value);
        for text in std::iter::once(value).chain(lines) {
            if !text.trim().is_empty() {
                let data = Zeroizing::new(workflow_data(text));
                let _never_fails = writeln!(out, "::add-mask::{}", *data);
            }
        }
    }
    out
}

/// The manifest of a Secret.
pub(super) fn k8s_secret(
    values: &[TargetValue],
    name: &str,
    namespace: Option<&str>,
) -> Result<Text, String> {
    let size: usize = values.iter().map(|one| one.value.len()).sum();
    if size > MOST_IN_SECRET {
        return Err(format!(
            "a Secret holds at most 1 MiB, and these are {size} bytes"
        ));
    }
    let mut out = text_for(values);
    out.push_str("apiVersion: v1\nkind: Secret\nmetadata:\n  name: ");
    push_json(&mut out, name);
    if let Some(namespace) = namespace {
        out.push_str("\n  namespace: ");
        push_json(&mut out, namespace);
    }
    out.push_str("\ntype: Opaque\ndata:");
    out.push_str(if values.is_empty() { " {}\n" } else { "\n" });
    for one in values {
        let data = Zeroizing::new(BASE64_STANDARD.encode(one.value.expose()));
        out.push_str("  ");
        push_json(&mut out, one.name.as_str());
        let _never_fails = writeln!(out, ": \"{}\"", *data);
    }
    Ok(out)
}

/// The `environment:` of a service of Docker Compose.
pub(super) fn compose(values: &[TargetValue]) -> Text {
    let mut out = text_for(values);
    out.push_str("environment:");
    out.push_str(if values.is_empty() { " {}\n" } else { "\n" });
    for one in values {
        out.push_str("  ");
        push_json(&mut out, one.name.as_str());
        out.push_str(": ");
        // else Compose would put a variable in its place
        let doubled = Zeroizing::new(one.value.expose().replace('$', "$$"));
        push_json(&mut out, &doubled);
        out.push('\n');
    }
    out
}

/// A string of JSON that is one of YAML too: what YAML readers break lines at, drop or refuse is
/// escaped.
fn push_json(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control()
                || matches!(
                    c,
                    '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                let _never_fails = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The name of a Secret that a target's name makes: lower case, with dashes. `None` if nothing is left.
pub(super) fn slug(name: &str) -> Option<String> {
    let mut slug = String::new();
    for c in name.to_ascii_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// Whether Kubernetes takes it for the name of a Secret (a DNS subdomain).
pub(super) fn is_object_name(name: &str) -> bool {
    let part = |part: &str| {
        let sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !part.is_empty() && part.chars().all(sign) && !part.starts_with('-') && !part.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(part)
}

/// The same for a namespace (a DNS label).
pub(super) fn is_namespace(name: &str) -> bool {
    name.len() <= 63 && !name.contains('.') && is_object_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SecretValue;

    fn one(name: &str, value: &str) -> TargetValue {
        TargetValue {
            name: name.parse().unwrap(),
            value: SecretValue::new(value),
            is_secret: true,
        }
    }

    #[test]
    fn a_shell_quotes_everything() {
        let text = shell(&[one("A", "it's $HOME\n\\`x`")]);
        assert_eq!(*text, "export A='it'\\''s $HOME\n\\`x`'\n");
    }

    #[test]
    fn every_line_of_a_secret_is_masked_but_no_short_one() {
        let text = masks(&[one("A", "first%\n}\nsecond")]);
        let wanted =
            "::add-mask::first%25%0A}%0Asecond\n::add-mask::first%25\n::add-mask::second\n";
        assert_eq!(*text, wanted);
        let clear = TargetValue {
            is_secret: false,
            ..one("B", "public text")
        };
        assert_eq!(*masks(&[clear, one("C", "")]), "");
    }

    #[test]
    fn a_job_cannot_set_what_the_runner_owns() {
        for name in ["GITHUB_TOKEN", "RUNNER_OS", "NODE_OPTIONS"] {
            assert!(github(&[one(name, "x")], "D").is_err(), "{name}");
        }
        assert!(github(&[one("A", "xDx")], "D").is_err());
        assert_eq!(*github(&[one("A", "x\n")], "D").unwrap(), "A<<D\nx\n\nD\n");
    }

    #[test]
    fn compose_expands_nothing() {
        let text = compose(&[one("A", "$B ${C} \u{2028}\"")]);
        assert_eq!(*text, "environment:\n  \"A\": \"$$B $${C} \\u2028\\\"\"\n");
        assert_eq!(*compose(&[]), "environment: {}\n");
    }

    #[test]
    fn names_of_secrets() {
        assert_eq!(slug("API_prod.x").as_deref(), Some("api-prod-x"));
        assert_eq!(slug("__"), None);
        assert!(is_object_name("a.b-1") && !is_object_name("A") && !is_object_name("a..b"));
        assert!(is_namespace("prod-1") && !is_namespace("a.b") && !is_namespace("-a"));
        let many = "x".repeat(MOST_IN_SECRET + 1);
        assert!(
            k8s_secret(&[one("A", &many)], "a", None)
                .unwrap_err()
                .contains("1 MiB")
        );
    }

    #[test]
    fn a_value_that_readers_read_differently_is_no_dotenv() {
        let why = dotenv(&[one("A", "it's \"x\"")]).unwrap_err();
        assert!(why.contains('A') && !why.contains("it's"), "{why}");
        assert_eq!(*json(&[]), "{}\n");
    }
}
