//! The probes of a target, with its values put in.

use crate::manifest::{Ask, ExpandError, HttpAsk, ProbeSpec, TargetSpec};
use crate::model::{OpenclawSecret, ProbeFrom, SecretValue, Target, Verdict};
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
        Ask::Http(ask) => http(values, spec, one, ask).map(Probe::Http),
        Ask::Command(line) => command(values, spec, one, line).map(Probe::Command),
        Ask::Openclaw(secret) => {
            let asked = gateway(values, connections, spec, *secret, target).await;
            asked.map(|(base, door, token)| {
                Probe::Gateway(GatewayProbe {
                    base,
                    door,
                    token,
                    limit: one.limit,
                })
            })
        }
    };
    let verdict = match filled {
        Err(why) => Verdict::NotTried { why },
        Ok(probe) => send(connections, prober, target, one.from, &probe).await,
    };
    ProbeReport {
        what: in_words(&one.ask),
        verdict,
        left_out: false,
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
    secret: OpenclawSecret,
    target: &Target,
) -> Result<(SecretValue, Door, SecretValue), String> {
    let name = secret.variable();
    let used = spec.uses.iter().find(|used| used.name == name);
    let used = used.ok_or_else(|| format!("{name} is not wanted there"))?;
    let token = values
        .value(&used.source)
        .map_err(|why| format!("{name} is not known: {why}"))?;
    let front = match connections.openclaw(target) {
        Some(platform) => platform.front(target).await?,
        None => return Err("there is no connection to its machine".to_owned()),
    };
    let door = match secret {
        OpenclawSecret::Gateway => Door::Gateway,
        OpenclawSecret::Hooks if front.has_hooks => Door::Hooks { path: front.hooks },
        OpenclawSecret::Hooks => {
            return Err("the hooks of this gateway are switched off (hooks.enabled)".to_owned());
        }
    };
    Ok((SecretValue::new(front.base), door, token))
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
