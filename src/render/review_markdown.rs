//! A comparison as the comment of a pull request: who may read and what may run first, then what
//! somebody has to look at, the rest folded. The same comparison gives the same bytes.

use std::fmt::{self, Write};

use super::comment::quote::{self, code, command, html_name};
use super::comment::{Comment, Item, LIMIT, List, Part, Title, compose, marker};
use super::escape::markdown_cell;
use super::review_words as said;
use super::said::Said;
use super::words::{self, counted};
use crate::plan::Glimpse;
use crate::review::{
    Comparison, Review, State, TargetChange, Unreadable, UseChange, UseKind, VariableChange,
};

const HEAD: &str = "| | variable | what | before → after |\n|:-:|:--|:--|:--|";
/// Characters of a foreign sentence.
const SENTENCE: usize = 300;

/// Writes the comment, under the limit of every forge.
pub fn render_review(out: &mut dyn Write, comparison: &Comparison) -> fmt::Result {
    let mut parts = vec![];
    parts.extend(authority(comparison));
    parts.extend(decisions(comparison));
    let several = comparison.reviews.len() > 1;
    for review in &comparison.reviews {
        let of = several.then_some(review);
        parts.extend(variables(review));
        parts.extend(review.targets.iter().map(|one| target(one, of)));
    }
    let comment = Comment {
        marker: marker("diff", comparison.asked.iter().map(String::as_str)),
        lead: lead(comparison),
        parts,
        all: command(&again(comparison)),
    };
    compose(out, &comment, LIMIT)
}

fn again(comparison: &Comparison) -> String {
    let (base, head) = (&comparison.base, &comparison.head);
    let commit =
        |end: &crate::review::End| end.commit.as_deref().map(said::short).map(str::to_owned);
    let mut text = format!("driftlock diff {}", commit(base).unwrap_or_default());
    if let Some(head) = commit(head) {
        text.push_str(&format!("..{head}"));
    }
    text
}

