//! From lists of what happened in an environment to who changed one variable of it. Pure.
//!
//! The lists do not say which variables an entry is about (what would say it may hold values), so an
//! entry counts for a variable by its time: the one of the variable's own time stamp, or the only one
//! since our last apply.

use jiff::{SignedDuration, Timestamp};

use super::wire::{AuditNode, PatchNode};
use crate::model::{CommitMessage, Who};

/// A commit and the time stamps of its variables are made by different parts of Railway.
const TOGETHER: SignedDuration = SignedDuration::from_secs(5);

/// So close to the record of our last apply, an apply of driftlock is that one.
const OWN: SignedDuration = SignedDuration::from_secs(60);

/// So many authors are named.
const NAMED: usize = 4;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) by: Option<String>,
    /// What it says of itself, where that is what an apply of ours says.
    pub(super) message: Option<CommitMessage>,
}

/// What happened, as one of Railway's lists tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Log {
    /// `Railway's list of commits`.
    pub(super) name: &'static str,
    /// What an entry is called.
    pub(super) thing: &'static str,
    pub(super) entries: Vec<Entry>,
    /// From when on it was read whole; `None` where that is from its beginning.
    pub(super) from: Option<Timestamp>,
}

/// When a variable was changed, as far as that is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// When our last apply of it was recorded, perhaps by another clock; `None` where it never was ours.
    pub(super) after: Option<Timestamp>,
    /// The variable's own time stamp; `None` where it is gone, or as we left it.
    pub(super) at: Option<Timestamp>,
}

impl Entry {
    /// A commit that took effect.
    pub(super) fn of_patch(node: PatchNode) -> Option<Self> {
        (node.status == "COMMITTED").then_some(())?;
        Some(Self {
            at: node.applied_at?,
            by: node.applied_by,
            message: node.message,
        })
    }

    /// An entry that is about variables, as far as its kind tells. The kinds are not documented.
    pub(super) fn of_audit(node: AuditNode) -> Option<Self> {
        let kind = node.event_type.to_ascii_lowercase();
        (kind.contains("variable") || kind.contains("patch")).then_some(())?;
        Some(Self {
            at: node.created_at?,
            by: node.actor,
            message: None,
        })
    }

    /// The author as a text: Railway's word before the one of the entry itself.
    fn author(&self) -> Option<String> {
        let said = self.message.as_ref().map(|message| message.who.clone());
        self.by.clone().or(said)
    }
}

impl Log {
    /// Who it was, or why this list does not say it. An author that is not known may still have a time.
    pub(super) fn find(&self, window: Window) -> Result<Who, String> {
        match window.at {
            Some(at) if !self.is_own(at, window.after) => self.find_at(at),
            Some(_) | None => self.find_since(window.after),
        }
    }

    /// Whether the moment is the one of our own last apply: then the time stamp did not move since.
    fn is_own(&self, at: Timestamp, after: Option<Timestamp>) -> bool {
        let mut beside = self.beside(at).peekable();
        beside.peek().is_some() && beside.all(|entry| is_last_apply(entry, after))
    }

    fn beside(&self, at: Timestamp) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.iter();
        entries.filter(move |entry| entry.at.duration_since(at).abs() <= TOGETHER)
    }

    /// The variable says itself when.
    fn find_at(&self, at: Timestamp) -> Result<Who, String> {
        let found: Vec<&Entry> = self.beside(at).collect();
        if found.is_empty() {
            let (name, thing) = (self.name, self.thing);
            let reaches = self.from.is_none_or(|from| from < at);
            return Err(if reaches {
                format!("{name} has no {thing} of that moment")
            } else {
                format!("{name} is longer than what is read of it")
            });
        }
        Ok(self.of(&found, at, String::new()))
    }

    /// It is gone, or its time stamp tells nothing.
    fn find_since(&self, after: Option<Timestamp>) -> Result<Who, String> {
        let (name, thing) = (self.name, self.thing);
        let Some(after) = after else {
            return Err(format!("{name} does not say when it was changed"));
        };
        if self.from.is_some_and(|from| from > after) {
            return Err(format!("{name} is longer than what is read of it"));
        }
        let later = |entry: &&Entry| entry.at > after && !is_last_apply(entry, Some(after));
        let found: Vec<&Entry> = self.entries.iter().filter(later).collect();
        let Some(last) = found.iter().map(|entry| entry.at).max() else {
            return Err(format!("{name} has no {thing} since our last apply"));
        };
        let day = last.strftime("%Y-%m-%d %H:%M UTC");
        let which = match found.len() {
            1 => format!(", with one {thing} since our last apply, of {day}"),
            count => format!(", with {count} since our last apply, the last one of {day}"),
        };
        let who = self.of(&found, last, which);
        // that one of them was about this variable is likely, and no more
        Ok(Who {
            by: who.by.map(|by| format!("perhaps {by}")),
            at: None,
            ours: false,
            source: who.source,
        })
    }

    /// At least one entry; `which` follows the name of the list.
    fn of(&self, found: &[&Entry], at: Timestamp, which: String) -> Who {
        let mut authors: Vec<Option<String>> = found.iter().map(|entry| entry.author()).collect();
        authors.sort();
        authors.dedup();
        let name = self.name;
        let by = match authors.as_slice() {
            [only] => only.clone(),
            several => Some(one_of(several)),
        };
        let ours = found.iter().all(|entry| entry.message.is_some());
        let source = match (found, &by) {
            ([only], _) if ours => format!("{}{which}", self.ours(only)),
            (_, None) => format!("{name} names no author of it{which}"),
            _ => format!("{name}{which}"),
        };
        Who {
            by,
            at: Some(at),
            ours,
            source,
        }
    }

    /// A text of ours is only what its writer says.
    fn ours(&self, entry: &Entry) -> String {
        let (name, thing) = (self.name, self.thing);
        let Some(said) = &entry.message else {
            return name.to_owned();
        };
        format!(
            "the text of the {thing} in {name} (manifest {}, plan {}, by {}), which anybody who may \
             write there can write",
            said.manifest, said.plan, said.who
        )
    }
}

