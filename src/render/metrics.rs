//! How a scheduled run is doing, as Prometheus reads it: text format 0.0.4. Names of manifests, targets,
//! sinks and platforms are labels, names of variables never.

use std::fmt::{self, Display, Write};

use jiff::Timestamp;

use super::{escape, words};
use crate::model::{AlertClass, ManifestName, TargetName};
use crate::plan::Class;
use crate::reconcile::event::{TargetVitals, Vitals};

/// What an HTTP answer with these metrics calls them.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How long what counts has been counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifespan {
    /// Since a loop began: counters are written.
    Loop,
    /// For one round, as under cron: its counters would begin anew each time and say nothing, so they
    /// are left out.
    Round,
}

/// Writes all of it, sorted: equal vitals give equal bytes.
pub fn render_metrics(
    out: &mut dyn Write,
    vitals: &Vitals,
    version: &str,
    lifespan: Lifespan,
) -> fmt::Result {
    let mut page = Page { out, lifespan };
    page.gauge("driftlock_build_info", "The version that runs.", |add| {
        add(&[("version", version)], &1)
    })?;
    process(&mut page, vitals)?;
    looks(&mut page, vitals)?;
    found(&mut page, vitals)?;
    probes(&mut page, vitals)?;
    written(&mut page, vitals)?;
    manifests(&mut page, vitals)?;
    sinks(&mut page, vitals)?;
    platforms(&mut page, vitals)
}

fn process(page: &mut Page<'_>, vitals: &Vitals) -> fmt::Result {
    for (name, help, at) in [
        (
            "driftlock_start_time_seconds",
            "When it began, in seconds since 1970.",
            vitals.started_at,
        ),
        (
            "driftlock_loop_last_beat_timestamp_seconds",
            "When its loop last turned; long ago means that it hangs.",
            vitals.beat_at,
        ),
    ] {
        page.gauge(name, help, |add| match at {
            Some(at) => add(&[], &seconds(at)),
            None => Ok(()),
        })?;
    }
    page.gauge(
        "driftlock_ready",
        "1 once every target was looked at, until it stops.",
        |add| add(&[], &u8::from(vitals.ready().is_ok())),
    )
}

fn looks(page: &mut Page<'_>, vitals: &Vitals) -> fmt::Result {
    page.of_targets(
        "driftlock_target_last_read_timestamp_seconds",
        "When the target was last read whole; absent if never.",
        vitals,
        |of| of.read_at.map(seconds),
    )?;
    page.of_targets(
        "driftlock_target_failing_looks",
        "Looks that failed since the last one that did not.",
        vitals,
        |of| Some(of.failing),
    )?;
    page.of_targets(
        "driftlock_target_look_duration_seconds",
        "How long the last look took.",
        vitals,
        |of| (of.looks > 0).then(|| thousandths(i128::from(of.look_ms))),
    )?;
    page.count_of_targets(
        "driftlock_target_looks_total",
        "Looks that ended, well or not.",
        vitals,
        |of| of.looks,
    )?;
    page.count_of_targets(
        "driftlock_target_look_failures_total",
        "Looks that failed.",
        vitals,
        |of| of.failures,
    )
}

fn found(page: &mut Page<'_>, vitals: &Vitals) -> fmt::Result {
    page.gauge(
        "driftlock_target_variables",
        "Variables by class, at the last look that did not fail.",
        |add| {
            for ((manifest, target), of) in &vitals.targets {
                // never read is not zero
                if of.read_at.is_none() && of.variables.is_empty() {
                    continue;
                }
                for class in CLASSES {
                    let count = of.variables.get(&class).copied().unwrap_or_default();
                    let labels = [
                        ("manifest", manifest.as_str()),
                        ("target", target.as_str()),
                        ("class", class_label(class)),
                    ];
                    add(&labels, &count)?;
                }
            }
            Ok(())
        },
    )
}

fn probes(page: &mut Page<'_>, vitals: &Vitals) -> fmt::Result {
    page.of_targets(
        "driftlock_target_probes_work",
        "1 if all its probes work, 0 if one does not; absent where that is not known.",
        vitals,
        |of| of.probes_work.map(u8::from),
    )?;
    page.of_targets(
        "driftlock_target_last_probe_timestamp_seconds",
        "When all its probes were last answered; absent if never.",
        vitals,
        |of| of.probed_at.map(seconds),
    )
}