fn lead(comparison: &Comparison) -> Vec<String> {
    let summary = Said::new(said::summary(comparison)).markdown();
    let ends = [&comparison.base, &comparison.head].map(|end| said::end(end).markdown());
    let mut lead = vec![
        format!("**{summary}**"),
        format!("{} → {}", ends[0], ends[1]),
    ];
    let mut sights: Vec<(String, usize)> = vec![];
    for review in &comparison.reviews {
        if let Some(sight) = said::sight(review) {
            let text = sight.markdown();
            match sights.iter_mut().find(|(known, _)| *known == text) {
                Some((_, count)) => *count += 1,
                None => sights.push((text, 1)),
            }
        }
    }
    lead.extend(sights.into_iter().take(3).map(|(text, count)| match count {
        1 => format!("_{}_", capital(&text)),
        _ => format!("_{} ({count} manifests)_", capital(&text)),
    }));
    lead
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

/// `NAME of MANIFEST: `, where several manifests differ.
fn of(review: &Review, comparison: &Comparison) -> String {
    match comparison.reviews.len() {
        1 => String::new(),
        _ => format!("{}: ", code(&review.path, SENTENCE)),
    }
}

fn authority(comparison: &Comparison) -> Option<Part> {
    let mut items = vec![];
    for review in &comparison.reviews {
        let of = of(review, comparison);
        for one in said::whole(review) {
            items.push(Item::new(format!("- {of}{}", one.markdown())).kept());
        }
        for one in &review.authority {
            let kind = words::authority(one.kind);
            let full = format!("- {of}**{kind}**: {}", code(&one.what, SENTENCE));
            let mut brief = format!("- {of}**{kind}**");
            for name in one.target.iter().map(|one| one.as_str()) {
                brief.push_str(&format!(" {}", code(name, SENTENCE)));
            }
            for name in one.variable.iter().map(|one| one.as_str()) {
                brief.push_str(&format!(" {}", code(name, SENTENCE)));
            }
            items.push(Item::new(full).brief(brief).kept());
        }
        for one in &review.keys {
            let text = said::key(one);
            let item = Item::new(format!("- {of}{}", text.markdown()));
            items.push(if text.is_loud { item.kept() } else { item });
        }
    }
    Part::section("This change may do more than before", "change", items)
}

/// What somebody has to look at before a yes.
fn decisions(comparison: &Comparison) -> Option<Part> {
    let mut items: Vec<Item> = comparison.unreadable.iter().map(unreadable).collect();
    for review in &comparison.reviews {
        let of = of(review, comparison);
        for one in &review.variables {
            let loud: Vec<String> = said::phrases(one)
                .iter()
                .filter(|phrase| phrase.is_loud)
                .map(Said::markdown)
                .collect();
            let name = code(one.name.as_str(), SENTENCE);
            if !loud.is_empty() {
                let full = format!("- {of}{name}: {}", loud.join("; "));
                items.push(Item::new(full).brief(format!("- {of}{name}")).kept());
            }
            if one.state == State::Removed {
                items.push(Item::new(format!("- {of}{name} is removed")).kept());
            }
        }
        for one in &review.targets {
            items.extend(removals(one, &of));
        }
    }
    Part::section("To look at", "entry", items)
}

/// What an apply deletes, and targets that are gone.
fn removals(one: &TargetChange, of: &str) -> Vec<Item> {
    let target = code(one.target.as_str(), SENTENCE);
    if one.state == State::Removed {
        let text = format!("- {of}target {target} is removed: what it holds stays there");
        return vec![Item::new(text).kept()];
    }
    let deleted = one.uses.iter().filter_map(|used| match used.kind {
        UseKind::Removed { pruned: true, .. } => {
            let name = code(used.name.as_str(), SENTENCE);
            Some(Item::new(format!("- {of}{name} is deleted on {target}")).kept())
        }
        _ => None,
    });
    deleted.collect()
}

fn unreadable(one: &Unreadable) -> Item {
    let path = code(&one.path, SENTENCE);
    let side = match one.side {
        "base" => "the former state",
        _ => "the later state",
    };
    let mut text = format!("- {path} cannot be read in {side}, so nothing is said of it");
    for problem in one.diagnostics.iter().take(5) {
        let (line, column) = (problem.position.line, problem.position.column);
        let message = code(&problem.message, SENTENCE);
        text.push_str(&format!("\n  - line {line}, column {column}: {message}"));
    }
    Item::new(text)
        .brief(format!("- {path} cannot be read in {side}"))
        .kept()
}

/// `WHAT name`, and of which manifest where there are several. Inside the tag there is no Markdown.
fn titled(what: &str, name: &str, of: Option<&Review>) -> String {
    let name = html_name(name);
    match of {
        Some(review) => format!("{what} {name} · {}", html_name(review.manifest.as_str())),
        None => format!("{what} {name}"),
    }
}

fn variables(review: &Review) -> Option<Part> {
    let items: Vec<Item> = review.variables.iter().map(variable).collect();
    let notes: Vec<Item> = review
        .notes
        .iter()
        .map(|note| Item::new(format!("- {}", code(note, SENTENCE))))
        .collect();
    if items.is_empty() && notes.is_empty() {
        return None;
    }
    let count = counted(items.len(), "variable");
    Some(Part {
        title: Title::Fold {
            summary: titled(&format!("{count} of"), review.manifest.as_str(), None),
            thing: "manifest",
        },
        intro: Some(code(&review.path, SENTENCE)),
        lists: vec![
            List {
                thing: "variable",
                head: Some(HEAD.to_owned()),
                items,
            },
            List {
                thing: "text",
                head: None,
                items: review.variables.iter().filter_map(block).collect(),
            },
            List {
                thing: "note",
                head: None,
                items: notes,
            },
        ],
    })
}

/// A clear text that is too long for its row.
fn block(one: &VariableChange) -> Option<Item> {
    quote::text_block(one.name.as_str(), &one.before, &one.after)
}

fn variable(one: &VariableChange) -> Item {
    let (sign, _) = said::sign(one);
    let name = markdown_cell(one.name.as_str());
    let phrases: Vec<String> = said::phrases(one).iter().map(Said::cell).collect();
    let texts = matches!(one.before, Glimpse::Text(_)) || matches!(one.after, Glimpse::Text(_));
    let values = match texts {
        true => values(&one.before, &one.after),
        // fingerprints belong to a target
        false => String::new(),
    };
    let brief = format!("| {} | {name} | | |", markdown_cell(sign));
    let full = format!(
        "| {} | {name} | {} | {values} |",
        markdown_cell(sign),
        phrases.join("; ")
    );
    Item::new(full).brief(brief)
}

fn target(one: &TargetChange, of: Option<&Review>) -> Part {
    let state = match one.state {
        State::Added => "new target",
        State::Removed => "removed target",
        State::Changed => "target",
    };
    let mut intro = code(&one.place, SENTENCE);
    if let Some(was) = &one.was {
        intro.push_str(&format!(", renamed from {}", code(was.as_str(), SENTENCE)));
    }
    let differences = counted(one.uses.len() + one.settings.len(), "difference");
    let summary = format!("{}: {differences}", titled(state, one.target.as_str(), of));
    let settings = one.settings.iter();
    Part {
        title: Title::Fold {
            summary,
            thing: "target",
        },
        intro: Some(intro),
        lists: vec![
            List {
                thing: "difference",
                head: Some(HEAD.to_owned()),
                items: one.uses.iter().map(used).collect(),
            },
            List {
                thing: "difference",
                head: None,
                items: settings
                    .map(|one| Item::new(format!("- {}", code(one, SENTENCE))))
                    .collect(),
            },
        ],
    }
}

fn used(one: &UseChange) -> Item {
    let (sign, _) = said::use_sign(&one.kind);
    let (sign, name) = (markdown_cell(sign), markdown_cell(one.name.as_str()));
    let words = said::use_words(one).cell();
    let values = values(&one.before, &one.after);
    let full = format!("| {sign} | {name} | {words} | {values} |");
    Item::new(full).brief(format!("| {sign} | {name} | | |"))
}

/// Where there is something to show.
fn values(before: &Glimpse, after: &Glimpse) -> String {
    let is_shown = |one: &Glimpse| matches!(one, Glimpse::Text(_) | Glimpse::Fingerprint(_));
    match is_shown(before) || is_shown(after) {
        true => quote::values(before, after),
        false => String::new(),
    }
}
