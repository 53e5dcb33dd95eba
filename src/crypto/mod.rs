//! Encrypted values: one age header per manifest, one age payload per value.
//!
//! | file | what |
//! |---|---|
//! | `recipients` | who may read, parsed from text |
//! | `header`, `wrap` | the age v1 header: text to stanzas and back, its MAC, writing a new one |
//! | `key_list` | public keys in files that others write: `authorized_keys`, `allowed_signers`, age recipients |
//! | `listed` | whether a header is for the recipients of a list, without a key |
//! | `payload` | nonce and STREAM, what follows a header in an age file |
//! | `binding` | the first line of every plaintext: manifest, name, sequence, date, padding |
//! | `envelope` | one file key at work: seal, open, key id, MAC over the recipients |
//! | `armored` | a whole age file in place of a payload, made by somebody without an identity |
//! | `key_pair` | key pairs that recipes make, as other programs spell them |
//! | `identity` | where private keys are looked for, and which one opens a header |
//!
//! Files and randomness are used here; environment variables and the time arrive as arguments.

mod armored;
mod binding;
mod derive;
mod envelope;
mod header;
mod identity;
mod key_list;
mod key_pair;
mod keygen;
mod listed;
mod payload;
mod prompt;
mod recipients;
mod wrap;

pub use age_core::format::FileKey;

pub use armored::{
    OpenArmoredError, OpenedArmored, SealArmoredError, open_armored, open_armored_file,
    seal_armored,
};
pub use binding::{MAX_VALUE_BYTES, OpenError, Opened, SealError};
pub use envelope::Envelope;
pub use header::{Header, HeaderError, UnwrapError};
pub use identity::{
    IdentityEnv, IdentityRequest, Keyring, Tried, UnlockError, Unlocked, open_header,
};
pub use key_list::{KeyLineError, ListedKey, MAX_KEY_LIST_BYTES, parse_key_list};
pub use key_pair::{KeyPair, KeyPairError, make_key_pair};
pub use keygen::{generate_identity, identity_file_text, random_bytes};
pub use listed::Misfit;
pub use payload::{PayloadError, decrypt_payload, encrypt_payload};
pub use prompt::{NoPrompt, Prompt, SharedPrompt};
pub use recipients::{MAX_RECIPIENTS, Recipient, RecipientError};
pub use wrap::{WrapError, wrap};
