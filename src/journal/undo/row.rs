//! One kept value: what it belongs to, and the proof of that.

use jiff::Timestamp;

use crate::journal::auth::{Authenticator, KeyHint, Seal, Verdict};
use crate::model::{KeyId, TargetName, VarName};

const KEPT: &str = "driftlock/undo/v1";

/// The number of a row in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub(super) i64);

/// What a variable was before an apply wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeptKind {
    /// A value that nobody may see: the body is its payload.
    Secret,
    /// A value that the plan showed as text: the body is its payload, or the text itself where the
    /// manifest has nothing to seal with.
    Clear,
    /// Not there: the body is empty.
    Absent,
    /// Nobody could read or keep it: the body says why, in words that follow "not kept: ".
    NotKept,
}

impl KeptKind {
    /// As it is stored and bound.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Clear => "clear",
            Self::Absent => "absent",
            Self::NotKept => "not-kept",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let all = [Self::Secret, Self::Clear, Self::Absent, Self::NotKept];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One variable of one target, as it was before one apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRow {
    /// Where it is in the file; `None` before it is.
    pub id: Option<RowId>,
    /// The receipt of the apply; `None` until there is one.
    pub receipt: Option<u64>,
    /// The plan of the apply.
    pub plan_id: String,
    /// When the apply was: with the plan, this is what a receipt is known by.
    pub at: Timestamp,
    /// The target.
    pub target: TargetName,
    /// What the target is recorded under.
    pub place: String,
    /// The variable's name on the target.
    pub variable: VarName,
    /// What it was.
    pub kind: KeptKind,
    /// See [`KeptKind`].
    pub body: String,
    /// The file key that the body is sealed under, if it is.
    pub key: Option<KeyId>,
    /// What the apply was to make of it: a keyed fingerprint, `absent`, or nothing where not known.
    pub wanted: String,
    /// Whoever reads the manifest wrote it; `None` where that was never proved.
    pub(super) proof: Option<Seal>,
}

impl KeptRow {
    /// A row that is not in a file yet, and not proved.
    pub fn new(
        apply: (&str, Timestamp),
        target: &TargetName,
        place: &str,
        variable: &VarName,
    ) -> Self {
        Self {
            id: None,
            receipt: None,
            plan_id: apply.0.to_owned(),
            at: apply.1,
            target: target.clone(),
            place: place.to_owned(),
            variable: variable.clone(),
            kind: KeptKind::Absent,
            body: String::new(),
            key: None,
            wanted: String::new(),
            proof: None,
        }
    }

    /// Proves all of it but its numbers; `false` without a key.
    #[must_use]
    pub fn prove(&mut self, auth: &Authenticator) -> bool {
        let at = self.at.to_string();
        self.proof = auth.seal(KEPT, &self.parts(&at));
        self.proof.is_some()
    }

    /// Whether a reader of the manifest wrote all of it but its numbers.
    pub fn is_proved(&self, auth: &Authenticator) -> bool {
        let at = self.at.to_string();
        self.proof
            .as_ref()
            .is_some_and(|proof| auth.verify(KEPT, &self.parts(&at), proof) == Verdict::Genuine)
    }

    fn parts<'a>(&'a self, at: &'a str) -> [&'a [u8]; 8] {
        [
            self.plan_id.as_bytes(),
            at.as_bytes(),
            self.target.as_str().as_bytes(),
            self.place.as_bytes(),
            self.variable.as_str().as_bytes(),
            self.kind.as_str().as_bytes(),
            self.body.as_bytes(),
            self.wanted.as_bytes(),
        ]
    }
}

/// From two columns; damage is no proof.
pub(super) fn proof(key: &[u8], mac: &[u8]) -> Option<Seal> {
    let key: KeyHint = key.try_into().ok()?;
    Some(Seal {
        key,
        mac: mac.try_into().ok()?,
    })
}
