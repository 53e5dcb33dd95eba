//! A manifest as people may look at it: what is encrypted is replaced by a word about it, every
//! other byte stays.

use super::merge::{Piece, Rule};
use super::problem::Problems;
use super::tree::{Kind, Node, Style};
use super::yaml::parse_tree;

/// What stands in the place of a value, and is to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher<'t> {
    /// The encrypted value of a variable.
    Value { name: &'t str, text: &'t str },
    /// A sealed fingerprint key, present or former.
    FingerprintKey { text: &'t str },
    /// The age header.
    Header { text: &'t str },
}

/// A text, concealed as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concealed {
    /// Entry by entry.
    Manifest(String),
    /// It holds no manifest, and so nothing of ours to conceal.
    Other,
    /// It cannot be taken apart, from this line on if that is known: whatever could be ciphertext or
    /// a private key is masked line by line.
    Masked(String, u32),
}

/// Replaces everything encrypted by what `word` says, which must be one line.
pub fn conceal(text: &str, word: &mut dyn FnMut(&Cipher<'_>) -> String) -> Concealed {
    let mut problems = Problems::default();
    let Some(root) = parse_tree(text, &mut problems) else {
        let line = problems.finish().first().map_or(0, |one| one.position.line);
        return match says_driftlock(text) {
            true => Concealed::Masked(mask(text), line),
            false => Concealed::Other,
        };
    };
    if root.get("driftlock").and_then(Node::text).is_none() {
        return Concealed::Other;
    }
    match spliced(text, &root, word) {
        Some(text) => Concealed::Manifest(text),
        None => Concealed::Masked(mask(text), 0),
    }
}

/// Whether a text is or was meant to be a manifest: a line says `driftlock:` and a number.
pub fn says_driftlock(text: &str) -> bool {
    text.lines().any(is_version)
}

/// The same of a text that may quote a manifest, as a README does: only its beginning counts.
pub fn begins_as_manifest(text: &str) -> bool {
    let is_said = |line: &&str| {
        let line = line.trim_start_matches('\u{feff}').trim();
        !(line.is_empty() || line.starts_with('#') || line == "---")
    };
    text.lines().find(is_said).is_some_and(is_version)
}

fn is_version(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}');
    let line = line.strip_prefix('{').map_or(line, str::trim_start);
    let quotes = ['"', '\''];
    let rest = line.trim_start_matches(quotes).strip_prefix("driftlock");
    let value = rest.and_then(|rest| {
        rest.trim_start_matches(quotes)
            .trim_start()
            .strip_prefix(':')
    });
    value.is_some_and(|value| {
        let value = value.trim_start().trim_start_matches(quotes);
        value.starts_with(|c: char| c.is_ascii_digit())
    })
}

