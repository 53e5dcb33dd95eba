//! Comments, and which of them is ours.

use super::text::{self, Text};

/// A comment of a pull request, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment {
    /// Grows with time on both forges.
    pub(super) id: u64,
    /// None where the account is gone.
    pub(super) author: Option<Author>,
    pub(super) body: String,
    /// Its page, where the forge says it.
    pub(super) page: Option<String>,
}

/// Who wrote it: the login on GitHub, where `[bot]` ends the names of apps and of no person; the
/// number of the user on GitLab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Author(pub(super) String);

/// Some of the comments.
pub(super) struct Page {
    pub(super) comments: Vec<Comment>,
    /// The number of the next page, if there is one.
    pub(super) next: Option<u32>,
}

impl Comment {
    /// Whether it begins with the marker of this text.
    pub(super) fn is_marked(&self, text: &Text) -> bool {
        text::marker(&text::normal(&self.body)) == Some(text.marker())
    }

    /// Whether it says this already.
    pub(super) fn says(&self, body: &str) -> bool {
        text::normal(&self.body) == body
    }
}

/// The newest of ours, and how many more there are.
///
/// The newest, as it stands lowest and is what a reader takes for the last word: an older one that
/// was brought up to date would leave a stale one below it.
pub(super) fn newest(marked: Vec<Comment>, me: &Author) -> Option<(Comment, usize)> {
    let mut ours: Vec<Comment> = marked
        .into_iter()
        .filter(|comment| comment.author.as_ref() == Some(me))
        .collect();
    ours.sort_by_key(|comment| comment.id);
    ours.dedup_by_key(|comment| comment.id);
    let newest = ours.pop()?;
    Some((newest, ours.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(id: u64, author: &str, body: &str) -> Comment {
        Comment {
            id,
            author: (!author.is_empty()).then(|| Author(author.to_owned())),
            body: body.to_owned(),
            page: None,
        }
    }

    #[test]
    fn a_comment_is_ours_by_its_first_line_and_its_author() {
        let text = Text::parse("<!-- driftlock:plan dev -->\nnew").unwrap();
        let marked = |body: &str| comment(1, "me", body).is_marked(&text);
        assert!(marked("<!-- driftlock:plan dev -->\r\nold"));
        for other in [
            "<!-- driftlock:plan dev2 -->\nold",
            "<!-- driftlock:diff dev -->\nold",
            "> <!-- driftlock:plan dev -->",
            "see:\n<!-- driftlock:plan dev -->",
            "<!-- driftlock:plan dev --> and more",
            "",
        ] {
            assert!(!marked(other), "{other}");
        }
        let all = ["me", "stranger", "me", "", "stranger"];
        let all = (1..).zip(all).map(|(id, author)| comment(id, author, "x"));
        let (newest, older) = newest(all.collect(), &Author("me".into())).unwrap();
        assert_eq!((newest.id, older), (3, 1));
    }

    #[test]
    fn a_comment_seen_on_two_pages_is_one() {
        let twice = vec![comment(5, "me", "x"), comment(5, "me", "x")];
        assert_eq!(newest(twice, &Author("me".into())).unwrap().1, 0);
        assert!(newest(vec![comment(5, "", "x")], &Author("me".into())).is_none());
    }
}
