//! What the tree says of a text: places, styles and texts, and what is refused.

use insta::assert_snapshot;

use super::parsing::shown;
use crate::manifest::problem::Problems;
use crate::manifest::tree::{Kind, Node, Style};
use crate::manifest::yaml::parse_tree;

/// One line per node: place, bytes, and what stands there. The end of a block is not exact.
fn write(text: &str, node: &Node, depth: usize, out: &mut String) {
    let exact = match &node.kind {
        Kind::Scalar { style, .. } => *style != Style::Block,
        _ => text[node.span.start..].starts_with(['[', '{']),
    };
    let bytes = match exact {
        true => format!("`{}`", text[node.span.clone()].replace('\n', "⏎")),
        false => node.span.start.to_string(),
    };
    let said = match &node.kind {
        Kind::Scalar { text, style } => format!("{style:?} {text:?}"),
        Kind::Seq { flow, .. } => format!("list flow={flow}"),
        Kind::Map { flow, .. } => format!("map flow={flow}"),
    };
    let (line, column) = (node.position.line, node.position.column);
    let indent = "  ".repeat(depth);
    out.push_str(&format!("{indent}{line}:{column} {bytes} {said}\n"));
    for item in node.items() {
        write(text, item, depth + 1, out);
    }
    for (key, value) in node.entries() {
        write(text, key, depth + 1, out);
        write(text, value, depth + 2, out);
    }
}

fn tree(text: &str) -> String {
    let mut problems = Problems::default();
    let tree = parse_tree(text, &mut problems);
    let mut out = String::new();
    match tree {
        Some(tree) if !problems.failed() => write(text, &tree, 0, &mut out),
        _ => out.push_str(&shown(&problems.finish())),
    }
    out
}