fn spliced(text: &str, root: &Node, word: &mut dyn FnMut(&Cipher<'_>) -> String) -> Option<String> {
    let mut found = vec![];
    for section in Piece::root(text, root).inside(Rule::Root)?.elements {
        let value = section.piece.node.text().unwrap_or_default();
        match section.id {
            "variables" => variables(&section.piece, &mut found)?,
            "fingerprints" => found.push((section.piece, Cipher::FingerprintKey { text: value })),
            "age" => found.push((section.piece, Cipher::Header { text: value })),
            "former_fingerprints" => {
                let rule = Rule::Root.of(section.id);
                for one in section.piece.inside(rule)?.elements {
                    let text = one.piece.node.text().unwrap_or_default();
                    found.push((one.piece, Cipher::FingerprintKey { text }));
                }
            }
            _ => {}
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (piece, cipher) in &found {
        if piece.node.text().is_none_or(str::is_empty) {
            continue;
        }
        let (start, end) = slot(piece)?;
        out.push_str(text.get(done..start)?);
        out.push_str(&word(cipher));
        done = end;
    }
    out.push_str(text.get(done..)?);
    Some(out)
}

fn variables<'t>(section: &Piece<'t>, found: &mut Vec<(Piece<'t>, Cipher<'t>)>) -> Option<()> {
    for variable in section.inside(Rule::Variables)?.elements {
        let node = variable.piece.node;
        if node.get("age").is_none() {
            continue;
        }
        let entries = variable.piece.inside(Rule::Variable)?;
        let value = entries.get("age")?.piece;
        let text = value.node.text().unwrap_or_default();
        found.push((
            value,
            Cipher::Value {
                name: variable.id,
                text,
            },
        ));
    }
    Some(())
}

/// Where a value stands in the text.
pub(super) fn slot(piece: &Piece<'_>) -> Option<(usize, usize)> {
    let span = &piece.node.span;
    match &piece.node.kind {
        Kind::Scalar {
            style: Style::Block,
            ..
        } => {
            let text = &piece.text[..piece.end];
            let text = text.strip_suffix('\n').unwrap_or(text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            Some((span.start, text.len())).filter(|(start, end)| start <= end)
        }
        Kind::Scalar { .. } => Some((span.start, span.end)),
        _ => None,
    }
}

/// The shortest run of such characters that is no word: a payload has at least 44.
const RUN: usize = 32;

fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_pem = false;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let marker = body.contains("-----BEGIN ") || body.contains("-----END ");
        in_pem = (in_pem && !body.contains("-----END ")) || body.contains("-----BEGIN ");
        if in_pem && !marker && !body.trim().is_empty() {
            let indent = body.len() - body.trim_start().len();
            out.push_str(&body[..indent]);
            out.push('…');
        } else {
            mask_runs(body, &mut out);
        }
        out.push_str(&line[body.len()..]);
    }
    out
}

fn mask_runs(line: &str, out: &mut String) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        match run.len() >= RUN {
            true => out.push('…'),
            false => out.push_str(run),
        }
        let next = after.find(is_part).unwrap_or(after.len());
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(cipher: &Cipher<'_>) -> String {
        match cipher {
            Cipher::Value { name, text } => format!("({name} {})", text.len()),
            Cipher::FingerprintKey { text } => format!("(key {})", text.len()),
            Cipher::Header { text } => format!("(header {})", text.lines().count()),
        }
    }

    #[test]
    fn only_what_is_encrypted_is_replaced() {
        let text = "# age: x\ndriftlock: 1\nname: t\nvariables:\n  A:\n    age: abc # note\n    owner: \"age: x\"\n  \
                    B: { age: 'de', rotate: 9d }\n  C:\n    age: |\n      one\n      two\n    # below\n    owner: x\n  D: age\n  \
                    E: { age: }\nfingerprints: k\nformer_fingerprints:\n- kk\n- kkk # last\nage: |\n  h1\n  h2\n\n# end\n";
        let wanted = "# age: x\ndriftlock: 1\nname: t\nvariables:\n  A:\n    age: (A 3) # note\n    owner: \"age: x\"\n  \
                      B: { age: (B 2), rotate: 9d }\n  C:\n    age: |\n      (C 8)\n    # below\n    owner: x\n  D: age\n  \
                      E: { age: }\nfingerprints: (key 1)\nformer_fingerprints:\n- (key 2)\n- (key 3) # last\nage: |\n  (header 2)\n\n# end\n";
        assert_eq!(
            conceal(text, &mut word),
            Concealed::Manifest(wanted.to_owned())
        );
        let crlf = conceal(&text.replace('\n', "\r\n"), &mut word);
        assert_eq!(crlf, Concealed::Manifest(wanted.replace('\n', "\r\n")));
    }

    #[test]
    fn what_is_meant_to_be_a_manifest() {
        for text in [
            "driftlock: 1",
            "# x\nname: t\ndriftlock : 2 #",
            "\u{feff}\"driftlock\": '1'",
            "{driftlock: 1}",
        ] {
            assert!(says_driftlock(text), "{text}");
        }
        for text in [
            "driftlock:\n  enabled: true",
            "services:\n  driftlock: 1",
            "driftlock-rails: 1",
            "",
        ] {
            assert!(!says_driftlock(text), "{text}");
        }
        assert!(begins_as_manifest(
            "# yaml-language-server: x\n\n---\ndriftlock: 1\n"
        ));
        assert!(!begins_as_manifest("# Title\n```yaml\ndriftlock: 1\n```\n"));
    }

    #[test]
    fn what_does_not_parse_is_masked() {
        let payload = "A".repeat(44);
        let text = format!(
            "driftlock: 1\n<<<<<<< ours\n  A:\n    age: 3fa9c1.{payload}= #é\n=======\n-----BEGIN X PRIVATE KEY-----\n  c2hvcnQ=\n-----END X PRIVATE KEY-----\n  B: short\n"
        );
        let masked = "driftlock: 1\n<<<<<<< ours\n  A:\n    age: 3fa9c1.… #é\n=======\n-----BEGIN X PRIVATE KEY-----\n  …\n-----END X PRIVATE KEY-----\n  B: short\n";
        assert_eq!(
            conceal(&text, &mut word),
            Concealed::Masked(masked.to_owned(), 2)
        );
        assert_eq!(conceal("a: [\n", &mut word), Concealed::Other);
        assert_eq!(conceal("deletes: 3\n", &mut word), Concealed::Other);
        assert_eq!(conceal("", &mut word), Concealed::Other);
    }
}
