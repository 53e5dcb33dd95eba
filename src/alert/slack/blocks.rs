//! A message in Block Kit. Limits: 50 blocks, 3000 characters in a section, 150 in a header, ten
//! elements in a context (docs.slack.dev, "Blocks").

use serde_json::{Value, json};

use super::text::{HEADER, Place, SECTION, code, fit};
use crate::alert::document::fingerprint;
use crate::alert::message::{Message, Subject, TEST, about, headline, several, standing};
use crate::model::{Alert, AlertEvent, AlertEventKind};

/// So many alerts are listed in one message.
const LISTED: usize = 40;
/// So many where less is wanted.
const LISTED_SHORT: usize = 5;
/// So many characters one of them takes.
const LINE: usize = 600;
/// So many characters the text takes that notifications show.
const TEXT: usize = 1000;
/// So many commands are shown.
const COMMANDS: usize = 5;

/// How much a message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alert) enum Form {
    /// As it is meant.
    Blocks,
    /// Text alone.
    Plain,
    /// Text alone, and not much of it.
    Short,
}

/// The parts of a request that are the message: `text`, and `blocks` or none of them.
pub(in crate::alert) fn payload(message: &Message, form: Form) -> Value {
    let blocks = match form {
        Form::Blocks => blocks(message),
        Form::Plain | Form::Short => vec![],
    };
    json!({
        "text": text(message, form),
        "blocks": blocks,
        "parse": "none",
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn text(message: &Message, form: Form) -> String {
    let most = if form == Form::Short { 300 } else { TEXT };
    let mut out = format!(
        "{} {}",
        light(message),
        fit(&message.line(), most, Place::Prose)
    );
    if form == Form::Plain {
        let list: Vec<&Alert> = match &message.subject {
            Subject::Event(_) | Subject::Test => vec![],
            subject => subject.alerts(),
        };
        for alert in list.iter().take(LISTED_SHORT) {
            out.push('\n');
            out.push_str(&line(alert));
        }
        for command in commands(message) {
            out.push('\n');
            out.push_str(&code(&command, 300));
        }
    }
    out
}

fn blocks(message: &Message) -> Vec<Value> {
    match &message.subject {
        Subject::Event(event) => event_blocks(message, event),
        Subject::Digest(kind, events) => {
            let alerts: Vec<&Alert> = events.iter().map(|event| &event.alert).collect();
            list_blocks(message, &several(*kind, events.len()), &alerts)
        }
        Subject::Standing(alerts) => {
            let title = standing(alerts.len());
            list_blocks(message, &title, &alerts.iter().collect::<Vec<_>>())
        }
        Subject::Test => vec![
            header(message, "driftlock: a test"),
            section(TEST.to_owned()),
        ],
    }
}

fn event_blocks(message: &Message, event: &AlertEvent) -> Vec<Value> {
    let alert = &event.alert;
    let mut blocks = vec![
        header(message, &headline(event)),
        section(fit(&alert.what, SECTION, Place::Prose)),
    ];
    if event.kind == AlertEventKind::CouldNotCheck
        && let Some((_, why)) = &alert.unchecked
    {
        blocks.push(section(format!("*Why:* {}", fit(why, 1000, Place::Prose))));
    }
    if let Some(who) = &alert.who {
        let words = fit(&who.words(None), 1000, Place::Prose);
        blocks.push(section(format!("*Who:* {words}")));
    }
    if event.kind != AlertEventKind::Resolved
        && let Some(commands) = command_block(message)
    {
        blocks.push(commands);
    }
    blocks.push(context(&facts(message, event)));
    blocks
}

fn facts(message: &Message, event: &AlertEvent) -> Vec<String> {
    let alert = &event.alert;
    let mut facts = vec![format!("manifest {}", code(message.manifest.as_str(), 80))];
    if let Some(owner) = &alert.owner {
        facts.push(format!("owner {}", code(owner, 200)));
    }
    let since = moment(alert.opened_at);
    facts.push(match event.kind {
        AlertEventKind::Resolved => format!("from {since} to {}", moment(event.at)),
        _ => format!("since {since}"),
    });
    if let Some(digits) = fingerprint(&alert.pin) {
        facts.push(format!("live value {}", code(digits, 20)));
    }
    facts.push(format!("alert {}", code(&alert.id, 30)));
    facts
}

fn list_blocks(message: &Message, title: &str, alerts: &[&Alert]) -> Vec<Value> {
    let title = format!("{}: {title}", message.manifest);
    let mut blocks = vec![header(message, &title)];
    let mut page = String::new();
    for alert in alerts.iter().take(LISTED) {
        let line = line(alert);
        let length = |text: &str| text.encode_utf16().count();
        if !page.is_empty() && length(&page) + length(&line) + 1 > SECTION {
            blocks.push(section(std::mem::take(&mut page)));
        }
        if !page.is_empty() {
            page.push('\n');
        }
        page.push_str(&line);
    }
    if !page.is_empty() {
        blocks.push(section(page));
    }
    if alerts.len() > LISTED {
        blocks.push(section(format!("and {} more", alerts.len() - LISTED)));
    }
    blocks.extend(command_block(message));
    blocks
}

/// One alert of several.
fn line(alert: &Alert) -> String {
    let light = if alert.urgent { "🔴" } else { "🟡" };
    format!(
        "{light} {} {}: {} ({})",
        alert.key.class,
        code(&about(alert), 120),
        fit(&alert.what, LINE - 200, Place::Prose),
        code(&alert.id, 30),
    )
}

/// What to run next, ready to be copied.
fn command_block(message: &Message) -> Option<Value> {
    let commands = commands(message);
    if commands.is_empty() {
        return None;
    }
    let lines: Vec<String> = commands
        .iter()
        .map(|command| fit(command, SECTION / COMMANDS - 20, Place::Code))
        .collect();
    Some(section(format!("```{}```", lines.join("\n"))))
}

fn commands(message: &Message) -> Vec<String> {
    match &message.subject {
        Subject::Event(event) if event.kind == AlertEventKind::Resolved => vec![],
        Subject::Event(event) => event.alert.next.iter().take(COMMANDS).cloned().collect(),
        Subject::Digest(AlertEventKind::Resolved, _) | Subject::Test => vec![],
        Subject::Digest(..) | Subject::Standing(_) => vec!["driftlock alert list".to_owned()],
    }
}

/// How bad it is, seen from far away.
fn light(message: &Message) -> &'static str {
    let worst = |alerts: &[&Alert]| match alerts.iter().any(|alert| alert.urgent) {
        true => "🔴",
        false => "🟡",
    };
    let kind = match &message.subject {
        Subject::Event(event) => Some(event.kind),
        Subject::Digest(kind, _) => Some(*kind),
        Subject::Standing(_) => None,
        Subject::Test => return "🔵",
    };
    match kind {
        Some(AlertEventKind::Resolved) => "🟢",
        Some(AlertEventKind::CouldNotCheck) => "⚪",
        _ => worst(&message.subject.alerts()),
    }
}

fn header(message: &Message, text: &str) -> Value {
    let text = format!("{} {}", light(message), fit(text, HEADER - 4, Place::Plain));
    json!({ "type": "header", "text": { "type": "plain_text", "text": text, "emoji": false } })
}

fn section(text: String) -> Value {
    // an empty text is refused
    let text = if text.is_empty() {
        "–".to_owned()
    } else {
        text
    };
    json!({ "type": "section", "text": markup(text) })
}

fn context(texts: &[String]) -> Value {
    let elements: Vec<Value> = texts.iter().cloned().map(markup).collect();
    json!({ "type": "context", "elements": elements })
}

fn markup(text: String) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

/// To the minute.
fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
