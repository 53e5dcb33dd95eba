//! Asks Railway who changed what: its list of commits first, and its audit log for what that does not
//! tell. One request for all variables of an environment, as a rule; metadata only.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::api::documents::{AUDIT_LOG, PATCHES};
use super::api::{Api, ApiError, Deadline, ErrorKind, Fault};
use super::authors::{Entry, Log, Window};
use super::book::Book;
use super::place::{Place, address};
use super::platform::RailwayPlatform;
use super::resolve::Resolved;
use super::token::{Auth, Token};
use super::wire::{AuditLogAnswer, PatchesAnswer};
use crate::model::Who;
use crate::platforms::Ask;

/// So long for each list: nobody waits for this.
const PATIENCE: Duration = Duration::from_secs(2);

/// Entries of one page.
const PAGE: u32 = 50;

/// One of Railway's lists, and of what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// Of an environment.
    Commits(String),
    /// Of a workspace.
    Audit(String),
}

/// Lists that were refused to a token, and how: they are not asked for again in this run.
pub(super) type Refusals = Vec<(Token, Source, String)>;

/// Variables of the requests. What is absent must not be there as null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PatchesVariables<'a> {
    environment_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditVariables<'a> {
    workspace_id: &'a str,
    filter: AuditFilter<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditFilter<'a> {
    environment_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<String>,
}

/// Whom to ask, and until when.
#[derive(Clone, Copy)]
struct Asker<'a> {
    api: &'a Api,
    auth: &'a Auth,
    limit: Deadline,
}

impl RailwayPlatform {
    /// One answer for each, in their order.
    pub(super) async fn who(&self, asks: &[Ask<'_>]) -> Vec<Result<Who, String>> {
        let mut answers: Vec<Result<Who, String>> = asks
            .iter()
            .map(|_| Err("Railway said nothing about it".to_owned()))
            .collect();
        let mut places: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for (index, ask) in asks.iter().enumerate() {
            match address(ask.target) {
                Ok(address) => places.entry(Place::of(address)).or_default().push(index),
                Err(error) => answers[index] = Err(error.reason),
            }
        }
        let all = places.iter().map(|(place, indexes)| async move {
            let theirs: Vec<Ask<'_>> = indexes.iter().map(|index| asks[*index]).collect();
            (indexes, self.who_at(place, &theirs).await)
        });
        for (indexes, found) in join_all(all).await {
            for (index, answer) in indexes.iter().zip(found) {
                answers[*index] = answer;
            }
        }
        answers
    }

    /// No try begins after this.
    fn limit(&self) -> Deadline {
        Deadline::after(PATIENCE.min(self.pace().give_up / 6))
    }

    /// The variables of one environment.
    async fn who_at(&self, place: &Place, asks: &[Ask<'_>]) -> Vec<Result<Who, String>> {
        let failed = |why: &str| asks.iter().map(|_| Err(why.to_owned())).collect();
        let limit = self.limit();
        let resolved = match self.last_seen(place) {
            Some(seen) => seen,
            None => match self.resolve(place, limit).await {
                Ok(resolved) => resolved,
                Err(error) => return failed(&error.reason),
            },
        };
        let api = match self.api() {
            Ok(api) => api,
            Err(error) => return failed(&error.reason),
        };
        let asker = Asker {
            api,
            auth: &resolved.auth,
            limit,
        };
        let windows: Vec<Window> = asks.iter().map(|ask| window(&resolved, ask)).collect();
        let start = start(&windows);
        let commits = self.commits(asker, &resolved, start).await;
        let mut answers: Vec<Result<Who, String>> = windows
            .iter()
            .map(|window| commits.as_ref().map_err(String::clone)?.find(*window))
            .collect();
        let is_named = |answer: &Result<Who, String>| matches!(answer, Ok(who) if who.by.is_some());
        if answers.iter().all(is_named) {
            return answers;
        }
        let audit = self.audit(asker, &resolved, start).await;
        for (answer, window) in answers.iter_mut().zip(windows) {
            if !is_named(answer) {
                let other = audit.as_ref().map_err(String::clone);
                *answer = either(answer, other.and_then(|audit| audit.find(window)));
            }
        }
        answers
    }

    /// The commits of the environment since then.
    async fn commits(
        &self,
        asker: Asker<'_>,
        resolved: &Resolved,
        start: Option<Timestamp>,
    ) -> Result<Log, String> {
        let environment = resolved.environment.environment_id.as_str();
        let source = Source::Commits(environment.to_owned());
        self.unless_refused(asker, source, asker.commits(environment, start))
            .await
    }

    /// What the audit log has of the environment since then.
    async fn audit(
        &self,
        asker: Asker<'_>,
        resolved: &Resolved,
        start: Option<Timestamp>,
    ) -> Result<Log, String> {
        let Some(workspace) = resolved.environment.workspace_id.as_deref() else {
            return Err(format!(
                "{AUDIT} is a workspace's, and which one is not known"
            ));
        };
        let source = Source::Audit(workspace.to_owned());
        let environment = resolved.environment.environment_id.as_str();
        let asked = asker.audit(workspace, environment, start);
        self.unless_refused(asker, source, asked).await
    }

    /// Asks, unless a former no still holds.
    async fn unless_refused(
        &self,
        asker: Asker<'_>,
        source: Source,
        asked: impl Future<Output = Result<Log, ApiError>> + Send,
    ) -> Result<Log, String> {
        let token = &asker.auth.token;
        let name = match source {
            Source::Commits(_) => COMMITS,
            Source::Audit(_) => AUDIT,
        };
        let known = self
            .refusals()
            .iter()
            .find_map(|(of, what, why)| (of == token && *what == source).then(|| why.clone()));
        if let Some(why) = known {
            return Err(why);
        }
        let error = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(log)) => return Ok(log),
            Ok(Err(error)) => error,
            Err(_) => {
                let limit = PATIENCE.as_secs();
                return Err(format!("{name} did not come within {limit} s"));
            }
        };
        if !is_refusal(&error) {
            return Err(format!("{name}: {error}"));
        }
        let variable = token.variable();
        let why = match &error.fault {
            Fault::Errors(errors)
                if errors
                    .iter()
                    .any(|one| one.kind == ErrorKind::NotAuthorized) =>
            {
                format!("{name} is not shown to the token in {variable}")
            }
            _ => format!("{name}: {error}"),
        };
        self.refusals().push((token.clone(), source, why.clone()));
        Err(why)
    }
}

