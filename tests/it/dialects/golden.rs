//! Every case of the fact sheet: what we write, and what we read.

use driftlock::platforms::file::format::{Dialect, Reading};

use super::cases;

#[test]
fn every_case_is_written_as_the_sheet_says_and_read_back() {
    let Some(cases) = cases::load() else { return };
    let name = "K".parse().unwrap();
    for (case, dialect) in cases
        .iter()
        .flat_map(|case| Dialect::ALL.map(|d| (case, d)))
    {
        let text = dialect.encode(&name, &case.value).ok();
        if let Some(expected) = case.text(dialect) {
            assert_eq!(text.as_deref(), expected, "{} in {dialect}", case.name);
        }
        let Some(text) = text else { continue };
        let file = format!("A=first\nK={text}\nZ=last\n");
        let document = dialect.parse(&file).unwrap();
        let expected = Some(Reading::Value(case.value.clone()));
        assert!(
            document.value(&name) == expected,
            "{} in {dialect}",
            case.name
        );
        assert_eq!(document.values().len(), 3, "{} in {dialect}", case.name);
    }
}

#[test]
fn what_a_reader_takes_we_read_the_same_or_call_ambiguous() {
    let Some(cases) = cases::load() else { return };
    let name = "K".parse().unwrap();
    let (mut same, mut ambiguous) = (0, 0);
    for case in &cases {
        for (reader, dialect) in READERS {
            let Some(text) = case.readers.get(reader) else {
                continue;
            };
            let file = format!("A=first\nK={text}\nZ=last\n");
            let Ok(document) = dialect.parse(&file) else {
                ambiguous += 1;
                continue;
            };
            match document.value(&name) {
                Some(Reading::Value(value)) => {
                    assert!(
                        value == case.value,
                        "{}: {reader}, format {dialect}: {value:?}",
                        case.name
                    );
                    same += 1;
                }
                Some(Reading::Ambiguous { .. }) => ambiguous += 1,
                None => panic!("{}: {reader}, format {dialect}: not seen", case.name),
            }
        }
    }
    println!("{same} texts read as their reader does, {ambiguous} called ambiguous");
    // of some 1,200: a parser that calls everything ambiguous is none
    assert!(same > ambiguous * 15, "{same} {ambiguous}");
}

/// Each reader of the sheet whose dialect we have.
const READERS: [(&str, Dialect); 12] = [
    ("compose-go", Dialect::Compose),
    ("docker-cli", Dialect::Docker),
    ("systemd", Dialect::Systemd),
    ("bash", Dialect::Shell),
    ("dash", Dialect::Shell),
    ("zsh", Dialect::Shell),
    ("busybox-ash", Dialect::Shell),
    ("dotenv-js", Dialect::Node),
    ("node20", Dialect::Node),
    ("node26", Dialect::Node),
    ("python-dotenv", Dialect::Python),
    ("dotenvy", Dialect::Compose),
];

/// The sheet's readers of `portable` text: no reading of ours may differ from any of them.
#[test]
fn a_portable_reading_is_every_readers() {
    let Some(cases) = cases::load() else { return };
    let name = "K".parse().unwrap();
    for case in &cases {
        for (reader, text) in case
            .readers
            .iter()
            .filter(|(reader, _)| *reader != "docker-cli")
        {
            let file = format!("A=first\nK={text}\nZ=last\n");
            if let Some(Reading::Value(value)) =
                Dialect::Portable.parse(&file).unwrap().value(&name)
            {
                assert!(value == case.value, "{}: {reader}: {value:?}", case.name);
            }
        }
    }
}
