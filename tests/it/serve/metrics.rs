//! Prometheus' own tool reads the page, and the rules that the README proposes.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use driftlock::reconcile::event::Vitals;
use driftlock::render::metrics::{Lifespan, render_metrics};

use super::page;
use crate::support::peers;

fn rendered(vitals: &Vitals, lifespan: Lifespan) -> String {
    let mut out = String::new();
    render_metrics(&mut out, vitals, "0.1.0", lifespan).unwrap();
    out
}

fn promtool(arguments: &[&str], input: &str) -> Option<Output> {
    let mut child = Command::new(peers::program("promtool")?)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    Some(child.wait_with_output().unwrap())
}

#[test]
fn promtool_has_nothing_to_say() {
    for (vitals, lifespan) in [
        (page::vitals(3), Lifespan::Loop),
        (page::vitals(0), Lifespan::Round),
        (Vitals::default(), Lifespan::Loop),
    ] {
        let text = rendered(&vitals, lifespan);
        let Some(said) = promtool(&["check", "metrics"], &text) else {
            return;
        };
        let words = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.success(), "{words}\n{text}");
        assert!(said.stdout.is_empty() && words.is_empty(), "{words}");
    }
    // it would: a counter without its ending
    let odd = "# HELP a b\n# TYPE a counter\na 1\n";
    let said = promtool(&["check", "metrics"], odd).unwrap();
    assert!(!said.status.success() || !said.stderr.is_empty());
}

#[test]
fn the_page_grows_with_targets_and_never_with_variables() {
    let lines = |more| {
        rendered(&page::vitals(more), Lifespan::Loop)
            .lines()
            .count()
    };
    let (none, hundred) = (lines(0), lines(100));
    // six classes, mode, read, failing, duration, looks, failures, probes, their time, writes, heals
    assert_eq!(hundred - none, 100 * 16);
}

#[test]
fn the_rules_of_the_readme_are_rules_about_metrics_that_there_are() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/metrics/alerts.yaml");
    let rules = std::fs::read_to_string(&file).unwrap();
    let page = rendered(&page::vitals(0), Lifespan::Loop);
    let known: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let used: BTreeSet<&str> = rules
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("driftlock_"))
        .collect();
    assert!(used.len() >= 2, "{used:?}");
    assert!(used.is_subset(&known), "{used:?}");
    let Some(said) = promtool(&["check", "rules", file.to_str().unwrap()], "") else {
        return;
    };
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    // and they fire when they should
    let tests = file.with_file_name("alerts.test.yaml");
    let said = promtool(&["test", "rules", tests.to_str().unwrap()], "").unwrap();
    let words = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success(), "{words}");
}
