//! Jobs of launchd.
//!
//! launchd keeps what a job was loaded with; a changed property list is read only when the job is
//! loaded anew: out (`bootout`), wait until it is gone, in (`bootstrap`). Between the two nothing
//! runs, so whatever would keep the second from working is looked for before the first.

mod codes;
mod print;
mod running;

use std::path::Path;

use zeroize::Zeroizing;

use super::deadline::{Deadline, WATCH, growing};
use super::failure::{Trouble, of_a_question, of_a_step};
use super::far::{self, Part};
use super::look::Look;
use crate::machine::{Call, Ran, Run, RunError};
use crate::model::{Activated, LaunchdDomain, LaunchdJob};
use codes::Refusal;
use print::Job;

/// Asks for everything that a load depends on. `$1` the kind of domain, `$2` the label, `$3` the
/// property list.
const SCRIPT: &str = r#"
u=$(id -u)
d=$1
[ "$d" = system ] || d=$d/$u
f=$3
case $f in "~/"*) f=$HOME/${f#"~/"} ;; esac
text uid "$u" 0
text plist "$f" 0
a=$(ls -lnd "$f" 2>/dev/null)
text listing "$a" $?
if command -v plutil >/dev/null; then
  plutil -lint -s "$f" >/dev/null 2>&1
  text lint "" $?
fi
a=$(launchctl print-disabled "$d" 2>&1)
text disabled "$a" $?
a=$(launchctl print "$d/$2" 2>&1)
c=$?
text print "$a" $c
[ $c != 127 ]
"#;

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

/// A job whose load has nothing against it that can be seen.
struct Ready {
    /// `gui/501`
    domain: String,
    /// `gui/501/com.example.app`
    target: String,
    plist: String,
    loaded: bool,
}

impl Ready {
    fn by_hand(&self) -> String {
        format!("launchctl bootstrap {} {}", self.domain, self.plist)
    }
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

async fn prepare(
    host: &dyn Run,
    job: &LaunchdJob,
    own: &Path,
    deadline: &Deadline,
) -> Result<Ready, Trouble> {
    let plist = plist_of(job, own)
        .ok_or_else(|| Trouble::new("the path of its property list is no text"))?;
    let script = format!("{}{SCRIPT}", far::FUNCTIONS);
    let call = Call::new(
        "sh",
        ["-c", &script, "sh", kind(job.domain), &job.label, &plist],
    );
    let ran = host
        .run(&call.within(deadline.question()))
        .await
        .map_err(|error| of_a_question(&error))?;
    if let Some(trouble) = far::trouble(ran.status) {
        return Err(trouble);
    }
    let parts = far::parts(&ran.output);
    let part = |name: &str| parts.iter().find(|part| part.name == name);
    let answer = || Trouble::new("the machine's answer cannot be read");
    let uid = part("uid").ok_or_else(answer)?.text().trim().to_owned();
    let plist = part("plist").ok_or_else(answer)?.text().to_string();
    let print = part("print").ok_or_else(answer)?;
    if print.status == 127 {
        return Err(codes::no_launchd());
    }
    may_load(job, &uid)?;
    let listing = part("listing").ok_or_else(answer)?;
    check_plist(&plist, listing, part("lint"))?;
    let domain = match job.domain {
        LaunchdDomain::System => "system".to_owned(),
        LaunchdDomain::Gui | LaunchdDomain::User => format!("{}/{uid}", kind(job.domain)),
    };
    let target = format!("{domain}/{}", job.label);
    if part("disabled").is_some_and(|part| print::is_disabled(&part.text(), &job.label)) {
        return Err(codes::disabled(&target));
    }
    let loaded = match codes::of_print(print.status, &print.text()) {
        Ok(loaded) => loaded,
        Err(refusal) => return Err(refusal.trouble(&domain)),
    };
    Ok(Ready {
        domain,
        target,
        plist,
        loaded,
    })
}

/// Daemons are root's, agents are not.
fn may_load(job: &LaunchdJob, uid: &str) -> Result<(), Trouble> {
    match (job.domain, uid == "0") {
        (LaunchdDomain::System, false) => Err(Trouble::helped(
            format!("{job} is loaded by root only, and we are not root there"),
            "say `sudo: true`, or reach the machine as root",
        )),
        (LaunchdDomain::Gui | LaunchdDomain::User, true) => Err(Trouble::helped(
            format!("{job} belongs to a user, and we are root there"),
            "say `sudo: USER`, or `domain: system` for a daemon",
        )),
        _ => Ok(()),
    }
}

/// launchd refuses a property list that others may write, or that does not parse.
fn check_plist(plist: &str, listing: &Part, lint: Option<&Part>) -> Result<(), Trouble> {
    if listing.status != 0 {
        return Err(Trouble::new(format!(
            "the property list {plist} is not there, or may not be looked at"
        )));
    }
    let listing = listing.text();
    let others_write = |at: usize| listing.as_bytes().get(at) == Some(&b'w');
    if !listing.starts_with('l') && (others_write(5) || others_write(8)) {
        return Err(Trouble::helped(
            format!("launchd takes no property list that others may write: {plist}"),
            format!("chmod go-w {plist}"),
        ));
    }
    if lint.is_some_and(|lint| lint.status != 0) {
        return Err(Trouble::helped(
            format!("{plist} is no property list that macOS can read"),
            format!("see: plutil -lint {plist}"),
        ));
    }
    Ok(())
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
