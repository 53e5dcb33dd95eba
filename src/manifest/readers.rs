//! What people call the recipients of a manifest: the comment behind each, or that of its SSH key.

use std::collections::BTreeMap;

use super::spec::Manifest;

/// By the recipient as the file spells it; those that nobody named are left out.
pub fn reader_names(text: &str, manifest: &Manifest) -> BTreeMap<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let names = manifest.recipients.iter().filter_map(|(key, at)| {
        let line = lines.get((at.line as usize).checked_sub(1)?)?;
        let behind = line.split_once(key.as_str())?.1;
        // a comment begins behind a blank; the recipient may be in quotes
        let comment = behind.split_once(" #").map(|(_, comment)| comment.trim());
        let own = key
            .strip_prefix("ssh-")
            .and_then(|rest| rest.splitn(3, ' ').nth(2));
        let name = comment.filter(|one| !one.is_empty()).or(own)?;
        Some((key.clone(), name.to_owned()))
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_names() {
        let text = "driftlock: 1\nname: x\nrecipients:\n  - age1abc   # ops laptop\n  \
                    - \"ssh-ed25519 AAAA deploy@ci\"\n  - age1def\n";
        let manifest = super::super::parse(text).unwrap().manifest;
        let names: Vec<(String, String)> = reader_names(text, &manifest).into_iter().collect();
        assert_eq!(
            names,
            [
                ("age1abc".to_owned(), "ops laptop".to_owned()),
                (
                    "ssh-ed25519 AAAA deploy@ci".to_owned(),
                    "deploy@ci".to_owned()
                )
            ]
        );
    }
}
