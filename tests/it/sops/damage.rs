//! A file that was changed gives nothing. Held against the real program: whatever we still take, it
//! takes too, and with the same values.

use std::collections::BTreeMap;

use super::lab::{Lab, ours};

const FILES: [(&str, &str, &[&str]); 4] = [
    (
        "a.yaml",
        "ONE: first\nTWO: second\nTHREE_plain: open\nLIST: [a, b]\n",
        &["--unencrypted-suffix", "_plain"],
    ),
    (
        "b.yaml",
        "ONE: first\nTWO: second\nTHREE_plain: open\n",
        &["--mac-only-encrypted", "--unencrypted-suffix", "_plain"],
    ),
    (
        "a.json",
        r#"{"ONE": "first", "TWO": 2, "THREE_plain": "open"}"#,
        &["--unencrypted-suffix", "_plain"],
    ),
    (
        "a.env",
        "ONE=first\nTWO=second\nTHREE_plain=open\n",
        &["--unencrypted-suffix", "_plain"],
    ),
];

#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    /// Taken: what changed is in no value, and nothing holds it to what it was.
    same: usize,
    /// Taken by the real program too: SOPS holds names of clear values to nothing.
    as_theirs: usize,
}

struct Case<'a> {
    lab: &'a Lab,
    file: &'a str,
    encrypted: &'a str,
    values: BTreeMap<String, String>,
    tally: Tally,
}

impl Case<'_> {
    fn new<'a>(lab: &'a Lab, file: &'a str, encrypted: &'a str) -> Case<'a> {
        Case {
            lab,
            file,
            encrypted,
            values: lab.ours(encrypted, &[]).unwrap(),
            tally: Tally::default(),
        }
    }

    /// Refused, or as harmless as the real program finds it.
    fn changed(&mut self, text: &str) {
        match ours(text, &mut self.lab.keyring(), &[]) {
            Err(_) => self.tally.refused += 1,
            Ok(found) if found == self.values => self.tally.same += 1,
            Ok(found) => {
                let theirs = self.lab.theirs(&format!("changed-{}", self.file), text);
                assert_eq!(theirs.as_ref(), Ok(&found), "{text}");
                self.tally.as_theirs += 1;
            }
        }
    }

    /// Refused, and nothing else.
    fn refused(&mut self, text: &str) {
        assert_ne!(text, self.encrypted);
        let found = ours(text, &mut self.lab.keyring(), &[]);
        assert!(
            found.is_err(),
            "taken: {:?}\n{text}",
            found.map(|found| found.len())
        );
        self.tally.refused += 1;
    }
}

#[test]
fn one_changed_byte_anywhere() {
    let Some(lab) = Lab::new() else { return };
    for (file, text, rules) in FILES {
        let encrypted = lab.encrypt(file, text, rules).unwrap();
        let mut case = Case::new(&lab, file, &encrypted);
        for at in 0..encrypted.len() {
            let mut bytes = encrypted.clone().into_bytes();
            // another letter of the same kind, which no parser can mind
            bytes[at] = match bytes[at] {
                b'A'..=b'Y' | b'a'..=b'y' | b'0'..=b'8' => bytes[at] + 1,
                b'Z' => b'A',
                b'z' => b'a',
                b'9' => b'0',
                other => other ^ 1,
            };
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            case.changed(&changed);
        }
        println!("{file}: {} bytes, {:?}", encrypted.len(), case.tally);
        assert!(
            case.tally.refused * 10 > encrypted.len() * 8,
            "{:?}",
            case.tally
        );
    }
}

#[test]
fn cut_off_anywhere() {
    let Some(lab) = Lab::new() else { return };
    for (file, text, rules) in FILES {
        let encrypted = lab.encrypt(file, text, rules).unwrap();
        let mut case = Case::new(&lab, file, &encrypted);
        for at in (0..encrypted.len()).step_by(7) {
            case.changed(&encrypted[..at]);
        }
        println!("{file}: {:?}", case.tally);
        assert_eq!(case.tally.as_theirs, 0);
        assert!(
            case.tally.same <= encrypted.lines().last().unwrap().len(),
            "{:?}",
            case.tally
        );
    }
}

