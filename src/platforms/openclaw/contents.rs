//! What the files of an installation say, beside its config. Pure.

use super::layers::{Held, Variables};
use crate::machine::{FileError, FileRead};
use crate::model::{KeyPath, OPENCLAW_GATEWAY_TOKEN, SecretValue, VarName};
use crate::platforms::file::format::json::{Flavour, Tree, What};
use crate::platforms::file::format::{Dialect, Format, Reading};

/// OpenClaw reads such files with npm's `dotenv`.
pub(super) const DOTENV: Format = Format::Dotenv(Dialect::Node);

/// What such a file says, as the reader that OpenClaw has in it. One that cannot be read says that
/// the token is not known: it may be in there.
pub(super) fn variables(read: Result<FileRead, FileError>) -> (FileRead, Variables) {
    let unknown = |why: String| {
        let name = VarName::new(OPENCLAW_GATEWAY_TOKEN).expect("it is a name");
        Variables::from([(name, Err(why))])
    };
    let file = match read {
        Ok(file) => file,
        Err(error) => {
            let file = FileRead {
                content: None,
                link_to: None,
                changed_at: None,
            };
            return (file, unknown(error.to_string()));
        }
    };
    let bytes = file.content.as_deref().map(Vec::as_slice);
    let said = match DOTENV.open(bytes) {
        Err(error) => unknown(format!("the .env cannot be read: {error}")),
        Ok(document) => document
            .into_values()
            .into_iter()
            .map(|(name, reading)| {
                let said = match reading {
                    Reading::Value(value) => Ok(SecretValue::new(value)),
                    Reading::Ambiguous { line, why } => {
                        Err(format!("line {line} of the .env: {why}"))
                    }
                };
                (name, said)
            })
            .collect(),
    };
    (file, said)
}

/// One value as a whole, or a text of a JSON file.
pub(super) fn in_file(spelled: &str, at: Option<&KeyPath>, file: &FileRead) -> Held {
    let Some(bytes) = &file.content else {
        return Held::Nothing;
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Held::Unknown(format!("{spelled} is not UTF-8 text"));
    };
    let Some(at) = at else {
        let value = text.strip_suffix('\n').unwrap_or(text);
        let value = value.strip_suffix('\r').unwrap_or(value);
        return Held::Value(SecretValue::new(value.trim()));
    };
    match Tree::parse(text, Flavour::Json) {
        Err(error) => Held::Unknown(format!("{spelled} cannot be read as JSON: {error}")),
        Ok(tree) => match tree.find(at) {
            Err(error) => Held::Unknown(format!("{spelled}: {error}")),
            Ok(None) => Held::Nothing,
            Ok(Some((_, What::Text(value)))) => Held::Value(SecretValue::new(value.trim())),
            Ok(Some((line, What::Other(kind)))) => Held::Unknown(format!(
                "{spelled}: {at} (line {line}) is {kind}, not a string"
            )),
        },
    }
}
