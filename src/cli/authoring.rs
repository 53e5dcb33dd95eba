//! What the commands that edit a manifest have in common: seal a value, splice it in, write the
//! file back.

use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::context::Context;
use super::error::CommandError;
use super::session::Item;
use super::ui::Ui;
use crate::crypto::{Envelope, Recipient, SharedPrompt, random_bytes, seal_armored};
use crate::manifest::{EditError, Editor, Manifest, Parsed, Payload, Seal, Source};
use crate::model::{FingerprintKey, SecretValue, VarName};
use crate::reconcile::load::{FINGERPRINT_ENTRY, Open, Opener, fingerprint_key_text};
use crate::source;

/// The longest value that is read, in bytes.
const MAX_VALUE: u64 = 1024 * 1024;

/// Reads a value from a file, exactly as it is.
pub(crate) fn value_of_file(path: &Path) -> Result<SecretValue, CommandError> {
    let file = std::fs::File::open(path).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            kind => kind.to_string(),
        };
        CommandError::error(format!("cannot read {}: {why}", path.display()))
    })?;
    read_value(file, &path.display().to_string())
}

/// Reads a value from standard input; one line end at its end is not part of it.
pub(crate) fn value_of_stdin() -> Result<SecretValue, CommandError> {
    let value = read_value(std::io::stdin().lock(), "standard input")?;
    let text = value.expose();
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    Ok(SecretValue::new(text))
}

fn read_value(source: impl Read, name: &str) -> Result<SecretValue, CommandError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    source
        .take(MAX_VALUE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| CommandError::error(format!("cannot read {name}: {}", error.kind())))?;
    if bytes.len() as u64 > MAX_VALUE {
        return Err(CommandError::error(format!(
            "the value in {name} is longer than 1 MiB"
        )));
    }
    if bytes.contains(&0) {
        return Err(CommandError::error(format!(
            "the value in {name} holds a NUL byte, which no environment variable can"
        )));
    }
    std::str::from_utf8(&bytes)
        .map(SecretValue::new)
        .map_err(|error| {
            CommandError::error(format!(
                "the value in {name} is not UTF-8 at byte {}",
                error.valid_up_to()
            ))
            .hint("encode it first, for example with base64")
        })
}

/// A new random value: 32 bytes as 43 letters, digits, `-` and `_`, which every platform takes.
pub(crate) fn generated() -> SecretValue {
    base64url(&random_bytes())
}

