//! The lines of `.gitattributes` that say which files are manifests.

/// What a folder's lines begin with: its path as a pattern.
fn pattern(folder: &str, file: &str) -> String {
    // what means something in a pattern stands for itself
    let mut out = String::new();
    for c in folder.chars() {
        if "*?[]\\!#".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    let path = match folder {
        "" => format!("/{file}"),
        _ => format!("{out}/{file}"),
    };
    let plain = |c: char| !(c.is_whitespace() || c == '"' || c.is_control());
    if path.chars().all(plain) {
        return path;
    }
    let mut quoted = String::from("\"");
    for c in path.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The lines for the manifests of one folder, whose path from the top has `/` between its parts. The
/// limits of a folder lie among its manifests, and are an ordinary file.
fn lines_for(folder: &str) -> [String; 3] {
    let ours = |file| format!("{} diff=driftlock merge=driftlock", pattern(folder, file));
    [
        ours("*.yaml"),
        ours("*.yml"),
        format!("{} !diff !merge", pattern(folder, "rails.yaml")),
    ]
}

/// Puts in what is missing, behind what is there.
pub(super) fn with_folders(text: &str, folders: &[String]) -> String {
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = text.to_owned();
    for line in folders.iter().flat_map(|folder| lines_for(folder)) {
        if out.lines().any(|known| known.trim_end() == line) {
            continue;
        }
        if !(out.is_empty() || out.ends_with('\n')) {
            out.push_str(line_end);
        }
        out.push_str(&line);
        out.push_str(line_end);
    }
    out
}

/// Takes out every line of ours, whatever folder it is for.
pub(super) fn without(text: &str) -> String {
    let pairs: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            line.trim_end()
                .strip_suffix("/*.yaml diff=driftlock merge=driftlock")
                .or_else(|| {
                    line.trim_end()
                        .strip_suffix("/*.yaml\" diff=driftlock merge=driftlock")
                })
        })
        .collect();
    let is_ours = |line: &str| {
        let line = line.trim_end();
        line.ends_with(" diff=driftlock merge=driftlock")
            || pairs.iter().any(|folder| {
                line == format!("{folder}/rails.yaml !diff !merge")
                    || line == format!("{folder}/rails.yaml\" !diff !merge")
            })
    };
    text.split_inclusive('\n')
        .filter(|line| !is_ours(line))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_once_and_go_without_a_trace() {
        let before = "*.png binary\n# end";
        let folders = ["manifests".to_owned(), "a b/[x]".to_owned(), String::new()];
        let with = with_folders(before, &folders);
        assert_eq!(
            with,
            "*.png binary\n# end\n\
             manifests/*.yaml diff=driftlock merge=driftlock\n\
             manifests/*.yml diff=driftlock merge=driftlock\n\
             manifests/rails.yaml !diff !merge\n\
             \"a b/\\\\[x\\\\]/*.yaml\" diff=driftlock merge=driftlock\n\
             \"a b/\\\\[x\\\\]/*.yml\" diff=driftlock merge=driftlock\n\
             \"a b/\\\\[x\\\\]/rails.yaml\" !diff !merge\n\
             /*.yaml diff=driftlock merge=driftlock\n\
             /*.yml diff=driftlock merge=driftlock\n\
             /rails.yaml !diff !merge\n"
        );
        assert_eq!(with_folders(&with, &folders), with);
        assert_eq!(without(&with), "*.png binary\n# end\n");
        assert_eq!(
            without("x/rails.yaml !diff !merge\n"),
            "x/rails.yaml !diff !merge\n"
        );
    }
}
