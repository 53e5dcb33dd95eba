//! GitLab's REST API, version 4. Sources: docs.gitlab.com, "Notes API", "Commits API", "Merge requests
//! API", "REST API: pagination".

use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;

use super::comment::{Author, Comment, Page};
use super::dialect::{self, Call, Dialect};
use super::endpoint::Endpoint;
use super::publish::{State, Status};
use super::{Kind, Repository, Unfit};
use crate::model::SecretValue;
use crate::platforms::http::Response;

/// "Limited to 1,000,000 characters."
const LONGEST_BODY: usize = 1_000_000;
/// "Must be 255 characters or fewer", of description and of target URL.
const LONGEST_DESCRIPTION: usize = 255;

pub(super) struct GitLab {
    pub(super) endpoint: Endpoint,
    pub(super) repository: Repository,
    /// The project's page, for links to comments: an answer has none.
    pub(super) page: Option<String>,
}

#[derive(Deserialize)]
struct Note {
    id: u64,
    body: String,
    author: Option<User>,
    /// Written by GitLab itself: "changed the description".
    #[serde(default)]
    system: bool,
    /// The number of the merge request.
    noteable_iid: Option<u64>,
}

#[derive(Deserialize)]
struct User {
    id: u64,
}

#[derive(Deserialize)]
struct MergeRequest {
    iid: u64,
    sha: Option<String>,
    state: String,
    merge_commit_sha: Option<String>,
    squash_commit_sha: Option<String>,
    source_project_id: Option<u64>,
    target_project_id: Option<u64>,
}

impl MergeRequest {
    fn came_in_by(&self, commit: &str) -> bool {
        let shas = [&self.merge_commit_sha, &self.squash_commit_sha, &self.sha];
        self.state == "merged" && shas.iter().any(|sha| sha.as_deref() == Some(commit))
    }

    /// Anybody may open one from a fork that ends in the same commit.
    fn ends_in(&self, commit: &str) -> bool {
        self.state == "opened"
            && self.sha.as_deref() == Some(commit)
            && self.source_project_id.is_some()
            && self.source_project_id == self.target_project_id
    }
}

impl GitLab {
    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> reqwest::Url {
        let all = [&["projects", self.repository.as_str()], segments].concat();
        self.endpoint.url(&all, query)
    }

    fn comment(&self, note: Note) -> Comment {
        let page = self.page.as_ref().zip(note.noteable_iid);
        Comment {
            id: note.id,
            page: page.map(|(page, iid)| format!("{page}/-/merge_requests/{iid}#note_{}", note.id)),
            author: note.author.map(|user| Author(user.id.to_string())),
            body: note.body,
        }
    }
}

impl Dialect for GitLab {
    fn kind(&self) -> Kind {
        Kind::GitLab
    }

    fn repository(&self) -> &Repository {
        &self.repository
    }

    fn credential(&self, token: &SecretValue) -> Option<(HeaderName, HeaderValue)> {
        let value = HeaderValue::from_str(token.expose()).ok()?;
        Some((HeaderName::from_static("private-token"), value))
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        vec![(ACCEPT, HeaderValue::from_static("application/json"))]
    }

    fn longest_body(&self) -> usize {
        LONGEST_BODY
    }

    fn longest_description(&self) -> usize {
        LONGEST_DESCRIPTION
    }

    /// A line that begins with a slash is a quick action: `/merge` merges, as the token's owner. A
    /// backslash before it is not shown, except in a code block.
    fn guarded(&self, text: &str) -> String {
        let guarded = text.split_inclusive('\n').map(|line| {
            let rest = line.trim_start();
            let indent = &line[..line.len() - rest.len()];
            let slash = if rest.starts_with('/') { "\\" } else { "" };
            format!("{indent}{slash}{rest}")
        });
        guarded.collect()
    }

    fn list(&self, pull: u64, page: u32, size: u32) -> Call {
        let (pull, page, size) = (pull.to_string(), page.to_string(), size.to_string());
        let query = [
            // what is written meanwhile comes after the last page, and moves nothing
            ("sort", "asc"),
            ("order_by", "created_at"),
            ("per_page", &size),
            ("page", &page),
        ];
        let url = self.url(&["merge_requests", &pull, "notes"], &query);
        Call::get(url, "list the comments")
    }

