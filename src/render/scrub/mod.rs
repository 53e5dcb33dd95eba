//! The last net: whatever goes out is searched for every secret of the run, also in base64 (both
//! alphabets, padded or not, at any alignment), hexadecimal, percent-encoding and backslash escapes.
//!
//! Nothing should ever be caught: values are kept out before. So the net must cost nothing in the
//! common case. The index holds only the first six bytes of each form (ten thousand secrets fit in
//! about a megabyte) and is built at the first use; full forms are made when a beginning matches.
//! Encodings with a choice (percent, backslash, entities) are not enumerated: the *output* is
//! decoded, with a map back to its positions, and searched again.

mod form;
mod view;
mod writer;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

use self::form::Form;
use self::view::View;
pub use self::writer::ScrubWriter;
use crate::model::SecretValue;

/// What stands in the place of a secret.
pub const REDACTED: &str = "«redacted»";

/// Shorter values are not searched for: they would be found everywhere.
const WINDOW: usize = 6;

/// Words of our own reports and of every second deployment. A secret that equals one of them is
/// not searched for: it would only make the report unreadable.
const COMMON: &[&str] = &[
    "driftlock",
    "production",
    "staging",
    "development",
    "localhost",
    "127.0.0.1",
    "change",
    "changed",
    "conflict",
    "create",
    "delete",
    "update",
    "unknown",
    "unmanaged",
    "in sync",
    "manifest",
    "target",
    "targets",
    "variable",
    "variables",
    "applied",
    "sealed",
    "enabled",
    "disabled",
    "default",
    "postgres",
    "summary",
    "reason",
    "version",
];

/// Knows every secret of a run, and takes them out of text.
#[derive(Default)]
pub struct Scrubber {
    secrets: Vec<SecretValue>,
    index: OnceLock<Index>,
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scrubber({} secrets)", self.secrets.len())
    }
}

impl Scrubber {
    /// `public` are texts that reports show on purpose: names of variables and targets, clear
    /// values. A secret that equals one of them whole is not searched for.
    pub fn new(secrets: impl IntoIterator<Item = SecretValue>, public: &BTreeSet<String>) -> Self {
        let mut kept: Vec<SecretValue> = Vec::new();
        for secret in secrets {
            let text = secret.expose();
            // one line of a key is as bad as the key
            if text.contains('\n') {
                kept.extend(
                    text.lines()
                        .filter(|line| line.len() >= 16 && !line.starts_with("-----"))
                        .map(SecretValue::new),
                );
            }
            kept.push(secret);
        }
        kept.retain(|secret| {
            let text = secret.expose();
            text.len() >= WINDOW && !COMMON.contains(&text) && !public.contains(text)
        });
        Self {
            secrets: kept,
            index: OnceLock::new(),
        }
    }

    /// `text` with every secret replaced.
    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let found = self.find(text.as_bytes());
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(String::from_utf8_lossy(&replaced(text.as_bytes(), &found)).into_owned())
    }

    /// As [`Scrubber::scrub`], for bytes.
    pub fn scrub_bytes<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let found = self.find(text);
        if found.is_empty() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(replaced(text, &found))
        }
    }

    /// Whether there is anything to search for.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The parts of `text` that hold a secret: in order, apart from each other.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        if self.secrets.is_empty() || text.len() < WINDOW {
            return Vec::new();
        }
        let index = self.index();
        let mut found = Vec::new();
        self.find_in(index, text, |range| found.push(range));
        for view in View::of(text) {
            self.find_in(index, &view.bytes, |range| {
                found.push(view.origin(range.start)..view.origin(range.end));
            });
        }
        merged(found)
    }

    fn find_in(&self, index: &Index, text: &[u8], mut report: impl FnMut(Range<usize>)) {
        for start in 0..text.len().saturating_sub(WINDOW - 1) {
            for entry in index.candidates(&text[start..]) {
                let secret = &self.secrets[entry.secret as usize];
                if let Some(length) = entry.form.matches(secret, &text[start..]) {
                    report(start..start + length);
                }
            }
        }
    }

    /// Where a tail of `text` begins that could be the beginning of a secret.
    fn unfinished(&self, text: &[u8]) -> Option<usize> {
        if self.secrets.is_empty() {
            return None;
        }
        let index = self.index();
        (0..text.len().saturating_sub(WINDOW - 1)).find(|&start| {
            let tail = &text[start..];
            index.candidates(tail).any(|entry| {
                entry
                    .form
                    .begins_with(&self.secrets[entry.secret as usize], tail)
            })
        })
    }

    /// How much output one secret can take at most, in any form.
    fn longest(&self) -> usize {
        self.index().longest * 6
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.secrets))
    }
}

/// Ranges sorted and joined where they touch.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

fn replaced(text: &[u8], ranges: &[Range<usize>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for range in ranges {
        out.extend_from_slice(&text[from..range.start]);
        out.extend_from_slice(REDACTED.as_bytes());
        from = range.end;
    }
    out.extend_from_slice(&text[from..]);
    out
}

/// The beginnings of all forms of all secrets.
struct Index {
    entries: Vec<Entry>,
    /// One bit for each hash of a beginning: most positions of a text are done with one look.
    filter: Vec<u64>,
    longest: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: u64,
    secret: u32,
    form: Form,
}

const FILTER_BITS: u32 = 20;

impl Index {
    fn new(secrets: &[SecretValue]) -> Self {
        let mut entries = Vec::with_capacity(secrets.len() * Form::ALL.len());
        for (number, secret) in secrets.iter().enumerate() {
            let number = u32::try_from(number).expect("fewer than four thousand million secrets");
            for form in Form::ALL {
                entries.push(Entry {
                    key: key(&*form.beginning(secret)),
                    secret: number,
                    form,
                });
            }
        }
        entries.sort_unstable();
        let mut filter = vec![0; 1 << (FILTER_BITS - 6)];
        for entry in &entries {
            let bit = bit(entry.key);
            filter[bit >> 6] |= 1 << (bit & 63);
        }
        let longest = secrets.iter().map(SecretValue::len).max().unwrap_or(0);
        Self {
            entries,
            filter,
            longest,
        }
    }

    /// What could begin where `text` begins; `text` is at least a window long.
    fn candidates<'i>(&'i self, text: &[u8]) -> impl Iterator<Item = Entry> + 'i {
        let window: [u8; WINDOW] = text[..WINDOW].try_into().expect("a window was cut");
        let exact = key(&window);
        let standard = key(&window.map(form::standard_alphabet));
        let other = (standard != exact).then_some(standard);
        std::iter::once(exact)
            .chain(other)
            .flat_map(|key| self.with_key(key).iter().copied())
    }

    fn with_key(&self, key: u64) -> &[Entry] {
        let bit = bit(key);
        if self.filter[bit >> 6] & (1 << (bit & 63)) == 0 {
            return &[];
        }
        let first = self.entries.partition_point(|entry| entry.key < key);
        let count = self.entries[first..].partition_point(|entry| entry.key == key);
        &self.entries[first..first + count]
    }
}

fn key(window: &[u8]) -> u64 {
    window[..WINDOW]
        .iter()
        .fold(0, |key, byte| key << 8 | u64::from(*byte))
}

fn bit(key: u64) -> usize {
    let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(hash >> (64 - FILTER_BITS)).expect("twenty bits fit")
}

#[cfg(test)]
mod tests;
