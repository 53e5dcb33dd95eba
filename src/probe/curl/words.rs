//! curl's exit codes and complaints in our words. What it says is looked at and never shown.

use std::time::Duration;

use super::super::judge::NoAnswer;
use super::super::{not_tried, unreachable};
use crate::model::Verdict;
use crate::platforms::http::{Broken, TlsProblem, Unreachable};

/// Why there is no answer.
pub(super) fn no_answer(code: i32, errors: &[u8], limit: Duration) -> NoAnswer {
    let said = String::from_utf8_lossy(errors).to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    NoAnswer {
        verdict: verdict(code, &says, limit),
        maybe_sent: maybe_sent(code, &says),
    }
}

/// Whether the request may have left: what failed is not surely a part of the way to the server.
fn maybe_sent(code: i32, says: &dyn Fn(&[&str]) -> bool) -> bool {
    match code {
        // the name, the connection, TLS
        6 | 7 | 35 | 51 | 60 => false,
        28 => !says(&["connect", "resolving"]),
        _ => true,
    }
}

fn verdict(code: i32, says: &dyn Fn(&[&str]) -> bool, limit: Duration) -> Verdict {
    let cannot = |why: Unreachable| unreachable(format!("from the target's machine: {why}"));
    match code {
        1 if says(&["http/0.9"]) => {
            unreachable("from the target's machine: what answers there speaks no HTTP")
        }
        0 => not_tried("the curl on the target's machine does not say what came"),
        1 | 4 => not_tried("the curl on the target's machine cannot speak https"),
        2 | 48 => not_tried(
            "the curl on the target's machine is too old: install a newer one, or probe from here",
        ),
        3 => not_tried("the curl on the target's machine does not take the address"),
        6 => cannot(Unreachable::Name),
        7 if says(&["refused"]) => cannot(Unreachable::Refused),
        // older versions give no reason
        7 if !says(&["unreachable", "no route"]) => {
            unreachable("from the target's machine: no connection (refused, or no way there)")
        }
        7 => cannot(Unreachable::Other),
        28 => unreachable(format!("no answer within {} s", limit.as_secs_f32())),
        35 if says(&["wrong version number", "packet length"]) => {
            cannot(Unreachable::Tls(TlsProblem::NotTls))
        }
        35 => cannot(Unreachable::Tls(TlsProblem::Handshake)),
        51 | 60 => certificate(says),
        77 => not_tried("the target's machine has no root certificates to check a server by"),
        18 | 92 => unreachable(format!("from the target's machine: {}", Broken::HalfBody)),
        8 | 52 | 55 | 56 => unreachable(format!("from the target's machine: {}", Broken::NoAnswer)),
        126 | 127 => not_tried("the curl on the target's machine does not run"),
        _ => not_tried(format!(
            "the curl on the target's machine failed (exit status {code})"
        )),
    }
}

fn certificate(says: &dyn Fn(&[&str]) -> bool) -> Verdict {
    let problem = if says(&["not yet valid"]) {
        TlsProblem::NotYetValid
    } else if says(&["expired"]) {
        TlsProblem::Expired
    } else if says(&[
        "subject name",
        "does not match target",
        "name mismatch",
        "no matching",
    ]) {
        TlsProblem::OtherName
    } else if says(&[
        "self-signed",
        "self signed",
        "issuer",
        "unknown ca",
        "not trusted",
    ]) {
        TlsProblem::UnknownIssuer
    } else if says(&["revoked"]) {
        TlsProblem::Revoked
    } else {
        TlsProblem::BadCertificate
    };
    unreachable(format!(
        "from the target's machine: {}",
        Unreachable::Tls(problem)
    ))
}
