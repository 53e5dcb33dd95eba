//! GitHub's REST API. Sources: docs.github.com, "REST API endpoints for issue comments", "… for commit
//! statuses", "Using pagination in the REST API"; the shapes are those of github/rest-api-description.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;

use super::comment::{Author, Comment, Page};
use super::dialect::{self, Call, Dialect};
use super::endpoint::Endpoint;
use super::publish::{State, Status};
use super::{Kind, Repository, Unfit};
use crate::model::SecretValue;
use crate::platforms::http::Response;

/// What GitHub's own error says. It was seen to take 262,144 bytes, which is never less than that.
const LONGEST_BODY: usize = 65_536;
/// Source: the same documentation; more is refused.
const LONGEST_DESCRIPTION: usize = 140;

pub(super) struct GitHub {
    pub(super) endpoint: Endpoint,
    pub(super) repository: Repository,
}

#[derive(Deserialize)]
struct IssueComment {
    id: u64,
    /// Left out for other media types than ours.
    #[serde(default)]
    body: String,
    user: Option<User>,
    html_url: String,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

impl From<IssueComment> for Comment {
    fn from(one: IssueComment) -> Self {
        Self {
            id: one.id,
            author: one.user.map(|user| Author(user.login)),
            body: one.body,
            page: Some(one.html_url),
        }
    }
}

#[derive(Deserialize)]
struct PullRequest {
    number: u64,
    head: Side,
    base: Side,
    merged_at: Option<String>,
    merge_commit_sha: Option<String>,
}

#[derive(Deserialize)]
struct Side {
    sha: String,
    repo: Option<Repo>,
}

#[derive(PartialEq, Eq, Deserialize)]
struct Repo {
    id: u64,
}

impl GitHub {
    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> reqwest::Url {
        let (owner, name) = self.repository.halves();
        let all = [&["repos", owner, name], segments].concat();
        self.endpoint.url(&all, query)
    }
}

impl Dialect for GitHub {
    fn kind(&self) -> Kind {
        Kind::GitHub
    }

    fn repository(&self) -> &Repository {
        &self.repository
    }

    fn credential(&self, token: &SecretValue) -> Option<(HeaderName, HeaderValue)> {
        let value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).ok()?;
        Some((AUTHORIZATION, value))
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        vec![
            (
                ACCEPT,
                HeaderValue::from_static("application/vnd.github+json"),
            ),
            (
                HeaderName::from_static("x-github-api-version"),
                HeaderValue::from_static("2022-11-28"),
            ),
        ]
    }

    fn longest_body(&self) -> usize {
        LONGEST_BODY
    }

    fn longest_description(&self) -> usize {
        LONGEST_DESCRIPTION
    }

    fn guarded(&self, text: &str) -> String {
        text.to_owned()
    }

    fn list(&self, pull: u64, page: u32, size: u32) -> Call {
        let (pull, page, size) = (pull.to_string(), page.to_string(), size.to_string());
        let query = [("per_page", size.as_str()), ("page", &page)];
        let url = self.url(&["issues", &pull, "comments"], &query);
        Call::get(url, "list the comments")
    }

    fn read_page(&self, answer: &Response, page: u32, size: u32) -> Result<Page, Unfit> {
        let comments: Vec<IssueComment> = dialect::json(answer)?;
        let next = match answer.header("link") {
            Some(link) => next_page(link, page)?,
            // all fits on one page, or somebody between took the header away: a full page is no end
            None => (comments.len() >= size as usize).then_some(page + 1),
        };
        Ok(Page {
            comments: comments.into_iter().map(Comment::from).collect(),
            next,
        })
    }

    /// Of the two ways to ask, the one that every kind of token may go: an installation's token, as
    /// jobs have it, gets a 403 from `GET /user`. The login is spelled as that of a comment's author
    /// (`github-actions[bot]`).
    fn ask_who(&self) -> Call {
        let query = json!({ "query": "query { viewer { login } }" });
        let url = self.endpoint.graphql();
        Call::with_body(Method::POST, url, query, "ask whose token it is")
    }

    fn read_who(&self, answer: &Response) -> Result<Author, Unfit> {
        #[derive(Deserialize)]
        struct Graph {
            data: Option<Data>,
        }
        #[derive(Deserialize)]
        struct Data {
            viewer: User,
        }
        let graph: Graph = dialect::json(answer)?;
        let data = graph.data.ok_or(Unfit::Nothing)?;
        Ok(Author(data.viewer.login))
    }

