//! `comment`: a report becomes the comment of a pull request, and stays the one comment.

mod advice;
mod input;
mod place;
mod summary;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use self::advice::Attempt;
use self::place::{Place, Whose};
use super::context::Context;
use super::error::{CommandError, Exit};
use super::look;
use super::ui::Ui;
use crate::forge::{self, Forge, ForgeError, Kind, Outcome, Published, Pull, State, Status, Text};
use crate::render::escape;

/// Post a report as the comment of a pull request, and keep it up to date
///
/// The text is Markdown, as `plan --markdown` and `diff --markdown` print it: its first line is a hidden
/// marker, by which the comment is found again. There is one comment for each marker; it is updated in place, and not
/// touched where it says the same already. Only a comment that was written with the same account is
/// ours. In a job of GitHub Actions or GitLab CI the pull request is found by itself; of a push, the
/// one that the commit came in by.
///
/// The token is GITHUB_TOKEN or GH_TOKEN; DRIFTLOCK_GITLAB_TOKEN or GITLAB_TOKEN. Where the pull request
/// comes from a fork and the token may not write, the text goes to the job's summary (GitHub), with a
/// warning, and that is no failure.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock plan --markdown | driftlock comment
  driftlock plan --markdown > report.md || code=$?
  driftlock comment report.md --status ${code:-0}
  driftlock comment report.md --status failure --context driftlock/production
  driftlock comment report.md --forge gitlab --repository group/app --number 7")]
pub(crate) struct CommentArgs {
    /// The text [default: standard input]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// The forge [default: the one that runs this job]
    #[arg(long, value_enum, value_name = "FORGE")]
    forge: Option<ForgeName>,

    /// The repository, OWNER/NAME; on GitLab the project's path or number [default: the job's]
    #[arg(long, value_name = "REPOSITORY")]
    repository: Option<String>,

    /// The number of the pull request [default: the job's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    number: Option<u64>,

    /// Set a status of the commit too: success, failure, pending, error, or the exit code of the
    /// command that wrote the text (0 is success, 2 and 3 are failures, all others errors)
    #[arg(long, value_name = "STATE", value_parser = state)]
    status: Option<State>,

    /// The name of the status
    #[arg(
        long,
        value_name = "NAME",
        default_value = "driftlock",
        requires = "status"
    )]
    context: String,

    /// The commit that gets the status, its whole name [default: the last one of the pull request]
    #[arg(long, value_name = "SHA", requires = "status")]
    commit: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ForgeName {
    Github,
    Gitlab,
}

impl From<ForgeName> for Kind {
    fn from(name: ForgeName) -> Self {
        match name {
            ForgeName::Github => Self::GitHub,
            ForgeName::Gitlab => Self::GitLab,
        }
    }
}

fn state(text: &str) -> Result<State, &'static str> {
    Ok(match text {
        "success" => State::Success,
        "failure" => State::Failure,
        "pending" => State::Pending,
        "error" => State::Error,
        code => match code.parse::<u8>() {
            Ok(0) => State::Success,
            Ok(2 | 3) => State::Failure,
            Ok(_) => State::Error,
            Err(_) => return Err("success, failure, pending, error, or an exit code"),
        },
    })
}

pub(crate) fn run(
    arguments: &CommentArgs,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let text = input::text(arguments.file.as_deref(), context)?;
    check(arguments)?;
    let place = place::find(arguments, context)?;
    let Some(token) = place::token(place.kind, context) else {
        if place.fork {
            return instead(&text, context, ui);
        }
        return Err(advice::no_token(place.kind));
    };
    ui.protect([token.clone()], []);
    // nothing of it is ours to trust: what is no secret of this run passes as it is
    let text = Text::parse(&ui.scrub(text.body())).map_err(|error| input::refused(&error))?;
    let settings = forge::Settings {
        address: place.api.clone(),
        http: context.http(),
        token,
        haste: place::haste(context),
    };
    let page = place.page.clone();
    let forge = Forge::new(place.kind, place.repository.clone(), page, &settings)
        .map_err(|error| CommandError::error(error.to_string()))?;
    fits(&forge, &place, &text)?;
    let done = look::runtime()?.block_on(post(&forge, &place, &text, arguments, context, ui));
    match done {
        Err((_, error)) if place.fork && error.fault.is_about_the_token() => {
            instead(&text, context, ui)
        }
        Err((attempt, error)) => Err(advice::explain(attempt, &error)),
        Ok(done) => done.map(|()| Exit::DONE),
    }
}

