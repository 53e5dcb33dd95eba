//! Answers of a script on the far side: several parts, of any bytes, in one output.
//!
//! A part is a line `part NAME`, its bytes as `od -An -v -tx1` writes them, and a line `end STATUS`.
//! What was cut off has no end, and so is no part.

use zeroize::Zeroizing;

use super::failure::Trouble;

/// Functions for the script. `hex` reads its input, `part` runs what follows the name.
pub(super) const FUNCTIONS: &str = r#"
command -v od >/dev/null && command -v sed >/dev/null || exit 96
hex() { od -An -v -tx1; }
text() { printf 'part %s\n' "$1"; printf '%s' "$2" | hex; printf 'end %s\n' "$3"; }
"#;

/// Why no part of an answer can be had, by the status of the script.
pub(super) fn trouble(status: i32) -> Option<Trouble> {
    (status == 96).then(|| Trouble::new("there is no `od` or no `sed` there, so nobody can look"))
}

/// One part of an answer.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) status: i32,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

impl Part {
    pub(super) fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(String::from_utf8_lossy(&self.bytes).into_owned())
    }
}

/// The parts that are whole.
pub(super) fn parts(output: &[u8]) -> Vec<Part> {
    let mut parts = vec![];
    let mut open: Option<(String, Option<Zeroizing<Vec<u8>>>)> = None;
    for line in output.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else {
            break;
        };
        if let Some(name) = line.strip_prefix(b"part ") {
            let name = String::from_utf8_lossy(name).into_owned();
            // its room is made once: what grows leaves copies behind
            let bytes = Vec::with_capacity(output.len() / 3 + 1);
            open = Some((name, Some(Zeroizing::new(bytes))));
        } else if let Some(status) = line.strip_prefix(b"end ") {
            let status = std::str::from_utf8(status)
                .ok()
                .and_then(|it| it.parse().ok());
            if let (Some((name, Some(bytes))), Some(status)) = (open.take(), status) {
                parts.push(Part {
                    name,
                    status,
                    bytes,
                });
            }
        } else if let Some((_, bytes)) = &mut open {
            // what is no hex spoils its part
            *bytes = bytes.take().and_then(|bytes| with_hex(bytes, line));
        }
    }
    parts
}

fn with_hex(mut bytes: Zeroizing<Vec<u8>>, line: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    for pair in line.split(u8::is_ascii_whitespace) {
        match pair {
            [] => {}
            [high, low] => bytes.push(digit(*high)? << 4 | digit(*low)?),
            _ => return None,
        }
    }
    Some(bytes)
}

fn digit(of: u8) -> Option<u8> {
    match of {
        b'0'..=b'9' => Some(of - b'0'),
        b'a'..=b'f' => Some(of - b'a' + 10),
        b'A'..=b'F' => Some(of - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(output: &str) -> Vec<(String, i32, Vec<u8>)> {
        parts(output.as_bytes())
            .into_iter()
            .map(|part| (part.name, part.status, part.bytes.to_vec()))
            .collect()
    }

    #[test]
    fn parts_are_read() {
        let output = "noise\npart a b\n 41 0a\n 00  ff\nend 0\npart none\nend 3\n";
        assert_eq!(
            names(output),
            [
                ("a b".to_owned(), 0, vec![0x41, 0x0a, 0, 0xff]),
                ("none".to_owned(), 3, vec![])
            ]
        );
    }

    #[test]
    fn what_is_cut_or_spoilt_is_no_part() {
        assert_eq!(names("part a\n 41"), []);
        assert_eq!(names("part a\n 41\nend 0"), []);
        assert_eq!(names("part a\n 41\npart b\nend 0\n").len(), 1);
        assert_eq!(names("part a\nod: no such option\nend 1\n"), []);
        assert_eq!(names("part a\n 4\nend 0\n"), []);
    }
}
