//! The age v1 header: text to stanzas and back, and its MAC.
//!
//! Only the canonical form is accepted: one text for one header, so that what a reviewer saw is
//! what was authenticated. Headers with a passphrase stanza are refused.

use std::fmt;

use age_core::format::{FileKey, Stanza, is_arbitrary_string};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use hmac::Mac;

use super::derive::{derive, mac};

const VERSION_LINE: &str = "age-encryption.org/v1";
const STANZA_START: &str = "-> ";
const MAC_START: &str = "---";
const COLUMNS: usize = 64;
/// 256 recipients of any kind stay far below this.
const MAX_BYTES: usize = 1 << 20;

/// A well-formed header. Whether its MAC holds is only known with the file key.
pub struct Header {
    pub(super) stanzas: Vec<Stanza>,
    mac: [u8; 32],
}

/// Why a text is not a header. Says the line, never its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The first line.
    #[error("the header does not begin with the line `age-encryption.org/v1`; restore it from git")]
    Version,
    /// A line that breaks the format.
    #[error("line {line} of the header is damaged ({what}); restore the header from git")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// No stanza, no MAC line.
    #[error("the header is cut off; restore it from git")]
    CutOff,
    /// Text after the MAC line.
    #[error("something follows the header's last line; restore the header from git")]
    Trailing,
    /// A passphrase stanza.
    #[error("the header is for a passphrase, which is not supported; use public keys")]
    Passphrase,
    /// Over a mebibyte.
    #[error("the header is larger than 1 MiB")]
    TooLarge,
}

/// Why one identity did not open a header.
#[derive(Debug, thiserror::Error)]
pub enum UnwrapError {
    /// None of the stanzas is for it.
    #[error("is not a recipient of this header")]
    NoMatch,
    /// A stanza that no writer makes.
    #[error("the header holds a damaged recipient stanza; restore the header from git")]
    Damaged,
    /// It opened a stanza, but the header was changed since it was made.
    #[error("the header was changed by somebody who does not hold its key; restore it from git")]
    Tampered,
    /// The identity itself cannot be used; why.
    #[error("{0}")]
    Unusable(String),
}

impl Header {
    /// From its text, which ends with the newline of the MAC line.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        let (header, rest) = Self::split(text.as_bytes())?;
        if rest.is_empty() {
            Ok(header)
        } else {
            Err(HeaderError::Trailing)
        }
    }

    /// A header and what follows it: an age file.
    pub fn split(file: &[u8]) -> Result<(Self, &[u8]), HeaderError> {
        let mut lines = Lines {
            rest: &file[..file.len().min(MAX_BYTES)],
            line: 0,
            cut: file.len() > MAX_BYTES,
        };
        if lines.next() != Ok(VERSION_LINE) {
            return Err(HeaderError::Version);
        }
        let mut stanzas = Vec::new();
        loop {
            let line = lines.next()?;
            if let Some(arguments) = line.strip_prefix(STANZA_START) {
                stanzas.push(parse_stanza(arguments, &mut lines)?);
            } else if let Some(tail) = line.strip_prefix(MAC_START) {
                let mac = tail
                    .strip_prefix(' ')
                    .and_then(|mac| BASE64_STANDARD_NO_PAD.decode(mac).ok())
                    .and_then(|mac| mac.try_into().ok())
                    .ok_or_else(|| lines.damaged("not a MAC"))?;
                if stanzas.is_empty() {
                    return Err(lines.damaged("no recipient before it"));
                }
                let used = file.len().min(MAX_BYTES) - lines.rest.len();
                return Ok((Self { stanzas, mac }, &file[used..]));
            } else {
                return Err(lines.damaged("neither a recipient nor the last line"));
            }
        }
    }

    /// Makes the MAC of stanzas under a file key.
    pub(super) fn seal(stanzas: Vec<Stanza>, file_key: &FileKey) -> Self {
        let mut header = Self {
            stanzas,
            mac: [0; 32],
        };
        header.mac = header.mac_under(file_key).finalize().into_bytes().into();
        header
    }

    /// The canonical text, with a final newline.
    pub fn to_text(&self) -> String {
        let mut text = self.text_before_mac();
        text.push(' ');
        BASE64_STANDARD_NO_PAD.encode_string(self.mac, &mut text);
        text.push('\n');
        text
    }

    /// How many stanzas it holds.
    pub fn stanza_count(&self) -> usize {
        self.stanzas.len()
    }

    /// Opens it with one identity, and verifies its MAC.
    pub fn unwrap(&self, identity: &dyn age::Identity) -> Result<FileKey, UnwrapError> {
        let file_key = match identity.unwrap_stanzas(&self.stanzas) {
            None => return Err(UnwrapError::NoMatch),
            Some(Err(error)) => return Err(explain(error)),
            Some(Ok(file_key)) => file_key,
        };
        if self.verifies(&file_key) {
            Ok(file_key)
        } else {
            Err(UnwrapError::Tampered)
        }
    }

    /// Whether the MAC holds under this file key; compared in constant time.
    pub fn verifies(&self, file_key: &FileKey) -> bool {
        self.mac_under(file_key).verify_slice(&self.mac).is_ok()
    }

    fn mac_under(&self, file_key: &FileKey) -> hmac::Hmac<sha2::Sha256> {
        let key = derive(file_key, "header");
        mac(&key, [self.text_before_mac().as_bytes()])
    }

    fn text_before_mac(&self) -> String {
        let mut text = format!("{VERSION_LINE}\n");
        for stanza in &self.stanzas {
            text.push_str(STANZA_START);
            text.push_str(&stanza.tag);
            for argument in &stanza.args {
                text.push(' ');
                text.push_str(argument);
            }
            text.push('\n');
            let body = BASE64_STANDARD_NO_PAD.encode(&stanza.body);
            // The last line of a body is short, if need be empty.
            let (full, last) = body.split_at(body.len() / COLUMNS * COLUMNS);
            for line in full.as_bytes().chunks(COLUMNS) {
                text.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
                text.push('\n');
            }
            text.push_str(last);
            text.push('\n');
        }
        text.push_str(MAC_START);
        text
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({} stanzas)", self.stanzas.len())
    }
}

