//! Figures, not verdicts: `cargo test --release --lib manifest::tests::speed -- --ignored --nocapture`.

#![expect(clippy::print_stderr, reason = "figures are what this is for")]

use std::time::Instant;

use super::{payload, seal};
use crate::manifest::{Editor, Fresh, Source, parse, render_new};
use crate::model::VarName;

#[test]
#[ignore = "measures; run it in a release build"]
fn ten_thousand_encrypted_variables() {
    let variables = (0..10_000)
        .map(|one| {
            let name = VarName::new(format!("VARIABLE_{one:05}")).unwrap();
            (name, Source::Sealed(payload(one as u8)))
        })
        .collect();
    let name = "big".parse().unwrap();
    let seal = seal(1);
    let text = render_new(&Fresh {
        comment: None,
        name: &name,
        recipients: &[("age1first".to_owned(), String::new())],
        variables: &variables,
        targets: &[],
        seal: Some(&seal),
    });
    let start = Instant::now();
    let parsed = parse(&text).unwrap();
    eprintln!("{} bytes parsed in {:?}", text.len(), start.elapsed());
    assert_eq!(parsed.manifest.variables.len(), 10_000);
    let start = Instant::now();
    let mut editor = Editor::new(&text).unwrap();
    let name = VarName::new("VARIABLE_05000").unwrap();
    editor.set(&name, &Source::Sealed(payload(77))).unwrap();
    let (after, _) = editor.finish().unwrap();
    eprintln!("one value set in {:?}", start.elapsed());
    assert_eq!(after.len(), text.len());
    let start = Instant::now();
    let mut editor = Editor::new(&text).unwrap();
    for name in variables.keys() {
        editor.set(name, &Source::Sealed(payload(78))).unwrap();
    }
    editor.finish().unwrap();
    eprintln!("all values set in {:?}", start.elapsed());
}
