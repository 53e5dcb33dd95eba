//! Whether an OpenClaw gateway takes a token: a request that lacks what it is about, so that it
//! does nothing, and whose fault is told only to who may ask.
//!
//! A gateway locks out who brings too many wrong tokens, the right one included. So the token is
//! sent once, and what might make somebody send it again is said only where no gateway saw it.

mod said;
#[cfg(test)]
mod tests;

use self::said::{Said, in_words, locked, stranger};
use super::judge::{NoAnswer, Sender, no_proof, unproven};
use super::request::{Checked, checked_url};
use super::{Door, GatewayProbe, not_tried, unreachable};
use crate::model::{SecretValue, Verdict};

/// What a gateway makes of `hooks.path` if that is empty.
const USUAL_HOOKS: &str = "/hooks";

/// Sends the request with the token, and then perhaps the one without.
pub(super) async fn verdict(sender: &dyn Sender, probe: &GatewayProbe) -> Verdict {
    match with_token(sender, probe).await {
        Ok(()) => without_token(sender, probe).await,
        Err(verdict) => verdict,
    }
}

async fn with_token(sender: &dyn Sender, probe: &GatewayProbe) -> Result<(), Verdict> {
    let request = request(probe, Some(&probe.token))?;
    let answer = sender.send(request, probe.limit).await.map_err(silence)?;
    let door = &probe.door;
    Err(match Said::of(door, &answer) {
        Said::Incomplete => return Ok(()),
        Said::Unauthorized => Verdict::Unauthorized,
        Said::Forbidden => Verdict::Forbidden,
        Said::UnknownProxy => not_tried(
            "the gateway looks at no token that comes through a proxy which it does not know \
             (status 403): name that proxy in gateway.trustedProxies",
        ),
        Said::Locked => not_tried(locked(door, answer.retry_after)),
        Said::Down => unreachable(format!(
            "status {}: the gateway is starting, or it is down behind a proxy",
            answer.status
        )),
        Said::Other => not_tried(stranger(door, &answer)),
    })
}

/// A gateway that asks for no token says the same to everybody.
async fn without_token(sender: &dyn Sender, probe: &GatewayProbe) -> Verdict {
    let answer = match request(probe, None) {
        Ok(request) => sender.send(request, probe.limit).await,
        Err(verdict) => Err(verdict.into()),
    };
    let answer = match answer.map_err(Verdict::from) {
        Ok(answer) => answer,
        Err(Verdict::Unreachable { why } | Verdict::NotTried { why }) => return unproven(&why),
        Err(other) => return other,
    };
    match Said::of(&probe.door, &answer) {
        Said::Unauthorized => Verdict::Works,
        Said::Incomplete => Verdict::Open,
        _ => {
            let other = || format!("without one it answers with {}", in_words(&answer));
            unproven(&no_proof(answer.status).unwrap_or_else(other))
        }
    }
}

/// A token that may have been looked at is not sent again, so this is no silence to ask again after.
fn silence(none: NoAnswer) -> Verdict {
    match none {
        NoAnswer {
            verdict: Verdict::Unreachable { why },
            maybe_sent: true,
        } => not_tried(format!(
            "{why}; the gateway may have counted the token as tried, so it is not sent again in \
             this run"
        )),
        none => none.verdict,
    }
}

fn request(probe: &GatewayProbe, token: Option<&SecretValue>) -> Result<Checked, Verdict> {
    let mut url = checked_url(&probe.base)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(not_tried(
            "the address of the gateway must not hold a query or a fragment",
        ));
    }
    let path = format!("{}{}", url.path().trim_end_matches('/'), probe.door.path());
    url.set_path(&path);
    let mut headers = vec![(
        "content-type".to_owned(),
        SecretValue::new("application/json"),
    )];
    if let Some(token) = token {
        headers.push(("authorization".to_owned(), bearer(token)?));
    }
    let checked = Checked::new("POST", url, &headers, Some(&SecretValue::new("{}")))?;
    Ok(checked.reading())
}

fn bearer(token: &SecretValue) -> Result<SecretValue, Verdict> {
    // read as Latin-1 there, so that no such token is ever the right one
    if !token.expose().is_ascii() {
        return Err(not_tried(
            "the token holds a letter beyond ASCII, which no header carries as it is",
        ));
    }
    // room for all of it: no copy is left behind
    Ok(SecretValue::new(["Bearer ", token.expose()].concat()))
}

impl Door {
    fn path(&self) -> String {
        match self {
            Self::Gateway => "/tools/invoke".to_owned(),
            Self::Hooks { path } => format!("{}/wake", hooks(path)),
        }
    }

    /// What of the path may be shown: where hooks are is for the gateway's configuration to say,
    /// and some keep it to themselves.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Hooks { path } if hooks(path) != USUAL_HOOKS => "/…/wake".to_owned(),
            door => door.path(),
        }
    }
}

/// `hooks.path` as a gateway reads it.
fn hooks(path: &str) -> String {
    match path.trim().trim_matches('/') {
        "" => USUAL_HOOKS.to_owned(),
        path => format!("/{path}"),
    }
}