fn written(page: &mut Page<'_>, vitals: &Vitals) -> fmt::Result {
    page.gauge(
        "driftlock_target_mode_info",
        "What may be done to the target.",
        |add| {
            for ((manifest, target), of) in &vitals.targets {
                let labels = [
                    ("manifest", manifest.as_str()),
                    ("target", target.as_str()),
                    ("mode", words::mode(of.mode)),
                ];
                add(&labels, &1)?;
            }
            Ok(())
        },
    )?;
    page.count_of_targets(
        "driftlock_target_writes_total",
        "Values written by scheduled applies, those put back among them.",
        vitals,
        |of| of.writes,
    )?;
    page.count_of_targets(
        "driftlock_target_heals_total",
        "Values put back that somebody changed on the platform.",
        vitals,
        |of| of.heals,
    )
}

fn manifests(page: &mut Page<'_>, vitals: &Vitals) -> fmt::Result {
    page.gauge(
        "driftlock_manifest_revision_info",
        "The commit that is watched, where there is one.",
        |add| {
            for (name, of) in &vitals.manifests {
                if let Some(revision) = &of.revision {
                    add(&[("manifest", name.as_str()), ("revision", revision)], &1)?;
                }
            }
            Ok(())
        },
    )?;
    page.gauge(
        "driftlock_manifest_broken",
        "1 while it cannot be loaded or opened, and the last good one is watched.",
        |add| {
            for (name, of) in &vitals.manifests {
                let broken = u8::from(of.broken_since.is_some());
                add(&[("manifest", name.as_str())], &broken)?;
            }
            Ok(())
        },
    )?;
    page.gauge(
        "driftlock_manifest_next_expiry_timestamp_seconds",
        "The nearest date at which one of its values ends; absent if none has one.",
        |add| {
            for (name, of) in &vitals.manifests {
                if let Some(at) = of.expires_at {
                    add(&[("manifest", name.as_str())], &seconds(at))?;
                }
            }
            Ok(())
        },
    )?;
    page.gauge(
        "driftlock_manifest_open_alerts",
        "Alerts that are open, by class.",
        |add| {
            for (name, of) in &vitals.manifests {
                for class in AlertClass::ALL {
                    let count = of.open.get(&class).copied().unwrap_or_default();
                    let labels = [("manifest", name.as_str()), ("class", class.word())];
                    add(&labels, &count)?;
                }
            }
            Ok(())
        },
    )
}

fn sinks(page: &mut Page<'_>, vitals: &Vitals) -> fmt::Result {
    page.gauge(
        "driftlock_sink_waiting_events",
        "Events that wait to be delivered.",
        |add| {
            for (name, of) in &vitals.sinks {
                add(&[("sink", name)], &of.waiting)?;
            }
            Ok(())
        },
    )?;
    page.gauge(
        "driftlock_sink_last_delivery_timestamp_seconds",
        "When something was last delivered; absent if never.",
        |add| {
            for (name, of) in &vitals.sinks {
                if let Some(at) = of.delivered_at {
                    add(&[("sink", name)], &seconds(at))?;
                }
            }
            Ok(())
        },
    )?;
    page.counter(
        "driftlock_sink_messages_total",
        "Messages delivered.",
        |add| {
            for (name, of) in &vitals.sinks {
                add(&[("sink", name)], &of.delivered)?;
            }
            Ok(())
        },
    )?;
    page.counter(
        "driftlock_sink_failures_total",
        "Tries to deliver that failed.",
        |add| {
            for (name, of) in &vitals.sinks {
                add(&[("sink", name)], &of.failed)?;
            }
            Ok(())
        },
    )
}

