//! The keys of new readers: from the command line, from files, from standard input.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::crypto::{ListedKey, MAX_KEY_LIST_BYTES, Recipient, parse_key_list};
use crate::render::escape;
use crate::render::style::shell_quoted;

/// The longest name of a reader, in characters.
const LONGEST_NAME: usize = 100;

/// Somebody who is to read.
#[derive(Debug, Clone)]
pub(super) struct Newcomer {
    pub(super) key: Recipient,
    /// One line, without anything that moves a cursor.
    pub(super) name: Option<String>,
}

/// Each key once, in the order in which it was given.
pub(super) fn newcomers(
    keys: &[String],
    files: &[PathBuf],
    name: Option<&str>,
    skips_unusable: bool,
    context: &Context,
    ui: &mut Ui,
) -> Result<Vec<Newcomer>, CommandError> {
    let mut found: Vec<Newcomer> = vec![];
    let mut take = |one: Newcomer| {
        if !found.iter().any(|known| known.key == one.key) {
            found.push(one);
        }
    };
    for (index, text) in keys.iter().enumerate() {
        take(of_argument(text, index + 1, context)?);
    }
    for path in files {
        of_file(path, skips_unusable, context, ui)?
            .into_iter()
            .for_each(&mut take);
    }
    if found.is_empty() {
        return Err(CommandError::usage("no key was given; nothing was changed")
            .hint("driftlock recipients add KEY, or --file FILE with one key on each line"));
    }
    if let Some(name) = name {
        let name = checked_name(name)?;
        let [one] = &mut found[..] else {
            return Err(CommandError::usage(
                "--name is what one reader is called, and several keys were given; nothing was changed",
            )
            .hint("add them one by one, or let the comments of the keys be their names"));
        };
        one.name = Some(name);
    }
    Ok(found)
}

fn of_argument(text: &str, place: usize, context: &Context) -> Result<Newcomer, CommandError> {
    let failed =
        |why: String| CommandError::usage(format!("key {place}: {why}; nothing was changed"));
    if ["ssh-ed25519", "ssh-rsa"].contains(&text.trim()) {
        return Err(failed("an SSH key is one argument, in quotes".to_owned())
            .hint("driftlock recipients add 'ssh-ed25519 AAAA… name'"));
    }
    let lines = text.trim().lines().count();
    let one = match lines {
        0 | 1 => parse_key_list(text).pop(),
        _ => None,
    };
    let key = match &one {
        Some(one) => one.key.clone().map_err(|why| why.to_string()),
        // says what is wrong with it
        None => Recipient::parse(text).map_err(|why| why.to_string()),
    };
    let key = key.map_err(|why| {
        let error = failed(why);
        let path = context.absolute(Path::new(text));
        match lines == 1 && path.is_file() {
            true => error.hint("for the keys in a file: driftlock recipients add --file FILE"),
            false => error,
        }
    })?;
    Ok(Newcomer {
        key,
        name: one.and_then(|one| name_of(&one)),
    })
}

fn of_file(
    path: &Path,
    skips_unusable: bool,
    context: &Context,
    ui: &mut Ui,
) -> Result<Vec<Newcomer>, CommandError> {
    let (shown, text) = read(path, context)?;
    let (mut found, mut unusable) = (vec![], vec![]);
    for one in parse_key_list(&text) {
        match &one.key {
            Ok(key) => found.push(Newcomer {
                key: key.clone(),
                name: name_of(&one),
            }),
            Err(why) if why.is_private_key() => {
                return Err(CommandError::refused(format!(
                    "line {} of {shown} is a private key, not a recipient: treat it as known to \
                     whoever can read the file; nothing was changed",
                    one.line
                ))
                .hint(format!(
                    "take the file with the public keys; of an age identity: age-keygen -y {}",
                    shell_quoted(&path.display().to_string())
                )));
            }
            Err(why) => unusable.push(format!("line {} of {shown}: {why}", one.line)),
        }
    }
    if !unusable.is_empty() && !skips_unusable {
        let mut lines = unusable.iter();
        let mut error = CommandError::refused(format!(
            "{}; nothing was changed",
            lines.next().map_or("", String::as_str)
        ));
        for line in lines {
            error = error.detail(line);
        }
        return Err(error.hint("--skip-unusable adds the others"));
    }
    for line in unusable {
        ui.warn(&format!("left out: {line}"));
    }
    if found.is_empty() {
        return Err(CommandError::error(format!(
            "{shown} holds no key to encrypt to; nothing was changed"
        )));
    }
    Ok(found)
}

/// How the file is called, and its text.
fn read(path: &Path, context: &Context) -> Result<(String, String), CommandError> {
    let is_stdin = path == Path::new("-");
    let shown = match is_stdin {
        true => "standard input".to_owned(),
        false => escape::terminal(&path.display().to_string()),
    };
    let failed =
        |why: &str| CommandError::error(format!("cannot read {shown}: {why}; nothing was changed"));
    let io = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => failed("there is no such file"),
        kind => failed(&kind.to_string()),
    };
    let mut bytes = vec![];
    let most = MAX_KEY_LIST_BYTES + 1;
    if is_stdin {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        let path = context.absolute(path);
        // a pipe would be waited for, and a device never ends
        if !std::fs::metadata(&path).map_err(io)?.is_file() {
            return Err(failed("it is not a regular file"));
        }
        std::fs::File::open(&path)
            .map_err(io)?
            .take(most)
            .read_to_end(&mut bytes)
    }
    .map_err(io)?;
    if bytes.len() as u64 > MAX_KEY_LIST_BYTES {
        return Err(failed("it is larger than 1 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8"))?;
    Ok((shown, text))
}

/// What a line calls its key, as far as that can be written behind it.
fn name_of(one: &ListedKey) -> Option<String> {
    let name = escape::terminal(one.name.as_deref()?);
    Some(name.chars().take(LONGEST_NAME).collect())
}

fn checked_name(name: &str) -> Result<String, CommandError> {
    let name = name.trim();
    let why = if name.is_empty() {
        "is empty"
    } else if escape::terminal(name) != name {
        "holds line ends or other characters that nobody sees"
    } else if name.chars().count() > LONGEST_NAME {
        "is longer than 100 characters"
    } else if crate::crypto::parse_key_list(name)
        .iter()
        .any(|one| one.key.as_ref().is_err_and(|why| why.is_private_key()))
    {
        "is a private key: treat it as known to others"
    } else {
        return Ok(name.to_owned());
    };
    Err(CommandError::usage(format!(
        "the name {why}; nothing was changed"
    )))
}
