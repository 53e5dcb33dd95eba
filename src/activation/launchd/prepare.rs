//! What a load depends on, looked at before anything is changed.

use std::path::Path;

use super::super::deadline::Deadline;
use super::super::failure::{Trouble, of_a_question};
use super::super::far::{self, Part};
use super::print;
use super::{codes, kind, plist_of};
use crate::machine::{Call, Run};
use crate::model::{LaunchdDomain, LaunchdJob};

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

/// A job whose load has nothing against it that can be seen.
pub(super) struct Ready {
    /// `gui/501`
    pub(super) domain: String,
    /// `gui/501/com.example.app`
    pub(super) target: String,
    pub(super) plist: String,
    pub(super) loaded: bool,
}

impl Ready {
    pub(super) fn by_hand(&self) -> String {
        format!("launchctl bootstrap {} {}", self.domain, self.plist)
    }
}

pub(super) async fn prepare(
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
