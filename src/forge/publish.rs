//! What is sent: a comment is written once and brought up to date from then on; a status is set.

use super::api::{self, Api, Settings};
use super::comment::{self, Author, Comment};
use super::dialect::{self, Call, Dialect};
use super::endpoint::{Endpoint, EndpointError};
use super::github::GitHub;
use super::gitlab::GitLab;
use super::{Fault, ForgeError, Kind, Repository, Text};
use crate::platforms::http::HttpError;
use crate::platforms::http::pace::Deadline;

/// Comments on a page, the most that both forges give; fewer where so many are too long to be read.
/// One of GitLab's can be megabytes, and anybody may write a few.
const SIZES: [u32; 4] = [100, 20, 4, 1];

/// More pages than these are not looked through.
const PAGES: u32 = 500;

/// A repository of a forge, for one run.
pub struct Forge {
    dialect: Box<dyn Dialect>,
    api: Api,
    limit: Deadline,
}

/// A pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pull(pub u64);

/// What came of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What was done.
    pub outcome: Outcome,
    /// The comment's page, where it is known.
    pub page: Option<String>,
    /// Its number.
    pub id: u64,
    /// How many older ones of ours with the same marker there are. They are left alone.
    pub older: usize,
}

/// What was done with a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was none.
    Created,
    /// There was one that said something else.
    Updated,
    /// It said so already.
    Unchanged,
}

/// How a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Good.
    Success,
    /// Not good.
    Failure,
    /// Not known yet.
    Pending,
    /// It could not be found out.
    Error,
}

/// The status of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The whole name of the commit.
    pub commit: String,
    /// How it is.
    pub state: State,
    /// Whose opinion this is.
    pub context: String,
    /// In one line; short enough for the forge.
    pub description: String,
    /// Where more can be read.
    pub link: Option<String>,
}

/// Why there is nothing to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its address.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A token with a line end within it, or letters that no token has.
    #[error("the token given for {0} cannot be one")]
    Token(Kind),
}

impl Forge {
    /// Opens nothing yet. `page` is the repository's page, for links.
    ///
    /// # Errors
    /// When the address is not safe to send a token to, or the token cannot be sent.
    pub fn new(
        kind: Kind,
        repository: Repository,
        page: Option<String>,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let endpoint = Endpoint::new(kind, settings.address.as_deref())?;
        let here = endpoint.is_here();
        let dialect: Box<dyn Dialect> = match kind {
            Kind::GitHub => Box::new(GitHub {
                endpoint,
                repository,
            }),
            Kind::GitLab => Box::new(GitLab {
                endpoint,
                repository,
                page,
            }),
        };
        let api = Api::new(settings, &*dialect, here).ok_or(OpenError::Token(kind))?;
        let limit = api.deadline();
        Ok(Self {
            dialect,
            api,
            limit,
        })
    }

    /// Longest text of a comment, in characters.
    pub fn longest_body(&self) -> usize {
        self.dialect.longest_body()
    }

    /// Longest description of a status, in characters.
    pub fn longest_description(&self) -> usize {
        self.dialect.longest_description()
    }

    /// Characters of the text as it would be sent.
    pub fn length(&self, text: &Text) -> usize {
        self.dialect.guarded(text.body()).chars().count()
    }

    /// Brings our comment up to date, or writes the first one.
    ///
    /// A comment that may have been written although no answer came is looked for before another one
    /// is.
    ///
    /// # Errors
    /// When the forge refuses, or does not answer in time.
    pub async fn publish(&self, pull: Pull, text: &Text) -> Result<Published, ForgeError> {
        let body = self.dialect.guarded(text.body());
        let (mut tries, mut doubt) = (0, false);
        loop {
            if let Some((old, older)) = self.ours(pull, text).await? {
                let (outcome, new) = if old.says(&body) {
                    let outcome = if doubt {
                        Outcome::Created
                    } else {
                        Outcome::Unchanged
                    };
                    (outcome, old)
                } else {
                    (Outcome::Updated, self.update(pull, &old, &body).await?)
                };
                return Ok(published(outcome, new, older));
            }
            tries += 1;
            let call = self.dialect.create(pull.0, &body);
            match self.create(&call).await {
                Ok(new) => return Ok(published(Outcome::Created, new, 0)),
                Err(fault) => {
                    doubt |= fault.in_doubt();
                    if !self.again(&fault, tries).await {
                        return Err(self.of_pull(&call, pull, fault));
                    }
                }
            }
        }
    }

    /// Sets a status.
    ///
    /// # Errors
    /// When the forge refuses, or does not answer in time.
    pub async fn set_status(&self, status: &Status) -> Result<(), ForgeError> {
        let call = self.dialect.set_status(status);
        let mut tries = 0;
        let fault = loop {
            tries += 1;
            let fault = match self.api.send(&call).await {
                Ok(answer) => match api::judge(&answer) {
                    Ok(()) => return Ok(()),
                    Err(Fault::Refused(_))
                        if self
                            .dialect
                            .is_set_already(status, &dialect::message(&answer)) =>
                    {
                        return Ok(());
                    }
                    Err(fault) => fault,
                },
                Err(fault) => fault,
            };
            if !self.api.wait(fault.passes(), tries, self.limit).await {
                break fault;
            }
        };
        let commit = short(&status.commit);
        let of = format!("commit {commit} of {}", self.dialect.repository());
        Err(api::named(&*self.dialect, &call.doing, &of, fault))
    }

