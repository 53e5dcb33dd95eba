//! GitLab's code quality report: a subset of what Code Climate defined.

use std::fmt::{self, Write};

use serde_json::{Value, json};

use super::{Checked, clean, is_error};
use crate::render::json::render_json;

/// Writes the report, an array.
pub fn render_code_quality(out: &mut dyn Write, checked: &Checked) -> fmt::Result {
    let one = |(file, finding, name): (
        &super::CheckedFile,
        &crate::model::Finding,
        super::identity::Identity,
    )|
     -> Value {
        let diagnostic = &finding.diagnostic;
        json!({
            "description": clean(&diagnostic.message),
            "check_name": format!("driftlock/{}/{}", finding.kind.word(), diagnostic.code),
            "fingerprint": name.whole(),
            "severity": if is_error(finding) { "critical" } else { "minor" },
            "location": {
                // the widget finds the file by this, so it is the path as it is
                "path": file.place.text(),
                "lines": { "begin": diagnostic.position.line.max(1) },
            },
        })
    };
    let all: Vec<Value> = checked.named().into_iter().map(one).collect();
    render_json(out, &all)
}
