//! What a scheduled run may do: the stricter of the last applied revision and the present one, so that
//! a commit cannot ask for more and have it before anybody applied it.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::{AuthorityFacts, Mode, Reconciling, TargetName, Withheld, Zones};

/// What may be done to one target by a scheduled run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveReconciling {
    /// The lesser of both revisions.
    pub mode: Mode,
    /// How often its probes are sent: as seldom as both revisions say.
    pub probe: Option<Duration>,
    /// What the present revision asks for and does not have yet, in a sentence with the next step:
    /// lower case, no final period. `None` if it has all.
    pub waits: Option<String>,
    present: Reconciling,
    /// Without one there is no apply that anything could count after.
    last: Option<Reconciling>,
}

/// `last` is of the last applied revision. A target that was never applied is observed, whatever the
/// manifest says of it: nobody has approved it, or the journal that knows is lost.
pub fn effective_reconciling(
    last: Option<&AuthorityFacts>,
    target: &TargetName,
    present: &Reconciling,
) -> EffectiveReconciling {
    let facts = last.and_then(|facts| facts.targets.get(target));
    let before = facts.map(|facts| facts.reconciling.clone());
    let mode = before
        .as_ref()
        .map_or(Mode::Observe, |before| present.mode.min(before.mode));
    let probe = before
        .as_ref()
        .and_then(|before| present.stricter(before).probe);
    let waits = match &before {
        None if present.mode > Mode::Observe => Some(format!(
            "nothing of {target} was applied yet, so it is only observed: apply it once"
        )),
        None => None,
        Some(before) => {
            // said of writes
            let written = Reconciling {
                probe: before.probe,
                ..present.clone()
            };
            let what = written.loosened_since(before);
            what.map(|what| format!("scheduled runs on {target} {what} only after the next apply"))
        }
    };
    EffectiveReconciling {
        mode,
        probe,
        waits,
        present: present.clone(),
        last: before,
    }
}

impl EffectiveReconciling {
    /// Whether it may be written now by the windows and suspensions of both revisions; this says
    /// nothing of the mode.
    ///
    /// # Errors
    /// Why not, and when both revisions next allow it.
    pub fn may_write(&self, now: Timestamp, zones: &Zones) -> Result<(), Withheld> {
        let both: Vec<&Reconciling> = [Some(&self.present), self.last.as_ref()]
            .into_iter()
            .flatten()
            .collect();
        Reconciling::all_may_write(&both, now, zones)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Suspension, TargetFacts};

    fn said(mode: Mode, allow: &[&str], deny: &[&str]) -> Reconciling {
        let windows = |all: &[&str]| all.iter().map(|one| one.parse().unwrap()).collect();
        Reconciling {
            mode,
            allow: windows(allow),
            deny: windows(deny),
            ..Reconciling::default()
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn effective(before: Option<Reconciling>, now: &Reconciling) -> EffectiveReconciling {
        let name: TargetName = "api".parse().unwrap();
        let facts = before.map(|reconciling| {
            let mut facts = AuthorityFacts::default();
            let of_target = TargetFacts {
                reconciling,
                ..TargetFacts::default()
            };
            facts.targets.insert(name.clone(), of_target);
            facts
        });
        effective_reconciling(facts.as_ref(), &name, now)
    }

    #[test]
    fn the_lesser_mode_counts_and_what_waits_is_said() {
        for before in Mode::ALL {
            for now in Mode::ALL {
                let found = effective(Some(said(before, &[], &[])), &said(now, &[], &[]));
                assert_eq!(found.mode, before.min(now));
                assert_eq!(found.waits.is_some(), now > before, "{before} {now}");
            }
        }
    }

    #[test]
    fn what_was_never_applied_is_observed() {
        let heal = said(Mode::Heal, &[], &[]);
        let found = effective(None, &heal);
        assert_eq!(found.mode, Mode::Observe);
        assert!(found.waits.unwrap().contains("apply it once"));
        let other: TargetName = "new".parse().unwrap();
        let known = AuthorityFacts::default();
        assert_eq!(
            effective_reconciling(Some(&known), &other, &heal).mode,
            Mode::Observe
        );
        assert_eq!(effective(None, &said(Mode::Observe, &[], &[])).waits, None);
    }

    #[test]
    fn probes_are_sent_as_seldom_as_both_revisions_say() {
        let every = |minutes: Option<u64>| Reconciling {
            probe: minutes.map(|minutes| Duration::from_secs(60 * minutes)),
            ..Reconciling::default()
        };
        for (before, now, sent) in [
            (None, Some(5), None),
            (Some(5), None, None),
            (Some(60), Some(5), Some(60)),
            (Some(5), Some(60), Some(60)),
            (Some(5), Some(5), Some(5)),
        ] {
            let found = effective(Some(every(before)), &every(now));
            assert_eq!(found.probe, every(sent).probe, "{before:?} {now:?}");
            assert_eq!(found.waits, None, "no write waits for it");
        }
        assert_eq!(effective(None, &every(Some(5))).probe, None);
    }

    #[test]
    fn a_wider_window_and_a_denial_less_wait() {
        let zones = Zones::bundled();
        let monday = "2026-11-30T10:00:00Z";
        let narrow = said(Mode::Apply, &["mon 12:00-13:00 UTC"], &[]);
        let wide = said(Mode::Apply, &["mon 09:00-13:00 UTC"], &[]);
        let found = effective(Some(narrow.clone()), &wide);
        let withheld = found.may_write(at(monday), &zones).unwrap_err();
        assert_eq!(withheld.until, Some(at("2026-11-30T12:00:00Z")));
        assert!(found.waits.unwrap().contains("wider windows"));
        let back = effective(Some(wide), &narrow);
        assert_eq!(back.waits, None, "tightening counts at once");
        back.may_write(at(monday), &zones).unwrap_err();

        let denied = said(Mode::Apply, &[], &["mon UTC"]);
        let found = effective(Some(denied), &said(Mode::Apply, &[], &[]));
        let withheld = found.may_write(at(monday), &zones).unwrap_err();
        assert_eq!(withheld.until, Some(at("2026-12-01T00:00:00Z")));
        assert!(found.waits.unwrap().contains("was denied"));
    }

    #[test]
    fn a_suspension_that_is_taken_away_holds_until_the_next_apply() {
        let suspended = Reconciling {
            suspend: Some(Suspension {
                reason: "a move".into(),
                until: at("2027-01-01T00:00:00Z"),
            }),
            ..said(Mode::Apply, &[], &[])
        };
        let free = said(Mode::Apply, &[], &[]);
        let found = effective(Some(suspended), &free);
        let withheld = found
            .may_write(at("2026-11-30T10:00:00Z"), &Zones::bundled())
            .unwrap_err();
        assert_eq!(withheld.until, Some(at("2027-01-01T00:00:00Z")));
        assert!(withheld.why.contains("a move"));
        assert!(found.waits.unwrap().contains("suspended"));
    }
}
