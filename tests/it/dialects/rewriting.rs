//! A stranger's file of 200 lines in every quoting style: random edits change the lines of the
//! edited names and no other byte.

use std::collections::{BTreeMap, BTreeSet};

use driftlock::model::VarName;
use driftlock::platforms::file::format::{Dialect, Edit, Reading, RewriteError};

use super::values::{Random, SEED};

/// Styles that every reader of the dialect takes, one statement each; `@` is the name.
fn styles(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Portable => &[
            "@=bare",
            "@='one two'",
            "@=\"it's\"",
            "@=",
            "@='a\nb'",
            "  @=1",
            "@='# no $comment'",
        ],
        Dialect::Compose => &[
            "@=bare # why",
            "export @=x",
            "@ = spaced",
            "@='$literal'",
            "@=\"a\\nb\"",
            "@=\"a\nb\"",
            "@=\"\\$x\"",
            "\t@=1",
            "@=",
        ],
        Dialect::Docker => &["@=it's \"raw\" # all", "  @=x", "@= led", "@=$HOME", "@="],
        Dialect::Systemd => &[
            "@=bare \\\n more",
            "@='a\nb' 'c'",
            "@=\"a\\\"b\" # kept",
            "  @ = x",
            "@=\"\\$x\"",
            "@=it's",
        ],
        Dialect::Shell => &[
            "@=bare # why",
            "export @='it'\\''s'",
            "@=\"a\nb\"",
            "@=a\\ b",
            "@='x'\"y\"z",
            "  @=1;",
            "@=\"\\$x\"",
            "@=",
        ],
        Dialect::Node => &[
            "@=bare # why",
            "export @='x y'",
            "@=`it's \"x\"`",
            "@=\"a\\nb\" # c",
            "@ = x",
            "@=with space",
            "@='a\nb'",
            "@=",
        ],
        Dialect::Python => &[
            "@=bare # why",
            "export @='it\\'s'",
            "@ = \"a\\nb\"",
            "@=\"a\nb\"  # c",
            "'@'=x",
            "@=with space",
            "  @=1",
            "@=",
        ],
    }
}

/// Such a file.
pub(crate) struct Strange {
    /// Each with its name, or `None` for a line that is nobody's.
    pieces: Vec<(Option<VarName>, String)>,
}

impl Strange {
    pub(crate) fn new(dialect: Dialect, random: &mut Random) -> Self {
        let mut pieces = vec![];
        let mut lines = 0;
        let end = if random.below(3) == 0 && !matches!(dialect, Dialect::Portable | Dialect::Shell)
        {
            "\r\n"
        } else {
            "\n"
        };
        while lines < 200 {
            let (name, text) = match random.below(6) {
                0 => (None, String::new()),
                1 => (None, "# it's a \"comment\" with `all` $quotes".to_owned()),
                _ => {
                    // now and then a name again
                    let name = format!("V{}", random.below(150));
                    let text = random.pick(styles(dialect)).replace('@', &name);
                    (Some(VarName::new(name).unwrap()), text)
                }
            };
            lines += 1 + text.matches('\n').count();
            pieces.push((name, text + end));
        }
        if random.below(2) == 0 {
            let last = &mut pieces.last_mut().expect("there are 200 lines").1;
            last.truncate(last.trim_end_matches(['\r', '\n']).len());
        }
        Self { pieces }
    }

    pub(crate) fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Holds that `new` is this file with nothing changed but lines of edited names, and lines added
    /// at the end.
    pub(crate) fn assert_kept(&self, new: &str, edits: &BTreeMap<VarName, Option<String>>) {
        let named = self.pieces.iter().enumerate();
        let last: BTreeMap<&VarName, usize> = named
            .filter_map(|(index, (name, _))| Some((name.as_ref()?, index)))
            .collect();
        let mut rest = new;
        for (index, (name, text)) in self.pieces.iter().enumerate() {
            let edit = name
                .as_ref()
                .and_then(|name| Some((name, edits.get(name)?)));
            rest = match edit {
                Some((_, None)) => rest,
                Some((name, Some(value))) if last[name] == index => {
                    let rest = comment_above(rest, text, value);
                    after_changed(rest, name, value)
                }
                _ => rest.strip_prefix(text.as_str()).unwrap_or_else(|| {
                    let found: String = rest.chars().take(80).collect();
                    panic!("piece {index} {text:?} is not where it was, but {found:?}")
                }),
            };
        }
        let missing_end = !rest.is_empty() && !self.text().ends_with('\n');
        let rest = if missing_end {
            rest.trim_start_matches(['\r', '\n'])
        } else {
            rest
        };
        let added = edits
            .iter()
            .filter(|(name, value)| value.is_some() && !last.contains_key(name));
        let lines: usize = added
            .map(|(_, value)| 1 + value.iter().map(|v| v.matches('\n').count()).sum::<usize>())
            .sum();
        assert_eq!(
            rest.matches('\n').count(),
            lines,
            "something else was added: {rest:?}"
        );
    }
}

