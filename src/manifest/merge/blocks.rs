//! Entries that stand on lines of their own.

use super::gap::{self, Three};
use super::join::{Clash, Joined, Joiner, Member, Threefold, collected};
use super::layout::{Element, Inside, Layout};
use super::parts::Parts;
use super::rule::Rule;
use crate::manifest::tree::{Kind, Node, Style};

impl<'t> Joiner<'_> {
    /// `like_theirs` where our side has nothing that its layout could be seen from.
    pub(super) fn block(
        &mut self,
        three: &Threefold<'_, '_, 't>,
        column: usize,
        like_theirs: bool,
    ) -> Option<Result<Joined, Clash>> {
        let skeleton = if like_theirs {
            three.theirs
        } else {
            three.ours
        };
        let member_column = skeleton.elements.first().map(|first| first.piece.column)?;
        let separator = separator(three, self.line_end);
        let mut parts = Parts::default();
        let mut members: Vec<(Node, Node)> = vec![];
        let mut is_first = true;
        let mut clashed = false;
        for id in three.order {
            let member = self.member(three, id);
            let (ours, theirs) = (three.ours.get(id), three.theirs.get(id));
            let (text, node) = match member {
                Member::Gone => continue,
                Member::Kept((text, node)) => (
                    self.whole_lines(three, id, (text, &node), member_column)?,
                    Some(node),
                ),
                Member::Clash => {
                    clashed = true;
                    let lines = |element: Option<&Element<'t>>| match element {
                        Some(element) => self.lines(element, member_column),
                        None => Some(String::new()),
                    };
                    let mut marked = Parts::default();
                    marked.clash(lines(ours)?, lines(theirs)?);
                    (marked, ours.map(|ours| ours.piece.node.clone()))
                }
            };
            parts.push(gap_of(three, id, is_first, &separator, member_column));
            parts.append(text);
            is_first = false;
            if let Some(node) = node {
                let key = [ours, theirs]
                    .into_iter()
                    .flatten()
                    .find_map(|one| one.piece.key);
                members.push((key.cloned().unwrap_or_else(|| Node::made_text(id)), node));
            }
        }
        if clashed && !three.rule.has_marks_inside() {
            return Some(Err(Clash));
        }
        let node = match clashed && members.is_empty() {
            // between the marks there is nothing of ours
            true => Node::made(Kind::Scalar {
                text: String::new(),
                style: Style::Plain,
            }),
            false => collected(three.rule, members.is_empty(), members),
        };
        let mut all = Parts::text(gap::moved(
            &self.head(three, like_theirs, is_first)?,
            column,
            three.sides.ours.column,
        ));
        all.append(parts);
        all.push(self.tail(three));
        Some(Ok((all, node)))
    }

    /// An entry as it stands on lines of its own. An item in brackets gets a dash.
    fn lines(&self, element: &Element<'_>, column: usize) -> Option<String> {
        let piece = &element.piece;
        let text = match (piece.is_inline(), piece.key) {
            (false, _) => gap::moved(piece.body(), piece.column, column).into_owned(),
            (true, None) => format!("{}- {}", " ".repeat(column), piece.body()),
            (true, Some(_)) => return None,
        };
        Some(gap::ended(&text, self.line_end).into_owned())
    }

    fn whole_lines(
        &self,
        three: &Threefold<'_, '_, 't>,
        id: &str,
        (text, node): (Parts, &Node),
        column: usize,
    ) -> Option<Parts> {
        match (three.ours.get(id), three.theirs.get(id)) {
            (Some(one), None) | (None, Some(one)) => Some(Parts::text(self.lines(one, column)?)),
            (Some(ours), Some(theirs)) if theirs.piece.is_inline() => {
                let kept = [ours, theirs]
                    .into_iter()
                    .find(|one| one.piece.node == node);
                Some(Parts::text(self.lines(kept?, column)?))
            }
            _ => Some(text.ended(self.line_end)),
        }
    }

    /// The line of the key; with empty brackets where nothing is left.
    fn head(
        &self,
        three: &Threefold<'_, '_, 't>,
        like_theirs: bool,
        is_empty: bool,
    ) -> Option<String> {
        let head = |inside: &Inside<'t>| match inside.layout {
            Layout::Block { head, .. } => Some(head),
            _ => None,
        };
        let (ours, theirs) = (head(three.ours), head(three.theirs));
        let text = match (ours, theirs) {
            _ if like_theirs => theirs?.to_owned(),
            (Some(ours), Some(theirs)) => Three {
                base: head(three.base),
                ours,
                theirs,
            }
            .one(),
            _ => ours?.to_owned(),
        };
        if !is_empty {
            return Some(text);
        }
        let key = three.sides.ours.key.or(three.sides.theirs.key)?.text()?;
        let colon = text.find(key)? + key.len();
        let colon = colon + text[colon..].find(':')? + 1;
        let brackets = if three.rule.is_list() { " []" } else { " {}" };
        Some(format!("{}{brackets}{}", &text[..colon], &text[colon..]))
    }

    fn tail(&self, three: &Threefold<'_, '_, 't>) -> String {
        let tail = |inside: &Inside<'t>| match inside.layout {
            Layout::Block { tail, .. } => tail,
            _ => "",
        };
        Three {
            base: Some(tail(three.base)),
            ours: tail(three.ours),
            theirs: tail(three.theirs),
        }
        .lines()
    }
}