#[test]
fn plain_scalars_keep_their_text() {
    let text = "a: .inf\nb: 1e999\nc: 1_000\nd: 0o17\ne: -0\nf: 99999999999999999999999\ng: ~\nh: null\ni:\nj: Yes # no\nk: two\n  lines\n\nnull: 1\n1.50: x\n";
    assert_snapshot!(tree(text), @r##"
1:1 0 map flow=false
  1:1 `a` Plain "a"
    1:4 `.inf` Plain ".inf"
  2:1 `b` Plain "b"
    2:4 `1e999` Plain "1e999"
  3:1 `c` Plain "c"
    3:4 `1_000` Plain "1_000"
  4:1 `d` Plain "d"
    4:4 `0o17` Plain "0o17"
  5:1 `e` Plain "e"
    5:4 `-0` Plain "-0"
  6:1 `f` Plain "f"
    6:4 `99999999999999999999999` Plain "99999999999999999999999"
  7:1 `g` Plain "g"
    7:4 `~` Plain "~"
  8:1 `h` Plain "h"
    8:4 `null` Plain "null"
  9:1 `i` Plain "i"
    9:2 `` Plain ""
  10:1 `j` Plain "j"
    10:4 `Yes` Plain "Yes"
  11:1 `k` Plain "k"
    11:4 `two⏎  lines` Plain "two lines"
  14:1 `null` Plain "null"
    14:7 `1` Plain "1"
  15:1 `1.50` Plain "1.50"
    15:7 `x` Plain "x"
"##);
}

#[test]
fn styles_and_brackets() {
    let text = "a: \"x\\ty\"\nb: 'it''s'\nc: |\n  \"x\"\nd: >-\n\n  y | z\ne: |\nf: a |\ng: {b: , c: [1, 2 , # ] x\n  3], \"d\":[e: f]} # }\nh: [ ]\ni:\n- - é\n  - 'é'\n- |\n z\n";
    assert_snapshot!(tree(text), @r##"
1:1 0 map flow=false
  1:1 `a` Plain "a"
    1:4 `"x\ty"` Quoted "x\ty"
  2:1 `b` Plain "b"
    2:4 `'it''s'` Quoted "it's"
  3:1 `c` Plain "c"
    4:3 28 Block "\"x\"\n"
  5:1 `d` Plain "d"
    7:3 41 Block "\ny | z"
  8:1 `e` Plain "e"
    9:1 52 Block ""
  9:1 `f` Plain "f"
    9:4 `a |` Plain "a |"
  10:1 `g` Plain "g"
    10:4 `{b: , c: [1, 2 , # ] x⏎  3], "d":[e: f]}` map flow=true
      10:5 `b` Plain "b"
        10:6 `` Plain ""
      10:10 `c` Plain "c"
        10:13 `[1, 2 , # ] x⏎  3]` list flow=true
          10:14 `1` Plain "1"
          10:17 `2` Plain "2"
          11:3 `3` Plain "3"
      11:7 `"d"` Quoted "d"
        11:11 `[e: f]` list flow=true
          11:12 96 map flow=true
            11:12 `e` Plain "e"
              11:15 `f` Plain "f"
  12:1 `h` Plain "h"
    12:4 `[ ]` list flow=true
  13:1 `i` Plain "i"
    14:3 119 list flow=false
      14:3 119 list flow=false
        14:5 `é` Plain "é"
        15:5 `'é'` Quoted "é"
      17:2 138 Block "z\n"
"##);
}

#[test]
fn line_ends_and_marks_count_as_bytes() {
    assert_snapshot!(tree("\u{feff}a:\r\n  b: é\r\n  c: [é, 😀, x]\r\n"), @r##"
1:1 3 map flow=false
  1:1 `a` Plain "a"
    2:3 9 map flow=false
      2:3 `b` Plain "b"
        2:6 `é` Plain "é"
      3:3 `c` Plain "c"
        3:6 `[é, 😀, x]` list flow=true
          3:7 `é` Plain "é"
          3:10 `😀` Plain "😀"
          3:13 `x` Plain "x"
"##);
}

#[test]
fn anchors_aliases_and_tags_are_all_reported() {
    let text = "a: &x 1\nb: [*x, *y]\nc: &y !t v\nd: !!int abc\ne: !!map [a]\nf: !<tag:x,y> {b: !z }\ng: !\nh: *nope\n";
    assert_snapshot!(tree(text), @r##"
1:7 Error alias: anchors and aliases are not supported [write the value out, or use a group or a template]
2:5 Error alias: anchors and aliases are not supported [write the value out, or use a group or a template]
2:9 Error alias: anchors and aliases are not supported [write the value out, or use a group or a template]
3:7 Error tag: tags (`!…`) are not supported [every value is text: remove the tag, or quote the value]
3:10 Error alias: anchors and aliases are not supported [write the value out, or use a group or a template]
4:4 Error tag: tags (`!…`) are not supported [every value is text: remove the tag, or quote the value]
5:4 Error tag: tags (`!…`) are not supported [every value is text: remove the tag, or quote the value]
6:4 Error tag: tags (`!…`) are not supported [every value is text: remove the tag, or quote the value]
6:19 Error tag: tags (`!…`) are not supported [every value is text: remove the tag, or quote the value]
7:4 Error tag: tags (`!…`) are not supported [every value is text: remove the tag, or quote the value]
8:4 Error alias: anchors and aliases are not supported [write the value out, or use a group or a template]
"##);
}

#[test]
fn many_aliases_end_somewhere() {
    let text = format!("a: &x 1\nb: [{}]\n", "*x, ".repeat(5000));
    let lines = tree(&text).lines().count();
    assert!((2..=100).contains(&lines), "{lines}");
}

#[test]
fn what_is_no_single_plain_document() {
    let texts = [
        "",
        "# only this\n",
        "\u{feff}",
        "%YAML 1.2\n---\na: 1\n",
        "# c\n%TAG ! x\n---\na: 1\n",
        "a: 1\n---\nb: 1\n",
        "a: 1\n...\nb: 1\n",
        "[a]: b\n",
        "{a: b}: c\n",
        "a: [\n1]\n",
        "\ta: 1\n",
        "a: b: c\n",
    ];
    let all: String = texts
        .map(|text| format!("{text:?}\n  {}", tree(text)))
        .concat();
    assert_snapshot!(all, @r##"
""
  0:0 Error not-a-manifest: this file is empty [`driftlock init` writes a first manifest]
"# only this\n"
  0:0 Error not-a-manifest: this file is empty [`driftlock init` writes a first manifest]
"\u{feff}"
  0:0 Error not-a-manifest: this file is empty [`driftlock init` writes a first manifest]
"%YAML 1.2\n---\na: 1\n"
  1:1 Error not-yaml: this is not valid YAML [look at indentation, quotes, colons and brackets here and just above]
"# c\n%TAG ! x\n---\na: 1\n"
  2:1 Error not-yaml: this is not valid YAML [look at indentation, quotes, colons and brackets here and just above]
"a: 1\n---\nb: 1\n"
  2:1 Error several-documents: a second YAML document begins here [keep one manifest in a file]
"a: 1\n...\nb: 1\n"
  3:1 Error several-documents: a second YAML document begins here [keep one manifest in a file]
"[a]: b\n"
  1:1 Error wrong-type: a key must be text
"{a: b}: c\n"
  1:1 Error wrong-type: a key must be text
"a: [\n1]\n"
  2:1 Error not-yaml: this is not valid YAML [look at indentation, quotes, colons and brackets here and just above]
"\ta: 1\n"
  1:2 1 map flow=false
  1:2 `a` Plain "a"
    1:5 `1` Plain "1"
"a: b: c\n"
  1:5 Error not-yaml: this is not valid YAML [look at indentation, quotes, colons and brackets here and just above]
"##);
}
