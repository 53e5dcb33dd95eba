//! What scheduled runs may do to a target, on both sides: each part in words. What is more than before
//! is told as authority too; here it is told with what it was.

use std::time::Duration;

use crate::manifest::format_duration;
use crate::model::{Reconciling, Window};

/// What is other, one line each.
pub(super) fn settings(old: &Reconciling, new: &Reconciling) -> Vec<String> {
    let mut found = vec![];
    if old.mode != new.mode {
        found.push(format!(
            "mode of scheduled runs: {} (was {})",
            new.mode, old.mode
        ));
    }
    if old.every != new.every {
        let (new, old) = (spell_every(new.every), spell_every(old.every));
        found.push(format!("looked at every {new} (was {old})"));
    }
    if old.probe != new.probe {
        let (new, old) = (spell_probe(new.probe), spell_probe(old.probe));
        found.push(format!("scheduled runs send its probes: {new} (was {old})"));
    }
    if old.allow != new.allow {
        let spell = |all: &[Window]| spell_windows(all, "any time");
        let (new, old) = (spell(&new.allow), spell(&old.allow));
        found.push(format!("scheduled runs may write: {new} (was {old})"));
    }
    if old.deny != new.deny {
        let spell = |all: &[Window]| spell_windows(all, "nothing");
        let (new, old) = (spell(&new.deny), spell(&old.deny));
        found.push(format!("denied to scheduled runs: {new} (was {old})"));
    }
    if old.suspend != new.suspend {
        let spell = |one: &Reconciling| match &one.suspend {
            Some(one) => format!("until {}, {}", one.until, one.reason),
            None => "no".to_owned(),
        };
        found.push(format!("suspended: {} (was: {})", spell(new), spell(old)));
    }
    found
}

fn spell_every(every: Option<Duration>) -> String {
    every.map_or_else(|| "so often as the run says".to_owned(), format_duration)
}

fn spell_probe(probe: Option<Duration>) -> String {
    probe.map_or_else(
        || "never".to_owned(),
        |every| format!("every {}", format_duration(every)),
    )
}

fn spell_windows(all: &[Window], none: &str) -> String {
    match all {
        [] => none.to_owned(),
        all => all
            .iter()
            .map(Window::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mode, Suspension};

    #[test]
    fn each_part_is_told_with_what_it_was() {
        let old = Reconciling::default();
        let new = Reconciling {
            mode: Mode::Heal,
            every: Some(Duration::from_secs(300)),
            probe: Some(Duration::from_secs(3600)),
            allow: vec!["mon UTC".parse().unwrap()],
            deny: vec!["fri UTC".parse().unwrap(), "sat UTC".parse().unwrap()],
            suspend: Some(Suspension {
                reason: "a move".into(),
                until: "2027-01-05T00:00:00Z".parse().unwrap(),
            }),
        };
        assert_eq!(settings(&old, &old), [""; 0]);
        assert_eq!(
            settings(&old, &new),
            [
                "mode of scheduled runs: heal (was observe)",
                "looked at every 5m (was so often as the run says)",
                "scheduled runs send its probes: every 1h (was never)",
                "scheduled runs may write: mon UTC (was any time)",
                "denied to scheduled runs: fri UTC, sat UTC (was nothing)",
                "suspended: until 2027-01-05T00:00:00Z, a move (was: no)",
            ]
        );
        assert_eq!(settings(&new, &old).len(), 6);
    }
}
