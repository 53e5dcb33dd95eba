//! Which Railway project a folder belongs to, as Railway's own command remembers it in
//! `~/.railway/config.json`. That file holds its user's tokens too: they are neither kept nor shown,
//! and whatever does not look as expected counts as no link.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

/// The largest file that is looked at.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
const MAX_TEXT: usize = 255;

/// A folder that was linked with `railway link`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RailwayLink {
    /// The folder: the one that was asked for, or one above it.
    pub folder: PathBuf,
    /// The project's id.
    pub project: String,
    /// Its name, where it was remembered.
    pub project_name: Option<String>,
    /// The environment's id, where one is linked.
    pub environment: Option<String>,
    /// Its name, where it was remembered.
    pub environment_name: Option<String>,
}

/// Only this part of the file: serde skips the rest.
#[derive(Deserialize)]
struct Config {
    projects: BTreeMap<String, Value>,
}

/// The link of the nearest folder at or above `folder`.
pub fn railway_link(home: &Path, folder: &Path) -> Option<RailwayLink> {
    let bytes = read_bounded(&home.join(".railway").join("config.json"))?;
    let config: Config = serde_json::from_slice(&bytes).ok()?;
    folder.ancestors().find_map(|folder| {
        let project = config.projects.get(folder.to_str()?)?;
        let text = |key: &str| plain(project.get(key)?);
        Some(RailwayLink {
            folder: folder.to_owned(),
            project: text("project")?,
            project_name: text("name"),
            environment: text("environment"),
            environment_name: text("environmentName"),
        })
    })
}

/// A text that may be shown and sent.
fn plain(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let fits = !text.is_empty() && text.len() <= MAX_TEXT && text.trim() == text;
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn read_bounded(path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    // a device or a pipe in its place must not hang us
    let size = path
        .metadata()
        .ok()
        .filter(std::fs::Metadata::is_file)?
        .len();
    if size > MAX_BYTES {
        return None;
    }
    // no growth: every byte of it is wiped
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).ok()? + 1));
    let file = File::open(path).ok()?;
    file.take(size).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(config: &str) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".railway")).unwrap();
        std::fs::write(home.path().join(".railway/config.json"), config).unwrap();
        home
    }

    fn project(config: &str, folder: &str) -> Option<String> {
        railway_link(home(config).path(), Path::new(folder)).map(|link| link.project)
    }

    #[test]
    fn the_nearest_folder_wins() {
        let config = r#"{
            "projects": {
                "/": { "projectPath": "/", "project": "root" },
                "/srv/app": {
                    "projectPath": "/srv/app", "name": "aurora", "project": "p-1",
                    "environment": "e-1", "environmentName": "production", "service": "s-1"
                },
                "/srv/app/deep/er": { "project": "p-2", "environment": null }
            },
            "user": { "token": "canary", "accessToken": "canary" },
            "editor": null
        }"#;
        let home = home(config);
        let link = railway_link(home.path(), Path::new("/srv/app/deep")).unwrap();
        assert_eq!(
            link,
            RailwayLink {
                folder: "/srv/app".into(),
                project: "p-1".to_owned(),
                project_name: Some("aurora".to_owned()),
                environment: Some("e-1".to_owned()),
                environment_name: Some("production".to_owned()),
            }
        );
        assert!(!format!("{link:?}").contains("canary"));
        let deeper = railway_link(home.path(), Path::new("/srv/app/deep/er/x")).unwrap();
        assert_eq!((deeper.project.as_str(), deeper.environment), ("p-2", None));
        assert_eq!(project(config, "/srv/apple").as_deref(), Some("root"));
    }

    #[test]
    fn what_does_not_fit_is_no_link() {
        for config in [
            "",
            "[]",
            "{}",
            "{\"projects\": []}",
            "{\"projects\": {\"/a\": 1}}",
            "{\"projects\": {\"/a\": {\"project\": 7}}}",
            "{\"projects\": {\"/a\": {\"project\": \"\"}}}",
            "{\"projects\": {\"/a\": {\"project\": \"x\\u001b[2J\"}}}",
            "{\"projects\": {\"/a\": {\"project\": \"p\"}}",
        ] {
            assert_eq!(project(config, "/a"), None, "{config}");
        }
        // one strange entry does not hide the others
        let config = r#"{ "projects": { "/b": 1, "/a": { "project": "p", "name": ["x"] } } }"#;
        assert_eq!(project(config, "/a").as_deref(), Some("p"));
        let nowhere = tempfile::tempdir().unwrap();
        assert_eq!(railway_link(nowhere.path(), Path::new("/a")), None);
    }
}
