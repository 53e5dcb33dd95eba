//! The settings of alerts, `alerts.yaml`: found, checked for who may write it, read, and made ready with
//! the secrets that it names.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::allowlist::refused;
use super::context::Context;
use super::error::CommandError;
use super::ui::Ui;
use crate::alert::{self, Outside, Ping, Sink, USUAL_LIMIT};
use crate::manifest::parse_alerts;
use crate::model::{Alerting, SecretSource, SecretValue};
use crate::platforms::http::Client;
use crate::reconcile::event::AlertTestFault;
use crate::source::{SecretFileError, load_alerts, load_secret};

/// What an `alerts.yaml` says, ready to be used as far as its secrets are there.
pub(crate) struct Alerts {
    pub(crate) alerting: Alerting,
    /// By name; an error where a secret is not there, or is none.
    pub(crate) sinks: BTreeMap<String, Result<Box<dyn Sink>, AlertTestFault>>,
    pub(crate) ping: Option<Result<Ping, AlertTestFault>>,
}

impl Alerts {
    /// Everything, or one error that says all that is missing.
    pub(crate) fn whole(self) -> Result<(alert::Sinks, Option<Ping>), CommandError> {
        let mut ready = BTreeMap::new();
        let mut missing = vec![];
        for (name, sink) in self.sinks {
            match sink {
                Ok(sink) => drop(ready.insert(name, sink)),
                Err(fault) => missing.push((name, fault)),
            }
        }
        let ping = match self.ping.transpose() {
            Ok(ping) => ping,
            Err(fault) => {
                missing.push(("ping".to_owned(), fault));
                None
            }
        };
        if missing.is_empty() {
            return Ok((alert::Sinks::new(self.alerting, ready), ping));
        }
        let mut error = CommandError::error("alerts cannot be sent");
        for (name, fault) in missing {
            error = error.detail(format!("{name}: {}", fault.what));
            if let Some(help) = fault.help {
                error = error.hint(help);
            }
        }
        Err(error.hint("driftlock alert test"))
    }
}

/// Reads the settings, for manifests that lie in these folders; `None` where there are none, and nobody
/// named any. Those that are there and cannot be believed are an error.
pub(crate) fn load(
    named: Option<&Path>,
    folders: &[&Path],
    context: &Context,
    ui: &mut Ui,
) -> Result<Option<Alerts>, CommandError> {
    let named = named
        .map(|path| context.absolute(path))
        .or_else(|| Some(context.absolute(&context.path("DRIFTLOCK_ALERTS")?)));
    let usual = context.alerts();
    let Some(path) = named.as_ref().or(usual.as_ref()) else {
        return Ok(None);
    };
    let text = load_alerts(path, named.is_some(), folders)
        .map_err(|error| refused(&error, "--alerts", "alerts.yaml"))?;
    let Some(text) = text else {
        return Ok(None);
    };
    tracing::debug!(path = %path.display(), "alerts");
    let alerting = parse_alerts(&text).map_err(|diagnostics| {
        ui.diagnostics(path, &diagnostics);
        CommandError::error(format!(
            "{} has problems, so nobody knows where alerts go",
            path.display()
        ))
    })?;
    Ok(Some(prepare(alerting, path, context, ui)))
}

/// Nothing was named, and nothing is there.
pub(crate) fn missing(context: &Context) -> CommandError {
    let path = context.alerts().map_or_else(
        || "driftlock/alerts.yaml".to_owned(),
        |path| path.display().to_string(),
    );
    CommandError::error(format!("there is no {path}, so alerts go nowhere"))
        .hint("write one (see `driftlock schema alerts`), or name another with --alerts")
}

fn prepare(alerting: Alerting, path: &Path, context: &Context, ui: &mut Ui) -> Alerts {
    let outside = Outside {
        client: Arc::new(Client::new(context.http())),
        host: Arc::new(context.local_host()),
        slack: context.slack(),
        limit: USUAL_LIMIT,
    };
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let mut secrets = vec![];
    let mut lookup = |source: &SecretSource| {
        let secret = find(source, folder, context)?;
        secrets.push(secret.clone());
        Ok(secret)
    };
    let mut sinks = BTreeMap::new();
    for (name, spec) in &alerting.sinks {
        let built = alert::build(spec, &outside, &mut lookup);
        sinks.insert(name.clone(), built);
    }
    let ping = alert::build_ping(&alerting, &outside, &mut lookup).transpose();
    let fault = |what| AlertTestFault { what, help: None };
    let alerts = Alerts {
        sinks: sinks
            .into_iter()
            .map(|(name, built)| (name, built.map_err(fault)))
            .collect(),
        ping: ping.map(|built| built.map_err(fault)),
        alerting,
    };
    ui.protect(secrets, []);
    alerts
}

fn find(source: &SecretSource, folder: &Path, context: &Context) -> Result<SecretValue, String> {
    match source {
        SecretSource::Variable(name) => match context.variable(name).map(|value| value.to_str()) {
            Some(Some(text)) => Ok(SecretValue::new(text)),
            Some(None) => Err(format!("the environment variable {name} is not text")),
            None => Err(format!(
                "the environment variable {name} is not set, or empty"
            )),
        },
        SecretSource::File(text) => {
            let path = match (text.strip_prefix("~/"), &context.home) {
                (Some(rest), Some(home)) => home.join(rest),
                _ => folder.join(text),
            };
            load_secret(&path).map_err(|error| of_file(&path, &error))
        }
    }
}

fn of_file(path: &Path, error: &SecretFileError) -> String {
    let shown = path.display();
    let hint = match error {
        SecretFileError::Open { .. } => format!("; chmod 600 {shown}"),
        _ => String::new(),
    };
    format!("the secret in {shown} is not used: {error}{hint}")
}
