//! Whose key the new manifest is for: an identity that is there, or a new one, after asking.

use std::path::{Path, PathBuf};

use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::prompt::confirm;
use crate::cli::session;
use crate::cli::ui::Ui;
use crate::crypto::{generate_identity, identity_file_text};
use crate::source;

/// The identity of whoever runs this.
pub(super) struct Own {
    /// Its public key.
    pub(super) public: String,
    /// The file that was made for it, if one was.
    pub(super) file: Option<PathBuf>,
}

pub(super) fn find_or_make(
    global: &Global,
    context: &Context,
    asks: bool,
    yes: bool,
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
        .hint("driftlock init --identity FILE makes it there"));
    };
    let question = format!("You have no age identity. Make one in {}?", file.display());
    let consent = yes || (asks && confirm(ui, &question)?);
    if !consent {
        return Err(CommandError::refused(
            "there is no age identity to encrypt for; nothing was written",
        )
        .hint("driftlock init --yes makes one")
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
