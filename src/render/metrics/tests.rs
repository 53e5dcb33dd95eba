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
        probed_at: Some(at(1_764_474_262_000)),
        probes_work: Some(false),
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
    insta::assert_snapshot!(rendered(&sample(), Lifespan::Loop), @r##"
    # HELP driftlock_build_info The version that runs.
    # TYPE driftlock_build_info gauge
    driftlock_build_info{version="0.1.0"} 1
    # HELP driftlock_start_time_seconds When it began, in seconds since 1970.
    # TYPE driftlock_start_time_seconds gauge
    driftlock_start_time_seconds 1764470000.000
    # HELP driftlock_loop_last_beat_timestamp_seconds When its loop last turned; long ago means that it hangs.
    # TYPE driftlock_loop_last_beat_timestamp_seconds gauge
    driftlock_loop_last_beat_timestamp_seconds 1764474264.001
    # HELP driftlock_ready 1 once every target was looked at, until it stops.
    # TYPE driftlock_ready gauge
    driftlock_ready 1
    # HELP driftlock_target_last_read_timestamp_seconds When the target was last read whole; absent if never.
    # TYPE driftlock_target_last_read_timestamp_seconds gauge
    driftlock_target_last_read_timestamp_seconds{manifest="dev",target="api"} 1764474263.120
    # HELP driftlock_target_failing_looks Looks that failed since the last one that did not.
    # TYPE driftlock_target_failing_looks gauge
    driftlock_target_failing_looks{manifest="dev",target="api"} 1
    driftlock_target_failing_looks{manifest="dev",target="vps"} 0
    # HELP driftlock_target_look_duration_seconds How long the last look took.
    # TYPE driftlock_target_look_duration_seconds gauge
    driftlock_target_look_duration_seconds{manifest="dev",target="api"} 1.204
    # HELP driftlock_target_looks_total Looks that ended, well or not.
    # TYPE driftlock_target_looks_total counter
    driftlock_target_looks_total{manifest="dev",target="api"} 7
    driftlock_target_looks_total{manifest="dev",target="vps"} 0
    # HELP driftlock_target_look_failures_total Looks that failed.
    # TYPE driftlock_target_look_failures_total counter
    driftlock_target_look_failures_total{manifest="dev",target="api"} 2
    driftlock_target_look_failures_total{manifest="dev",target="vps"} 0
    # HELP driftlock_target_variables Variables by class, at the last look that did not fail.
    # TYPE driftlock_target_variables gauge
    driftlock_target_variables{manifest="dev",target="api",class="in-sync"} 12
    driftlock_target_variables{manifest="dev",target="api",class="change"} 0
    driftlock_target_variables{manifest="dev",target="api",class="drift"} 1
    driftlock_target_variables{manifest="dev",target="api",class="conflict"} 0
    driftlock_target_variables{manifest="dev",target="api",class="unmanaged"} 0
    driftlock_target_variables{manifest="dev",target="api",class="unknown"} 0
    # HELP driftlock_target_probes_work 1 if all its probes work, 0 if one does not; absent where that is not known.
    # TYPE driftlock_target_probes_work gauge
    driftlock_target_probes_work{manifest="dev",target="api"} 0
    # HELP driftlock_target_last_probe_timestamp_seconds When all its probes were last answered; absent if never.
    # TYPE driftlock_target_last_probe_timestamp_seconds gauge
    driftlock_target_last_probe_timestamp_seconds{manifest="dev",target="api"} 1764474262.000
    # HELP driftlock_target_mode_info What may be done to the target.
    # TYPE driftlock_target_mode_info gauge
    driftlock_target_mode_info{manifest="dev",target="api",mode="heal"} 1
    driftlock_target_mode_info{manifest="dev",target="vps",mode="observe"} 1
    # HELP driftlock_target_writes_total Values written by scheduled applies, those put back among them.
    # TYPE driftlock_target_writes_total counter
    driftlock_target_writes_total{manifest="dev",target="api"} 3
    driftlock_target_writes_total{manifest="dev",target="vps"} 0
    # HELP driftlock_target_heals_total Values put back that somebody changed on the platform.
    # TYPE driftlock_target_heals_total counter
    driftlock_target_heals_total{manifest="dev",target="api"} 1
    driftlock_target_heals_total{manifest="dev",target="vps"} 0
    # HELP driftlock_manifest_revision_info The commit that is watched, where there is one.
    # TYPE driftlock_manifest_revision_info gauge
    driftlock_manifest_revision_info{manifest="dev",revision="3fa9c1"} 1
    # HELP driftlock_manifest_broken 1 while it cannot be loaded or opened, and the last good one is watched.
    # TYPE driftlock_manifest_broken gauge
    driftlock_manifest_broken{manifest="dev"} 0
    # HELP driftlock_manifest_next_expiry_timestamp_seconds The nearest date at which one of its values ends; absent if none has one.
    # TYPE driftlock_manifest_next_expiry_timestamp_seconds gauge
    driftlock_manifest_next_expiry_timestamp_seconds{manifest="dev"} 1765000000.000
    # HELP driftlock_manifest_open_alerts Alerts that are open, by class.
    # TYPE driftlock_manifest_open_alerts gauge
    driftlock_manifest_open_alerts{manifest="dev",class="drift"} 1
    driftlock_manifest_open_alerts{manifest="dev",class="conflict"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="pending"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="expiry"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="rotation"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="not-running"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="probe"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="unknown"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="held"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="failed"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="brake"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="manifest"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="journal"} 0
    driftlock_manifest_open_alerts{manifest="dev",class="delivery"} 0
    # HELP driftlock_sink_waiting_events Events that wait to be delivered.
    # TYPE driftlock_sink_waiting_events gauge
    driftlock_sink_waiting_events{sink="ops \"slack\"\\\\n\\u{1b}"} 2
    # HELP driftlock_sink_last_delivery_timestamp_seconds When something was last delivered; absent if never.
    # TYPE driftlock_sink_last_delivery_timestamp_seconds gauge
    driftlock_sink_last_delivery_timestamp_seconds{sink="ops \"slack\"\\\\n\\u{1b}"} 1764474200.000
    # HELP driftlock_sink_messages_total Messages delivered.
    # TYPE driftlock_sink_messages_total counter
    driftlock_sink_messages_total{sink="ops \"slack\"\\\\n\\u{1b}"} 4
    # HELP driftlock_sink_failures_total Tries to deliver that failed.
    # TYPE driftlock_sink_failures_total counter
    driftlock_sink_failures_total{sink="ops \"slack\"\\\\n\\u{1b}"} 1
    # HELP driftlock_platform_requests_total Requests sent.
    # TYPE driftlock_platform_requests_total counter
    driftlock_platform_requests_total{platform="railway"} 40
    # HELP driftlock_platform_throttled_requests_total Requests that waited because a budget was used up.
    # TYPE driftlock_platform_throttled_requests_total counter
    driftlock_platform_throttled_requests_total{platform="railway"} 3
    "##);
}

#[test]
fn a_round_has_no_counters() {
    let text = rendered(&sample(), Lifespan::Round);
    let kinds = families(&text);
    assert_eq!(kinds.len(), 17);
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
        "probes_work",
        "last_probe_timestamp_seconds",
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
