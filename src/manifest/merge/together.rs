//! Each side is in order, and both together are not: which entries are to blame.

use super::conflict::{Conflict, Path, Side};
use super::join::Sides;
use crate::manifest::edit::Editor;
use crate::manifest::tree::Node;
use crate::model::{Diagnostic, Severity, VarName};

/// One conflict for each variable that one side removed and the other uses; else one for each
/// problem, at the entry that it was found in.
pub(super) fn explain(
    text: &str,
    joined: &Node,
    sides: Sides<'_, '_>,
    problems: &[Diagnostic],
) -> Vec<Conflict> {
    let mut conflicts = removed_but_used(text, joined, sides);
    if !conflicts.is_empty() {
        return conflicts;
    }
    for problem in problems
        .iter()
        .filter(|one| one.severity == Severity::Error)
    {
        let path = path_at(joined_position(text, problem), text);
        let help = problem.help.as_deref();
        let conflict = Conflict::together(&path, &problem.message, help);
        if !conflicts.iter().any(|one: &Conflict| one.path == path) {
            conflicts.push(conflict);
        }
    }
    conflicts
}

fn removed_but_used(text: &str, joined: &Node, sides: Sides<'_, '_>) -> Vec<Conflict> {
    let Some(base) = sides.base.and_then(|base| base.node.get("variables")) else {
        return vec![];
    };
    let Ok(editor) = Editor::new(text) else {
        return vec![];
    };
    let declared = |root: &Node, name: &str| {
        root.get("variables")
            .is_some_and(|all| all.get(name).is_some())
    };
    let names = base.entries().iter().filter_map(|(key, _)| key.text());
    let gone = names.filter(|name| !declared(joined, name));
    gone.filter_map(|name| {
        let by = editor.users(&VarName::new(name).ok()?, true);
        let side = match declared(sides.ours.node, name) {
            true => Side::Theirs,
            false => Side::Ours,
        };
        let path = Path(vec!["variables".to_owned(), name.to_owned()]);
        (!by.is_empty()).then(|| Conflict::still_used(&path, side, &by))
    })
    .collect()
}

fn joined_position(text: &str, problem: &Diagnostic) -> u32 {
    let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
    problem.position.line.min(last)
}

/// The entry that a line is in: of a section, or of the manifest itself.
fn path_at(line: u32, text: &str) -> Path {
    let mut problems = crate::manifest::problem::Problems::default();
    let Some(root) = crate::manifest::yaml::parse_tree(text, &mut problems) else {
        return Path::default();
    };
    let at = |node: &Node| {
        let before = node.entries().iter().rev();
        before
            .map(|(key, value)| {
                (
                    key.position.line,
                    key.text().unwrap_or_default(),
                    value.clone(),
                )
            })
            .find(|(start, ..)| *start <= line)
            .map(|(_, key, value)| (key.to_owned(), value))
    };
    let Some((section, node)) = at(&root) else {
        return Path::default();
    };
    let sections = ["variables", "groups", "targets"];
    let inner = at(&node).filter(|_| sections.contains(&section.as_str()));
    Path(
        std::iter::once(section)
            .chain(inner.map(|(key, _)| key))
            .collect(),
    )
}
