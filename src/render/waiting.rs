//! Edits that somebody staged on a platform and did not put in force. All targets of one environment
//! see the same ones, so they are said once, with the targets they were seen from.

use crate::plan::TargetPlan;

/// The same drafts, seen from these targets.
pub(super) struct Waiting<'p> {
    /// What waits, each part in words.
    pub(super) drafts: &'p [String],
    targets: Vec<&'p str>,
}

/// What waits, in the order of the first target that sees it.
pub(super) fn waiting<'p>(targets: impl IntoIterator<Item = &'p TargetPlan>) -> Vec<Waiting<'p>> {
    let mut all: Vec<Waiting<'p>> = vec![];
    for target in targets {
        let name = target.target.as_str();
        if target.drafts.is_empty() {
            continue;
        }
        match all.iter_mut().find(|known| known.drafts == target.drafts) {
            Some(known) => known.targets.push(name),
            None => all.push(Waiting {
                drafts: &target.drafts,
                targets: vec![name],
            }),
        }
    }
    all
}

impl Waiting<'_> {
    /// `api, web and 48 more`.
    pub(super) fn seen_from(&self) -> String {
        const SHOWN: usize = 3;
        let (shown, more) = self.targets.split_at(self.targets.len().min(SHOWN));
        let mut text = shown.join(", ");
        if !more.is_empty() {
            text.push_str(&format!(" and {} more", more.len()));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn what_many_targets_see_is_said_once() {
        let seen = |name: &str, drafts: &[&str]| {
            let mut target = samples::target(name, "a/b/c", vec![]);
            target.drafts = drafts.iter().map(|&draft| draft.to_owned()).collect();
            target
        };
        let targets = [
            seen("a", &["x: A"]),
            seen("b", &["y: B"]),
            seen("c", &["x: A"]),
            seen("d", &[]),
            seen("e", &["x: A"]),
            seen("f", &["x: A"]),
        ];
        let all = waiting(&targets);
        let told: Vec<(&[String], String)> = all
            .iter()
            .map(|one| (one.drafts, one.seen_from()))
            .collect();
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].1, "a, c, e and 1 more");
        assert_eq!(told[1].1, "b");
    }
}
