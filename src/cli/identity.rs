//! Whose key the new manifest is for: an identity that is there, or a new one, after asking.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Global;
use super::context::Context;
use super::error::CommandError;
use super::prompt::confirm;
use super::session;
use super::ui::Ui;
use crate::crypto::{Recipient, generate_identity, identity_file_text};
use crate::source;

/// The identity of whoever runs this.
pub(crate) struct Own {
    /// Its public key.
    pub(crate) public: String,
    /// The file that was made for it, if one was.
    pub(crate) file: Option<PathBuf>,
}

/// Who may read a new manifest.
pub(crate) struct Readers {
    pub(crate) recipients: Vec<Recipient>,
    /// As the manifest lists them, each with a comment.
    pub(crate) listed: Vec<(String, String)>,
}

/// The own key and those of others, each once.
pub(crate) fn readers(
    own: &Own,
    others: &[String],
    comment: &str,
) -> Result<Readers, CommandError> {
    let mut readers = Readers {
        recipients: vec![],
        listed: vec![],
    };
    let mut seen = BTreeSet::new();
    let comments = std::iter::once(comment).chain(std::iter::repeat(""));
    for (key, comment) in std::iter::once(&own.public).chain(others).zip(comments) {
        let recipient = Recipient::parse(key)
            .map_err(|error| CommandError::usage(format!("--recipient: {error}")))?;
        let canonical = recipient.canonical().to_owned();
        if seen.insert(canonical.clone()) {
            readers.listed.push((canonical, comment.to_owned()));
            readers.recipients.push(recipient);
        }
    }
    Ok(readers)
}

/// `command` is what the hints name: `init`, or another command that makes a manifest.
pub(crate) fn find_or_make(
    global: &Global,
    context: &Context,
    asks: bool,
    yes: bool,
    command: &str,
    ui: &mut Ui,
) -> Result<Own, CommandError> {
    let wanted = global
        .identity
        .first()
        .map(|path| context.absolute(path))
        .filter(|path| !path.exists());
    if wanted.is_none()
        && let Some((place, public)) = session::keyring(global, context).public_keys().next()
    {
        ui.say(&format!("using the identity in {place}"));
        return Ok(Own { public, file: None });
    }
    let Some(file) = wanted.or_else(|| context.keys()) else {
        return Err(CommandError::error(
            "there is no folder for your identity, because this user has no home",
        )
        .hint(format!(
            "driftlock {command} --identity FILE makes it there"
        )));
    };
    let question = format!("You have no age identity. Make one in {}?", file.display());
    let consent = yes || (asks && confirm(ui, &question)?);
    if !consent {
        return Err(CommandError::refused(
            "there is no age identity to encrypt for; nothing was written",
        )
        .hint(format!("driftlock {command} --yes makes one"))
        .hint("or name yours with --identity FILE"));
    }
    make(context, &file)
}

fn make(context: &Context, file: &Path) -> Result<Own, CommandError> {
    let (secret, public) = generate_identity();
    let text = identity_file_text(&secret, &public, context.now());
    if let Some(folder) = file.parent() {
        make_private_folder(folder)?;
    }
    source::write_new(file, &text, 0o600).map_err(|error| CommandError::of(&error))?;
    Ok(Own {
        public,
        file: Some(file.to_owned()),
    })
}

fn make_private_folder(folder: &Path) -> Result<(), CommandError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| {
            CommandError::error(format!(
                "cannot make {}: {}",
                folder.display(),
                error.kind()
            ))
        })
}
