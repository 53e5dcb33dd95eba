//! From a view back to a manifest: the sealed texts in the place of the clear ones, and the end of
//! the file.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{SECRET, Sealed, Subject, TRAILER, Taken};
use crate::manifest::edit::{EditError, Editor, by_hand};
use crate::manifest::fresh::payload_text;
use crate::manifest::merge::{Piece, Rule};
use crate::manifest::problem::Problems;
use crate::manifest::spec::{Payload, Seal};
use crate::manifest::tree::{Kind, Node, Style};
use crate::manifest::yaml::parse_tree;
use crate::manifest::{Parsed, parse};
use crate::model::VarName;

impl Taken<'_, '_> {
    /// The manifest. `payloads` has the values that are sealed anew; the others of
    /// [`Taken::secrets`] keep the text that they had. `seal` is the first key of a manifest that had
    /// none.
    pub fn finish(
        &self,
        payloads: &BTreeMap<VarName, Payload>,
        seal: Option<&Seal>,
    ) -> Result<(String, Parsed), EditError> {
        let mut text = self.spliced(payloads)?;
        self.subject.put_end_back(&mut text);
        if let Some(seal) = seal {
            let mut editor = Editor::new(&text)?;
            editor.set_seal(seal)?;
            text = editor.finish()?.0;
        }
        let mut problems = Problems::default();
        let Some(tree) = parse_tree(&text, &mut problems) else {
            return Err(EditError::WouldDisturb);
        };
        if !self.is_said_by(&tree, payloads) {
            return Err(EditError::WouldDisturb);
        }
        let parsed = parse(&text).map_err(EditError::Invalid)?;
        Ok((text, parsed))
    }

    fn spliced(&self, payloads: &BTreeMap<VarName, Payload>) -> Result<String, EditError> {
        let root = &self.tree.0;
        let places = places(self.body, root).ok_or_else(|| by_hand("the manifest", root))?;
        let mut out = String::with_capacity(self.body.len());
        let mut done = 0;
        for (name, place) in &places {
            let (key, value) = self.texts(name, place, payloads)?;
            out.push_str(&self.body[done..place.at.key.start]);
            out.push_str(&key);
            out.push_str(&self.body[place.at.key.end..place.at.value.start]);
            out.push_str(&value);
            out.push_str(&place.comment);
            done = place.at.value.end;
        }
        out.push_str(&self.body[done..]);
        Ok(out)
    }

    /// What stands in the place of the key and the value: as it was, to the byte, if it is the value
    /// that it was.
    fn texts(
        &self,
        name: &VarName,
        place: &Place,
        payloads: &BTreeMap<VarName, Payload>,
    ) -> Result<(String, String), EditError> {
        if let Some(payload) = payloads.get(name) {
            return Ok(("age".into(), payload_text(payload)));
        }
        let subject = self.subject;
        let former = subject.sealed.get(name).ok_or(EditError::WouldDisturb)?;
        let text = &subject.text[former.value.clone()];
        let same_place = !text.contains('\n')
            || (former.column == place.at.column && former.in_braces == place.at.in_braces);
        let text = match same_place {
            true => text.to_owned(),
            false => subject.payload_of(name).ok_or(EditError::WouldDisturb)?,
        };
        Ok((subject.text[former.key.clone()].to_owned(), text))
    }

    /// Whether a manifest says what the view said, with these ciphertexts for its secrets.
    fn is_said_by(&self, tree: &Node, payloads: &BTreeMap<VarName, Payload>) -> bool {
        let mut entries = self.tree.0.entries().iter();
        let mut found = tree.entries().iter().filter(|(key, _)| !is_end(key));
        let same = entries.all(|(key, value)| {
            found.next().is_some_and(|(other, node)| {
                key == other
                    && match key.text() {
                        Some("variables") => self.are_variables(value, node, payloads),
                        _ => value == node,
                    }
            })
        });
        let ends = |tree: &Node| -> Vec<(Node, Node)> {
            let entries = tree.entries().iter().filter(|(key, _)| is_end(key));
            entries.cloned().collect()
        };
        let before = ends(&self.subject.root);
        same && found.next().is_none() && (before.is_empty() || before == ends(tree))
    }

    fn are_variables(
        &self,
        view: &Node,
        node: &Node,
        payloads: &BTreeMap<VarName, Payload>,
    ) -> bool {
        let (view, node) = (view.entries(), node.entries());
        view.len() == node.len()
            && view.iter().zip(node).all(|((key, value), (other, node))| {
                let name = key.text().and_then(|key| key.parse().ok());
                key == other && self.is_variable(name.as_ref(), value, node, payloads)
            })
    }

    fn is_variable(
        &self,
        name: Option<&VarName>,
        view: &Node,
        node: &Node,
        payloads: &BTreeMap<VarName, Payload>,
    ) -> bool {
        if view.index_of(SECRET).is_none() {
            return view == node;
        }
        let payload = name.and_then(|name| {
            let new = payloads.get(name).map(payload_text);
            new.or_else(|| self.subject.payload_of(name))
        });
        let (view, node) = (view.entries(), node.entries());
        view.len() == node.len()
            && view.iter().zip(node).all(|(one, other)| {
                if one.0.text() == Some(SECRET) {
                    other.0.text() == Some("age") && other.1.text() == payload.as_deref()
                } else {
                    one == other
                }
            })
    }
}

impl Subject<'_> {
    /// What the manifest says under `age:` of a variable.
    fn payload_of(&self, name: &VarName) -> Option<String> {
        let variables = self.root.get("variables")?;
        let text = variables.get(name.as_str())?.get("age")?.text()?;
        Some(text.to_owned())
    }

    fn put_end_back(&self, text: &mut String) {
        let line_end = match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str(line_end);
        }
        for part in &self.trailer {
            let part = self.text[part.clone()].replace("\r\n", "\n");
            text.push_str(&part.replace('\n', line_end));
        }
    }
}

fn is_end(key: &Node) -> bool {
    key.text().is_some_and(|key| TRAILER.contains(&key))
}

/// Where a value in clear stands, and a comment that is lost with it.
struct Place {
    at: Sealed,
    comment: String,
}

/// In the order of the text.
fn places(body: &str, root: &Node) -> Option<Vec<(VarName, Place)>> {
    let mut found = vec![];
    let sections = Piece::root(body, root).inside(Rule::Root)?;
    let Some(section) = sections.get("variables") else {
        return Some(found);
    };
    for variable in section.piece.inside(Rule::Variables)?.elements {
        if variable.piece.node.get(SECRET).is_none() {
            continue;
        }
        let entries = variable.piece.inside(Rule::Variable)?;
        let value = entries.get(SECRET)?.piece;
        let at = Sealed::of(&value)?;
        let comment = comment_of_block(body, value.node, &at.value);
        found.push((variable.id.parse().ok()?, Place { at, comment }));
    }
    found.sort_by_key(|(_, place): &(VarName, Place)| place.at.key.start);
    Some(found)
}

/// `secret: | # a comment` has it in the middle of what is replaced.
fn comment_of_block(body: &str, node: &Node, value: &Range<usize>) -> String {
    let is_block = matches!(
        node.kind,
        Kind::Scalar {
            style: Style::Block,
            ..
        }
    );
    let first = body[value.clone()].lines().next().unwrap_or_default();
    match first.find(" #").filter(|_| is_block) {
        Some(at) => format!(" {}", first[at..].trim()),
        None => String::new(),
    }
}
