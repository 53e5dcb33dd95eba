use std::collections::BTreeMap;

use super::*;
use crate::model::Mode;
use crate::reconcile::event::{ManifestVitals, SinkVitals};

fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap()
}

fn sample() -> Vitals {
    let key = |target: &str| ("dev".parse().unwrap(), target.parse().unwrap());
    let api = TargetVitals {
        mode: Mode::Heal,
        looks: 7,
        failures: 2,
        failing: 1,
        read_at: Some(at(1_764_474_263_120)),
        look_ms: 1204,
        variables: BTreeMap::from([(Class::InSync, 12), (Class::Drift, 1)]),
        writes: 3,
        heals: 1,
    };
    let dev = ManifestVitals {
        revision: Some("3fa9c1".to_owned()),
        broken_since: None,
        open: BTreeMap::from([(AlertClass::Drift, 1)]),
        expires_at: Some(at(1_765_000_000_000)),
    };
    let slack = SinkVitals {
        delivered: 4,
        failed: 1,
        waiting: 2,
        delivered_at: Some(at(1_764_474_200_000)),
    };
    Vitals {
        started_at: Some(at(1_764_470_000_000)),
        beat_at: Some(at(1_764_474_264_001)),
        first_round: true,
        stopping: false,
        targets: BTreeMap::from([(key("api"), api), (key("vps"), TargetVitals::default())]),
        manifests: BTreeMap::from([("dev".parse().unwrap(), dev)]),
        sinks: BTreeMap::from([("ops \"slack\"\\\n\u{1b}".to_owned(), slack)]),
        requests: BTreeMap::from([("railway".to_owned(), 40)]),
        throttled: BTreeMap::from([("railway".to_owned(), 3)]),
    }
}

fn rendered(vitals: &Vitals, lifespan: Lifespan) -> String {
    let mut out = String::new();
    render_metrics(&mut out, vitals, "0.1.0", lifespan).unwrap();
    out
}

/// The names with what they are, in order.
fn families(text: &str) -> Vec<(&str, &str)> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect()
}

#[test]
fn all_of_it() {
    insta::assert_snapshot!(rendered(&sample(), Lifespan::Loop));
}

#[test]
fn a_round_has_no_counters() {
    let text = rendered(&sample(), Lifespan::Round);
    let kinds = families(&text);
    assert_eq!(kinds.len(), 14);
    assert!(
        kinds
            .iter()
            .all(|(name, kind)| *kind == "gauge" && !name.ends_with("_total"))
    );
}

#[test]
fn what_is_not_known_is_absent() {
    let text = rendered(&Vitals::default(), Lifespan::Loop);
    let names: Vec<&str> = families(&text).iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["driftlock_build_info", "driftlock_ready"]);
    let text = rendered(&sample(), Lifespan::Loop);
    for name in [
        "last_read_timestamp_seconds",
        "variables",
        "look_duration_seconds",
    ] {
        let start = format!("driftlock_target_{name}{{manifest=\"dev\",target=");
        assert!(text.contains(&format!("{start}\"api\"")), "{name}");
        assert!(!text.contains(&format!("{start}\"vps\"")), "{name}");
    }
}

#[test]
fn names_keep_the_conventions() {
    for (name, kind) in families(&rendered(&sample(), Lifespan::Loop)) {
        assert!(name.starts_with("driftlock_"), "{name}");
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(name.chars().all(plain), "{name}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
    }
}

#[test]
fn a_label_cannot_grow() {
    assert_eq!(label_value(&"é".repeat(5000)).chars().count(), 200);
    assert_eq!(label_value("a\"b\\c\nd"), "a\\\"b\\\\c\\\\nd");
}

#[test]
fn times_before_1970_and_parts_of_seconds() {
    assert_eq!(seconds(at(-1)), "-0.001");
    assert_eq!(seconds(at(1_764_474_263_007)), "1764474263.007");
}