const COMMITS: &str = "Railway's list of commits";
const AUDIT: &str = "Railway's audit log";

impl Asker<'_> {
    /// Pages from the newest entry on. In which order they come is not documented: where the oldest
    /// comes first, the last page is asked for.
    async fn commits(
        self,
        environment_id: &str,
        start: Option<Timestamp>,
    ) -> Result<Log, ApiError> {
        let mut book = Book::default();
        let mut variables = PatchesVariables {
            environment_id,
            first: Some(PAGE),
            after: None,
            last: None,
        };
        loop {
            let answer = self
                .api
                .query::<PatchesAnswer>(self.auth, &PATCHES, &variables, self.limit)
                .await?;
            let page = answer.into_whole(&PATCHES)?.patches;
            let last = variables.last.is_some();
            let next = book.take(page, |node| node.applied_at, Entry::of_patch);
            if !book.descends && book.pages == 1 && !last && next.is_some() {
                book = Book::default();
                variables = PatchesVariables {
                    environment_id,
                    first: None,
                    after: None,
                    last: Some(PAGE),
                };
                continue;
            }
            if last {
                // what came before this page was not read
                book.more = true;
                break;
            }
            match next {
                Some(cursor) if book.wants_more(start) => variables.after = Some(cursor),
                _ => break,
            }
        }
        Ok(book.log(COMMITS, "commit"))
    }

    /// Newest first, as it is asked for.
    async fn audit(
        self,
        workspace_id: &str,
        environment_id: &str,
        start: Option<Timestamp>,
    ) -> Result<Log, ApiError> {
        let mut book = Book::default();
        let mut variables = AuditVariables {
            workspace_id,
            filter: AuditFilter {
                environment_id,
                start_date: start.map(|start| start.to_string()),
            },
            after: None,
        };
        loop {
            let answer = self
                .api
                .query::<AuditLogAnswer>(self.auth, &AUDIT_LOG, &variables, self.limit)
                .await?;
            let page = answer.into_whole(&AUDIT_LOG)?.entries;
            match book.take(page, |node| node.created_at, Entry::of_audit) {
                Some(cursor) if book.wants_more(start) => variables.after = Some(cursor),
                _ => break,
            }
        }
        Ok(book.log(AUDIT, "entry about variables"))
    }
}

/// From when on the lists are needed; `None` where one of the variables needs all of them.
fn start(windows: &[Window]) -> Option<Timestamp> {
    let starts = windows.iter().map(|window| window.at.or(window.after));
    // a moment's entry may be a little older than its variable's stamp
    let slack = SignedDuration::from_secs(60);
    let oldest = starts.collect::<Option<Vec<_>>>()?.into_iter().min()?;
    oldest.checked_sub(slack).ok()
}

/// What is known of the moment of a change.
fn window(resolved: &Resolved, ask: &Ask<'_>) -> Window {
    let environment = &resolved.environment;
    let scope = match address(ask.target).map(|address| address.service.as_deref()) {
        Ok(Some(service)) => environment
            .service(service)
            .ok()
            .map(|found| Some(found.service_id.as_str())),
        Ok(None) => Some(None),
        Err(_) => None,
    };
    let stamp = scope.and_then(|id| {
        let mut listed = environment.variables_of(id);
        listed
            .find(|listed| listed.name == ask.name.as_str())?
            .updated_at
    });
    Window {
        after: ask.stamp.or(ask.since),
        at: stamp.filter(|at| ask.stamp != Some(*at)),
    }
}

/// Whether asking again would be answered in the same way.
fn is_refusal(error: &ApiError) -> bool {
    let lasting = |kind: &ErrorKind| {
        matches!(
            kind,
            ErrorKind::NotAuthorized
                | ErrorKind::ProjectTokenNotFound
                | ErrorKind::NotFound(_)
                | ErrorKind::Validation
                | ErrorKind::TwoFactor
                | ErrorKind::BadInput
        )
    };
    matches!(&error.fault, Fault::Errors(errors) if errors.iter().any(|error| lasting(&error.kind)))
}

/// What both lists say, where the first one names nobody.
fn either(first: &Result<Who, String>, second: Result<Who, String>) -> Result<Who, String> {
    match (first, second) {
        (_, Ok(who)) if who.by.is_some() => Ok(who),
        (Ok(who), Err(why)) => Ok(Who {
            source: format!("{}, and {why}", who.source),
            ..who.clone()
        }),
        (Ok(who), Ok(other)) => Ok(Who {
            source: format!("{}, and {}", who.source, other.source),
            ..who.clone()
        }),
        (Err(why), Ok(other)) => Ok(Who {
            source: format!("{why}, and {}", other.source),
            ..other
        }),
        (Err(one), Err(other)) => Err(format!("{one}, and {other}")),
    }
}