/// Whether it says that it was an apply, at the time of our own last one.
fn is_last_apply(entry: &Entry, after: Option<Timestamp>) -> bool {
    let near = |after: Timestamp| entry.at.duration_since(after).abs() <= OWN;
    entry.message.is_some() && after.is_some_and(near)
}

/// `one of: Ada, Grace`; those who are not named count too.
fn one_of(authors: &[Option<String>]) -> String {
    let named: Vec<&str> = authors.iter().flatten().map(String::as_str).collect();
    let mut text = format!("one of: {}", named[..named.len().min(NAMED)].join(", "));
    if named.len() > NAMED {
        text.push_str(&format!(" and {} more", named.len() - NAMED));
    }
    if named.len() < authors.len() {
        text.push_str(", or somebody who is not named");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: &str = "2026-03-02T12:00:00Z";

    fn after(seconds: i64) -> Timestamp {
        let base: Timestamp = T.parse().unwrap();
        base + SignedDuration::from_secs(seconds)
    }

    fn entry(seconds: i64, by: &str) -> Entry {
        Entry {
            at: after(seconds),
            by: (!by.is_empty()).then(|| by.to_owned()),
            message: None,
        }
    }

    fn ours(seconds: i64, by: &str) -> Entry {
        let text = "driftlock: dev, plan 3fa9c1d2ab12, by ops@mini";
        Entry {
            message: CommitMessage::parse(text),
            ..entry(seconds, by)
        }
    }

    fn log(entries: Vec<Entry>) -> Log {
        Log {
            name: "the list",
            thing: "commit",
            entries,
            from: None,
        }
    }

    /// Our last apply was at 0.
    fn window(at: Option<i64>) -> Window {
        Window {
            after: Some(after(0)),
            at: at.map(after),
        }
    }

    fn says(log: &Log, window: Window) -> String {
        match log.find(window) {
            Ok(who) => who.words(Some(after(7_200))),
            Err(why) => why,
        }
    }

    #[test]
    fn the_variables_own_time_stamp_decides() {
        let list = log(vec![entry(100, "Ada"), entry(200, "Grace"), ours(0, "Ada")]);
        assert_eq!(
            says(&list, window(Some(199))),
            "changed 116 min ago by Grace, says the list"
        );
        assert_eq!(
            says(&list, window(Some(150))),
            "the list has no commit of that moment"
        );
        // five seconds, no more
        assert_eq!(
            list.find(window(Some(105))).unwrap().by.as_deref(),
            Some("Ada")
        );
        assert!(list.find(window(Some(106))).is_err());
        // it never was ours: any time counts
        let never = Window {
            after: None,
            at: Some(after(-7)),
        };
        let early = log(vec![entry(-10, "Ada")]);
        assert_eq!(early.find(never).unwrap().by.as_deref(), Some("Ada"));
    }

    #[test]
    fn several_of_one_moment_are_all_named() {
        let list = log(vec![entry(10, "Grace"), entry(11, "Ada"), entry(12, "Ada")]);
        assert_eq!(
            list.find(window(Some(11))).unwrap().by.as_deref(),
            Some("one of: Ada, Grace")
        );
        let unnamed = log(vec![entry(10, "Grace"), entry(11, "")]);
        let who = unnamed.find(window(Some(11))).unwrap();
        assert_eq!(
            who.by.as_deref(),
            Some("one of: Grace, or somebody who is not named")
        );
        let many = log((0..6).map(|n| entry(n, &format!("p{n}"))).collect());
        let who = many.find(window(Some(2))).unwrap();
        assert_eq!(who.by.as_deref(), Some("one of: p0, p1, p2, p3 and 2 more"));
    }

    #[test]
    fn what_is_gone_has_the_only_commit_since_or_all_of_them() {
        let one = log(vec![entry(-50, "Eve"), ours(3, "Ada"), entry(300, "Ada")]);
        assert_eq!(
            says(&one, window(None)),
            "changed by perhaps Ada, says the list, with one commit since our last apply, of 2026-03-02 12:05 UTC"
        );
        let two = log(vec![entry(300, "Ada"), entry(400, "Grace")]);
        let who = two.find(window(None)).unwrap();
        assert_eq!(who.at, None, "which of them is not known");
        let other = log(vec![ours(300, "Ada")]).find(window(None)).unwrap();
        assert!(!other.ours, "that it was this one is not known: {other:?}");
        assert!(other.source.contains("by ops@mini"), "{other:?}");
        assert_eq!(
            says(&two, window(None)),
            "changed by perhaps one of: Ada, Grace, says the list, with 2 since our last apply, the last one of 2026-03-02 12:06 UTC"
        );
        assert_eq!(
            says(&log(vec![ours(3, "Ada")]), window(None)),
            "the list has no commit since our last apply"
        );
        // a clock of ours that is ahead does not hide what the variable says itself
        let ahead = Window {
            after: Some(after(9_000)),
            at: Some(after(300)),
        };
        assert_eq!(one.find(ahead).unwrap().by.as_deref(), Some("Ada"));
        // a time stamp that did not move tells nothing
        assert!(says(&one, window(Some(0))).contains("with one commit since"));
        assert_eq!(
            says(&one, Window::default()),
            "the list does not say when it was changed"
        );
    }

    #[test]
    fn a_text_of_ours_is_what_its_writer_says() {
        let who = log(vec![ours(500, "Ada")]).find(window(Some(500))).unwrap();
        assert!(who.ours);
        assert_eq!(who.by.as_deref(), Some("Ada"), "Railway's word comes first");
        assert_eq!(
            who.source,
            "the text of the commit in the list (manifest dev, plan 3fa9c1d2ab12, by ops@mini), \
             which anybody who may write there can write"
        );
        let who = log(vec![ours(500, "")]).find(window(Some(500))).unwrap();
        assert_eq!(who.by.as_deref(), Some("ops@mini"));
        // one of two is not ours
        let mixed = log(vec![ours(500, "Ada"), entry(501, "Grace")]);
        assert!(!mixed.find(window(Some(500))).unwrap().ours);
    }

    #[test]
    fn a_list_that_was_not_read_to_the_end_proves_no_absence() {
        let short = Log {
            from: Some(after(100)),
            ..log(vec![entry(100, "Ada"), entry(200, "Grace")])
        };
        let long = "the list is longer than what is read of it";
        assert_eq!(says(&short, window(Some(50))), long);
        assert_eq!(says(&short, window(None)), long);
        assert_eq!(
            says(&short, window(Some(150))),
            "the list has no commit of that moment"
        );
    }

    #[test]
    fn an_author_that_is_not_named_leaves_the_time() {
        let who = log(vec![entry(10, "")]).find(window(Some(10))).unwrap();
        assert_eq!((who.by.as_ref(), who.at), (None, Some(after(10))));
        assert_eq!(who.source, "the list names no author of it");
    }

    #[test]
    fn only_what_took_effect_and_is_about_variables_counts() {
        let patch = |status: &str, at| PatchNode {
            applied_at: at,
            status: status.to_owned(),
            message: None,
            applied_by: None,
        };
        assert!(Entry::of_patch(patch("COMMITTED", Some(after(0)))).is_some());
        assert!(Entry::of_patch(patch("STAGED", Some(after(0)))).is_none());
        assert!(Entry::of_patch(patch("COMMITTED", None)).is_none());
        let audit = |kind: &str| AuditNode {
            created_at: Some(after(0)),
            event_type: kind.to_owned(),
            actor: None,
        };
        assert!(Entry::of_audit(audit("VariableUpdated")).is_some());
        assert!(Entry::of_audit(audit("environment.patch.commit")).is_some());
        assert!(Entry::of_audit(audit("deployment.created")).is_none());
    }
}