/// A comment beside a value that is now empty stands on its own line above.
fn comment_above<'a>(rest: &'a str, old: &str, value: &str) -> &'a str {
    match old.rsplit_once('#') {
        Some((_, comment)) if value.is_empty() && rest.trim_start().starts_with('#') => {
            let (line, rest) = rest.split_once('\n').expect("there is a line below");
            assert_eq!(line.trim(), format!("#{comment}").trim());
            rest
        }
        _ => rest,
    }
}

/// What follows the changed line of `name`. Our own text of a value has as many lines as the value.
fn after_changed<'a>(rest: &'a str, name: &VarName, value: &str) -> &'a str {
    let mut end = 0;
    for _ in 0..=value.matches('\n').count() {
        end += rest[end..].find('\n').map_or(rest.len() - end, |at| at + 1);
    }
    assert!(
        rest[..end].contains(name.as_str()),
        "{name} is not on its line"
    );
    &rest[end..]
}

#[test]
fn a_strangers_file_changes_only_where_edited() {
    for dialect in Dialect::ALL {
        let mut random = Random::new(SEED);
        let (mut done, mut refused) = (0, 0);
        while done < 100 {
            let file = Strange::new(dialect, &mut random);
            let text = file.text();
            let document = dialect
                .parse(&text)
                .unwrap_or_else(|error| panic!("{dialect}: {error}"));
            let edits: BTreeMap<VarName, Option<String>> = (0..=random.below(8))
                .map(|_| {
                    let name = VarName::new(format!("V{}", random.below(160))).unwrap();
                    let mut value = random.value();
                    if dialect == Dialect::Python {
                        value = value.replace(['\n', '\r'], ""); // written as escapes, on one line
                    }
                    (name, (random.below(4) > 0).then_some(value))
                })
                .filter(|(name, value)| {
                    // an edit to what is there touches nothing
                    document.value(name) != value.clone().map(Reading::Value)
                })
                .collect();
            let list: Vec<Edit<'_>> = edits
                .iter()
                .map(|(name, value)| Edit {
                    name: name.clone(),
                    value: value.as_deref(),
                })
                .collect();
            match document.rewrite(&list) {
                Ok(new) => {
                    check(dialect, &file, &text, &new, &edits);
                    done += 1;
                }
                Err(RewriteError::Unrepresentable(_)) => refused += 1,
                Err(error) if dialect == Dialect::Node => {
                    assert!(error.to_string().contains("read"), "{error}");
                    refused += 1;
                }
                Err(error) => panic!("{dialect}: {error}\n{text}\n{list:?}"),
            }
        }
        println!("{dialect}: {done} rewrites kept every other byte, {refused} were refused");
    }
}

fn check(
    dialect: Dialect,
    file: &Strange,
    text: &str,
    new: &str,
    edits: &BTreeMap<VarName, Option<String>>,
) {
    file.assert_kept(new, edits);
    let (before, after) = (dialect.parse(text).unwrap(), dialect.parse(new).unwrap());
    for (name, value) in edits {
        assert_eq!(
            after.value(name),
            value.clone().map(Reading::Value),
            "{dialect} {name}"
        );
    }
    let names: BTreeSet<_> = before
        .values()
        .into_keys()
        .chain(after.values().into_keys())
        .collect();
    for name in names.iter().filter(|name| !edits.contains_key(*name)) {
        assert_eq!(before.value(name), after.value(name), "{dialect} {name}");
    }
}
