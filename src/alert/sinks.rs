//! The sinks of an `alerts.yaml`, ready to be used.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::command::CommandSink;
use super::fault::Fault;
use super::message::Message;
use super::ping::Ping;
use super::sign::SigningKey;
use super::slack::{Bot, Hook};
use super::webhook::Webhook;
use crate::machine::Run;
use crate::model::{Alerting, HeaderSource, SecretSource, SecretValue, SinkSpec, UrlSource};
use crate::platforms::http::{Client, is_loopback};

/// So long for one request, from the connection to the last byte.
pub const USUAL_LIMIT: Duration = Duration::from_secs(10);

/// The Web API of Slack.
const SLACK: &str = "https://slack.com/api/";

/// One place that alerts go to.
#[async_trait]
pub trait Sink: Send + Sync {
    /// As the file spells it.
    fn kind(&self) -> &'static str;

    /// Whether later events go below the message that opened an alert.
    fn threads(&self) -> bool {
        false
    }

    /// Sends one message, `below` what it called an earlier one. Gives what it calls this one, where later
    /// ones can go below it.
    ///
    /// # Errors
    /// Where nobody knows that it arrived.
    async fn send(&self, message: &Message, below: Option<&str>) -> Result<Option<String>, Fault>;

    /// Sends a test the whole way, further than one message goes where there is more to prove. Gives
    /// what was proved, in words.
    ///
    /// # Errors
    /// As [`Sink::send`].
    async fn prove(&self, message: &Message) -> Result<String, Fault>;
}

/// What sinks need of the world.
#[derive(Clone)]
pub struct Outside {
    /// The way out.
    pub client: Arc<Client>,
    /// This machine's programs.
    pub host: Arc<dyn Run>,
    /// In the place of Slack's address, for tests. Counts only on this machine.
    pub slack: Option<String>,
    /// So long for one request.
    pub limit: Duration,
}

/// Looks a secret up. The error says in words why it is not there: lower case, no final period.
pub type Lookup<'a> = dyn FnMut(&SecretSource) -> Result<SecretValue, String> + 'a;

/// The sinks, and what goes where.
pub struct Sinks {
    pub(super) alerting: Alerting,
    pub(super) sinks: BTreeMap<String, Box<dyn Sink>>,
    /// What was delivered and could not be written into its book yet.
    pub(super) unrecorded: super::deliver::Unrecorded,
}

impl Sinks {
    /// These sinks, for these settings.
    pub fn new(alerting: Alerting, sinks: BTreeMap<String, Box<dyn Sink>>) -> Self {
        Self {
            alerting,
            sinks,
            unrecorded: super::deliver::Unrecorded::default(),
        }
    }

    /// What goes where.
    pub fn alerting(&self) -> &Alerting {
        &self.alerting
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sinks.keys().map(String::as_str)
    }
}

/// Makes one sink ready. Nothing is sent.
///
/// # Errors
/// Why it cannot be used: lower case, no final period, no secret.
pub fn build(
    spec: &SinkSpec,
    outside: &Outside,
    lookup: &mut Lookup<'_>,
) -> Result<Box<dyn Sink>, String> {
    Ok(match spec {
        SinkSpec::SlackWebhook { url } => {
            let url = parse_url(&lookup(url)?)?;
            Box::new(Hook::new(outside.clone(), url))
        }
        SinkSpec::Slack { channel, token } => {
            let token = header_value("Bearer ", &lookup(token)?)
                .ok_or("the token holds a character that no token has")?;
            let base = outside
                .slack
                .as_deref()
                .and_then(|url| Url::parse(url).ok());
            let base = base.filter(is_loopback);
            let base = base.unwrap_or_else(|| Url::parse(SLACK).expect("it is an address"));
            Box::new(Bot::new(outside.clone(), base, channel.clone(), token))
        }
        SinkSpec::Webhook {
            url,
            secret,
            headers,
        } => {
            let url = find_url(url, lookup)?;
            let key = secret.as_ref().map(|source| {
                let secret = lookup(source)?;
                SigningKey::new(&secret)
                    .ok_or_else(|| "what stands behind `whsec_` is not base64".to_owned())
            });
            let headers = headers
                .iter()
                .map(|(name, source)| find_header(name, source, lookup))
                .collect::<Result<_, _>>()?;
            Box::new(Webhook::new(
                outside.clone(),
                url,
                key.transpose()?,
                headers,
            ))
        }
        SinkSpec::Command { line, limit } => {
            Box::new(CommandSink::new(outside.host.clone(), line.clone(), *limit))
        }
    })
}

/// Makes the ping ready, if there is one.
///
/// # Errors
/// As [`build`].
pub fn build_ping(
    alerting: &Alerting,
    outside: &Outside,
    lookup: &mut Lookup<'_>,
) -> Result<Option<Ping>, String> {
    let Some(spec) = &alerting.ping else {
        return Ok(None);
    };
    let url = find_url(&spec.url, lookup)?;
    Ok(Some(Ping::new(outside.clone(), url, spec)))
}

fn find_url(source: &UrlSource, lookup: &mut Lookup<'_>) -> Result<Url, String> {
    match source {
        UrlSource::Clear(text) => parse_url(&SecretValue::new(text.as_str())),
        UrlSource::Secret(source) => parse_url(&lookup(source)?),
    }
}

fn parse_url(text: &SecretValue) -> Result<Url, String> {
    let url = Url::parse(text.expose()).map_err(|_| "what is there is not an address")?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err("the address is not https, and not on this machine".to_owned()),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("the address names no host".to_owned());
    }
    Ok(url)
}

fn find_header(
    name: &str,
    source: &HeaderSource,
    lookup: &mut Lookup<'_>,
) -> Result<(HeaderName, HeaderValue), String> {
    let key = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{name}` is no name of a header"))?;
    let text = match source {
        HeaderSource::Clear(text) => SecretValue::new(text.as_str()),
        HeaderSource::Secret(source) => lookup(source)?,
    };
    let value = header_value("", &text);
    let value = value.ok_or_else(|| format!("what is there for `{name}` cannot be a header"))?;
    Ok((key, value))
}

/// Marked as secret: no log shows it.
fn header_value(prefix: &str, text: &SecretValue) -> Option<HeaderValue> {
    let whole = zeroize::Zeroizing::new(format!("{prefix}{}", text.expose()));
    let mut value = HeaderValue::from_str(&whole).ok()?;
    value.set_sensitive(true);
    Some(value)
}
