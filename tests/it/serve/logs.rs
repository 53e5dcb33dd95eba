//! Logs of a run that stays: lines that machines read, and no secret in any of them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use driftlock::model::SecretValue;
use driftlock::render::scrub::{REDACTED, Scrubber};
use driftlock::telemetry::{LogFormat, Logging, Net, subscriber};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use super::at;
use crate::leaks::forms::Canary;

const SECRET: &str = "canary-log-\"q\"-/7c21";
const NUMBER: &str = "48151623421234567";

/// Keeps what is written, call by call.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        self.0.lock().unwrap().push(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Kept {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

fn net() -> Net {
    let net = Net::default();
    let secrets = [SECRET, NUMBER].map(SecretValue::new);
    net.becomes(Arc::new(Scrubber::new(secrets, &Default::default())));
    net
}

/// The lines that `logs` writes.
fn lines(stays: Option<LogFormat>, verbosity: u8, logs: impl FnOnce()) -> Vec<String> {
    let kept = Kept::default();
    let logging = Logging { verbosity, stays };
    let clock = Arc::new(|| at(1_764_474_263));
    match subscriber(logging, clock, &net(), kept.clone()) {
        Some(subscriber) => tracing::subscriber::with_default(subscriber, logs),
        None => logs(),
    }
    let lines = kept.0.lock().unwrap().clone();
    for line in &lines {
        assert_eq!(line.matches('\n').count(), 1, "{line:?}");
        assert!(line.ends_with('\n'));
    }
    lines
}

fn json(logs: impl FnOnce()) -> Vec<Value> {
    let lines = lines(Some(LogFormat::Json), 0, logs);
    let parsed = lines.iter().map(|line| serde_json::from_str(line));
    parsed.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_line_is_an_object() {
    let all = json(|| {
        tracing::info!(target: "driftlock::reconcile", manifest = "dev", looks = 3, ok = true, ratio = 0.5, "looked");
        tracing::warn!(target: "driftlock", error = %"no answer");
        tracing::error!(target: "rustls", count = -1_i64, "odd");
    });
    assert_eq!(
        all,
        [
            serde_json::json!({
                "time": "2025-11-30T03:44:23.000Z", "level": "info",
                "target": "driftlock::reconcile", "message": "looked",
                "fields": {"manifest": "dev", "looks": 3, "ok": true, "ratio": 0.5},
            }),
            serde_json::json!({
                "time": "2025-11-30T03:44:23.000Z", "level": "warn", "target": "driftlock",
                "message": "", "fields": {"error": "no answer"},
            }),
            serde_json::json!({
                "time": "2025-11-30T03:44:23.000Z", "level": "error", "target": "rustls",
                "message": "odd", "fields": {"count": -1},
            }),
        ]
    );
}

#[test]
fn text_is_for_people() {
    let logs = || {
        tracing::info!(target: "driftlock::reconcile", manifest = "dev", why = "no \"answer\"", n = 3, "looked");
        tracing::info!(target: "driftlock", a = "x b=y", c = "\u{1b}[2J", e = "", "##[error]\u{202e}");
    };
    assert_eq!(
        lines(Some(LogFormat::Text), 0, logs),
        [
            "2025-11-30T03:44:23.000Z  INFO looked manifest=dev why=\"no \\\"answer\\\"\" n=3\n",
            "2025-11-30T03:44:23.000Z  INFO ##\\[error]\\u{202e} a=\"x b=y\" c=\"\\u{1b}[2J\" e=\"\"\n",
        ]
    );
    // a command is silent until asked, and its lines carry no time
    assert!(lines(None, 0, logs).is_empty());
    let asked = lines(None, 1, logs);
    assert!(
        asked[0].starts_with(" INFO driftlock::reconcile: looked manifest=dev"),
        "{asked:?}"
    );
}

#[test]
fn what_is_logged_is_what_was_asked_for() {
    let logs = || {
        tracing::trace!(target: "driftlock::a", "5");
        tracing::debug!(target: "driftlock::a", "4");
        tracing::info!(target: "driftlock::a", "3");
        tracing::trace!(target: "rustls", "e");
        tracing::debug!(target: "rustls", "d");
        tracing::info!(target: "rustls", "c");
        tracing::warn!(target: "rustls", "b");
    };
    let said = |stays, verbosity| -> String {
        let lines = lines(stays, verbosity, logs);
        let last = lines
            .iter()
            .filter_map(|line| line.trim_end().chars().last());
        last.collect()
    };
    let json = |verbosity| -> String {
        let lines = lines(Some(LogFormat::Json), verbosity, logs);
        let values = lines
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        values
            .map(|value| value["message"].as_str().unwrap().to_owned())
            .collect()
    };
    // dependencies never below info: they may log what they were given
    for (verbosity, command, stays) in [
        (0, "", "3b"),
        (1, "43cb", "43cb"),
        (2, "543cb", "543cb"),
        (9, "543cb", "543cb"),
    ] {
        assert_eq!(said(None, verbosity), command);
        assert_eq!(said(Some(LogFormat::Text), verbosity), stays);
        assert_eq!(json(verbosity), stays);
    }
}

#[test]
fn no_secret_gets_through_in_any_form() {
    #[derive(Debug)]
    struct Holds<'h>(#[expect(dead_code, reason = "printed by Debug")] &'h str);
    #[derive(Debug, thiserror::Error)]
    #[error("the body was {0}")]
    struct Quotes(String);
    let logs = || {
        let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, SECRET);
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
        let long = format!("{}{SECRET}", "a".repeat(3995));
        tracing::info!(target: "driftlock", "said {SECRET} here");
        tracing::info!(target: "driftlock", value = SECRET, display = %SECRET, debug = ?SECRET);
        tracing::info!(target: "driftlock", holds = ?Holds(SECRET), base64, hex);
        tracing::info!(target: "driftlock", nested = %serde_json::json!({ "a": SECRET }));
        let error = Quotes(SECRET.to_owned());
        tracing::error!(target: "driftlock", error = &error as &dyn std::error::Error);
        tracing::info!(target: "driftlock", number = NUMBER.parse::<u64>().unwrap(), long);
        tracing::info!(target: "driftlock", n = NUMBER.parse::<i64>().unwrap(), "{NUMBER}");
        // two fields that make one only side by side
        let (first, second) = SECRET.split_at(9);
        tracing::info!(target: "driftlock", "{first}{second}");
    };
    let canaries = [SECRET, NUMBER].map(|text| Canary::new("a secret", text));
    for format in [LogFormat::Text, LogFormat::Json] {
        for verbosity in [0, 2] {
            let lines = lines(Some(format), verbosity, logs);
            assert_eq!(lines.len(), 8);
            for line in &lines {
                for canary in &canaries {
                    assert_eq!(canary.found_in(line), None, "{format:?}");
                }
                assert!(line.contains(REDACTED), "{line}");
                if format == LogFormat::Json {
                    serde_json::from_str::<Value>(line).unwrap();
                }
            }
        }
    }
}

