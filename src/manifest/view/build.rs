//! The view of a manifest.

use std::collections::BTreeMap;
use std::ops::Range;

use zeroize::Zeroizing;

use super::{SECRET, Sealed, Subject};
use crate::manifest::scalar;
use crate::model::{SecretValue, VarName};

/// How much deeper the lines of a block stand than its key.
const STEP: usize = 2;

impl Subject<'_> {
    /// The text with these values in clear. A value that is not among them stays sealed, so all of
    /// [`Subject::sealed`] should be.
    pub fn view(&self, values: &BTreeMap<VarName, SecretValue>) -> Zeroizing<String> {
        let mut splices: Vec<(Range<usize>, Zeroizing<String>)> = vec![];
        for (name, sealed) in &self.sealed {
            let Some(value) = values.get(name) else {
                continue;
            };
            splices.push((sealed.key.clone(), Zeroizing::new(SECRET.to_owned())));
            splices.push((sealed.value.clone(), self.shown(sealed, value)));
        }
        for part in &self.trailer {
            splices.push((part.clone(), Zeroizing::default()));
        }
        splices.sort_by_key(|(range, _)| range.start);
        let added: usize = splices.iter().map(|(_, text)| text.len()).sum();
        // never grown: a text that moves leaves a copy behind
        let mut out = Zeroizing::new(String::with_capacity(self.text.len() + added));
        let mut done = 0;
        for (range, text) in &splices {
            out.push_str(&self.text[done..range.start]);
            out.push_str(text);
            done = range.end;
        }
        out.push_str(&self.text[done..]);
        out
    }

    /// Several lines as lines, where that can be read back and nothing stands behind them.
    fn shown(&self, sealed: &Sealed, value: &SecretValue) -> Zeroizing<String> {
        let text = value.expose();
        let rest = self.text[sealed.value.end..].lines().next();
        let is_last = rest.unwrap_or_default().trim().is_empty();
        if is_last
            && !sealed.in_braces
            && let Some(lines) = scalar::literal_lines(text)
        {
            let indent = sealed.column + STEP;
            let room = text.len() + lines.len() * (indent + 2) + 8;
            let mut out = Zeroizing::new(String::with_capacity(room));
            for (index, line) in lines.into_iter().enumerate() {
                if index > 0 {
                    out.push_str(self.line_end());
                    let indent = if line.is_empty() { 0 } else { indent };
                    out.extend(std::iter::repeat_n(' ', indent));
                }
                out.push_str(line);
            }
            return out;
        }
        Zeroizing::new(match is_plain(text) {
            true => text.to_owned(),
            false => scalar::quoted(text),
        })
    }
}

/// Whether a text needs no quotes, by a rule that is narrower than YAML's: no parser, which would keep
/// copies, is asked.
fn is_plain(text: &str) -> bool {
    let nothing = text.eq_ignore_ascii_case("null");
    let first = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '/');
    let signs = |c: char| "_-./+=@%$".contains(c);
    // a colon is a sign of its own before a blank or the end
    let mut next = text.chars().skip(1);
    first
        && !nothing
        && text.len() <= 1024
        && text.chars().all(|c| {
            let after = next.next();
            let joins = after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '/');
            c.is_ascii_alphanumeric() || signs(c) || (c == ':' && joins)
        })
}
