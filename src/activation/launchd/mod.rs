//! Jobs of launchd.
//!
//! launchd keeps what a job was loaded with; a changed property list is read only when the job is
//! loaded anew: out (`bootout`), wait until it is gone, in (`bootstrap`). Between the two nothing
//! runs, so whatever would keep the second from working is looked for before the first.

mod codes;
mod prepare;
mod print;
mod running;

use std::path::Path;

use zeroize::Zeroizing;

use super::deadline::{Deadline, WATCH, growing};
use super::failure::{Trouble, of_a_question, of_a_step};
use super::look::Look;
use crate::machine::{Call, Ran, Run, RunError};
use crate::model::{Activated, LaunchdDomain, LaunchdJob};
use codes::Refusal;
use prepare::{Ready, prepare};
use print::Job;

/// How often a load is tried that launchd refuses as it does while the job is on its way out: for
/// about nine seconds in all.
const TRIES: usize = 12;

pub(super) async fn activate(
    host: &dyn Run,
    job: &LaunchdJob,
    own: &Path,
    deadline: &Deadline,
) -> Activated {
    let ready = match prepare(host, job, own, deadline).await {
        Ok(ready) => ready,
        Err(trouble) => return trouble.into(),
    };
    if let Err(ended) = unload(host, &ready, deadline).await {
        return ended;
    }
    if let Err(ended) = load(host, &ready, deadline).await {
        return ended;
    }
    watch(host, &ready, deadline).await
}

/// What runs of each, by one call.
pub(super) async fn look(host: &dyn Run, jobs: &[(&LaunchdJob, &Path)]) -> Vec<Look> {
    running::look(host, jobs).await
}

fn kind(domain: LaunchdDomain) -> &'static str {
    match domain {
        LaunchdDomain::Gui => "gui",
        LaunchdDomain::User => "user",
        LaunchdDomain::System => "system",
    }
}

fn plist_of(job: &LaunchdJob, own: &Path) -> Option<String> {
    match &job.plist {
        Some(plist) => Some(plist.clone()),
        None => own.to_str().map(str::to_owned),
    }
}

fn launchctl(arguments: &[&str]) -> Call {
    Call::new("launchctl", arguments.iter().copied())
}

/// Out, and gone.
async fn unload(host: &dyn Run, ready: &Ready, deadline: &Deadline) -> Result<(), Activated> {
    if !ready.loaded {
        return Ok(());
    }
    let call = launchctl(&["bootout", &ready.target]).within(deadline.limit());
    let ran = host.run(&call).await.map_err(|error| of_a_step(&error))?;
    let refusal = codes::refusal(&ran);
    let mut pauses = growing();
    loop {
        match is_loaded(host, ready, deadline).await {
            Ok(false) => return Ok(()),
            // it is not going, and nobody said that it would
            Ok(true) if !ran.succeeded() && !refusal.is_passing() => {
                return Err(refusal.trouble(&ready.domain).into());
            }
            Ok(true) => {}
            Err(error) => return Err(error),
        }
        let pause = pauses.next().expect("the pauses have no end");
        if !deadline.pause(pause).await {
            return Err(Activated::InDoubt {
                why: format!(
                    "{} was told to end and has not done so within {} s; it is not loaded anew",
                    ready.target,
                    deadline.limit().as_secs()
                ),
            });
        }
    }
}

async fn is_loaded(host: &dyn Run, ready: &Ready, deadline: &Deadline) -> Result<bool, Activated> {
    let ran = ask(host, &["print", &ready.target], deadline).await?;
    codes::of_print(ran.status, &words(&ran))
        .map_err(|refusal| refusal.trouble(&ready.domain).into())
}

/// A question in the middle: that it is not answered leaves all in doubt.
async fn ask(host: &dyn Run, arguments: &[&str], deadline: &Deadline) -> Result<Ran, Activated> {
    let call = launchctl(arguments).within(deadline.question());
    host.run(&call).await.map_err(|error| Activated::InDoubt {
        why: error.to_string(),
    })
}

/// A job's environment is among them.
fn words(ran: &Ran) -> Zeroizing<String> {
    let bytes = Zeroizing::new([ran.output.as_slice(), ran.errors.as_slice()].concat());
    Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())
}

/// In. launchd refuses it for some seconds after a job left, with codes that can mean anything.
async fn load(host: &dyn Run, ready: &Ready, deadline: &Deadline) -> Result<(), Activated> {
    let call = launchctl(&["bootstrap", &ready.domain, &ready.plist]);
    let mut pauses = growing().take(TRIES);
    loop {
        let ran = match host.run(&call.clone().within(deadline.limit())).await {
            Ok(ran) => ran,
            Err(error @ RunError::NotFound { .. }) => return Err(of_question(&error)),
            Err(error) => return Err(of_a_step(&error)),
        };
        if ran.succeeded() {
            return Ok(());
        }
        let refusal = codes::refusal(&ran);
        if !refusal.is_passing() {
            return Err(not_loaded(ready, &refusal));
        }
        // somebody else may have loaded it meanwhile, from the new file
        if is_loaded(host, ready, deadline).await? {
            return Ok(());
        }
        let again = match pauses.next() {
            Some(pause) => deadline.pause(pause).await,
            None => false,
        };
        if !again {
            return Err(not_loaded(ready, &refusal));
        }
    }
}

fn of_question(error: &RunError) -> Activated {
    of_a_question(error).into()
}

fn not_loaded(ready: &Ready, refusal: &Refusal) -> Activated {
    let trouble = refusal.trouble(&ready.domain);
    let now = if ready.loaded {
        ", and the job is no longer loaded"
    } else {
        ""
    };
    let by_hand = ready.by_hand();
    Activated::Failed {
        why: format!("{}{now}", trouble.why),
        help: Some(
            trouble
                .help
                .map_or(by_hand.clone(), |help| format!("{help}; then: {by_hand}")),
        ),
    }
}

/// It is loaded. A job that begins at once shows soon whether it can live.
async fn watch(host: &dyn Run, ready: &Ready, deadline: &Deadline) -> Activated {
    let mut pauses = WATCH.into_iter();
    let mut first = None;
    loop {
        let ran = match ask(host, &["print", &ready.target], deadline).await {
            Ok(ran) => ran,
            Err(doubt) => return doubt,
        };
        let text = words(&ran);
        let help = format!("see: launchctl print {}", ready.target);
        match codes::of_print(ran.status, &text) {
            Ok(true) => {}
            Ok(false) => {
                return Trouble::helped(
                    format!("{} was loaded and is gone again", ready.target),
                    help,
                )
                .into();
            }
            Err(refusal) => return refusal.trouble(&ready.domain).into(),
        }
        let job = Job::read(&text);
        if let Some(why) = job.fell_over() {
            return Trouble::helped(format!("{} was loaded and {why}", ready.target), help).into();
        }
        if let (Some(first), Some(now)) = (first, job.pid)
            && first != now
        {
            let why = format!(
                "{} fell over right after its start, and was started again",
                ready.target
            );
            return Trouble::helped(why, help).into();
        }
        first = first.or(job.pid);
        match pauses.next() {
            Some(pause) if deadline.pause(pause).await => {}
            _ => return Activated::Done,
        }
    }
}