/// What clap cannot see.
fn check(arguments: &CommentArgs) -> Result<(), CommandError> {
    if let Some(commit) = &arguments.commit {
        let hex = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex || !matches!(commit.len(), 40 | 64) {
            return Err(CommandError::usage(
                "--commit takes the whole name of a commit, 40 or 64 hexadecimal digits",
            )
            .hint("git rev-parse HEAD prints one"));
        }
    }
    let name = &arguments.context;
    if name.trim().is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
        return Err(CommandError::usage(
            "--context takes a name of 1 to 255 letters, on one line",
        ));
    }
    Ok(())
}

fn fits(forge: &Forge, place: &Place, text: &Text) -> Result<(), CommandError> {
    let (length, most) = (forge.length(text), forge.longest_body());
    if length <= most {
        return Ok(());
    }
    Err(CommandError::error(format!(
        "the text has {length} characters, and a comment on {} at most {most}; nothing was sent",
        place.kind
    ))
    .hint("let `driftlock plan --markdown` write it for one manifest at a time"))
}

type Attempted<T> = Result<T, (Attempt, ForgeError)>;

/// The comment, then the status.
async fn post(
    forge: &Forge,
    place: &Place,
    text: &Text,
    arguments: &CommentArgs,
    context: &Context,
    ui: &mut Ui,
) -> Attempted<Result<(), CommandError>> {
    let failed = |attempt| move |error| (attempt, error);
    let pull = match &place.whose {
        Whose::Pull(pull) => *pull,
        Whose::Commit(commit) => match forge.pull_of(commit).await {
            Ok(Some(pull)) => pull,
            Ok(None) => return Ok(Err(advice::no_pull(place, commit))),
            Err(error) => return Err((Attempt::Comment, error)),
        },
    };
    let done = forge.publish(pull, text).await;
    tell(&done.map_err(failed(Attempt::Comment))?, pull, place, ui);
    let Some(state) = arguments.status else {
        return Ok(Ok(()));
    };
    let commit = match arguments.commit.as_ref().or(place.commit.as_ref()) {
        Some(commit) => commit.clone(),
        None => forge.head(pull).await.map_err(failed(Attempt::Comment))?,
    };
    let status = Status {
        state,
        context: arguments.context.clone(),
        description: text.summary(forge.longest_description()),
        link: context.run_link(),
        commit,
    };
    let set = forge.set_status(&status).await;
    set.map_err(failed(Attempt::Status))?;
    ui.out(&format!(
        "status {} set to {}: {}\n",
        escape::terminal(&status.context),
        word(state),
        escape::terminal(&status.commit)
    ));
    Ok(Ok(()))
}

fn word(state: State) -> &'static str {
    match state {
        State::Success => "success",
        State::Failure => "failure",
        State::Pending => "pending",
        State::Error => "error",
    }
}

fn tell(done: &Published, pull: Pull, place: &Place, ui: &mut Ui) {
    let what = match done.outcome {
        Outcome::Created => "created",
        Outcome::Updated => "updated",
        Outcome::Unchanged => "unchanged",
    };
    let link = match &done.page {
        Some(page) => escape::terminal(page),
        None => format!("{} on {}", done.id, place.kind.pull(pull.0)),
    };
    ui.out(&format!("comment {what}: {link}\n"));
    if done.older > 0 {
        let (count, more) = (done.older, if done.older == 1 { "one" } else { "ones" });
        ui.warn(&format!(
            "{count} older {more} with the same marker are left as they are: delete what is out of date"
        ));
    }
}

/// The pull request of a fork, and a token that may not write: the text goes where the job's people
/// look.
fn instead(text: &Text, context: &Context, ui: &mut Ui) -> Result<Exit, CommandError> {
    let why = "the pull request comes from a fork, and this job's token may not comment on it";
    match summary::append(text, context) {
        Ok(true) => ui.warn(&format!("{why}: the text is in the job's summary instead")),
        Ok(false) => ui.warn(&format!("{why}: the text was not posted")),
        Err(kind) => ui.warn(&format!(
            "{why}, and the job's summary cannot be written ({kind}): the text was not posted"
        )),
    }
    Ok(Exit::DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_a_word_or_an_exit_code() {
        for (text, expected) in [
            ("success", State::Success),
            ("pending", State::Pending),
            ("0", State::Success),
            ("1", State::Error),
            ("2", State::Failure),
            ("3", State::Failure),
            ("4", State::Error),
            ("64", State::Error),
            ("137", State::Error),
        ] {
            assert_eq!(state(text), Ok(expected), "{text}");
        }
        for text in ["", "ok", "Success", "-1", "256", "0x0"] {
            assert!(state(text).is_err(), "{text}");
        }
    }
}