fn explain(error: age::DecryptError) -> UnwrapError {
    use age::DecryptError;
    match error {
        DecryptError::InvalidHeader => UnwrapError::Damaged,
        DecryptError::KeyDecryptionFailed => UnwrapError::Unusable("wrong passphrase".to_owned()),
        DecryptError::DecryptionFailed => UnwrapError::Damaged,
        DecryptError::Plugin(errors) => UnwrapError::Unusable(plugin_words(&errors)),
        DecryptError::Io(error) => {
            UnwrapError::Unusable(format!("its plugin failed ({})", error.kind()))
        }
        _ => UnwrapError::Unusable("cannot be used with this header".to_owned()),
    }
}

/// What a plugin says of its failure.
pub(super) fn plugin_words(errors: &[impl fmt::Display]) -> String {
    errors.first().map_or_else(
        || "its plugin failed".to_owned(),
        |error| super::prompt::plain(&error.to_string()),
    )
}

fn parse_stanza(arguments: &str, lines: &mut Lines<'_>) -> Result<Stanza, HeaderError> {
    let mut words = arguments.split(' ').map(str::to_owned);
    let tag = words.next().unwrap_or_default();
    let args: Vec<String> = words.collect();
    if !std::iter::once(&tag).chain(&args).all(is_arbitrary_string) {
        return Err(lines.damaged("not a recipient"));
    }
    if tag == "scrypt" {
        return Err(HeaderError::Passphrase);
    }
    let mut encoded = String::new();
    loop {
        let line = lines.next()?;
        if line.len() > COLUMNS {
            return Err(lines.damaged("too long"));
        }
        encoded.push_str(line);
        if line.len() < COLUMNS {
            break;
        }
    }
    // The engine refuses padding, spaces and left-over bits, so one body has one text.
    let body = BASE64_STANDARD_NO_PAD
        .decode(&encoded)
        .map_err(|_| lines.damaged("not canonical base64"))?;
    Ok(Stanza { tag, args, body })
}

/// Lines that end with a newline, counted.
struct Lines<'a> {
    rest: &'a [u8],
    line: usize,
    cut: bool,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a str, HeaderError> {
        self.line += 1;
        let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') else {
            return Err(if self.cut {
                HeaderError::TooLarge
            } else {
                HeaderError::CutOff
            });
        };
        let (line, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        if !line.is_ascii() {
            return Err(self.damaged("not plain ASCII"));
        }
        Ok(std::str::from_utf8(line).expect("ASCII is UTF-8"))
    }

    fn damaged(&self, what: &'static str) -> HeaderError {
        HeaderError::Line {
            line: self.line,
            what,
        }
    }
}

#[cfg(test)]
mod tests;