    /// The last commit of a pull request.
    ///
    /// # Errors
    /// When the forge does not say.
    pub async fn head(&self, pull: Pull) -> Result<String, ForgeError> {
        let call = self.dialect.ask_head(pull.0);
        let answer = self.api.ask(&call, self.limit).await;
        let head = answer.and_then(|answer| Ok(self.dialect.read_head(&answer)?));
        head.map_err(|fault| self.of_pull(&call, pull, fault))
    }

    /// The pull request by which a commit came in, or which it is the last commit of.
    ///
    /// # Errors
    /// When the forge does not say.
    pub async fn pull_of(&self, commit: &str) -> Result<Option<Pull>, ForgeError> {
        let call = self.dialect.ask_pulls(commit);
        let answer = self.api.ask(&call, self.limit).await;
        let found = answer.and_then(|answer| Ok(self.dialect.read_pulls(&answer, commit)?));
        found.map(|number| number.map(Pull)).map_err(|fault| {
            let of = format!("{} of {}", short(commit), self.dialect.repository());
            // "look up the pull request of the commit" already
            ForgeError {
                forge: self.dialect.kind(),
                doing: format!("{} {of}", call.doing),
                fault,
            }
        })
    }

    /// The newest comment of ours with this marker, and how many older ones there are.
    async fn ours(&self, pull: Pull, text: &Text) -> Result<Option<(Comment, usize)>, ForgeError> {
        let marked = self.marked(pull, text).await?;
        if marked.is_empty() {
            return Ok(None);
        }
        let me = self.who().await?;
        Ok(comment::newest(marked, &me))
    }

    async fn who(&self) -> Result<Author, ForgeError> {
        let call = self.dialect.ask_who();
        let answer = self.api.ask(&call, self.limit).await;
        let who = answer.and_then(|answer| Ok(self.dialect.read_who(&answer)?));
        who.map_err(|fault| ForgeError {
            forge: self.dialect.kind(),
            doing: call.doing,
            fault,
        })
    }

    /// All comments with this marker, whoever wrote them.
    async fn marked(&self, pull: Pull, text: &Text) -> Result<Vec<Comment>, ForgeError> {
        let mut smaller = SIZES.into_iter().skip(1);
        let mut size = SIZES[0];
        loop {
            let done = self.pages(pull, text, size).await;
            let too_large = matches!(&done, Err(Fault::Http(HttpError::TooLarge { .. })));
            match smaller.next().filter(|_| too_large) {
                Some(next) => size = next,
                None => {
                    let call = self.dialect.list(pull.0, 1, size);
                    return done.map_err(|fault| self.of_pull(&call, pull, fault));
                }
            }
        }
    }

    async fn pages(&self, pull: Pull, text: &Text, size: u32) -> Result<Vec<Comment>, Fault> {
        let mut marked = vec![];
        let mut number = 1;
        loop {
            let call = self.dialect.list(pull.0, number, size);
            let answer = self.api.ask(&call, self.limit).await?;
            let page = self.dialect.read_page(&answer, number, size)?;
            let comments = page.comments.into_iter();
            marked.extend(comments.filter(|comment| comment.is_marked(text)));
            match page.next {
                None => return Ok(marked),
                Some(next) if next <= PAGES => number = next,
                Some(_) => return Err(Fault::TooMany(PAGES * size)),
            }
        }
    }

    async fn create(&self, call: &Call) -> Result<Comment, Fault> {
        let answer = self.api.once(call).await?;
        Ok(self.dialect.read_comment(&answer)?)
    }

    async fn update(&self, pull: Pull, old: &Comment, body: &str) -> Result<Comment, ForgeError> {
        let call = self.dialect.update(pull.0, old.id, body);
        let answer = self.api.ask(&call, self.limit).await;
        let new = answer.and_then(|answer| Ok(self.dialect.read_comment(&answer)?));
        new.map_err(|fault| self.of_pull(&call, pull, fault))
    }

    /// Waits before another look. What was written although its answer cannot be used is found by
    /// that look, too.
    async fn again(&self, fault: &Fault, tries: u32) -> bool {
        let wait = match fault {
            Fault::Unfit(_) => Some(None),
            fault => fault.passes(),
        };
        self.api.wait(wait, tries, self.limit).await
    }

    fn of_pull(&self, call: &Call, pull: Pull, fault: Fault) -> ForgeError {
        let of = format!(
            "{} of {}",
            self.dialect.kind().pull(pull.0),
            self.dialect.repository()
        );
        api::named(&*self.dialect, &call.doing, &of, fault)
    }
}

fn published(outcome: Outcome, comment: Comment, older: usize) -> Published {
    Published {
        outcome,
        page: comment.page,
        id: comment.id,
        older,
    }
}

/// As much of a commit's name as people read.
fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}
