//! The comment of a pull request, in the order in which it is read, and how it is kept under a
//! forge's limit: whole entries only, and what is left out is counted.
//!
//! Everything that is handed in is Markdown already: foreign text is in code spans
//! ([`super::escape::markdown_code`], in a table [`super::escape::markdown_cell`]).

mod fit;
pub(crate) mod quote;

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

use fit::{Form, Layout};

/// Bytes of one comment: GitHub counts 65 536 characters, GitLab allows more, and bytes are never
/// fewer than characters.
pub const LIMIT: usize = 65_000;

/// Bytes of the names in a marker; longer lists are named by their digest.
const MARKER_NAMES: usize = 400;

/// What one comment says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comment {
    /// The hidden first line, by which the comment is found again: see [`marker`].
    pub marker: String,
    /// Paragraphs that are read first: the summary, and what will be put in force. Never left out,
    /// so they are short.
    pub lead: Vec<String>,
    /// What follows, in order.
    pub parts: Vec<Part>,
    /// Where all of it stands, as it follows "all of it: ": a command in a code span.
    pub all: String,
}

/// Some lists under one title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The title.
    pub title: Title,
    /// A paragraph before the lists; it goes with the title.
    pub intro: Option<String>,
    /// The lists.
    pub lists: Vec<List>,
}

/// How a part begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Title {
    /// It just goes on.
    None,
    /// A heading, as Markdown. Never left out.
    Heading(String),
    /// Folded. It is left out with the last of its entries, or if it has none.
    Fold {
        /// What is seen of it while it is closed: HTML, names in `<code>`, which forges do not read
        /// for references.
        summary: String,
        /// One of what is folded, for counting: `target`.
        thing: &'static str,
    },
}

/// Entries of one kind: bullets, or the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// One of them, for counting: `change`.
    pub thing: &'static str,
    /// The two lines above the rows of a table.
    pub head: Option<String>,
    /// The entries.
    pub items: Vec<Item>,
}

/// One entry: lines of Markdown without the last line end; a row of a table is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// With all that there is to say.
    pub full: String,
    /// Its name and what happens to it. An entry without is shown whole or not at all, and is the
    /// first to go: the texts of a long difference.
    pub brief: Option<String>,
    /// Named whatever it costs: a delete, a change of authority.
    pub keep: bool,
    /// How many things it stands for.
    pub count: usize,
}

impl Item {
    /// Shown whole or not at all.
    pub fn new(full: impl Into<String>) -> Self {
        Self {
            full: full.into(),
            brief: None,
            keep: false,
            count: 1,
        }
    }

    /// What is left of it where room is short.
    #[must_use]
    pub fn brief(mut self, brief: impl Into<String>) -> Self {
        self.brief = Some(brief.into());
        self
    }

    /// Named whatever it costs.
    #[must_use]
    pub const fn kept(mut self) -> Self {
        self.keep = true;
        self
    }

    /// Stands for so many.
    #[must_use]
    pub const fn of(mut self, count: usize) -> Self {
        self.count = count;
        self
    }
}

impl Part {
    /// A list under a heading; `None` where there is nothing to list.
    pub fn section(title: &str, thing: &'static str, items: Vec<Item>) -> Option<Self> {
        (!items.is_empty()).then(|| Self {
            title: Title::Heading(title.to_owned()),
            intro: None,
            lists: vec![List {
                thing,
                head: None,
                items,
            }],
        })
    }

    /// The entries of all its lists.
    fn items(&self) -> impl Iterator<Item = &Item> {
        self.lists.iter().flat_map(|list| &list.items)
    }
}

/// `<!-- driftlock:WHAT NAMES -->`, the same for the same names in any order: how the comment is
/// found again. Whatever a name holds, it cannot end the comment.
pub fn marker<'a>(what: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(in_comment).collect();
    names.sort_unstable();
    names.dedup();
    let all = names.join(" ");
    if all.len() <= MARKER_NAMES {
        return format!("<!-- driftlock:{what} {all} -->");
    }
    let digest = Sha256::digest(all.as_bytes());
    let hex: String = digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    });
    format!("<!-- driftlock:{what} {} names {hex} -->", names.len())
}

