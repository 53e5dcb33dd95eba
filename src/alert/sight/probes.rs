//! What the probes of a target that scheduled runs send say.

use super::words::counted;
use super::{About, digest, same};
use crate::alert::rules::Probed;
use crate::model::{AlertClass, AlertKey, ManifestName, Sighting, TargetName, VarName, Verdict};

/// What was asked of one target, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Where.
    pub target: TargetName,
    /// What its probes are about, by their declared names.
    pub variables: Vec<VarName>,
    /// Tells apart what was asked, and about what.
    pub mark: String,
    /// Each probe as the manifest spells it, without values, and what it said.
    pub answers: Vec<(String, Verdict)>,
}

impl Asked {
    /// How far something can be said.
    pub fn probed(&self) -> Probed {
        let mark = self.mark.clone();
        match self.answers.iter().any(|(_, said)| said.is_unknown()) {
            true => Probed::Silent(mark),
            false => Probed::Answered(mark),
        }
    }
}

/// At most two: of those that were answered, and not as they should be; and of those that nobody
/// answered, which is only what this reconciler sees.
pub fn of_probes(manifest: &ManifestName, asked: &Asked, about: &About<'_>) -> Vec<Sighting> {
    let (silent, answered): (Vec<_>, Vec<_>) =
        (asked.answers.iter()).partition(|(_, said)| said.is_unknown());
    let bad: Vec<_> = (answered.into_iter())
        .filter(|(_, said)| !said.works())
        .collect();
    let target = &asked.target;
    let owners = asked
        .variables
        .iter()
        .map(|name| about.owners.get(name).cloned());
    let owner = same(owners);
    let sighting = |all: &[&(String, Verdict)], observer: Option<&str>| {
        let (what, said) = all.first()?;
        let pins: Vec<String> = (all.iter())
            .map(|(what, said)| format!("{} {what}", kind(said)))
            .collect();
        let more = match all.len() {
            1 => String::new(),
            all => format!("; and {} more", counted(all - 1, "probe")),
        };
        Some(Sighting {
            key: AlertKey {
                manifest: manifest.clone(),
                target: Some(target.clone()),
                variable: None,
                class: AlertClass::Probe,
                observer: observer.map(str::to_owned),
            },
            pin: digest(&pins.join("\n")),
            what: format!("{what}: {}{more}", words(said)),
            next: vec![about.doctor(target)],
            owner: owner.clone(),
            who: None,
            urgent: all.iter().any(|(_, said)| is_refusal(said)),
        })
    };
    let both = [
        sighting(&bad, None),
        sighting(&silent, Some(about.observer)),
    ];
    both.into_iter().flatten().collect()
}

/// Whether the service knows who asks, and says no: that does not pass by itself.
const fn is_refusal(said: &Verdict) -> bool {
    matches!(said, Verdict::Unauthorized | Verdict::Forbidden)
}

/// What stays equal while nothing changed: not the words of others, in which times may stand.
const fn kind(said: &Verdict) -> &'static str {
    match said {
        Verdict::Works => "works",
        Verdict::Open => "open",
        Verdict::Unauthorized => "unauthorized",
        Verdict::Forbidden => "forbidden",
        Verdict::Unexpected { .. } => "unexpected",
        Verdict::Unreachable { .. } | Verdict::NotTried { .. } => "silent",
    }
}