    fn create(&self, pull: u64, body: &str) -> Call {
        let url = self.url(&["issues", &pull.to_string(), "comments"], &[]);
        Call::with_body(
            Method::POST,
            url,
            json!({ "body": body }),
            "post the comment",
        )
    }

    fn update(&self, _pull: u64, comment: u64, body: &str) -> Call {
        let url = self.url(&["issues", "comments", &comment.to_string()], &[]);
        Call::with_body(
            Method::PATCH,
            url,
            json!({ "body": body }),
            "update the comment",
        )
    }

    fn read_comment(&self, answer: &Response) -> Result<Comment, Unfit> {
        dialect::json::<IssueComment>(answer).map(Comment::from)
    }

    fn ask_head(&self, pull: u64) -> Call {
        let url = self.url(&["pulls", &pull.to_string()], &[]);
        Call::get(url, "look up the last commit")
    }

    fn read_head(&self, answer: &Response) -> Result<String, Unfit> {
        dialect::json::<PullRequest>(answer).map(|pull| pull.head.sha)
    }

    fn ask_pulls(&self, commit: &str) -> Call {
        let url = self.url(&["commits", commit, "pulls"], &[("per_page", "100")]);
        Call::get(url, "look up the pull request of the commit")
    }

    fn read_pulls(&self, answer: &Response, commit: &str) -> Result<Option<u64>, Unfit> {
        let pulls: Vec<PullRequest> = dialect::json(answer)?;
        let came_in = |pull: &&PullRequest| {
            pull.merged_at.is_some() && pull.merge_commit_sha.as_deref() == Some(commit)
        };
        // anybody may open one from a fork that ends in the same commit
        let is_head = |pull: &&PullRequest| {
            pull.merged_at.is_none()
                && pull.head.sha == commit
                && pull.head.repo.is_some()
                && pull.head.repo == pull.base.repo
        };
        let found = pulls.iter().find(came_in);
        Ok(found
            .or_else(|| pulls.iter().find(is_head))
            .map(|pull| pull.number))
    }

    fn set_status(&self, status: &Status) -> Call {
        let url = self.url(&["statuses", &status.commit], &[]);
        let state = match status.state {
            State::Success => "success",
            State::Failure => "failure",
            State::Pending => "pending",
            State::Error => "error",
        };
        let mut body = json!({
            "state": state,
            "context": status.context,
            "description": status.description,
        });
        if let Some(link) = &status.link {
            body["target_url"] = json!(link);
        }
        Call::with_body(Method::POST, url, body, "set the status")
    }

    fn is_set_already(&self, _status: &Status, _message: &str) -> bool {
        false
    }
}

/// The number of the next page in a `Link` header. Of the URL only that is used: who follows a URL
/// of an answer hands over the token.
fn next_page(link: &str, page: u32) -> Result<Option<u32>, Unfit> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""));
    let Some(next) = next else { return Ok(None) };
    let url = next
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    let url = url.and_then(|(url, _)| reqwest::Url::parse(url).ok());
    let number = url.and_then(|url| {
        let mut pairs = url.query_pairs();
        let (_, number) = pairs.find(|(name, _)| name == "page")?;
        number.parse().ok()
    });
    match number {
        Some(number) if number > page => Ok(Some(number)),
        _ => Err(Unfit::Page),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_a_number_that_grows() {
        let link = r#"<https://api.github.com/repositories/1/issues/7/comments?per_page=100&page=3>; rel="next", <https://api.github.com/x?page=9>; rel="last""#;
        assert_eq!(next_page(link, 2), Ok(Some(3)));
        assert_eq!(next_page(link, 3), Err(Unfit::Page), "no way back");
        assert_eq!(
            next_page(r#"<https://x/y?page=1>; rel="first""#, 2),
            Ok(None)
        );
        for odd in [
            r#"<https://x/y>; rel="next""#,
            r#"<y?page=3>; rel="next""#,
            r#"rel="next""#,
            r#"<https://x/y?page=-1>; rel="next""#,
        ] {
            assert_eq!(next_page(odd, 1), Err(Unfit::Page), "{odd}");
        }
    }
}
