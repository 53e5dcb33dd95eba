//! What an `alerts.yaml` says: where alerts go, and when. It holds no secret, only where secrets are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Alert, AlertClass};

/// All of it. The default is what counts where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerting {
    /// Where alerts go, by name.
    pub sinks: BTreeMap<String, SinkSpec>,
    /// What goes where, the first one that matches first. Where none matches, every sink is told.
    pub routes: Vec<Route>,
    /// After how long it is said again that something still is so; `None` is never.
    pub remind: Option<Duration>,
    /// So many events of one kind in one delivery become one message; 0 is never.
    pub digest: u32,
    /// Whom to tell that everything was looked at.
    pub ping: Option<PingSpec>,
    /// How long a change of the manifest may wait for its apply before that is told.
    pub grace: Duration,
    /// How often in a row something could not be read before that is told.
    pub after: u32,
}

impl Default for Alerting {
    fn default() -> Self {
        Self {
            sinks: BTreeMap::new(),
            routes: Vec::new(),
            remind: Some(Duration::from_secs(24 * 3600)),
            digest: 5,
            ping: None,
            grace: Duration::from_secs(30 * 60),
            after: 3,
        }
    }
}

/// One place that alerts go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkSpec {
    /// An incoming webhook of Slack.
    SlackWebhook {
        /// Its address, which is the secret.
        url: SecretSource,
    },
    /// A bot of Slack.
    Slack {
        /// A channel's id (`C0123456789`) or name (`#ops`).
        channel: String,
        /// The bot token.
        token: SecretSource,
    },
    /// Anything that takes JSON.
    Webhook {
        /// Where to.
        url: UrlSource,
        /// What messages are signed with.
        secret: Option<SecretSource>,
        /// Further headers.
        headers: Vec<(String, HeaderSource)>,
    },
    /// A program of this machine, which reads the JSON.
    Command {
        /// Program and arguments.
        line: Vec<String>,
        /// How long it may take.
        limit: Duration,
    },
}

impl SinkSpec {
    /// As it is spelled in the file.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SlackWebhook { .. } => "slack_webhook",
            Self::Slack { .. } => "slack",
            Self::Webhook { .. } => "webhook",
            Self::Command { .. } => "command",
        }
    }
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In this environment variable.
    Variable(String),
    /// In this file; a relative path begins beside the `alerts.yaml`.
    File(String),
}

/// An address, or where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlSource {
    /// In clear: nothing in it is secret.
    Clear(String),
    /// Somewhere else.
    Secret(SecretSource),
}

/// A header's value, or where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderSource {
    /// In clear: nothing in it is secret.
    Clear(String),
    /// Somewhere else.
    Secret(SecretSource),
}

/// The ping that says that all is well, and by its absence that it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingSpec {
    /// Where to.
    pub url: UrlSource,
    /// How it is sent.
    pub method: PingMethod,
    /// Not more often than this; `None` is after each round.
    pub every: Option<Duration>,
    /// Whether a round in which something was not looked at is told too, at the address with `/fail`
    /// behind it.
    pub fail: bool,
}

/// How a ping is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PingMethod {
    /// `GET`.
    #[default]
    Get,
    /// `HEAD`.
    Head,
    /// `POST`.
    Post,
}

/// What goes where. What is not said matches anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// By target.
    pub targets: Option<Vec<Pattern>>,
    /// By manifest.
    pub manifests: Option<Vec<Pattern>>,
    /// By class.
    pub classes: Option<BTreeSet<AlertClass>>,
    /// By owner.
    pub owners: Option<Vec<Pattern>>,
    /// By whether it does harm now.
    pub urgent: Option<bool>,
    /// The sinks. None is nobody.
    pub to: Vec<String>,
    /// Whether the routes after it are looked at too.
    pub go_on: bool,
}

/// A text in which `*` stands for any run of characters, also for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Any text is one.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether it stands for this text. Takes time with the product of the lengths at most.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut at, mut seen) = (0, 0);
        // where the last star is, and how far it reaches
        let mut star: Option<(usize, usize)> = None;
        while seen < text.len() {
            if pattern.get(at) == Some(&b'*') {
                star = Some((at, seen));
                at += 1;
            } else if pattern.get(at) == Some(&text[seen]) {
                at += 1;
                seen += 1;
            } else if let Some((place, reach)) = star {
                star = Some((place, reach + 1));
                at = place + 1;
                seen = reach + 1;
            } else {
                return false;
            }
        }
        pattern[at..].iter().all(|byte| *byte == b'*')
    }
}

