//! The same with GitHub's own renderer, whose HTML is read by Python's parser.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::hostile::{case, same_pieces};
use super::plans::{cases, random};
use super::read::Read;
use crate::support::peers;

/// What each document is to GitHub; `None` where its renderer is not installed.
fn rendered(documents: &[&str]) -> Option<Vec<Read>> {
    let python = peers::installed("venv/bin/python")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/markdown/cmark_gfm.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(&serde_json::to_vec(documents).unwrap())
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "cmarkgfm failed");
    let all: Vec<(Vec<String>, Vec<String>)> = serde_json::from_slice(&output.stdout).unwrap();
    let read = |(structure, codes)| Read { structure, codes };
    Some(all.into_iter().map(read).collect())
}

/// Tags that our comments become, with the attributes that they may have.
const TAGS: [&str; 23] = [
    "details",
    "summary",
    "b",
    "code",
    "pre",
    "pre lang=diff",
    "p",
    "strong",
    "em",
    "h3",
    "ul",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "th align=left",
    "td align=left",
    "th align=center",
    "td align=center",
    "sub",
];

#[test]
fn github_reads_it_as_we_wrote_it() {
    let mut random = random(13);
    let all: Vec<_> = (0..cases(60)).map(|_| case(&mut random)).collect();
    let texts = all
        .iter()
        .flat_map(|case| [case.hostile.as_str(), case.harmless.as_str()]);
    let Some(read) = rendered(&texts.collect::<Vec<_>>()) else {
        return;
    };
    let mut pieces = 0;
    for (case, read) in all.iter().zip(read.chunks(2)) {
        let (hostile, harmless) = (&read[0], &read[1]);
        for line in &hostile.structure {
            let tag = line
                .strip_prefix('<')
                .map(|tag| tag.trim_start_matches('/'));
            assert!(
                tag.is_none_or(|tag| TAGS.contains(&tag)),
                "{line:?}\n{}",
                case.hostile
            );
        }
        assert_eq!(hostile.structure, harmless.structure, "{}", case.hostile);
        same_pieces(case, hostile, harmless);
        pieces += hostile.codes.len();
    }
    println!("{} comments, {pieces} pieces of code", all.len());
}
