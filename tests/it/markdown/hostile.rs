//! Foreign text stays text: the structure of a comment is the same whatever it says, and each piece
//! is read back as it is.

use driftlock::render::escape::{quoted, terminal};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::plans::{TEXTS, VALUES, cases, composed, everywhere, random};
use super::read::{Read, is_ours, read};

/// What has a meaning to Markdown, HTML, a forge, a terminal or a runner of CI.
const PARTS: [&str; 78] = [
    "`",
    "``",
    "```",
    "~~~",
    "|",
    "\\|",
    "\\",
    "\\\\|",
    "||",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\0",
    "<b>",
    "</b>",
    "<details>",
    "</details>",
    "</summary>",
    "<!--",
    "-->",
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "<input>",
    "</code>",
    "</sub>",
    "&lt;",
    "&#64;",
    "&amp;lt;",
    "*",
    "**",
    "_",
    "__",
    "~~",
    "==",
    "[x](y)",
    "![x](y)",
    "[^1]",
    "[^1]: note",
    "[[page]]",
    "[ ]",
    "- [x] ",
    "> [!NOTE]",
    "# ",
    "#12",
    "!12",
    "GH-12",
    "owner/repo#1",
    "@admin",
    "@org/team",
    "%milestone",
    "~label",
    "$snippet",
    "&epic",
    "^alert",
    "[vulnerability:1]",
    ":tada:",
    "/close",
    "\n/approve\n",
    "https://x.example/",
    "www.x.example",
    "a@b.example",
    "mailto:a@b.example",
    "$x$",
    "$$x$$",
    "$`x`$",
    "0123456789abcdef0123456789abcdef01234567",
    "::set-output name=a::b",
    "##[error]x",
    "\u{1b}[2J",
    "\u{1b}]8;;x\u{7}",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "é😀",
    "word",
];

pub fn text(random: &mut StdRng) -> String {
    match random.gen_range(0..40) {
        0 => PARTS.choose(random).unwrap().repeat(1 << 20 >> 6),
        1 => "x".repeat(1 << 20),
        2..=9 => (0..random.gen_range(0..20))
            .map(|_| random.r#gen::<char>())
            .collect(),
        _ => (0..random.gen_range(0..9))
            .map(|_| *PARTS.choose(random).unwrap())
            .collect(),
    }
}

/// Which text stands where, in a plan that is harmless: short and of letters.
fn token(number: usize) -> String {
    format!("token{number}end")
}

/// As long as the text, with lines as long as its lines.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\n' { c } else { 'v' })
        .collect()
}

pub struct Case {
    pub texts: Vec<String>,
    pub values: Vec<String>,
    pub hostile: String,
    pub harmless: String,
}

pub fn case(random: &mut StdRng) -> Case {
    let texts: Vec<String> = (0..TEXTS).map(|_| text(random)).collect();
    let values: Vec<String> = (0..VALUES).map(|_| text(random)).collect();
    let comment = |texts: &[String], values: &[String]| {
        let (call, plan) = everywhere(texts, values);
        composed(&call, &[plan], usize::MAX)
    };
    let tokens: Vec<String> = (0..TEXTS).map(token).collect();
    let tame: Vec<String> = values.iter().map(|value| harmless(value)).collect();
    Case {
        hostile: comment(&texts, &values),
        harmless: comment(&tokens, &tame),
        texts,
        values,
    }
}

/// Cut to `most` characters, as a reader sees it.
fn seen(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return terminal(text);
    }
    let begin: String = text.chars().take(most).collect();
    format!("{}… ({length} characters)", terminal(&begin))
}

