//! Vitals with one of everything.

use std::collections::BTreeMap;

use driftlock::model::{AlertClass, Mode};
use driftlock::plan::Class;
use driftlock::reconcile::event::{ManifestVitals, SinkVitals, TargetVitals, Vitals};

use super::{BEGAN, at};

/// Of a loop that began and turned just now, with one target that was read, one that never was, and
/// this many more.
pub fn vitals(more: usize) -> Vitals {
    let key = |target: String| ("dev".parse().unwrap(), target.parse().unwrap());
    let read = TargetVitals {
        mode: Mode::Heal,
        looks: 7,
        failures: 2,
        failing: 1,
        read_at: Some(at(BEGAN)),
        look_ms: 1204,
        variables: BTreeMap::from([(Class::InSync, 12), (Class::Drift, 1)]),
        probed_at: Some(at(BEGAN - 30)),
        probes_work: Some(true),
        writes: 3,
        heals: 1,
    };
    let mut targets: BTreeMap<_, _> = (0..more)
        .map(|number| (key(format!("more-{number}")), read.clone()))
        .collect();
    targets.insert(key("api".to_owned()), read);
    targets.insert(key("vps".to_owned()), TargetVitals::default());
    let dev = ManifestVitals {
        revision: Some("3fa9c1d291bc04e7".to_owned()),
        broken_since: Some(at(BEGAN - 60)),
        open: BTreeMap::from([(AlertClass::Drift, 1)]),
        expires_at: Some(at(BEGAN + 86_400)),
    };
    let sink = SinkVitals {
        delivered: 4,
        failed: 1,
        waiting: 2,
        delivered_at: Some(at(BEGAN - 5)),
    };
    Vitals {
        started_at: Some(at(BEGAN)),
        beat_at: Some(at(BEGAN)),
        first_round: false,
        stopping: false,
        targets,
        manifests: BTreeMap::from([("dev".parse().unwrap(), dev)]),
        sinks: BTreeMap::from([("ops \"slack\"\\\n\u{1b}é".to_owned(), sink)]),
        requests: BTreeMap::from([("railway".to_owned(), 40)]),
        throttled: BTreeMap::from([("railway".to_owned(), 3)]),
    }
}
