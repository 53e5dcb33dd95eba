//! `alert test`: a real message to every sink, the whole way.

use std::path::PathBuf;

use clap::Args;

use crate::alert::{Message, Subject};
use crate::cli::alerts::{self, Alerts};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::look;
use crate::cli::ui::Ui;
use crate::manifest::nearest;
use crate::reconcile::event::{AlertTest, AlertTestFault, AlertTestReport};
use crate::render::json::{self, AlertTestDocument};
use crate::render::text;

/// Send a test to every sink of alerts.yaml, and say what arrived
///
/// Each sink gets a real message that says that it is a test. A Slack bot also answers it in a thread
/// and changes it, as alerts do; a webhook says its status, and whether the message was signed; a
/// command says how it ended; the ping is sent once. Nothing of the manifests is read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock alert test
  driftlock alert test --sink ops
  driftlock alert test --alerts ./alerts.yaml --json

Exit codes: 0 every test arrived · 1 one did not, or alerts.yaml has problems")]
pub(crate) struct TestArgs {
    /// Only this sink; may be repeated
    #[arg(long, value_name = "NAME")]
    sink: Vec<String>,

    /// The settings of alerts [default: driftlock/alerts.yaml in the user's config folder]
    #[arg(long, value_name = "FILE")]
    alerts: Option<PathBuf>,

    /// Print JSON (see `driftlock schema alert-test`)
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(
    arguments: &TestArgs,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let alerts = alerts::load(arguments.alerts.as_deref(), &[], context, ui)?
        .ok_or_else(|| alerts::missing(context))?;
    check_names(&arguments.sink, &alerts)?;
    let runtime = look::runtime()?;
    let report = runtime.block_on(test(arguments, &alerts, context));
    let exit = match report.failed() {
        0 => Exit::DONE,
        _ => Exit::ERROR,
    };
    let mut out = String::new();
    let written = if arguments.json {
        let reason = match report.failed() {
            0 => "every test arrived",
            _ => "a test did not arrive",
        };
        let document = AlertTestDocument::new(&report, &exit.verdict(reason));
        json::render_json(&mut out, &document)
    } else {
        text::render_alert_test(&mut out, &ui.style(), &report)
    };
    written.map_err(|_| CommandError::error("the report cannot be written as text"))?;
    ui.page(&out);
    Ok(exit)
}

async fn test(arguments: &TestArgs, alerts: &Alerts, context: &Context) -> AlertTestReport {
    let mut report = AlertTestReport::default();
    let wanted =
        |name: &str| arguments.sink.is_empty() || arguments.sink.iter().any(|one| one == name);
    for (name, sink) in alerts.sinks.iter().filter(|(name, _)| wanted(name)) {
        let message = Message {
            book: "000000000000".to_owned(),
            manifest: "test".parse().expect("it is a name"),
            revision: None,
            at: context.now(),
            subject: Subject::Test,
        };
        let outcome = match sink {
            Ok(sink) => sink.prove(&message).await.map_err(fault),
            Err(missing) => Err(missing.clone()),
        };
        let kind = alerts
            .alerting
            .sinks
            .get(name)
            .map_or("", |spec| spec.kind());
        report.sinks.push(AlertTest {
            sink: name.clone(),
            kind,
            outcome,
        });
    }
    if arguments.sink.is_empty()
        && let Some(ping) = &alerts.ping
    {
        let outcome = match ping {
            Ok(ping) => {
                let sent = ping.send(true).await.map_err(fault);
                sent.map(|_| "it was answered".to_owned())
            }
            Err(missing) => Err(missing.clone()),
        };
        report.sinks.push(AlertTest {
            sink: "ping".to_owned(),
            kind: "ping",
            outcome,
        });
    }
    report
}

fn fault(fault: crate::alert::Fault) -> AlertTestFault {
    AlertTestFault {
        what: fault.what,
        help: fault.help,
    }
}

/// A sink that is not there is a mistake, and tests nothing.
fn check_names(wanted: &[String], alerts: &Alerts) -> Result<(), CommandError> {
    let known = &alerts.alerting.sinks;
    let Some(name) = wanted.iter().find(|name| !known.contains_key(*name)) else {
        return Ok(());
    };
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    let error = CommandError::usage("alerts.yaml has no sink of this name");
    Err(match nearest(name, names.iter().copied()) {
        Some(meant) => error.hint(format!("did you mean {meant}?")),
        None if names.is_empty() => error.hint("it has none at all"),
        None => error.hint(format!("it has {}", names.join(", "))),
    })
}