/// Each piece of code is what the harmless one says, with the tokens put back.
pub fn same_pieces(case: &Case, read: &Read, harmless: &Read) {
    assert_eq!(read.codes.len(), harmless.codes.len());
    let mut found = [false; TEXTS];
    for (code, plain) in read.codes.iter().zip(&harmless.codes) {
        let inside: Vec<usize> = (0..TEXTS).filter(|n| plain.contains(&token(*n))).collect();
        for number in &inside {
            found[*number] = true;
        }
        let [number] = inside[..] else { continue };
        let text = &case.texts[number];
        // names of rails are cut earlier
        let mut expected = vec![];
        if *plain == token(number) {
            expected.extend([300, 80].map(|most| seen(text, most)));
        } else if text.chars().count() < 200 {
            expected.push(plain.replace(&token(number), &terminal(text)));
        } else {
            continue;
        }
        // a code span cannot be empty, and a cell cannot hold a backslash before a bar
        if text.is_empty() {
            expected.push("  ".to_owned());
        }
        let in_cell = expected.iter().map(|text| text.replace("\\|", "\\\\u{7c}"));
        let expected: Vec<String> = in_cell.chain(expected.clone()).collect();
        assert!(expected.contains(code), "{code:?}\n{expected:?}");
    }
    assert!(found.iter().all(|found| *found), "not shown: {found:?}");
    let is_short = |value: &&String| value.chars().count() <= 60;
    // the third becomes the fourth: if either is long, both are shown in part
    let (alone, pair) = (
        case.values[..2].iter().chain(&case.values[4..]),
        &case.values[2..4],
    );
    let pair = if pair.iter().all(|value| is_short(&value)) {
        pair
    } else {
        &[]
    };
    for value in alone.filter(is_short).chain(pair) {
        let forms = [terminal(value), quoted(value)];
        let cells = forms.clone().map(|form| form.replace("\\|", "\\\\u{7c}"));
        assert!(
            forms
                .iter()
                .chain(&cells)
                .any(|form| read.codes.contains(form)),
            "{value:?} is not shown: {:?}",
            read.codes
        );
    }
}

#[test]
fn whatever_a_text_says_the_comment_stays_as_it_is() {
    let mut random = random(11);
    let (mut pieces, count) = (0, cases(120));
    for _ in 0..count {
        let case = case(&mut random);
        let (hostile, harmless) = (read(&case.hostile), read(&case.harmless));
        is_ours(&hostile);
        assert_eq!(hostile.structure, harmless.structure, "{}", case.hostile);
        same_pieces(&case, &hostile, &harmless);
        pieces += hostile.codes.len();
    }
    println!("{count} comments, {pieces} pieces of code");
}

/// What forges and runners look for line by line, before or beside Markdown.
#[test]
fn no_line_is_an_order() {
    let mut random = random(12);
    for _ in 0..cases(60) {
        let case = case(&mut random);
        assert!(case.hostile.len() < 120_000, "{} bytes", case.hostile.len());
        for line in case.hostile.lines() {
            // GitLab looks at the first column, outside of code; a line of a block begins with its sign
            assert!(!line.starts_with('/'), "a quick action: {line:?}");
            assert!(
                !line.contains(['\r', '\u{1b}', '\u{202e}', '\0']),
                "{line:?}"
            );
        }
    }
}

/// Names are checked, and some that pass are addresses, references or revisions to a forge.
#[test]
fn names_are_no_references() {
    use super::plans::{UPDATED, change, plan, print, target};
    let names = [
        "www.example.com",
        "GH-12",
        "0123456789abcdef0123456789abcdef01234567",
        "a--b",
        "x---",
        "1.",
        "user_name_",
    ];
    let mut plans = vec![];
    for name in names {
        let change = change("__init__", UPDATED, (print(1), print(2)));
        plans.push(plan(name, vec![target(name, "/srv/.env", vec![change])]));
    }
    let comment = composed(&super::plans::call(), &plans, usize::MAX);
    let read = read(&comment);
    is_ours(&read);
    for name in names.iter().chain(&["__init__"]) {
        assert!(!read.prose().any(|text| text.contains(name)), "{comment}");
    }
    for line in read
        .structure
        .iter()
        .filter(|line| line.contains("<summary>"))
    {
        let outside: String = line
            .split("<code>")
            .enumerate()
            .map(|(number, part)| match number {
                0 => part,
                _ => part.split_once("</code>").unwrap().1,
            })
            .collect();
        assert!(names.iter().all(|name| !outside.contains(name)), "{line}");
    }
    assert_eq!(read.count("TableRow"), 2 * names.len());
}
