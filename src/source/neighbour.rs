//! Railway's own configuration files beside the manifests: who else may manage the same variables.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// How far above the manifests is looked where there is no git root.
const MAX_LEVELS: usize = 8;
/// How much of a file is looked at.
const MAX_BYTES: u64 = 1024 * 1024;
/// What Railway's infrastructure as code is written in.
const LANGUAGES: [&str; 9] = ["ts", "mts", "cts", "js", "mjs", "cjs", "py", "go", "json"];

/// A configuration file of Railway's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Where it lies, absolute.
    pub path: PathBuf,
    /// Infrastructure as code (`.railway/railway.*`), not `railway.json` or `railway.toml`.
    pub is_code: bool,
    /// Whether its text mentions variables; a file that cannot be read may.
    pub mentions_variables: bool,
}

/// Railway's files in `folder` and above it, up to the root of the git work tree, nearest first.
pub fn neighbours(folder: &Path) -> Vec<Neighbour> {
    let mut found = vec![];
    for folder in folder.ancestors().take(MAX_LEVELS) {
        for path in code_files(&folder.join(".railway")) {
            found.push(look(path, true));
        }
        for name in ["railway.json", "railway.toml"] {
            let path = folder.join(name);
            if path.is_file() {
                found.push(look(path, false));
            }
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    found
}

fn code_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = LANGUAGES
        .iter()
        .map(|language| folder.join(format!("railway.{language}")))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

fn look(path: PathBuf, is_code: bool) -> Neighbour {
    let mentions_variables = match read(&path) {
        Some(text) => mentions(&text, is_code),
        None => true,
    };
    Neighbour {
        path,
        is_code,
        mentions_variables,
    }
}

fn read(path: &Path) -> Option<String> {
    if fs::metadata(path).ok()?.len() > MAX_BYTES {
        return None;
    }
    let mut bytes = vec![];
    let file = File::open(path).ok()?;
    file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The word `variables`; in code also the key `env`, which is how services are given theirs there,
/// and `preserve(`, which stands for a value that is only kept.
fn mentions(text: &str, is_code: bool) -> bool {
    let lower = text.to_ascii_lowercase();
    has_word(&lower, "variables", |_| true)
        || (is_code
            && (has_word(&lower, "env", |after| {
                let after = after.trim_start_matches(['"', '\'']).trim_start();
                after.starts_with([':', '=', '{', '('])
            }) || has_word(&lower, "preserve", |after| after.starts_with('('))))
}

/// Whether the word stands there by itself, followed by what `fits`.
fn has_word(text: &str, word: &str, fits: impl Fn(&str) -> bool) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let after = &text[at + word.len()..];
        let apart = !text[..at].ends_with(part_of_name) && !after.starts_with(part_of_name);
        apart && fits(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_counts_and_not_a_part_of_one() {
        for (text, is_code) in [
            ("api.variables = {}", true),
            ("service('api', { env: { A: 'b' } })", true),
            ("\"env\": {}", true),
            ("service(name='api', env={'A': 'b'})", true),
            ("Env: map[string]string{}", true),
            ("A: preserve(),", true),
            ("{ \"variables\": {} }", false),
            ("[environments.pr.variables]", false),
        ] {
            assert!(mentions(text, is_code), "{text}");
        }
        for (text, is_code) in [
            ("process.env.HOME", true),
            ("environment: 'production'", true),
            ("envy: 1", true),
            ("my_variables_2", true),
            ("preserved()", true),
            ("{ \"env\": 1 }", false),
            ("", true),
        ] {
            assert!(!mentions(text, is_code), "{text}");
        }
    }

    #[test]
    fn up_to_the_git_root_nearest_first() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        let write = |path: &str, text: &str| {
            fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            fs::write(at(path), text).unwrap();
        };
        write("railway.json", "{\"variables\":{}}");
        write("repo/.git/HEAD", "");
        write("repo/.railway/railway.ts", "env: {}");
        write("repo/.railway/railway.ts.bak", "env: {}");
        write("repo/.railway/config.json", "variables");
        write("repo/a/railway.toml", "[build]");
        fs::create_dir_all(at("repo/a/manifests")).unwrap();
        let found = neighbours(&at("repo/a/manifests"));
        let expected = [
            Neighbour {
                path: at("repo/a/railway.toml"),
                is_code: false,
                mentions_variables: false,
            },
            Neighbour {
                path: at("repo/.railway/railway.ts"),
                is_code: true,
                mentions_variables: true,
            },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_too_large_to_look_at_may_mention_them() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(".git")).unwrap();
        fs::write(
            root.path().join("railway.json"),
            vec![b' '; 1024 * 1024 + 1],
        )
        .unwrap();
        assert!(neighbours(root.path())[0].mentions_variables);
    }
}
