//! What came back from the editor: read, checked, its secrets taken out. Nothing is sealed here.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{SECRET, Subject, TRAILER, Wiped};
use crate::manifest::decode::{self, decode_text, parse_payload};
use crate::manifest::problem::{Problems, code, nearest};
use crate::manifest::spec::{Manifest, Source, UseSource};
use crate::manifest::tree::{Kind, Node};
use crate::manifest::yaml::parse_tree;
use crate::model::{Diagnostic, Position, SecretValue, VarName, shows_lint};

/// What stands in the place of a value that is not sealed yet.
const NO_PAYLOAD: [u8; 32] = [0; 32];
/// The same for the end of a manifest that has no key yet.
const NO_KEY: &str = "00000000000000000000000000000000";
const NO_MAC: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const NO_HEADER: &str = "age-encryption.org/v1\n-> X25519 none\nnone\n--- none\n";

/// A view that is a manifest once its secrets are sealed.
#[derive(Debug)]
pub struct Taken<'s, 't> {
    pub(super) subject: &'s Subject<'t>,
    pub(super) body: &'s str,
    pub(super) tree: Wiped,
    /// The values in clear, by variable.
    pub secrets: BTreeMap<VarName, TakenSecret>,
    /// What it says, with something else in the place of each sealed value.
    pub manifest: Manifest,
}

/// One value in clear.
#[derive(Debug, Clone)]
pub struct TakenSecret {
    pub value: SecretValue,
    /// In the view.
    pub position: Position,
}

impl<'t> Subject<'t> {
    /// Reads a view that was edited, without its head. On failure all problems, sorted by position.
    pub fn take_back<'s>(&'s self, body: &'s str) -> Result<Taken<'s, 't>, Vec<Diagnostic>> {
        let mut problems = Problems::default();
        if body.trim().is_empty() {
            problems.error(
                Position::default(),
                code::NOT_A_MANIFEST,
                "nothing is left of the manifest",
                Some("take the text back; to change nothing, leave it as it was"),
            );
            return Err(problems.finish());
        }
        let Some(tree) = parse_tree(body, &mut problems).map(Wiped) else {
            return Err(problems.finish());
        };
        if tree.0.is_flow() || tree.0.entries().is_empty() {
            let message = "the manifest must have its entries on lines of their own";
            problems.error(tree.0.position, code::WRONG_TYPE, message, None);
            return Err(problems.finish());
        }
        self.check_what_is_ours(&tree.0, &mut problems);
        let (sealed, secrets) = self.with_placeholders(&tree.0, &mut problems);
        let decoded = decode::decode(&sealed.0, &mut problems);
        let manifest = decoded.filter(|_| !problems.failed());
        let Some(manifest) = manifest else {
            return Err(problems.finish());
        };
        self.check_clear_texts(&manifest, &mut problems);
        if problems.failed() {
            return Err(problems.finish());
        }
        Ok(Taken {
            subject: self,
            body,
            tree,
            secrets,
            manifest,
        })
    }

    /// The name, to which values are bound, the readers, and the end of the file.
    fn check_what_is_ours(&self, tree: &Node, problems: &mut Problems) {
        for (key, _) in tree.entries() {
            if let Some(name) = key.text().filter(|name| TRAILER.contains(name)) {
                problems.error(
                    key.position,
                    code::BAD_SEAL,
                    format!("`{name}` is written by driftlock, and is left out here"),
                    Some("remove it: it is put back by itself"),
                );
            }
        }
        if self.manifest.seal.is_none() {
            return;
        }
        if tree.get("name") != self.root.get("name") {
            let message = "`name` cannot be changed here: every value is bound to it";
            let help = "put it back; driftlock init makes a manifest of another name";
            problems.error(place_of(tree, "name"), code::BAD_VALUE, message, Some(help));
        }
        let listed = |root: &Node| -> BTreeSet<String> {
            let items = root.get("recipients").map_or(&[][..], Node::items);
            items
                .iter()
                .filter_map(Node::text)
                .map(str::to_owned)
                .collect()
        };
        if listed(tree) != listed(&self.root) {
            let message = "`recipients` cannot be changed here: every reader vouches for the list";
            let help =
                "put it back; then: driftlock recipients add …, or driftlock recipients remove …";
            let at = place_of(tree, "recipients");
            problems.error(at, code::BAD_VALUE, message, Some(help));
        }
    }

    /// The tree as that of a manifest, with a payload that opens nothing for each secret, and the
    /// secrets.
    fn with_placeholders(
        &self,
        tree: &Node,
        problems: &mut Problems,
    ) -> (Wiped, BTreeMap<VarName, TakenSecret>) {
        let mut made = Wiped(tree.clone());
        let mut secrets = BTreeMap::new();
        let short = self.manifest.seal.as_ref().map(|seal| seal.key_id.short());
        let short = short.unwrap_or_else(|| NO_KEY[..6].to_owned());
        let payload = format!("{short}.{}", BASE64_STANDARD.encode(NO_PAYLOAD));
        let variables = made.0.get_mut("variables").and_then(Node::entries_mut);
        for (key, value) in variables.into_iter().flatten() {
            self.check_ciphertext(key, value, problems);
            check_spelling(value, problems);
            let Some((position, text)) = take_secret(key, value, problems) else {
                continue;
            };
            if let Some(entry) = value.get_mut(SECRET) {
                *entry = Node {
                    position,
                    ..Node::made_text(&payload)
                };
                rename(value, SECRET, "age");
            }
            if let (Some(name), Some(text)) = (key.text().and_then(|key| key.parse().ok()), text) {
                secrets.insert(
                    name,
                    TakenSecret {
                        value: text,
                        position,
                    },
                );
            }
        }
        let ends = self.ends(!secrets.is_empty());
        if let Some(entries) = made.0.entries_mut() {
            entries.retain(|(key, _)| !key.text().is_some_and(|key| TRAILER.contains(&key)));
            entries.extend(ends);
        }
        (made, secrets)
    }

    /// The end of the file, or one that stands for it where there will be one.
    fn ends(&self, has_secrets: bool) -> Vec<(Node, Node)> {
        let kept = self.root.entries().iter();
        let kept: Vec<_> = kept
            .filter(|(key, _)| key.text().is_some_and(|key| TRAILER.contains(&key)))
            .cloned()
            .collect();
        if !kept.is_empty() || !has_secrets {
            return kept;
        }
        let key = format!("{NO_KEY}.{NO_MAC}");
        [("key", key.as_str()), ("age", NO_HEADER)]
            .map(|(key, text)| (Node::made_text(key), Node::made_text(text)))
            .into()
    }

    /// A ciphertext is only where it was, and only one that nobody with a key wrote.
    fn check_ciphertext(&self, key: &Node, value: &Node, problems: &mut Problems) {
        let Some(text) = value.get("age").and_then(Node::text) else {
            return;
        };
        if parse_payload(text).is_some() {
            problems.error(
                place_of(value, "age"),
                code::BAD_VALUE,
                format!(
                    "{} has a ciphertext, which belongs to no edited text",
                    shown(key)
                ),
                Some("write `secret:` and the value: it is encrypted by driftlock"),
            );
        }
    }

    /// What `set` refuses too, where it is new.
    fn check_clear_texts(&self, manifest: &Manifest, problems: &mut Problems) {
        let is_key = |text: &str| shows_lint("private-key", &SecretValue::new(text));
        for (name, variable) in &manifest.variables {
            let before = self.manifest.variables.get(name).map(|one| &one.source);
            if let Source::Clear(text) = &variable.source
                && before != Some(&variable.source)
                && is_key(text)
            {
                problems.error(
                    variable.position,
                    code::BAD_VALUE,
                    format!("{name} is a private key, which does not belong in clear text"),
                    Some("write `secret:` in the place of `value:`"),
                );
            }
        }
        for spec in &manifest.targets {
            for used in &spec.uses {
                if let UseSource::Clear(text) = &used.source
                    && is_key(text)
                {
                    problems.error(
                        used.position,
                        code::BAD_VALUE,
                        format!(
                            "{} is a private key, which does not belong in clear text",
                            used.name
                        ),
                        Some("declare it under `variables` with `secret:`"),
                    );
                }
            }
        }
    }
}

