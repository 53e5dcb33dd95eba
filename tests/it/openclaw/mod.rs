//! What the fact sheet says about OpenClaw, held against the stand-in always and against the real
//! one with `DRIFTLOCK_OPENCLAW=1`. Where the sheet is silent, the real one of the pinned version was
//! asked, and the stand-in follows it.

mod cli;
mod http;
mod limits;
mod precedence;
mod reload;
mod stand_in;
mod starts;
mod undo;

use serde_json::{Value, json};

use crate::support::openclaw::{Home, Start};

/// Facts as tests of both kinds, each in a fresh home.
macro_rules! facts {
    ($($name:ident),* $(,)?) => {
        mod stand_in {
            $(#[test]
            fn $name() {
                crate::openclaw::with(crate::support::openclaw::Kind::StandIn, super::$name);
            })*
        }
        mod real {
            $(#[test]
            fn $name() {
                crate::openclaw::with(crate::support::openclaw::Kind::Real, super::$name);
            })*
        }
    };
}
use facts;

fn with(kind: crate::support::openclaw::Kind, fact: fn(&Home)) {
    if let Some(home) = Home::new(kind) {
        fact(&home);
    }
}

/// For facts with many changes of the config: the stand-in looks sooner than the real one would.
fn quick() -> Start {
    Start::default().env("STANDIN_RELOAD_MS", "50")
}

/// A config with this as `gateway.auth` beside the mode, and without what makes a start slow.
fn config(auth: &Value) -> Value {
    // who is not exempt is not made to wait for each wrong token; the limit is out of reach
    let no_wait = json!({ "exemptLoopback": false, "maxAttempts": 100_000 });
    let usual = json!({
        "gateway": {
            "mode": "local",
            "auth": { "mode": "token", "rateLimit": no_wait },
            "controlUi": { "enabled": false },
        },
        "plugins": { "enabled": false },
    });
    merged(&usual, &json!({ "gateway": { "auth": auth } }))
}

/// A config with this token, if it has one.
fn token(token: &str) -> Value {
    config(&json!({ "token": token }))
}

/// One config over another.
pub fn merged(below: &Value, above: &Value) -> Value {
    let (Value::Object(below), Value::Object(above)) = (below, above) else {
        return above.clone();
    };
    let mut all = below.clone();
    for (key, value) in above {
        let under = below.get(key).unwrap_or(&Value::Null);
        all.insert(key.clone(), merged(under, value));
    }
    Value::Object(all)
}

/// Rows that came out otherwise than the table has them, all at once.
#[track_caller]
fn agree(differing: &[String]) {
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
}
