//! One event as one line.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::{Clock, LogFormat, Net};
use crate::render::escape;
use crate::render::scrub::{REDACTED, Scrubber};

/// The longest text of a field, in characters.
const LONGEST: usize = 4000;

/// Writes lines in one of the formats.
pub(super) struct Lines {
    pub(super) format: LogFormat,
    /// `None` leaves the time out.
    pub(super) clock: Option<Clock>,
    pub(super) net: Net,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        _spans: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let scrubber = self.net.scrubber();
        let mut said = Said {
            scrubber: &scrubber,
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut said);
        let time = self.clock.as_ref().map(|clock| {
            let now = clock();
            now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
        });
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let line = match self.format {
            LogFormat::Text => text(&said, time.as_deref(), level, target)?,
            LogFormat::Json => json(&said, time.as_deref(), level, target),
        };
        // each text has passed already; what several of them make together passes here
        match (scrubber.scrub(&line), self.format) {
            (Cow::Owned(_), LogFormat::Json) => {
                let nothing = Said {
                    scrubber: &scrubber,
                    message: REDACTED.to_owned(),
                    fields: Vec::new(),
                };
                writeln!(out, "{}", json(&nothing, time.as_deref(), level, target))
            }
            (line, _) => writeln!(out, "{line}"),
        }
    }
}

fn text(
    said: &Said<'_>,
    time: Option<&str>,
    level: Level,
    target: &str,
) -> Result<String, fmt::Error> {
    let mut line = String::new();
    match time {
        Some(time) => write!(line, "{time} {level:>5}")?,
        None => write!(line, "{level:>5} {target}:")?,
    }
    if !said.message.is_empty() {
        write!(line, " {}", escape::terminal(&said.message))?;
    }
    for (name, value) in &said.fields {
        match value {
            Value::String(text) if is_plain(text) => write!(line, " {name}={text}")?,
            Value::String(text) => write!(line, " {name}={}", escape::quoted(text))?,
            other => write!(line, " {name}={other}")?,
        }
    }
    Ok(escape::workflow_guarded(&line))
}

/// Whether it can stand without quotes, and nothing in it looks like another field.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "._-/:@+,()[]{}#~%&*".contains(c);
    !text.is_empty() && text.chars().all(plain)
}

fn json(said: &Said<'_>, time: Option<&str>, level: Level, target: &str) -> String {
    let mut line = Map::new();
    if let Some(time) = time {
        line.insert("time".to_owned(), json!(time));
    }
    let level = level.as_str().to_ascii_lowercase();
    line.insert("level".to_owned(), json!(level));
    line.insert("target".to_owned(), json!(target));
    line.insert("message".to_owned(), json!(said.message));
    let fields: Map<String, Value> = said.fields.iter().cloned().collect();
    line.insert("fields".to_owned(), Value::Object(fields));
    escape::json_line(&Value::Object(line).to_string())
}

/// What an event says, scrubbed text by text: a secret is found before an encoding can hide it.
struct Said<'s> {
    scrubber: &'s Scrubber,
    message: String,
    fields: Vec<(String, Value)>,
}

impl Said<'_> {
    fn take(&mut self, field: &Field, text: &str) {
        let mut text = self.scrubber.scrub(text).into_owned();
        // only now: half a secret would not be found
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(end);
            text.push('…');
        }
        match field.name() {
            "message" => self.message = text,
            name => self.fields.push((name.to_owned(), Value::String(text))),
        }
    }

    fn number(&mut self, field: &Field, number: Value) {
        let text = number.to_string();
        // a secret may be a number
        if matches!(self.scrubber.scrub(&text), Cow::Owned(_)) {
            self.take(field, &text);
        } else {
            self.fields.push((field.name().to_owned(), number));
        }
    }
}

impl Visit for Said<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.take(field, &value.to_string());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.push((field.name().to_owned(), value.into()));
    }
}
