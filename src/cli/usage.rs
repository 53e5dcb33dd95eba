//! Command lines that make no sense. Whatever was typed in the wrong place may be a secret
//! (`driftlock set TOKEN hunter2`), so it is not repeated unless it is plainly a flag or a command.

use clap::error::{ContextKind, ContextValue};

/// Replaces what could be a secret in what clap is about to print. Whether it did.
pub(crate) fn mask(error: &mut clap::Error) -> bool {
    let suggested = error.get(ContextKind::SuggestedSubcommand).is_some();
    let mut masked = false;
    for kind in [
        ContextKind::InvalidArg,
        ContextKind::InvalidValue,
        ContextKind::InvalidSubcommand,
    ] {
        let Some(ContextValue::String(text)) = error.get(kind) else {
            continue;
        };
        let harmless = match kind {
            ContextKind::InvalidArg => is_flag(text),
            ContextKind::InvalidSubcommand => {
                suggested && text.bytes().all(|byte| byte.is_ascii_lowercase())
            }
            _ => text.is_empty(),
        };
        if !harmless {
            error.insert(kind, ContextValue::String("…".to_owned()));
            masked = true;
        }
    }
    // "to pass '…' as a value, use '-- …'": no argument of ours is meant to be that
    error.remove(ContextKind::Suggested);
    masked
}

/// As our own flags look, or as clap spells an argument of ours: `<NAME>`, `--target <TARGET>`.
fn is_flag(text: &str) -> bool {
    let (flag, value) = text.split_once(' ').unwrap_or((text, "<>"));
    let placeholder = |text: &str| {
        text.starts_with(['<', '[']) && text.trim_end_matches('.').ends_with(['>', ']'])
    };
    let name = flag.trim_start_matches('-');
    let dashes = flag.len() - name.len();
    let word = !name.is_empty()
        && name.len() <= 24
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    (placeholder(text) || ((dashes == 2 || (dashes == 1 && name.len() == 1)) && word))
        && placeholder(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_flag_is_repeated() {
        for flag in [
            "--yes",
            "-v",
            "--target <TARGET>",
            "<NAME>",
            "[MANIFEST]...",
        ] {
            assert!(is_flag(flag), "{flag}");
        }
        for value in [
            "hunter2",
            "-----BEGIN",
            "--Hunter2",
            "-hunter",
            "--target x",
            "",
        ] {
            assert!(!is_flag(value), "{value}");
        }
    }
}