/// No two dashes stand together, and nothing is a bracket, a space or a control character.
fn in_comment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c == '-' && out.ends_with('-') {
            out.push('\\');
        }
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/') {
            out.push(c);
        } else {
            let _infallible = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
    out
}

/// Writes the comment in at most `limit` bytes (a limit under 2 000 may be passed by what is never
/// left out).
///
/// Where all of it does not fit, entries go in as long as they fit, in this order: the names of what
/// is kept, the names of all others, the long forms of what is kept and of the others, last what has
/// no short form; a step begins when nothing of the former is missing. Where not all names fit, what
/// is kept gets its long forms before the others their names. What is only counted is said in its
/// place and in a paragraph below the lead. Should not even the names of what is kept fit, the
/// comment begins with how many are missing. The same comment gives the same bytes.
pub fn compose(out: &mut dyn Write, comment: &Comment, limit: usize) -> fmt::Result {
    let layout = Layout::whole(comment);
    if layout.size(comment) <= limit {
        return write_comment(out, comment, &layout);
    }
    write_comment(out, comment, &Layout::fitted(comment, limit))
}

fn write_comment(out: &mut dyn Write, comment: &Comment, layout: &Layout) -> fmt::Result {
    writeln!(out, "{}", comment.marker)?;
    let lost = layout.lost(comment);
    let lines = lost.first_lines(&comment.all);
    for (number, line) in lines.iter().chain(&comment.lead).enumerate() {
        let gap = if number == 0 { "" } else { "\n" };
        writeln!(out, "{gap}{line}")?;
    }
    if let Some(line) = lost.notice(&comment.all) {
        writeln!(out, "\n{line}")?;
    }
    let mut forms = layout.forms();
    for part in &comment.parts {
        let of_part: Vec<&[Form]> = part
            .lists
            .iter()
            .map(|list| {
                let (these, rest) = forms.split_at(list.items.len());
                forms = rest;
                these
            })
            .collect();
        let is_empty = of_part.iter().all(|forms| forms.iter().all(Form::is_out));
        if matches!(part.title, Title::Fold { .. }) && is_empty {
            continue;
        }
        write_part(out, part, &of_part)?;
    }
    Ok(())
}

fn write_part(out: &mut dyn Write, part: &Part, forms: &[&[Form]]) -> fmt::Result {
    match &part.title {
        Title::None => {}
        Title::Heading(heading) => writeln!(out, "\n### {heading}")?,
        Title::Fold { summary, .. } => {
            writeln!(out, "\n<details><summary>{summary}</summary>")?;
        }
    }
    if let Some(intro) = &part.intro {
        writeln!(out, "\n{intro}")?;
    }
    for (list, forms) in part.lists.iter().zip(forms) {
        write_list(out, list, forms)?;
    }
    match part.title {
        Title::Fold { .. } => writeln!(out, "\n</details>"),
        _ => Ok(()),
    }
}

fn write_list(out: &mut dyn Write, list: &List, forms: &[Form]) -> fmt::Result {
    let mut begun = false;
    let mut out_of_it = 0;
    for (item, form) in list.items.iter().zip(forms) {
        let Some(text) = form.text(item) else {
            out_of_it += item.count;
            continue;
        };
        if !begun {
            writeln!(out)?;
            if let Some(head) = &list.head {
                writeln!(out, "{head}")?;
            }
            begun = true;
        }
        writeln!(out, "{text}")?;
    }
    match out_of_it {
        0 => Ok(()),
        _ if begun => writeln!(out, "\n{}", fit::and_more(out_of_it, list.thing)),
        _ => writeln!(out, "\n{}", fit::only_counted(out_of_it, list.thing)),
    }
}

#[cfg(test)]
mod tests;
