//! Whether a text is a SOPS file. A file that was cut off counts: what is encrypted in it must not
//! be taken for values.

use super::{SopsError, Store};

/// How an encrypted value begins.
pub(super) const ENCRYPTED: &str = "ENC[AES256_GCM,";
/// Every file of SOPS has one of these.
const FACTS: [&str; 2] = ["mac", "lastmodified"];

/// Which store a text is of; `None` where SOPS has nothing to do with it.
pub fn recognise(text: &str) -> Result<Option<Store>, SopsError> {
    let found = if text.trim_start().starts_with('{') {
        let said = |fact: &&str| text.contains(&format!("\"{fact}\""));
        (text.contains("\"sops\"") && FACTS.iter().any(said)).then_some(Store::Json)
    } else if lines(text).any(is_yaml_key) {
        let said = |fact: &str| lines(text).any(|line| says(line.trim_start(), fact, ':'));
        FACTS.iter().any(|fact| said(fact)).then_some(Store::Yaml)
    } else if lines(text).any(|line| line.trim() == "[sops]") {
        Some(Store::Ini)
    } else {
        let said = |fact: &str| {
            let named = |line: &str| {
                line.strip_prefix("sops_")
                    .is_some_and(|rest| says(rest, fact, '='))
            };
            lines(text).any(named)
        };
        FACTS.iter().any(|fact| said(fact)).then_some(Store::Dotenv)
    };
    match found {
        None if text.contains(ENCRYPTED) => Err(SopsError::NoMetadata),
        found => Ok(found),
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
}

/// `sops:` at the top of a document.
fn is_yaml_key(line: &str) -> bool {
    ["sops:", "\"sops\":", "'sops':"]
        .iter()
        .any(|key| line.starts_with(key))
}

fn says(line: &str, fact: &str, mark: char) -> bool {
    let plain = line.trim_start_matches(['"', '\'']);
    plain.strip_prefix(fact).is_some_and(|rest| {
        rest.trim_start_matches(['"', '\''])
            .trim_start()
            .starts_with(mark)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_its_metadata_alone() {
        for (text, store) in [
            ("A: x\nsops:\n    mac: y\n", Ok(Some(Store::Yaml))),
            (
                "A: x\n\"sops\":\n    \"lastmodified\": y\n",
                Ok(Some(Store::Yaml)),
            ),
            ("{\"A\":1,\"sops\":{\"mac\":\"x\"}}", Ok(Some(Store::Json))),
            ("A=x\nsops_mac=y\n", Ok(Some(Store::Dotenv))),
            ("[a]\nb = c\n\n[sops]\nmac = x\n", Ok(Some(Store::Ini))),
            ("sops: is mentioned\nA: x\n", Ok(None)),
            ("A=sops_mac\nsops_x=1\n", Ok(None)),
            ("{\"sops\": true}", Ok(None)),
            ("", Ok(None)),
            ("A=ENC[AES256_GCM,data:x", Err(SopsError::NoMetadata)),
        ] {
            assert_eq!(recognise(text), store, "{text}");
        }
    }
}
