use std::time::Duration;

use super::*;
use crate::reconcile::event::{Event, StatusReport};
use crate::render::samples;

fn style(width: usize) -> Style {
    Style {
        width,
        ..Style::plain()
    }
}

fn call() -> Invocation {
    Invocation {
        manifests: vec!["manifests/production.yaml".to_owned()],
    }
}

fn planned(style: &Style) -> String {
    let mut out = String::new();
    let plan = samples::full();
    render_plan(&mut out, style, &call(), &plan).unwrap();
    render_plan_summary(
        &mut out,
        style,
        &samples::full_summary(),
        plan.targets.len(),
    )
    .unwrap();
    out
}

#[test]
fn dump() {
    for width in [60, 80, 120] {
        eprintln!("=== {width}\n{}", planned(&style(width)));
    }
    let mut out = String::new();
    crate::render::markdown::render_markdown(
        &mut out,
        &call(),
        &[samples::full()],
        &samples::full_summary(),
    )
    .unwrap();
    eprintln!("=== md\n{out}");
    let report = StatusReport::of_plan(&samples::full(), &Default::default(), &Default::default());
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    for width in [40, 80] {
        let mut out = String::new();
        render_status(&mut out, &style(width), &call(), &report, now).unwrap();
        eprintln!("=== status {width}\n{out}");
    }
}
