//! Keeping the dotenv file and the key out of git.

use std::path::Path;

use super::context::Context;
use super::error::CommandError;
use crate::source;

/// Adds a `.gitignore` line for each of these that lies in the repository and is not ignored yet.
/// Gives the lines.
pub(crate) fn ignore(
    context: &Context,
    env_file: Option<&Path>,
    key: Option<&Path>,
) -> Result<Vec<String>, CommandError> {
    let git = context.git();
    let Some(root) = git.repository_root(&context.folder) else {
        return Ok(vec![]);
    };
    let lines: Vec<String> = [env_file, key]
        .into_iter()
        .flatten()
        .filter(|path| git.is_ignored(path) == Some(false))
        .filter_map(|path| line(&path.canonicalize().ok()?, &root))
        .collect();
    if !lines.is_empty() {
        append(&root.join(".gitignore"), &lines)?;
    }
    Ok(lines)
}

/// The pattern for one path, from the repository's root; special characters are taken literally.
fn line(path: &Path, root: &Path) -> Option<String> {
    let below = path.strip_prefix(root).ok()?.to_str()?;
    let mut pattern = String::from("/");
    for letter in below.chars() {
        if matches!(letter, '*' | '?' | '[' | '\\' | ' ') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    (!pattern.contains('\n')).then_some(pattern)
}

fn append(file: &Path, lines: &[String]) -> Result<(), CommandError> {
    let added = lines.join("\n") + "\n";
    let failed = |error: std::io::Error| {
        CommandError::error(format!("cannot read .gitignore: {}", error.kind()))
    };
    match std::fs::read_to_string(file) {
        Ok(old) => {
            let gap = if old.is_empty() || old.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            source::write_atomically(file, &old, &format!("{old}{gap}{added}"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            source::write_new(file, &added, 0o666)
        }
        Err(error) => return Err(failed(error)),
    }
    .map_err(|error| CommandError::of(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_begins_at_the_root_and_means_one_file() {
        let pattern = |path: &str| line(Path::new(path), Path::new("/repo"));
        assert_eq!(pattern("/repo/.env").unwrap(), "/.env");
        assert_eq!(pattern("/repo/a b/*.env").unwrap(), "/a\\ b/\\*.env");
        assert_eq!(pattern("/elsewhere/.env"), None);
    }
}