/// The value of `secret:`, and where it stands; without a value if that is no good. `None` if there is
/// none to take.
fn take_secret(
    key: &Node,
    value: &Node,
    problems: &mut Problems,
) -> Option<(Position, Option<SecretValue>)> {
    let index = value.index_of(SECRET)?;
    let (at, node) = &value.entries()[index];
    let count = |name: &str| {
        let entries = value.entries().iter();
        entries.filter(|(key, _)| key.text() == Some(name)).count()
    };
    if ["age", "value", "template"]
        .iter()
        .any(|name| count(name) > 0)
    {
        problems.error(
            at.position,
            code::BAD_VALUE,
            format!(
                "{} may have only one of `secret`, `value` and `template`",
                shown(key)
            ),
            Some("keep the one that is meant"),
        );
    }
    if count(SECRET) > 1 {
        problems.error(
            at.position,
            code::DUPLICATE_KEY,
            "`secret` stands here a second time",
            Some("keep one of the two and remove the other"),
        );
    }
    let text = decode_text(node, &shown(key), problems);
    Some((at.position, text.map(SecretValue::new)))
}

/// A variable whose value stands behind something like `secret`: taken for it, so that only that is
/// said.
fn check_spelling(value: &mut Node, problems: &mut Problems) {
    let sources = [SECRET, "age", "value", "template"];
    if sources.iter().any(|source| value.get(source).is_some()) {
        return;
    }
    let is_meant = |text: &&str| nearest(text, [SECRET]).is_some();
    let meant = value.entries().iter().find_map(|(key, _)| {
        let text = key.text().filter(is_meant)?;
        Some((text.to_owned(), key.position))
    });
    let Some((text, position)) = meant else {
        return;
    };
    let help = "did you mean `secret`?";
    let message = "a variable has no key like this";
    problems.error(position, code::UNKNOWN_KEY, message, Some(help));
    rename(value, &text, SECRET);
}

fn rename(map: &mut Node, from: &str, to: &str) {
    let entries = map.entries_mut().into_iter().flatten();
    for (key, _) in entries {
        if key.text() == Some(from)
            && let Kind::Scalar { text, .. } = &mut key.kind
        {
            to.clone_into(text);
        }
    }
}

/// The name of a variable, if it is one.
fn shown(key: &Node) -> String {
    let name = key.text().and_then(|text| text.parse::<VarName>().ok());
    name.map_or_else(|| "this variable".to_owned(), |name| name.to_string())
}

/// Where an entry stands, or the map where it is missing.
fn place_of(map: &Node, key: &str) -> Position {
    map.index_of(key)
        .map_or(map.position, |index| map.entries()[index].0.position)
}