/// The lines of a file with two of them changed.
fn lines(text: &str, change: impl Fn(&mut Vec<String>)) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    lines.join("\n") + "\n"
}

/// What stands behind the name of a value.
fn value_of(line: &str) -> &str {
    let at = line.find("ENC[").unwrap();
    line[at..].trim_end_matches(['"', ','])
}

#[test]
fn values_that_moved_were_taken_out_or_put_in() {
    let Some(lab) = Lab::new() else { return };
    for (file, text, rules) in FILES {
        let encrypted = lab.encrypt(file, text, rules).unwrap();
        let mut case = Case::new(&lab, file, &encrypted);
        let place = |name: &str| {
            let named = |line: &str| line.trim_start_matches([' ', '"', '\t']).starts_with(name);
            encrypted.lines().position(named).unwrap()
        };
        let (one, two, open) = (place("ONE"), place("TWO"), place("THREE_plain"));
        let (first, second) = {
            let all: Vec<&str> = encrypted.lines().collect();
            (value_of(all[one]).to_owned(), value_of(all[two]).to_owned())
        };
        // two values swapped, one moved to another name, one twice
        case.refused(&lines(&encrypted, |lines| {
            lines[one] = lines[one].replace(&first, &second);
            lines[two] = lines[two].replace(&second, &first);
        }));
        case.refused(&lines(&encrypted, |lines| {
            lines[one] = lines[one].replace("ONE", "OTHER");
        }));
        case.refused(&lines(&encrypted, |lines| {
            lines[two] = lines[two].replace(&second, &first);
        }));
        // a line gone, a line twice, a line of its own
        for at in [one, two] {
            case.refused(&lines(&encrypted, |lines| drop(lines.remove(at))));
            case.refused(&lines(&encrypted, |lines| {
                lines.insert(at, lines[at].clone());
            }));
        }
        case.refused(&lines(&encrypted, |lines| {
            lines[one] = lines[one].replace(&first, "plain");
        }));
        // order is a part of the MAC
        case.refused(&lines(&encrypted, |lines| lines.swap(one, two)));
        // a value in clear: held by the MAC, unless that is over encrypted values alone
        let clear = lines(&encrypted, |lines| {
            lines[open] = lines[open].replace("open", "opened");
        });
        if rules.contains(&"--mac-only-encrypted") {
            case.changed(&clear);
            assert_eq!(case.tally.as_theirs, 1);
        } else {
            case.refused(&clear);
        }
        println!("{file}: {:?}", case.tally);
    }
}

#[test]
fn the_metadata_is_held_too() {
    let Some(lab) = Lab::new() else { return };
    for (file, text, rules) in FILES {
        let encrypted = lab.encrypt(file, text, rules).unwrap();
        let other = lab.encrypt(file, text, rules).unwrap();
        let mut case = Case::new(&lab, file, &encrypted);
        let line = |text: &str, name: &str| {
            let found = text.lines().find(|line| {
                let plain = line.trim_start_matches([' ', '"', '\t']);
                plain.trim_start_matches("sops_").starts_with(name)
            });
            found.unwrap().to_owned()
        };
        let (mac, theirs) = (line(&encrypted, "mac"), line(&other, "mac"));
        let mac = mac.split("ENC[").nth(1).unwrap();
        let theirs = theirs.split("ENC[").nth(1).unwrap();
        // no MAC, an empty one, one of another file
        case.refused(
            &encrypted
                .replace(&line(&encrypted, "mac"), "")
                .replace("\n\n", "\n"),
        );
        case.refused(&encrypted.replace(&format!("ENC[{mac}"), ""));
        case.refused(&encrypted.replace(mac, theirs));
        // its moment, its rule
        let moment = line(&encrypted, "lastmodified");
        let moved = moment.replace("20", "19");
        case.refused(&encrypted.replace(&moment, &moved));
        case.refused(
            &encrypted
                .replace("_plain", "_secret")
                .replace("THREE_secret", "THREE_plain"),
        );
        case.refused(&encrypted.replace("unencrypted_suffix", "encrypted_suffix"));
        if encrypted.contains("mac_only_encrypted") {
            case.refused(&encrypted.replace("mac_only_encrypted", "mac_only_encrypted_not"));
        }
        println!("{file}: {:?}", case.tally);
    }
}
