//! The text, from a file or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::forge::{Text, TextError};

/// More bytes than the longest comment of any forge can have: GitLab's million characters, four bytes
/// each.
const MOST: u64 = 4_000_000;

pub(super) fn text(file: Option<&Path>, context: &Context) -> Result<Text, CommandError> {
    let (bytes, name) = match file {
        Some(path) => {
            let name = path.display().to_string();
            let file = File::open(context.absolute(path));
            (file.and_then(read), name)
        }
        None if context.terminal.input => {
            return Err(
                CommandError::usage("there is no text: name a file, or pipe one in")
                    .hint("driftlock plan --markdown | driftlock comment"),
            );
        }
        None => (read(io::stdin().lock()), "standard input".to_owned()),
    };
    let bytes = bytes
        .map_err(|error| CommandError::error(format!("cannot read {name}: {}", error.kind())))?;
    if bytes.len() as u64 > MOST {
        return Err(CommandError::error(format!(
            "{name} is longer than the comment of any forge may be"
        )));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| CommandError::error(format!("{name} is not UTF-8 text")))?;
    Text::parse(&text).map_err(|error| refused(&error))
}

fn read(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    from.take(MOST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn refused(error: &TextError) -> CommandError {
    match error {
        TextError::Empty => CommandError::error(error.to_string())
            .hint("look whether the command that writes it failed"),
        TextError::NoMarker => CommandError::usage(error.to_string())
            .hint("plan --markdown and diff --markdown write it; a text of your own may begin with <!-- driftlock:NAME -->"),
    }
}
