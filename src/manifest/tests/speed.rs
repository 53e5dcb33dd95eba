//! Figures, not verdicts: `cargo test --release --lib manifest::tests::speed -- --ignored --nocapture`.

#![expect(clippy::print_stderr, reason = "figures are what this is for")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{payload, seal};
use crate::manifest::{Editor, Fresh, FreshTarget, Source, parse, render_new};
use crate::model::{FileAddress, Machine, VarName};

const ROUNDS: usize = 7;

/// Time that this thread was on a processor: what else the machine does counts for little.
fn cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

fn measure<T>(what: &str, mut work: impl FnMut() -> T) {
    let once = |work: &mut dyn FnMut() -> T| {
        let (start, wall) = (cpu(), Instant::now());
        let made = work();
        let took = match (start, cpu()) {
            (Some(start), Some(end)) => end - start,
            _ => wall.elapsed(),
        };
        drop(made);
        took
    };
    let mut all: Vec<Duration> = (0..ROUNDS).map(|_| once(&mut work)).collect();
    all.sort();
    eprintln!("{what}: best {:?}, middle {:?}", all[0], all[ROUNDS / 2]);
}

fn manifest(count: usize) -> (String, BTreeMap<VarName, Source>) {
    let variables: BTreeMap<VarName, Source> = (0..count)
        .map(|one| {
            let name = VarName::new(format!("VARIABLE_{one:05}")).unwrap();
            (name, Source::Sealed(payload(one as u8)))
        })
        .collect();
    let file = FileAddress {
        machine: Machine::Any,
        path: ".env".to_owned(),
        format: "portable".to_owned(),
        at: None,
    };
    let target = FreshTarget::file(
        "app".parse().unwrap(),
        file,
        variables.keys().cloned().collect(),
    );
    let text = render_new(&Fresh {
        comment: None,
        name: &"big".parse().unwrap(),
        recipients: &[("age1first".to_owned(), String::new())],
        variables: &variables,
        references: &BTreeSet::new(),
        targets: &[target],
        seal: Some(&seal(1)),
    });
    (text, variables)
}

#[test]
#[ignore = "measures; run it in a release build"]
fn encrypted_variables() {
    for count in [1_000, 10_000] {
        let (text, variables) = manifest(count);
        assert_eq!(parse(&text).unwrap().manifest.variables.len(), count);
        eprintln!("{count} variables, {} bytes", text.len());
        measure("  parse", || parse(&text).unwrap());
        let name = VarName::new("VARIABLE_00500").unwrap();
        measure("  set one value", || {
            let mut editor = Editor::new(&text).unwrap();
            editor.set(&name, &Source::Sealed(payload(77))).unwrap();
            let (after, _) = editor.finish().unwrap();
            assert_eq!(after.len(), text.len());
        });
        measure("  set all values", || {
            let mut editor = Editor::new(&text).unwrap();
            for name in variables.keys() {
                editor.set(name, &Source::Sealed(payload(78))).unwrap();
            }
            editor.finish().unwrap()
        });
    }
}