/// What stands between two entries of this collection.
fn separator(three: &Threefold<'_, '_, '_>, line_end: &str) -> String {
    let second = |inside: &Inside<'_>| {
        let second = inside.elements.get(1).filter(|one| !one.piece.is_inline());
        second.map(|second| gap::split(second.gap).0.to_owned())
    };
    second(three.ours)
        .or_else(|| second(three.theirs))
        .unwrap_or_else(|| match three.rule {
            Rule::Variables => line_end.to_owned(),
            _ => String::new(),
        })
}

/// What stands above an entry on one side.
struct Above<'t> {
    blank: &'t str,
    comments: String,
    is_first: bool,
    is_inline: bool,
}

impl<'t> Above<'t> {
    fn of(inside: &Inside<'t>, id: &str, column: usize) -> Option<Self> {
        let element = inside.get(id)?;
        let (blank, comments) = gap::split(element.gap);
        Some(Self {
            blank,
            comments: gap::moved(comments, element.piece.column, column).into_owned(),
            is_first: inside.place(id) == Some(0),
            is_inline: element.piece.is_inline(),
        })
    }

    /// The blank lines between it and the one before.
    fn between(&self) -> Option<&'t str> {
        (!self.is_first && !self.is_inline).then_some(self.blank)
    }
}

/// Blank lines and comments above an entry.
fn gap_of(
    three: &Threefold<'_, '_, '_>,
    id: &str,
    is_first: bool,
    separator: &str,
    column: usize,
) -> String {
    let of = |inside| Above::of(inside, id, column);
    let (base, ours, theirs) = (of(three.base), of(three.ours), of(three.theirs));
    let comments = match (&ours, &theirs) {
        (Some(ours), Some(theirs)) => Three {
            base: base.as_ref().map(|base| base.comments.as_str()),
            ours: &ours.comments,
            theirs: &theirs.comments,
        }
        .lines(),
        (Some(one), None) | (None, Some(one)) => one.comments.clone(),
        (None, None) => String::new(),
    };
    if is_first {
        let first = [&ours, &theirs]
            .into_iter()
            .flatten()
            .find(|one| one.is_first);
        return first.map_or("", |one| one.blank).to_owned() + &comments;
    }
    let between =
        |above: &Option<Above<'_>>| above.as_ref().and_then(Above::between).map(str::to_owned);
    let (old, our_blank, their_blank) = (between(&base), between(&ours), between(&theirs));
    let blank = match (&ours, &theirs) {
        (Some(_), Some(_)) if our_blank == old => their_blank.or(our_blank),
        (Some(_), _) => our_blank,
        // what theirs brings is set apart as the entries here are
        (None, _) if three.rule != Rule::Root => None,
        (None, _) => their_blank,
    };
    blank.unwrap_or_else(|| separator.to_owned()) + &comments
}
