//! `git textconv`: a manifest as `git diff` and `git log -p` show it.
//!
//! What may a stranger's blob make us print? Whoever runs `git diff` reads the output; the stranger
//! does not. Fingerprints need the file key and the fingerprint key, and both come from the blob's
//! own header, so:
//!
//! - A header over a key that the stranger made, for our public key, prints fingerprints under the
//!   stranger's key of values that the stranger knows. That gives nothing away.
//! - Our payloads under such a header do not open: they are sealed under our file key, and bound to
//!   the names of manifest and variable. They are shown as `sealed`, with a digest of the ciphertext.
//! - Our header, keys and payloads, copied from another revision, print what that revision prints.
//! - A stranger could search for a fingerprint key that shows the 8 digits of one of our values for
//!   another value. It would be under another key id, which stands in front of each value and in the
//!   line `key:`, so that the diff shows every line as changed. Plans hold it as `new-key`.
//!
//! So fingerprints are for looking at, and nothing decides by them. Nothing is kept: git's own cache
//! of such texts would be notes in the repository, and is not asked for.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::session;
use crate::cli::ui::Ui;
use crate::manifest::MAX_BYTES;
use crate::reconcile::concealed::concealed;

/// Show a manifest with fingerprints in the place of its ciphertext: for `git diff` and `git log -p`
///
/// With an identity it shows the fingerprint of each value, when it was sealed, and how often it was
/// set; without one the key id and a digest of the ciphertext. Nobody is asked for a passphrase. What
/// does not parse is shown with everything masked that could be ciphertext or a key.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock git textconv manifests/production.yaml
  git config diff.driftlock.textconv \"driftlock git textconv\"      (what `git install` does)")]
pub(crate) struct TextconvArgs {
    /// The file
    #[arg(value_name = "FILE", allow_hyphen_values = true)]
    file: PathBuf,
}

pub(crate) fn run(
    arguments: &TextconvArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    // an error exit would make `git diff` fail: everything that is wrong is said in the text
    let text = match read(&context.absolute(&arguments.file)) {
        Ok(text) => text,
        Err(why) => {
            ui.raw(format!("# driftlock: this file is not shown: {why}\n").as_bytes());
            return Ok(Exit::DONE);
        }
    };
    let mut keyring = session::quiet_keyring(global, context);
    let text = concealed(&text, &mut keyring);
    ui.raw(text.as_bytes());
    Ok(Exit::DONE)
}

fn read(path: &Path) -> Result<String, String> {
    let most = MAX_BYTES as u64;
    let mut bytes = vec![];
    let file = File::open(path).map_err(|error| error.kind().to_string())?;
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.kind().to_string())?;
    if bytes.len() as u64 > most {
        return Err("it is larger than 8 MiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}