impl Route {
    fn matches(&self, alert: &Alert) -> bool {
        let key = &alert.key;
        // what has no target or owner is meant by nobody who asks for one
        let fits = |patterns: &Option<Vec<Pattern>>, text: Option<&str>| {
            patterns.as_ref().is_none_or(|patterns| {
                text.is_some_and(|text| patterns.iter().any(|pattern| pattern.matches(text)))
            })
        };
        fits(
            &self.targets,
            key.target.as_ref().map(super::TargetName::as_str),
        ) && fits(&self.manifests, Some(key.manifest.as_str()))
            && fits(&self.owners, alert.owner.as_deref())
            && (self.classes.as_ref()).is_none_or(|classes| classes.contains(&key.class))
            && self.urgent.is_none_or(|urgent| urgent == alert.urgent)
    }
}

impl Alerting {
    /// Whether an alert is told to this sink. That a sink does not work is told to the others only.
    pub fn routes_to(&self, alert: &Alert, sink: &str) -> bool {
        if alert.key.class == AlertClass::Delivery
            && let Some(observer) = &alert.key.observer
            && observer.rsplit('/').next() == Some(sink)
        {
            return false;
        }
        let mut matched = false;
        for route in self.routes.iter().filter(|route| route.matches(alert)) {
            matched = true;
            if route.to.iter().any(|name| name == sink) {
                return true;
            }
            if !route.go_on {
                return false;
            }
        }
        // a route that goes on to nothing else has had its say
        !matched
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::AlertKey;

    fn alert(target: Option<&str>, class: AlertClass, owner: Option<&str>) -> Alert {
        Alert {
            key: AlertKey {
                manifest: "prod".parse().unwrap(),
                target: target.map(|name| name.parse().unwrap()),
                variable: None,
                class,
                observer: None,
            },
            id: "0".into(),
            pin: String::new(),
            what: String::new(),
            next: vec![],
            owner: owner.map(str::to_owned),
            who: None,
            urgent: class == AlertClass::Drift,
            opened_at: Timestamp::UNIX_EPOCH,
            told_at: Timestamp::UNIX_EPOCH,
            unchecked: None,
            muted: false,
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("api", "api", true),
            ("api", "apis", false),
            ("api*", "api", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("*-eu-*", "web-eu-1", true),
            ("*-eu-*", "web-us-1", false),
            ("a*b*c", "a--b-b-c", true),
            ("a*b*c", "a--b-b-", false),
            ("**x", "yyx", true),
            ("A", "a", false),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                fits,
                "{pattern} {text}"
            );
        }
        // no explosion
        let text = "a".repeat(20_000);
        assert!(!Pattern::new(format!("{}b", "*a".repeat(50))).matches(&text));
    }

    #[test]
    fn the_first_route_that_matches_counts() {
        let list = |texts: &[&str]| Some(texts.iter().map(|text| Pattern::new(*text)).collect());
        let names = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let alerting = Alerting {
            routes: vec![
                Route {
                    owners: list(&["payments"]),
                    to: names(&["pay"]),
                    go_on: true,
                    ..Route::default()
                },
                Route {
                    urgent: Some(true),
                    targets: list(&["api*", "web"]),
                    to: names(&["ops"]),
                    ..Route::default()
                },
                Route {
                    classes: Some(BTreeSet::from([AlertClass::Pending])),
                    ..Route::default()
                },
            ],
            ..Alerting::default()
        };
        let told = |alert: &Alert| -> Vec<&str> {
            let sinks = ["pay", "ops", "rest"].into_iter();
            sinks
                .filter(|sink| alerting.routes_to(alert, sink))
                .collect()
        };
        use AlertClass::{Drift, Expiry, Pending};
        assert_eq!(
            told(&alert(Some("api-1"), Drift, Some("payments"))),
            ["pay", "ops"]
        );
        assert_eq!(told(&alert(Some("api-1"), Drift, None)), ["ops"]);
        // it is not urgent, and the route for its owner went on
        assert_eq!(
            told(&alert(Some("api-1"), Expiry, Some("payments"))),
            ["pay"]
        );
        assert_eq!(told(&alert(Some("api-1"), Pending, None)), [""; 0]);
        // nothing matches: everybody
        assert_eq!(told(&alert(None, Drift, None)), ["pay", "ops", "rest"]);
    }

    #[test]
    fn that_a_sink_does_not_work_is_told_to_others() {
        let alerting = Alerting::default();
        let mut broken = alert(None, AlertClass::Delivery, None);
        broken.key.observer = Some("me@here/ops".into());
        assert!(!alerting.routes_to(&broken, "ops"));
        assert!(alerting.routes_to(&broken, "pay"));
    }
}
