//! Which format a plain file has, where nobody says: by its name, else by how it begins. What cannot
//! be told is `portable`, which takes only what all readers read alike.

use std::path::Path;

/// The format, as a manifest names it.
pub(super) fn guess(path: Option<&Path>, bytes: &[u8]) -> &'static str {
    let name = path
        .and_then(Path::file_name)
        .and_then(|name| name.to_str());
    let ending = name
        .and_then(|name| name.rsplit_once('.'))
        .map(|(_, ending)| ending);
    match ending {
        Some("json") => return "json",
        Some("json5" | "jsonc") => return "json5",
        Some("plist") => return "launchd",
        _ => {}
    }
    let folder = path.and_then(Path::parent);
    let is_in = |name: &str| folder.is_some_and(|folder| folder.ends_with(name));
    if ending == Some("conf") && is_in("environment.d") {
        return "systemd";
    }
    let text = bytes.trim_ascii_start();
    if text.starts_with(b"bplist00")
        || text.starts_with(b"<?xml")
        || text.starts_with(b"<!DOCTYPE plist")
    {
        return "launchd";
    }
    if text.starts_with(b"{") {
        return "json";
    }
    "portable"
}

/// YAML that SOPS had nothing to do with.
pub(super) fn is_yaml(path: Option<&Path>) -> bool {
    let ending = path
        .and_then(Path::extension)
        .and_then(|ending| ending.to_str());
    matches!(ending, Some("yaml" | "yml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name_then_by_contents() {
        for (path, text, format) in [
            (Some(".env"), "A=1", "portable"),
            (Some("a.json"), "", "json"),
            (Some("a.json5"), "{}", "json5"),
            (Some("x.plist"), "", "launchd"),
            (Some("x"), "<?xml version", "launchd"),
            (Some("x"), "  {\"A\": 1}", "json"),
            (Some("/etc/environment.d/10.conf"), "A=1", "systemd"),
            (Some("/etc/app.conf"), "A=1", "portable"),
            (None, "A=1", "portable"),
        ] {
            assert_eq!(
                guess(path.map(Path::new), text.as_bytes()),
                format,
                "{path:?}"
            );
        }
    }
}
