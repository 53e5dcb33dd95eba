//! Messages, and sinks that go to a server of the test.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::alert::{Message, Outside, Sink, Subject, build};
use crate::machine::LocalHost;
use crate::model::{
    Alert, AlertClass, AlertEvent, AlertEventKind, AlertKey, SecretSource, SecretValue, SinkSpec,
    UrlSource, Who,
};
use crate::platforms::http::tests::server::Server;
use crate::platforms::http::{Client, HttpSettings};

pub(super) const TOKEN: &str = "xoxb-c4nary-0123";
pub(super) const PATH: &str = "/services/T0/B0/c4naryOfTheAddress";

pub(super) fn alert() -> Alert {
    Alert {
        key: AlertKey {
            manifest: "prod".parse().unwrap(),
            target: Some("api".parse().unwrap()),
            variable: Some("API_TOKEN".parse().unwrap()),
            class: AlertClass::Drift,
            observer: None,
        },
        id: "a1b2c3d4e5f6".to_owned(),
        pin: "ab".repeat(32),
        what: "changed on Railway since our apply".to_owned(),
        next: vec!["driftlock plan manifests/prod.yaml".to_owned()],
        owner: Some("payments".to_owned()),
        who: Some(Who {
            by: Some("mallory <!channel>".to_owned()),
            at: Some(at(1_700_000_000)),
            ours: false,
            source: "Railway's list of commits".to_owned(),
        }),
        urgent: true,
        opened_at: at(1_700_000_000),
        told_at: at(1_700_000_000),
        unchecked: None,
        muted: false,
    }
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(super) fn message(subject: Subject) -> Message {
    Message {
        book: "00112233aabb".to_owned(),
        manifest: "prod".parse().unwrap(),
        revision: Some("6dcb09b".to_owned()),
        at: at(1_700_000_100),
        subject,
    }
}

pub(super) fn event(number: u64, kind: AlertEventKind, alert: Alert) -> AlertEvent {
    AlertEvent {
        number,
        at: at(1_700_000_050),
        kind,
        alert,
    }
}

pub(super) fn opened() -> Message {
    let event = event(7, AlertEventKind::Opened, alert());
    message(Subject::Event(Box::new(event)))
}

pub(super) fn resolved() -> Message {
    let event = event(8, AlertEventKind::Resolved, alert());
    message(Subject::Event(Box::new(event)))
}

pub(super) fn digest(count: u64) -> Message {
    let events = (1..=count).map(|number| {
        let mut alert = alert();
        alert.id = format!("{number:012x}");
        event(number, AlertEventKind::Opened, alert)
    });
    message(Subject::Digest(AlertEventKind::Opened, events.collect()))
}

pub(super) fn outside(client: Client, slack: Option<String>) -> Outside {
    Outside {
        client: Arc::new(client),
        host: Arc::new(LocalHost::new()),
        slack,
        limit: Duration::from_millis(1500),
    }
}

/// With these secrets by the names of their variables.
pub(super) fn built(spec: &SinkSpec, outside: &Outside, secrets: &[(&str, &str)]) -> Box<dyn Sink> {
    let secrets: BTreeMap<&str, &str> = secrets.iter().copied().collect();
    let mut lookup = |source: &SecretSource| match source {
        SecretSource::Variable(name) => match secrets.get(name.as_str()) {
            Some(text) => Ok(SecretValue::new(*text)),
            None => Err("it is not set".to_owned()),
        },
        SecretSource::File(_) => Err("there is no such file".to_owned()),
    };
    build(spec, outside, &mut lookup).unwrap_or_else(|why| panic!("{why}"))
}

pub(super) fn variable(name: &str) -> SecretSource {
    SecretSource::Variable(name.to_owned())
}

pub(super) fn bot(server: &Server) -> Box<dyn Sink> {
    let slack = format!("http://127.0.0.1:{}/api/", server.port);
    let outside = outside(Client::new(HttpSettings::default()), Some(slack));
    let spec = SinkSpec::Slack {
        channel: "#ops".to_owned(),
        token: variable("TOKEN"),
    };
    built(&spec, &outside, &[("TOKEN", TOKEN)])
}

pub(super) fn hook(server: &Server) -> Box<dyn Sink> {
    let url = format!("http://127.0.0.1:{}{PATH}", server.port);
    let outside = outside(Client::new(HttpSettings::default()), None);
    let spec = SinkSpec::SlackWebhook {
        url: variable("URL"),
    };
    built(&spec, &outside, &[("URL", &url)])
}

pub(super) fn webhook(url: &str, client: Client, secret: Option<&str>) -> Box<dyn Sink> {
    let spec = SinkSpec::Webhook {
        url: UrlSource::Secret(variable("URL")),
        secret: secret.map(|_| variable("SECRET")),
        headers: vec![],
    };
    let secrets = [("URL", url), ("SECRET", secret.unwrap_or_default())];
    built(&spec, &outside(client, None), &secrets)
}
