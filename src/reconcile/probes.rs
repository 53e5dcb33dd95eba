//! The probes of a target, with its values put in.

use crate::manifest::{Ask, ExpandError, HttpAsk, ProbeSpec, TargetSpec};
use crate::model::{OpenclawSecret, ProbeFrom, SecretValue, Target, Verdict};
use crate::platforms::openclaw::NoFront;
use crate::probe::{CommandProbe, Door, GatewayProbe, HttpProbe, Probe, Prober, Without};
use crate::reconcile::connect::Connections;
use crate::reconcile::desired::Values;
use crate::reconcile::event::ProbeReport;

/// Stands in a request where a secret would.
const STAND_IN: &str = "driftlock-without-the-secret";

/// Sends the probes of one target, one after the other: each once.
pub async fn probe_target(
    values: &Values<'_>,
    connections: &Connections,
    prober: &Prober,
    spec: &TargetSpec,
    target: &Target,
) -> Vec<ProbeReport> {
    let mut reports = Vec::with_capacity(spec.probes.len());
    for one in &spec.probes {
        reports.push(probe_once(values, connections, prober, spec, one, target).await);
    }
    reports
}

/// Why there is nothing to send.
struct NotFilled {
    why: String,
    /// Whether that is as it should be.
    left_out: bool,
}

impl From<String> for NotFilled {
    fn from(why: String) -> Self {
        let left_out = false;
        Self { why, left_out }
    }
}

/// Sends one of the probes of a target, once.
pub(super) async fn probe_once(
    values: &Values<'_>,
    connections: &Connections,
    prober: &Prober,
    spec: &TargetSpec,
    one: &ProbeSpec,
    target: &Target,
) -> ProbeReport {
    let filled = match &one.ask {
        Ask::Http(ask) => http(values, spec, one, ask)
            .map(Probe::Http)
            .map_err(NotFilled::from),
        Ask::Command(line) => {
            let probe = command(values, spec, one, line);
            probe.map(Probe::Command).map_err(NotFilled::from)
        }
        Ask::Openclaw(secret) => {
            let probe = gateway(values, connections, spec, one, *secret, target).await;
            probe.map(Probe::Gateway)
        }
    };
    let (verdict, left_out) = match filled {
        Err(NotFilled { why, left_out }) => (Verdict::NotTried { why }, left_out),
        Ok(probe) => (
            send(connections, prober, target, one.from, &probe).await,
            false,
        ),
    };
    ProbeReport {
        what: in_words(&one.ask),
        verdict,
        left_out,
    }
}

async fn send(
    connections: &Connections,
    prober: &Prober,
    target: &Target,
    from: ProbeFrom,
    probe: &Probe,
) -> Verdict {
    match from {
        ProbeFrom::Here => prober.run(probe, None).await,
        ProbeFrom::Target => match connections.machine(target) {
            Some(machine) => prober.run(probe, Some(&*machine)).await,
            None => Verdict::NotTried {
                why: "the target is on no machine that it could be sent from".to_owned(),
            },
        },
    }
}

/// What is asked, as the manifest spells it: names of variables, never their values.
pub(super) fn in_words(ask: &Ask) -> String {
    match ask {
        Ask::Http(http) => format!("{} {}", http.method, http.url.to_source()),
        Ask::Command(line) => format!("`{line}`"),
        Ask::Openclaw(OpenclawSecret::Gateway) => "POST /tools/invoke of its gateway".to_owned(),
        Ask::Openclaw(OpenclawSecret::Hooks) => "POST …/wake of its gateway".to_owned(),
    }
}

/// Where its gateway listens is known to its machine only.
async fn gateway(
    values: &Values<'_>,
    connections: &Connections,
    spec: &TargetSpec,
    one: &ProbeSpec,
    secret: OpenclawSecret,
    target: &Target,
) -> Result<GatewayProbe, NotFilled> {
    let name = secret.variable();
    let used = spec.uses.iter().find(|used| used.name == name);
    let used = used.ok_or_else(|| format!("{name} is not wanted there"))?;
    let token = values
        .value(&used.source)
        .map_err(|why| format!("{name} is not known: {why}"))?;
    let platform = connections
        .openclaw(target)
        .ok_or_else(|| "there is no connection to its machine".to_owned())?;
    let none = |why: String| NotFilled {
        why,
        left_out: true,
    };
    let front = platform.front(target).await.map_err(|error| match error {
        NoFront::None(why) => none(why),
        NoFront::Unknown(why) => why.into(),
    })?;
    let door = match secret {
        OpenclawSecret::Gateway => Door::Gateway,
        OpenclawSecret::Hooks if front.has_hooks => Door::Hooks { path: front.hooks },
        OpenclawSecret::Hooks => {
            let why = "the hooks of this gateway are switched off (hooks.enabled)";
            return Err(none(why.to_owned()));
        }
    };
    Ok(GatewayProbe {
        base: SecretValue::new(front.base),
        door,
        token,
        limit: one.limit,
    })
}

fn command(
    values: &Values<'_>,
    spec: &TargetSpec,
    one: &ProbeSpec,
    line: &str,
) -> Result<CommandProbe, String> {
    let variables = spec.uses.iter().map(|used| {
        let value = values.value(&used.source);
        value
            .map(|value| (used.name.clone(), value))
            .map_err(|why| format!("{} is not known: {why}", used.name))
    });
    Ok(CommandProbe {
        line: line.to_owned(),
        variables: variables.collect::<Result<_, _>>()?,
        limit: one.limit,
    })
}

fn http(
    values: &Values<'_>,
    spec: &TargetSpec,
    one: &ProbeSpec,
    ask: &HttpAsk,
) -> Result<HttpProbe, String> {
    let manifest = values.manifest();
    let text = |template| {
        let lookup = |name: &_| values.secret(name);
        let text = manifest.expand_probe_text(spec, template, lookup);
        text.map_err(|error| not_known(&error))
    };
    let is_secret = |template| manifest.is_secret_probe_text(spec, template);
    let headers = |all: bool| -> Result<Vec<(String, SecretValue)>, String> {
        let kept = ask
            .headers
            .iter()
            .filter(|(_, value)| all || !is_secret(value));
        kept.map(|(name, value)| Ok((name.clone(), text(value)?)))
            .collect()
    };
    let body = ask.body.as_ref();
    let touches = is_secret(&ask.url)
        || body.is_some_and(is_secret)
        || ask.headers.iter().any(|(_, value)| is_secret(value));
    let without = if ask.negative && touches {
        let lookup = |name: &_| values.secret(name);
        let url = manifest.expand_probe_text_without_secrets(spec, &ask.url, lookup, STAND_IN);
        Some(Without {
            url: url.map_err(|error| not_known(&error))?,
            headers: headers(false)?,
            body: body
                .filter(|body| !is_secret(body))
                .map(&text)
                .transpose()?,
        })
    } else {
        None
    };
    Ok(HttpProbe {
        method: ask.method.clone(),
        url: text(&ask.url)?,
        headers: headers(true)?,
        body: body.map(&text).transpose()?,
        expect: ask.expect.clone(),
        content_type: ask.content_type.clone(),
        limit: one.limit,
        without,
    })
}

fn not_known(error: &ExpandError) -> String {
    format!("its values are not known: {error}")
}
