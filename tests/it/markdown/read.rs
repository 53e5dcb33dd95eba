//! A comment as a renderer reads it: its structure, and apart from it what stands in code.

use comrak::arena_tree::NodeEdge;
use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};

/// What a renderer makes of a comment.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Elements in order, with the text that is not in code.
    pub structure: Vec<String>,
    /// The texts of code spans and code blocks, in order.
    pub codes: Vec<String>,
}

/// Everything that any forge switches on, and more.
fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    for on in [
        &mut extension.strikethrough,
        &mut extension.table,
        &mut extension.autolink,
        &mut extension.tasklist,
        &mut extension.superscript,
        &mut extension.subscript,
        &mut extension.footnotes,
        &mut extension.inline_footnotes,
        &mut extension.description_lists,
        &mut extension.multiline_block_quotes,
        &mut extension.alerts,
        &mut extension.math_dollars,
        &mut extension.math_latex,
        &mut extension.math_code,
        &mut extension.shortcodes,
        &mut extension.wikilinks_title_before_pipe,
        &mut extension.underline,
        &mut extension.spoiler,
        &mut extension.highlight,
        &mut extension.insert,
    ] {
        *on = true;
    }
    options.parse.relaxed_autolinks = true;
    options.parse.relaxed_tasklist_matching = true;
    options.parse.tasklist_in_table = true;
    options
}

/// As comrak reads it.
pub fn read(markdown: &str) -> Read {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options());
    let mut read = Read::default();
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(node) => read.begin(node),
            NodeEdge::End(node) => read.structure.push(format!("/{}", kind(node))),
        }
    }
    read
}

impl Read {
    fn begin<'a>(&mut self, node: &'a AstNode<'a>) {
        let what = match &node.data.borrow().value {
            NodeValue::Text(text) => format!("Text {text}"),
            NodeValue::HtmlBlock(block) => format!("HtmlBlock {}", block.literal),
            NodeValue::HtmlInline(html) => format!("HtmlInline {html}"),
            NodeValue::Code(code) => {
                self.codes.push(code.literal.clone());
                "Code".to_owned()
            }
            NodeValue::CodeBlock(block) => {
                self.codes.push(block.literal.clone());
                format!("CodeBlock {}", block.info)
            }
            _ => kind(node),
        };
        self.structure.push(what);
    }

    /// How often an element of this kind begins.
    pub fn count(&self, kind: &str) -> usize {
        let of = |line: &&String| line.split(' ').next() == Some(kind);
        self.structure.iter().filter(of).count()
    }

    /// The text outside of code.
    pub fn prose(&self) -> impl Iterator<Item = &str> {
        self.structure
            .iter()
            .filter_map(|line| line.strip_prefix("Text "))
    }
}

fn kind<'a>(node: &'a AstNode<'a>) -> String {
    let debug = format!("{:?}", node.data.borrow().value);
    let name = debug.split(|c: char| !c.is_ascii_alphanumeric()).next();
    name.unwrap_or_default().to_owned()
}

/// Elements that a comment of ours is made of.
pub const OURS: [&str; 17] = [
    "Document",
    "HtmlBlock",
    "HtmlInline",
    "Paragraph",
    "Text",
    "Strong",
    "Emph",
    "Heading",
    "List",
    "Item",
    "Code",
    "CodeBlock",
    "Table",
    "TableRow",
    "TableCell",
    "SoftBreak",
    "LineBreak",
];

/// No element that we did not write, no HTML but ours, and every fold is closed.
pub fn is_ours(read: &Read) {
    let (mut open, mut folds) = (0, 0);
    for line in &read.structure {
        let name = line.trim_start_matches('/').split(' ').next().unwrap();
        assert!(OURS.contains(&name), "not ours: {line:?}");
        if let Some(html) = line.strip_prefix("HtmlInline ") {
            assert!(["<sub>", "</sub>"].contains(&html), "not ours: {html:?}");
        }
        if let Some(html) = line.strip_prefix("HtmlBlock ") {
            match html.trim_end() {
                "</details>" => open -= 1,
                fold if fold.starts_with("<details><summary>") => {
                    (open, folds) = (open + 1, folds + 1);
                    is_summary(fold);
                }
                marker => is_marker(marker),
            }
            assert!((0..=1).contains(&open), "folds are not closed: {html:?}");
        }
    }
    assert_eq!(open, 0, "a fold stays open");
    assert_eq!(
        folds,
        read.structure
            .iter()
            .filter(|line| line.contains("<details>"))
            .count()
    );
}

fn is_marker(html: &str) {
    let inner = html
        .strip_prefix("<!-- driftlock:")
        .and_then(|rest| rest.strip_suffix(" -->"));
    let inner = inner.unwrap_or_else(|| panic!("not ours: {html:?}"));
    assert!(
        !inner.contains(['<', '>']) && !inner.contains("--"),
        "{html:?}"
    );
}

/// One line of our tags around names in `<code>`.
fn is_summary(html: &str) {
    assert_eq!(html.lines().count(), 1, "{html:?}");
    let mut rest = html.strip_prefix("<details><summary>").unwrap();
    rest = rest
        .strip_suffix("</summary>")
        .unwrap_or_else(|| panic!("{html:?}"));
    let bare = ["<b>", "</b>", "<code>", "</code>"]
        .iter()
        .fold(rest.to_owned(), |text, tag| text.replace(tag, ""));
    assert!(!bare.contains(['<', '>', '&', '@']), "{html:?}");
}