    fn read_page(&self, answer: &Response, page: u32, _size: u32) -> Result<Page, Unfit> {
        let notes: Vec<Note> = dialect::json(answer)?;
        // a page may be short and not the last: what the user may not see is taken out of it
        let next = match answer.header("x-next-page").map(str::trim) {
            Some("") => None,
            Some(number) => {
                let number = number.parse().ok().filter(|number| *number > page);
                Some(number.ok_or(Unfit::Page)?)
            }
            None => return Err(Unfit::Page),
        };
        let notes = notes.into_iter().filter(|note| !note.system);
        Ok(Page {
            comments: notes.map(|note| self.comment(note)).collect(),
            next,
        })
    }

    fn ask_who(&self) -> Call {
        Call::get(self.endpoint.url(&["user"], &[]), "ask whose token it is")
    }

    fn read_who(&self, answer: &Response) -> Result<Author, Unfit> {
        dialect::json::<User>(answer).map(|user| Author(user.id.to_string()))
    }

    fn create(&self, pull: u64, body: &str) -> Call {
        let url = self.url(&["merge_requests", &pull.to_string(), "notes"], &[]);
        Call::with_body(
            Method::POST,
            url,
            json!({ "body": body }),
            "post the comment",
        )
    }

    fn update(&self, pull: u64, comment: u64, body: &str) -> Call {
        let (pull, comment) = (pull.to_string(), comment.to_string());
        let url = self.url(&["merge_requests", &pull, "notes", &comment], &[]);
        Call::with_body(
            Method::PUT,
            url,
            json!({ "body": body }),
            "update the comment",
        )
    }

    fn read_comment(&self, answer: &Response) -> Result<Comment, Unfit> {
        dialect::json(answer).map(|note| self.comment(note))
    }

    fn ask_head(&self, pull: u64) -> Call {
        let url = self.url(&["merge_requests", &pull.to_string()], &[]);
        Call::get(url, "look up the last commit")
    }

    fn read_head(&self, answer: &Response) -> Result<String, Unfit> {
        let request: MergeRequest = dialect::json(answer)?;
        request.sha.ok_or(Unfit::Nothing)
    }

    fn ask_pulls(&self, commit: &str) -> Call {
        let url = self.url(&["repository", "commits", commit, "merge_requests"], &[]);
        Call::get(url, "look up the merge request of the commit")
    }

    fn read_pulls(&self, answer: &Response, commit: &str) -> Result<Option<u64>, Unfit> {
        let requests: Vec<MergeRequest> = dialect::json(answer)?;
        let found = requests.iter().find(|one| one.came_in_by(commit));
        let found = found.or_else(|| requests.iter().find(|one| one.ends_in(commit)));
        Ok(found.map(|one| one.iid))
    }

    fn set_status(&self, status: &Status) -> Call {
        let url = self.url(&["statuses", &status.commit], &[]);
        let state = match status.state {
            State::Success => "success",
            State::Failure | State::Error => "failed",
            State::Pending => "pending",
        };
        let mut body = json!({
            "state": state,
            "name": status.context,
            "description": status.description,
        });
        let short = |link: &&String| link.chars().count() <= LONGEST_DESCRIPTION;
        if let Some(link) = status.link.as_ref().filter(short) {
            body["target_url"] = json!(link);
        }
        Call::with_body(Method::POST, url, body, "set the status")
    }

    /// A status that waits cannot begin to wait again: "Cannot transition status via :enqueue from
    /// :pending".
    fn is_set_already(&self, status: &Status, message: &str) -> bool {
        status.state == State::Pending
            && message.contains("cannot transition status")
            && message.contains("from :pending")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_a_quick_action() {
        let gitlab = GitLab {
            endpoint: Endpoint::new(Kind::GitLab, None).unwrap(),
            repository: Repository::new(Kind::GitLab, "g/r").unwrap(),
            page: None,
        };
        assert_eq!(
            gitlab.guarded("<!-- m -->\n/merge\n  /close\n- /x\na /b\r\n\n\n/approve"),
            "<!-- m -->\n\\/merge\n  \\/close\n- /x\na /b\r\n\n\n\\/approve"
        );
        let twice = gitlab.guarded("\\/merge");
        assert_eq!(gitlab.guarded(&twice), twice);
    }
}