/// How generated values are spelled.
pub(crate) fn base64url(bytes: &[u8; 32]) -> SecretValue {
    SecretValue::new(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Seals a value as the successor of the present one. `None` if it is the same value.
pub(crate) fn seal(
    manifest: &Manifest,
    opener: &mut Opener<'_>,
    open: &Open,
    name: &VarName,
    value: &SecretValue,
    now: Timestamp,
) -> Result<Option<Source>, CommandError> {
    let sealed = manifest
        .variables
        .get(name)
        .is_some_and(|variable| matches!(variable.source, Source::Sealed(_)));
    // whoever had this name before had a lower one, even if it is not in the manifest any more or
    // does not open: `unset` and `set` must not look like an older value put back
    let mut sequence = sequence_of(now);
    if sealed && let Ok(present) = opener.value(manifest, name) {
        if present.value == *value {
            return Ok(None);
        }
        sequence = present.sequence.unwrap_or_default().saturating_add(1);
    }
    sealed_source(&open.envelope, name.as_str(), sequence, now, value).map(Some)
}

fn sealed_source(
    envelope: &Envelope,
    entry: &str,
    sequence: u64,
    now: Timestamp,
    value: &SecretValue,
) -> Result<Source, CommandError> {
    sealed_payload(envelope, entry, sequence, now, value).map(Source::Sealed)
}

/// Seals one entry under a sequence that the caller knows.
pub(crate) fn sealed_payload(
    envelope: &Envelope,
    entry: &str,
    sequence: u64,
    now: Timestamp,
    value: &SecretValue,
) -> Result<Payload, CommandError> {
    let base64 = envelope
        .seal(entry, sequence, now, value)
        .map_err(|error| CommandError::error(format!("{entry} cannot be sealed: {error}")))?;
    Ok(Payload {
        key: envelope.key_id().short(),
        base64,
    })
}

/// The sequence of a value whose predecessor cannot be seen: it follows whatever was there.
pub(crate) fn sequence_of(now: Timestamp) -> u64 {
    u64::try_from(now.as_second()).unwrap_or_default().max(1)
}

/// Seals a value without the manifest's key, for its recipients. Its sequence is the time, so that
/// it follows whatever is there.
pub(crate) fn seal_without_key(
    manifest: &Manifest,
    name: &VarName,
    value: &SecretValue,
    now: Timestamp,
    prompt: &SharedPrompt,
) -> Result<Source, CommandError> {
    let recipients = recipients(manifest)?;
    let sequence = sequence_of(now);
    seal_armored(
        &recipients,
        &manifest.name,
        name.as_str(),
        sequence,
        now,
        value,
        prompt,
    )
    .map(Source::Armored)
    .map_err(|error| CommandError::error(format!("{name} cannot be sealed: {error}")))
}

/// The recipients of a manifest, parsed.
pub(crate) fn recipients(manifest: &Manifest) -> Result<Vec<Recipient>, CommandError> {
    manifest
        .recipients
        .iter()
        .map(|(text, at)| {
            Recipient::parse(text).map_err(|error| {
                CommandError::error(format!("the recipient in line {}: {error}", at.line))
            })
        })
        .collect()
}

/// A new key for a manifest that has recipients and nothing encrypted yet.
pub(crate) fn new_seal(
    envelope: &Envelope,
    recipients: &[Recipient],
    now: Timestamp,
    prompt: &SharedPrompt,
) -> Result<Seal, CommandError> {
    let header = envelope
        .wrap(recipients, prompt)
        .map_err(|error| CommandError::error(format!("the key cannot be wrapped: {error}")))?;
    let fingerprint_key = FingerprintKey::new(*random_bytes());
    let text = fingerprint_key_text(&fingerprint_key);
    let fingerprints = sealed_payload(envelope, FINGERPRINT_ENTRY, 1, now, &text)?;
    Ok(Seal {
        key_id: envelope.key_id(),
        recipients_mac: envelope.recipients_mac(recipients),
        header: header.to_text(),
        fingerprints: Some(fingerprints),
        former_fingerprints: vec![],
    })
}

/// Edits the manifest's text and writes it back; `false` if nothing changed.
pub(crate) fn edit(
    item: &Item,
    context: &Context,
    ui: &mut Ui,
    change: impl FnOnce(&mut Editor<'_>) -> Result<(), EditError>,
) -> Result<bool, CommandError> {
    let (text, _) = edited(item, ui, change)?;
    if text == item.file.text {
        return Ok(false);
    }
    write(item, &text, context)?;
    Ok(true)
}

/// The manifest's text after an edit, and what it says then. Nothing is written.
pub(crate) fn edited(
    item: &Item,
    ui: &mut Ui,
    change: impl FnOnce(&mut Editor<'_>) -> Result<(), EditError>,
) -> Result<(String, Parsed), CommandError> {
    let edited = Editor::new(&item.file.text).and_then(|mut editor| {
        change(&mut editor)?;
        editor.finish()
    });
    edited.map_err(|error| edit_error(item, &error, ui))
}

/// Puts a text in the place of the manifest's, which must still be as it was loaded.
pub(crate) fn write(item: &Item, text: &str, context: &Context) -> Result<(), CommandError> {
    source::write_atomically(&context.absolute(&item.file.path), &item.file.text, text)
        .map_err(|error| CommandError::of(&error))
}

fn edit_error(item: &Item, error: &EditError, ui: &mut Ui) -> CommandError {
    if let EditError::Unreadable(diagnostics) | EditError::Invalid(diagnostics) = error {
        ui.diagnostics(&item.file.path, diagnostics);
    }
    let path = item.file.path.display();
    let refused = CommandError::error(format!("{path} was not changed: {error}"));
    match error {
        EditError::StillUsed { name, .. } => {
            refused.hint(format!("driftlock unset {name} --with-uses"))
        }
        _ => refused,
    }
}