fn platforms(page: &mut Page<'_>, vitals: &Vitals) -> fmt::Result {
    for (name, help, counts) in [
        (
            "driftlock_platform_requests_total",
            "Requests sent.",
            &vitals.requests,
        ),
        (
            "driftlock_platform_throttled_requests_total",
            "Requests that waited because a budget was used up.",
            &vitals.throttled,
        ),
    ] {
        page.counter(name, help, |add| {
            for (platform, count) in counts {
                add(&[("platform", platform)], count)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

const CLASSES: [Class; 6] = [
    Class::InSync,
    Class::Change,
    Class::Drift,
    Class::Conflict,
    Class::Unmanaged,
    Class::Unknown,
];

const fn class_label(class: Class) -> &'static str {
    match class {
        Class::InSync => "in-sync",
        Class::Change => "change",
        Class::Drift => "drift",
        Class::Conflict => "conflict",
        Class::Unmanaged => "unmanaged",
        Class::Unknown => "unknown",
    }
}

/// Adds one sample: its labels, its value.
type Add<'a> = dyn FnMut(&[(&str, &str)], &dyn Display) -> fmt::Result + 'a;

struct Page<'o> {
    out: &'o mut dyn Write,
    lifespan: Lifespan,
}

impl Page<'_> {
    fn gauge(
        &mut self,
        name: &str,
        help: &str,
        samples: impl FnOnce(&mut Add<'_>) -> fmt::Result,
    ) -> fmt::Result {
        self.family(name, "gauge", help, samples)
    }

    fn counter(
        &mut self,
        name: &str,
        help: &str,
        samples: impl FnOnce(&mut Add<'_>) -> fmt::Result,
    ) -> fmt::Result {
        match self.lifespan {
            Lifespan::Loop => self.family(name, "counter", help, samples),
            Lifespan::Round => Ok(()),
        }
    }

    fn of_targets<T: Display>(
        &mut self,
        name: &str,
        help: &str,
        vitals: &Vitals,
        value: impl Fn(&TargetVitals) -> Option<T>,
    ) -> fmt::Result {
        self.gauge(name, help, |add| {
            for (key, of) in &vitals.targets {
                if let Some(value) = value(of) {
                    add(&labels(key), &value)?;
                }
            }
            Ok(())
        })
    }

    fn count_of_targets(
        &mut self,
        name: &str,
        help: &str,
        vitals: &Vitals,
        value: impl Fn(&TargetVitals) -> u64,
    ) -> fmt::Result {
        self.counter(name, help, |add| {
            for (key, of) in &vitals.targets {
                add(&labels(key), &value(of))?;
            }
            Ok(())
        })
    }

    /// All samples of one name stand together, below what it is; one without samples is left out.
    fn family(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        samples: impl FnOnce(&mut Add<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let mut lines = String::new();
        samples(&mut |labels, value| sample(&mut lines, name, labels, value))?;
        if lines.is_empty() {
            return Ok(());
        }
        write!(
            self.out,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}"
        )
    }
}

fn labels((manifest, target): &(ManifestName, TargetName)) -> [(&str, &str); 2] {
    [("manifest", manifest.as_str()), ("target", target.as_str())]
}

fn sample(
    out: &mut String,
    name: &str,
    labels: &[(&str, &str)],
    value: &dyn Display,
) -> fmt::Result {
    out.push_str(name);
    for (number, (label, text)) in labels.iter().enumerate() {
        out.push(if number == 0 { '{' } else { ',' });
        write!(out, "{label}=\"{}\"", label_value(text))?;
    }
    if !labels.is_empty() {
        out.push('}');
    }
    writeln!(out, " {value}")
}

/// What others named: nothing in it ends the text or the line, and people who look at the page see what
/// is there. No longer than 200 characters.
fn label_value(text: &str) -> String {
    const MOST: usize = 200;
    let cut = text.char_indices().nth(MOST).map_or(text.len(), |at| at.0);
    escape::terminal(&text[..cut])
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
}

/// Seconds since 1970, with thousandths.
fn seconds(at: Timestamp) -> String {
    thousandths(i128::from(at.as_millisecond()))
}

fn thousandths(count: i128) -> String {
    let sign = if count < 0 { "-" } else { "" };
    let count = count.unsigned_abs();
    format!("{sign}{}.{:03}", count / 1000, count % 1000)
}

#[cfg(test)]
mod tests;
