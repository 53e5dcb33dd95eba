//! The engine and a Slack with a state: one thread for each alert, whatever happens in between, and
//! never the same twice with two reconcilers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftlock::alert::deliver::{Origin, run};
use driftlock::alert::{Books, Outside, Sink, Sinks, build};
use driftlock::machine::LocalHost;
use driftlock::model::{
    Alert, AlertBook, AlertClass, AlertEvent, AlertEventKind, AlertKey, Alerting, SecretSource,
    SecretValue, SinkSpec, Who,
};
use driftlock::platforms::http::{Client, HttpSettings};
use jiff::Timestamp;

use crate::support::slack::{Slack, TOKEN, limited, no};

#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<AlertBook>>);

impl Books for Shelf {
    fn change(
        &mut self,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, String> {
        let mut book = self.0.lock().unwrap();
        if let Some(next) = change(&book) {
            *book = next;
        }
        Ok(book.clone())
    }
}

impl Shelf {
    pub(super) fn event(&self, kind: AlertEventKind, alert: &Alert) {
        let mut book = self.0.lock().unwrap();
        book.id = "00112233aabb".to_owned();
        book.last_event += 1;
        let number = book.last_event;
        match kind {
            AlertEventKind::Resolved => drop(book.open.remove(&alert.key)),
            _ => drop(book.open.insert(alert.key.clone(), alert.clone())),
        }
        book.events.push(AlertEvent {
            number,
            at: at(100),
            kind,
            alert: alert.clone(),
        });
    }
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(super) fn alert(variable: &str) -> Alert {
    Alert {
        key: AlertKey {
            manifest: "prod".parse().unwrap(),
            target: Some("api".parse().unwrap()),
            variable: Some(variable.parse().unwrap()),
            class: AlertClass::Drift,
            observer: None,
        },
        id: format!("id{variable}"),
        pin: "0123456789abcdef".repeat(4),
        what: format!("{variable} was changed on <Railway> & by *somebody*"),
        next: vec!["driftlock plan manifests/prod.yaml --target api".to_owned()],
        owner: Some("payments".to_owned()),
        who: Some(Who {
            by: None,
            at: None,
            ours: false,
            source: "the plan of this project has no audit log".to_owned(),
        }),
        urgent: true,
        opened_at: at(0),
        told_at: at(0),
        unchecked: Some((at(50), "Railway answered 503".to_owned())),
        muted: false,
    }
}

/// A bot and an incoming webhook.
pub(super) fn sinks(slack: &Slack) -> Sinks {
    let source = |name: &str| SecretSource::Variable(name.to_owned());
    let bot = SinkSpec::Slack {
        channel: "#ops".to_owned(),
        token: source("TOKEN"),
    };
    let hook = SinkSpec::SlackWebhook {
        url: source("HOOK"),
    };
    ready(slack, [("bot", bot), ("hook", hook)])
}

/// An incoming webhook alone.
pub(super) fn one_hook(slack: &Slack, name: &str) -> Sinks {
    let url = SecretSource::Variable("HOOK".to_owned());
    ready(slack, [(name, SinkSpec::SlackWebhook { url })])
}

fn ready<const N: usize>(slack: &Slack, specs: [(&str, SinkSpec); N]) -> Sinks {
    let outside = Outside {
        client: Arc::new(Client::new(HttpSettings::default())),
        host: Arc::new(LocalHost::new()),
        slack: Some(slack.api()),
        limit: Duration::from_secs(20),
    };
    let mut ready: BTreeMap<String, Box<dyn Sink>> = BTreeMap::new();
    for (name, spec) in specs {
        let hook = slack.hook();
        let mut lookup = |source: &SecretSource| match source {
            SecretSource::Variable(name) if name == "TOKEN" => Ok(SecretValue::new(TOKEN)),
            _ => Ok(SecretValue::new(hook.as_str())),
        };
        ready.insert(
            name.to_owned(),
            build(&spec, &outside, &mut lookup).unwrap(),
        );
    }
    let alerting = Alerting {
        digest: 4,
        ..Alerting::default()
    };
    Sinks::new(alerting, ready)
}

pub(super) fn origin(by: &str) -> Origin {
    Origin {
        by: by.to_owned(),
        manifest: "prod".parse().unwrap(),
        revision: None,
    }
}

#[tokio::test]
async fn an_alert_is_one_thread_and_its_first_message_turns_green() {
    let (slack, shelf) = (Slack::start(), Shelf::default());
    let ready = sinks(&slack);
    let one = alert("API_TOKEN");
    let now = || at(200);
    shelf.event(AlertEventKind::Opened, &one);
    run(&mut shelf.clone(), &ready, &origin("me"), &now).await;
    for kind in [
        AlertEventKind::Changed,
        AlertEventKind::CouldNotCheck,
        AlertEventKind::Reminder,
        AlertEventKind::Resolved,
    ] {
        shelf.event(kind, &one);
        run(&mut shelf.clone(), &ready, &origin("me"), &now).await;
    }
    let all = slack.messages();
    let is_hook = |text: &str| all.iter().filter(|one| one.text == text).count();
    assert_eq!(all.len(), 10);
    let threads: Vec<_> = all.iter().filter(|one| one.thread.is_some()).collect();
    assert_eq!(threads.len(), 4);
    let first = all.iter().find(|one| one.changed > 0).unwrap();
    assert!(
        threads
            .iter()
            .all(|one| one.thread.as_ref() == Some(&first.ts))
    );
    assert_eq!(first.changed, 1);
    assert!(
        first
            .text
            .starts_with("🟢 resolved: drift: API_TOKEN on api"),
        "{}",
        first.text
    );
    let header = first.blocks[0]["text"]["text"].as_str().unwrap();
    assert_eq!(header, "🟢 resolved: drift: API_TOKEN on api");
    // once from each of the two, and the bot's first message, which was changed
    assert_eq!(is_hook(&first.text), 3);
    assert!(all.iter().all(|one| !one.text.contains(['<', '>'])));
}

#[tokio::test]
async fn a_digest_has_one_thread_and_stays_as_it_is() {
    let (slack, shelf) = (Slack::start(), Shelf::default());
    let ready = sinks(&slack);
    let all: Vec<Alert> = (0..60).map(|number| alert(&format!("V{number}"))).collect();
    for one in &all {
        shelf.event(AlertEventKind::Opened, one);
    }
    let now = || at(200);
    run(&mut shelf.clone(), &ready, &origin("me"), &now).await;
    let messages = slack.messages();
    assert_eq!(messages.len(), 2);
    assert!(
        messages[0].text.starts_with("🔴 prod: 60 new alerts"),
        "{}",
        messages[0].text
    );
    let text = serde_json::to_string(&messages[0].blocks).unwrap();
    assert!(text.contains("and 20 more") && text.contains("driftlock alert list"));
    shelf.event(AlertEventKind::Resolved, &all[7]);
    run(&mut shelf.clone(), &ready, &origin("me"), &now).await;
    let messages = slack.messages();
    assert_eq!(messages.len(), 4);
    assert!(messages.iter().all(|one| one.changed == 0));
    let below = messages.iter().find(|one| one.thread.is_some()).unwrap();
    assert!(below.text.contains("V7 on api"));
}

#[tokio::test]
async fn two_reconcilers_say_it_once_and_a_limit_is_waited_for() {
    let (slack, shelf) = (Slack::start(), Shelf::default());
    let (mine, yours) = (sinks(&slack), sinks(&slack));
    for name in ["A", "B", "C"] {
        shelf.event(AlertEventKind::Opened, &alert(name));
    }
    let now = || at(200);
    let (mut one, mut two) = (shelf.clone(), shelf.clone());
    let (me, you) = (origin("me"), origin("you"));
    let (first, second) = tokio::join!(
        run(&mut one, &mine, &me, &now),
        run(&mut two, &yours, &you, &now)
    );
    let delivered = |report: &driftlock::alert::deliver::Report| -> u64 {
        report.sinks.values().map(|of| of.delivered).sum()
    };
    assert_eq!(delivered(&first) + delivered(&second), 6);
    assert_eq!(slack.messages().len(), 6);
    shelf.event(AlertEventKind::Opened, &alert("D"));
    slack.answers([limited(30)]);
    slack.hook_answers([limited(30)]);
    let report = run(&mut shelf.clone(), &mine, &me, &now).await;
    assert_eq!(report.next, Some(at(230)));
    assert!(report.sightings.is_empty(), "a limit is no trouble yet");
    run(&mut shelf.clone(), &yours, &you, &now).await;
    assert_eq!(slack.messages().len(), 6);
    let later = || at(230);
    run(&mut shelf.clone(), &yours, &you, &later).await;
    assert_eq!(slack.messages().len(), 8);
    // a channel that is gone is told through the other one
    shelf.event(AlertEventKind::Opened, &alert("E"));
    slack.answers([no("channel_not_found")]);
    let report = run(&mut shelf.clone(), &mine, &me, &later).await;
    assert_eq!(report.sightings.len(), 1);
    assert!(
        report.sightings[0]
            .what
            .contains("Slack says channel_not_found")
    );
}
