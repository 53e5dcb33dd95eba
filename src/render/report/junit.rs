//! JUnit XML, as Jenkins' schema has it: a suite for each file, a case for each kind. A case fails
//! where the run does, is skipped where something of it could not be looked at, and else passes; what
//! only warns is its output.

use std::fmt::{self, Write};
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{Checked, CheckedFile, at, clean, is_error, severity};
use crate::model::{CheckKind, Finding};
use crate::render::words::counted;

/// Writes the document.
pub fn render_junit(out: &mut dyn Write, checked: &Checked) -> fmt::Result {
    let mut writer = Writer::new_with_indent(vec![], b' ', 2);
    document(&mut writer, checked).map_err(|_| fmt::Error)?;
    let text = String::from_utf8(writer.into_inner()).map_err(|_| fmt::Error)?;
    for line in text.lines() {
        writeln!(out, "{}", no_command(line))?;
    }
    Ok(())
}

/// The same line of XML, and none that a CI runner takes for a command where it goes to a log. Only
/// texts hold these characters, so that a reference may stand for one.
fn no_command(line: &str) -> String {
    let line = line.replace("##", "#&#35;");
    match line.trim_start().strip_prefix("::") {
        Some(rest) => {
            let indent = &line[..line.len() - rest.len() - 2];
            format!("{indent}&#58;:{rest}")
        }
        None => line,
    }
}

struct Case<'a> {
    kind: CheckKind,
    /// By position.
    findings: Vec<&'a Finding>,
    outcome: Outcome<'a>,
}

#[derive(PartialEq, Eq)]
enum Outcome<'a> {
    Passed,
    Failed,
    Skipped(&'a str),
}

fn cases<'a>(file: &'a CheckedFile, strict: bool) -> Vec<Case<'a>> {
    let sorted = file.sorted();
    let case = |kind: &CheckKind| {
        let of_kind = sorted.iter().filter(|one| one.kind == *kind);
        let findings: Vec<&Finding> = of_kind.copied().collect();
        let fails = |one: &&Finding| strict || is_error(one) || *kind == CheckKind::Drift;
        let skipped = file.unchecked.iter().find(|one| one.kind == *kind);
        let outcome = match skipped {
            _ if findings.iter().any(fails) => Outcome::Failed,
            Some(one) => Outcome::Skipped(&one.why),
            None => Outcome::Passed,
        };
        Case {
            kind: *kind,
            findings,
            outcome,
        }
    };
    // a finding that nobody asked for is there for a reason
    let kinds = CheckKind::ALL.iter().filter(|kind| {
        file.kinds.contains(kind) || file.findings.iter().any(|one| one.kind == **kind)
    });
    kinds.map(case).collect()
}

fn document(writer: &mut Writer<Vec<u8>>, checked: &Checked) -> io::Result<()> {
    let suites: Vec<(&CheckedFile, Vec<Case<'_>>)> = checked
        .files
        .iter()
        .map(|file| (file, cases(file, checked.strict)))
        .collect();
    let total = |count: fn(&[Case<'_>]) -> usize| {
        let sum: usize = suites.iter().map(|(_, cases)| count(cases)).sum();
        sum.to_string()
    };
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = BytesStart::new("testsuites").with_attributes([
        ("name", "driftlock check"),
        ("tests", &total(|cases| cases.len())),
        ("failures", &total(failed)),
        ("errors", "0"),
    ]);
    if suites.is_empty() {
        return writer.write_event(Event::Empty(root));
    }
    writer.write_event(Event::Start(root))?;
    for (file, cases) in &suites {
        suite(writer, file, cases)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))
}

fn failed(cases: &[Case<'_>]) -> usize {
    let failed = cases.iter().filter(|case| case.outcome == Outcome::Failed);
    failed.count()
}

fn skipped(cases: &[Case<'_>]) -> usize {
    let is_skipped = |case: &&Case<'_>| matches!(case.outcome, Outcome::Skipped(_));
    cases.iter().filter(is_skipped).count()
}

fn suite(writer: &mut Writer<Vec<u8>>, file: &CheckedFile, cases: &[Case<'_>]) -> io::Result<()> {
    let path = clean(&file.place.text());
    let start = BytesStart::new("testsuite").with_attributes([
        ("name", path.as_str()),
        ("file", &path),
        ("tests", &cases.len().to_string()),
        ("failures", &failed(cases).to_string()),
        ("errors", "0"),
        ("skipped", &skipped(cases).to_string()),
    ]);
    writer.write_event(Event::Start(start))?;
    for case in cases {
        write_case(writer, &path, case)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))
}

fn write_case(writer: &mut Writer<Vec<u8>>, path: &str, case: &Case<'_>) -> io::Result<()> {
    let start = BytesStart::new("testcase")
        .with_attributes([("name", case.kind.word()), ("classname", path)]);
    if case.outcome == Outcome::Passed && case.findings.is_empty() {
        return writer.write_event(Event::Empty(start));
    }
    writer.write_event(Event::Start(start))?;
    let body = body(path, &case.findings);
    match case.outcome {
        Outcome::Failed => {
            let what = match case.findings.as_slice() {
                [one] => clean(&one.diagnostic.message),
                all => format!("{} of {}", counted(all.len(), "finding"), case.kind.word()),
            };
            let failure = BytesStart::new("failure")
                .with_attributes([("message", what.as_str()), ("type", case.kind.word())]);
            element(writer, failure, &body)?;
        }
        Outcome::Skipped(why) => {
            let skipped = BytesStart::new("skipped");
            let why = clean(why);
            let skipped = skipped.with_attributes([("message", why.as_str())]);
            writer.write_event(Event::Empty(skipped))?;
        }
        Outcome::Passed => {}
    }
    if case.outcome != Outcome::Failed && !body.is_empty() {
        element(writer, BytesStart::new("system-out"), &body)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}

fn element(writer: &mut Writer<Vec<u8>>, start: BytesStart<'static>, text: &str) -> io::Result<()> {
    let end = start.to_end().into_owned();
    writer.write_event(Event::Start(start))?;
    writer.write_event(Event::Text(BytesText::new(text)))?;
    writer.write_event(Event::End(end))
}

/// A line for each finding, and one for what to do.
fn body(path: &str, findings: &[&Finding]) -> String {
    let mut text = String::new();
    for one in findings {
        let diagnostic = &one.diagnostic;
        let (severity, code) = (severity(diagnostic.severity), diagnostic.code);
        let message = clean(&diagnostic.message);
        text.push_str(&format!(
            "{path}{}: {severity}: {message} [{code}]\n",
            at(one)
        ));
        if let Some(help) = &diagnostic.help {
            text.push_str(&format!("  help: {}\n", clean(help)));
        }
    }
    text
}