#[test]
fn a_line_is_bounded_and_moves_no_cursor() {
    let huge = "\u{9b}é".repeat(100_000);
    let all = lines(Some(LogFormat::Json), 0, || {
        tracing::info!(target: "driftlock", huge, odd = "\u{1b}]0;x\u{7}\r\n::error::x ##vso[y]\u{e0041}", "{huge}");
    });
    assert!(all[0].len() < 100_000, "{}", all[0].len());
    let odd = |c: char| c != '\n' && (c.is_control() || c == '\u{e0041}');
    assert!(!all[0].contains(odd));
    assert!(!all[0].contains("##"));
    let value: Value = serde_json::from_str(&all[0]).unwrap();
    assert_eq!(
        value["fields"]["odd"],
        "\u{1b}]0;x\u{7}\r\n::error::x ##vso[y]\u{e0041}"
    );
}

#[test]
fn secrets_that_are_learnt_later_are_kept_out_from_then_on() {
    let net = Net::default();
    let kept = Kept::default();
    let logging = Logging {
        verbosity: 0,
        stays: Some(LogFormat::Json),
    };
    let clock = Arc::new(|| at(0));
    let subscriber = subscriber(logging, clock, &net.clone(), kept.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(target: "driftlock", "a canary-later-1");
        let secret = SecretValue::new("canary-later-1");
        net.becomes(Arc::new(Scrubber::new([secret], &Default::default())));
        tracing::info!(target: "driftlock", "a canary-later-1");
    });
    let lines = kept.0.lock().unwrap().clone();
    assert!(lines[0].contains("canary-later-1"));
    assert!(lines[1].contains(REDACTED) && !lines[1].contains("canary"));
}
