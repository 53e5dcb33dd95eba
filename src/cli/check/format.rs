//! The formats of reports, as the command line names them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::render::report::{
    Checked, MAX_SUMMARY_BYTES, render_annotations, render_code_quality, render_junit,
    render_sarif, render_summary,
};

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Junit,
    Sarif,
    CodeQuality,
    Annotations,
    Summary,
}

impl Format {
    const ALL: [Self; 5] = [
        Self::Junit,
        Self::Sarif,
        Self::CodeQuality,
        Self::Annotations,
        Self::Summary,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::CodeQuality => "code-quality",
            Self::Annotations => "annotations",
            Self::Summary => "summary",
        }
    }

    pub(super) fn render(self, out: &mut dyn fmt::Write, checked: &Checked) -> fmt::Result {
        match self {
            Self::Junit => render_junit(out, checked),
            Self::Sarif => render_sarif(out, checked, env!("CARGO_PKG_VERSION")),
            Self::CodeQuality => render_code_quality(out, checked),
            Self::Annotations => render_annotations(out, checked),
            Self::Summary => render_summary(out, checked, MAX_SUMMARY_BYTES),
        }
    }

    /// Whether a file that begins like this is a report of this format, so that it may be replaced.
    pub(super) fn is_report(self, begin: &str) -> bool {
        let begin = begin.trim_start();
        begin.is_empty()
            || match self {
                Self::Junit => begin.contains("<testsuite"),
                Self::Sarif => begin.starts_with('{') && begin.contains("sarif"),
                Self::CodeQuality => {
                    begin.trim_end() == "[]"
                        || (begin.starts_with('[') && begin.contains("\"fingerprint\""))
                }
                Self::Annotations => begin.starts_with("::"),
                Self::Summary => begin.starts_with("### driftlock check"),
            }
    }
}

/// What a `--report` says: `FORMAT` or `FORMAT=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) format: Format,
    pub(super) file: Option<PathBuf>,
}

impl FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, file) = match text.split_once('=') {
            Some((word, file)) => (word, Some(file)),
            None => (text, None),
        };
        if file == Some("") {
            return Err("no file is named behind the `=`".to_owned());
        }
        let format = Format::ALL.into_iter().find(|one| one.word() == word);
        let format = format.ok_or_else(|| {
            let words = Format::ALL.map(Format::word).join(", ");
            format!("the formats are {words}")
        })?;
        let file = file.map(PathBuf::from);
        Ok(Self { format, file })
    }
}