fn words(said: &Verdict) -> String {
    match said {
        Verdict::Works => "it works".to_owned(),
        Verdict::Open => "it is answered without the credential too, so it proves nothing".to_owned(),
        Verdict::Unauthorized => {
            "401, though what is stored there is what the manifest says: the credential is not taken any more"
                .to_owned()
        }
        Verdict::Forbidden => {
            "403, though what is stored there is what the manifest says: the credential may not do this any more"
                .to_owned()
        }
        Verdict::Unexpected { what } => format!("answered otherwise: {what}"),
        Verdict::Unreachable { why } => format!("nobody answered: {why}"),
        Verdict::NotTried { why } => format!("could not be sent: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const NAME: &str = "GET https://api.example.com/health";

    fn asked(answers: &[Verdict]) -> Asked {
        let number = |(at, said): (usize, &Verdict)| (format!("{NAME}/{at}"), said.clone());
        Asked {
            target: "api".parse().unwrap(),
            variables: vec!["A".parse().unwrap()],
            mark: "m".to_owned(),
            answers: answers.iter().enumerate().map(number).collect(),
        }
    }

    fn sightings(answers: &[Verdict]) -> Vec<Sighting> {
        let owners = BTreeMap::from([("A".parse().unwrap(), "platform".to_owned())]);
        let about = About {
            observer: "vps",
            argument: "m.yaml",
            fingerprinter: None,
            owners: &owners,
            dated: true,
        };
        let all = of_probes(&"dev".parse().unwrap(), &asked(answers), &about);
        crate::alert::sight::tests::can_be_pasted(&all);
        all
    }

    fn unreachable(why: &str) -> Verdict {
        Verdict::Unreachable { why: why.into() }
    }

    fn unexpected(what: &str) -> Verdict {
        Verdict::Unexpected { what: what.into() }
    }

    #[test]
    fn what_works_is_no_news() {
        assert_eq!(sightings(&[Verdict::Works, Verdict::Works]), []);
        assert_eq!(sightings(&[]), []);
        assert_eq!(
            asked(&[Verdict::Works]).probed(),
            Probed::Answered("m".to_owned())
        );
    }

    #[test]
    fn a_refusal_is_urgent_and_everybodys() {
        for (said, words) in [(Verdict::Unauthorized, "401"), (Verdict::Forbidden, "403")] {
            let [one] = sightings(&[Verdict::Works, said.clone()])
                .try_into()
                .unwrap();
            assert!(one.urgent);
            assert_eq!(one.key.observer, None);
            assert_eq!(one.owner.as_deref(), Some("platform"));
            assert_eq!(one.next, ["driftlock doctor --target api -f m.yaml"]);
            assert!(
                one.what.starts_with(&format!("{NAME}/1: {words}, ")),
                "{}",
                one.what
            );
            assert_eq!(asked(&[said]).probed(), Probed::Answered("m".to_owned()));
        }
        for said in [Verdict::Open, unexpected("503")] {
            let [one] = sightings(&[said]).try_into().unwrap();
            assert!(!one.urgent);
        }
    }

    #[test]
    fn silence_is_only_what_this_one_sees() {
        let all = [unreachable("a"), Verdict::Unauthorized, unreachable("b")];
        let [bad, silent] = sightings(&all).try_into().unwrap();
        assert_eq!(bad.key.observer, None);
        assert_eq!(silent.key.observer.as_deref(), Some("vps"));
        assert!(!silent.urgent);
        assert!(
            silent
                .what
                .ends_with("nobody answered: a; and 1 probe more"),
            "{}",
            silent.what
        );
        assert_eq!(asked(&all).probed(), Probed::Silent("m".to_owned()));
        let not_tried = Verdict::NotTried { why: "c".into() };
        assert_eq!(asked(&[not_tried]).probed(), Probed::Silent("m".to_owned()));
    }

    #[test]
    fn other_words_of_the_same_are_no_other_alert() {
        let pin = |answers: &[Verdict]| sightings(answers)[0].pin.clone();
        assert_eq!(
            pin(&[unexpected("503 at 10:00")]),
            pin(&[unexpected("502")])
        );
        assert_eq!(pin(&[unreachable("a")]), pin(&[unreachable("b")]));
        assert_ne!(pin(&[Verdict::Unauthorized]), pin(&[Verdict::Forbidden]));
        assert_ne!(
            pin(&[Verdict::Unauthorized, Verdict::Works]),
            pin(&[Verdict::Works, Verdict::Unauthorized])
        );
    }
}
