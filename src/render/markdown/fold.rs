//! The folded details of one target: where it is, what there is to say about it, and a row for each
//! variable.

use super::{BRIEF, Page, SENTENCE, Site};
use crate::plan::{ActionKind, Change, Class, TargetPlan, TargetState};
use crate::render::comment::quote::{cell, code, html_name, names, text_block, values};
use crate::render::comment::{Item, List, Part, Title};
use crate::render::escape::markdown_cell;
use crate::render::style::Style;
use crate::render::words;

const HEAD: &str = "| | variable | what | before → after |\n|:-:|:--|:--|:--|";

impl Page<'_> {
    /// `None` where there is nothing to say.
    pub(super) fn fold(&self, site: &Site<'_>) -> Option<Part> {
        let target = site.target;
        let mut listed: Vec<&Change> = target.changes.iter().collect();
        listed.retain(|change| words::is_listed(change));
        listed.sort_by_key(|change| (words::rank(change), &change.name));
        let notes = notes(target, &listed);
        if listed.is_empty() && notes.is_empty() {
            return None;
        }
        let count = match target.state {
            TargetState::Unknown { .. } => "could not be read".to_owned(),
            _ => counts(&listed),
        };
        listed.retain(|change| !is_unseen(target, change));
        let blocks = listed
            .iter()
            .filter_map(|change| text_block(change.name.as_str(), &change.before, &change.after));
        let manifest = match self.plans.len() {
            1 => String::new(),
            _ => format!("{} · ", html_name(site.plan.manifest.as_str())),
        };
        let name = html_name(target.target.as_str());
        Some(Part {
            title: Title::Fold {
                summary: format!("{manifest}<b>{name}</b>: {count}"),
                thing: "target",
            },
            intro: Some(code(&words::place(target), SENTENCE)),
            lists: vec![
                List {
                    thing: "note",
                    head: None,
                    items: notes,
                },
                List {
                    thing: "change",
                    head: Some(HEAD.to_owned()),
                    items: listed.iter().map(|change| row(change)).collect(),
                },
                List {
                    thing: "text",
                    head: None,
                    items: blocks.collect(),
                },
                List {
                    thing: "author",
                    head: None,
                    items: authors(site, &listed),
                },
            ],
        })
    }
}

/// Whether there is one reason for all of the target's variables.
pub(super) fn is_unseen(target: &TargetPlan, change: &Change) -> bool {
    matches!(target.state, TargetState::Unknown { .. }) && change.class == Class::Unknown
}

/// Who changed what, where somebody asked. With dates: a comment that says the same again is the same.
fn authors(site: &Site<'_>, listed: &[&Change]) -> Vec<Item> {
    let known = listed.iter().filter_map(|change| {
        let who = site.plan.who.get(&site.target.target, &change.name)?;
        let name = code(change.name.as_str(), SENTENCE);
        let line = |most| format!("- {name}: {}", code(&who.words(None), most));
        Some(Item::new(line(SENTENCE)).brief(line(BRIEF)))
    });
    known.collect()
}

fn row(change: &Change) -> Item {
    let (sign, _) = words::sign(change, &Style::plain());
    let (sign, name) = (markdown_cell(sign), markdown_cell(change.name.as_str()));
    let class = words::class(change.class);
    let mut what = match change.class {
        Class::Change => words::reason(change.reason).to_owned(),
        _ => format!("**{class}**: {}", words::reason(change.reason)),
    };
    if let Some(detail) = &change.detail {
        what.push_str(&format!(", {}", cell(detail, SENTENCE)));
    }
    let mut held = String::new();
    if let Some(hold) = change.holds.first() {
        held = format!(", held by {}", cell(&hold.rail, BRIEF));
    }
    let values = values(&change.before, &change.after);
    Item::new(format!("| {sign} | {name} | {what}{held} | {values} |"))
        .brief(format!("| {sign} | {name} | {class}{held} | |"))
}

/// What there is to say about the target as a whole.
fn notes(target: &TargetPlan, listed: &[&Change]) -> Vec<Item> {
    let mut items = vec![];
    let mut say = |label: &str, text: &str| {
        let line = |most| format!("- {label}{}", code(text, most));
        items.push(Item::new(line(SENTENCE)).brief(line(BRIEF)));
    };
    match &target.state {
        TargetState::Unknown { reason, .. } => say("**unknown**: ", reason),
        TargetState::Partial { reason } => say("**read in part**: ", reason),
        TargetState::Read | TargetState::Elsewhere { .. } => {}
    }
    if let Some(behind) = &target.behind {
        say("**stored but not running**: ", &words::not_running(behind));
    }
    if let Some(one) = target.activation.as_ref().filter(|one| one.will_happen()) {
        say("apply will ", &one.what);
    }
    let mut notes: Vec<&String> = target.notes.iter().collect();
    notes.sort_unstable();
    for note in notes {
        say("note: ", note);
    }
    if target.activates && target.will_write() {
        let what = match words::deploys_others(target) {
            true => "- apply deploys whatever refers to it",
            false => "- apply deploys it",
        };
        items.insert(0, Item::new(what).brief(what));
    }
    let unseen = listed.iter().filter(|change| is_unseen(target, change));
    for (line, count) in names(unseen.map(|change| change.name.as_str())) {
        let line = format!("- {} not known: {line}", words::counted(count, "variable"));
        items.push(Item::new(line.clone()).brief(line).of(count));
    }
    items
}

/// `1 conflict, 1 to delete, 2 to change`; worst first.
fn counts(listed: &[&Change]) -> String {
    const KINDS: [&str; 7] = [
        "unknown",
        "in conflict",
        "drifted",
        "to delete",
        "to change",
        "to create",
        "to record",
    ];
    let mut counts = [0_usize; KINDS.len()];
    for change in listed {
        let is_report = change.class == Class::Change && change.action == ActionKind::None;
        if let (Some(count), false) = (counts.get_mut(usize::from(words::rank(change))), is_report)
        {
            *count += 1;
        }
    }
    let of = counts.iter().zip(KINDS).filter(|(count, _)| **count > 0);
    let mut words: Vec<String> = of.map(|(count, kind)| format!("{count} {kind}")).collect();
    if words.is_empty() {
        words.push(match listed.len() {
            0 => "nothing to write".to_owned(),
            count => format!("{count} only reported"),
        });
    }
    words.join(", ")
}
