//! The comment of the README's picture, which is what the renderer writes for the plan below.
//! `.ci/picture` draws it.

use std::path::Path;

use driftlock::model::PlatformKind;
use driftlock::plan::{
    ActionKind, ActivationCause, AuthorityKind, Change, Class, Glimpse, Hold, Plan, PlanId,
    PlannedActivation, Reason, TargetPlan,
};
use driftlock::render::comment::LIMIT;
use driftlock::render::{Invocation, Saved};

use super::plans::{
    CONFLICT, CREATED, DELETED, DRIFTED, UPDATED, authority, change, composed, plan, print, target,
};
use super::read::{is_ours, read};

fn text(text: &str) -> Glimpse {
    Glimpse::Text(text.to_owned())
}

fn in_sync(name: &str) -> Change {
    let kind = (Class::InSync, Reason::Equal, ActionKind::None);
    change(name, kind, (print(7), print(7)))
}

fn api() -> TargetPlan {
    let mut conflict = change("DATABASE_URL", CONFLICT, (print(0x5c), print(0xe1)));
    conflict.holds = vec![Hold {
        rail: "conflict".to_owned(),
        why: "both sides moved since the last apply".to_owned(),
        release: Some("--overwrite DATABASE_URL@api".to_owned()),
    }];
    let changes = vec![
        change("INTERNAL_AUTH_SECRET", UPDATED, (print(0xf0), print(0xfb))),
        conflict,
        change("LOG_LEVEL", UPDATED, (text("info"), text("debug"))),
        in_sync("OPENCLAW_GATEWAY_TOKEN"),
    ];
    TargetPlan {
        platform: PlatformKind::Railway,
        format: None,
        activates: true,
        ..target("api", "aurora/production/api", changes)
    }
}

fn vps() -> TargetPlan {
    let changes = vec![
        change("INTERNAL_AUTH_SECRET", UPDATED, (print(0xf3), print(0x2a))),
        change(
            "LEGACY_WEBHOOK_URL",
            DELETED,
            (print(0x07), Glimpse::Absent),
        ),
        change("LOG_LEVEL", UPDATED, (text("info"), text("debug"))),
        change(
            "SENTRY_ENVIRONMENT",
            CREATED,
            (Glimpse::Absent, text("production")),
        ),
    ];
    TargetPlan {
        format: Some("systemd".to_owned()),
        activation: Some(PlannedActivation {
            what: "restart app.service".to_owned(),
            on: Some("deploy@vps.example.com".to_owned()),
            because: Some(ActivationCause::Written),
            hold: None,
        }),
        ..target("vps", "deploy@vps.example.com:/srv/app/app.env", changes)
    }
}

fn incident() -> Plan {
    let drift = change(
        "OPENCLAW_GATEWAY_TOKEN",
        DRIFTED,
        (print(0x58), print(0xa2)),
    );
    let gateway = TargetPlan {
        platform: PlatformKind::Openclaw,
        format: None,
        ..target("gateway", "mac-mini:~/.openclaw", vec![drift])
    };
    let mut plan = plan("incident", vec![api(), vps(), gateway]);
    plan.authority = vec![authority(
        AuthorityKind::DestinationChanged,
        Some("vps"),
        "deploy@vps.example.com:/srv/app/.env → deploy@vps.example.com:/srv/app/app.env",
    )];
    plan.id = PlanId("91c4e07a52bd6f0d8be35a1c7294d0fe3b86c15a97e24d1f60b8a3c5d2e97f3a".to_owned());
    plan
}

/// Compared to the byte. Where this comment was meant to change, the failure names the file that
/// holds the new one.
#[test]
fn the_comment_of_the_picture_is_what_is_written() {
    let plan = incident();
    let call = Invocation {
        manifests: vec!["manifests/incident/manifest.yaml".to_owned()],
        saved: Some(Saved {
            file: "plan.json".to_owned(),
            id: plan.id.0.clone(),
        }),
        ..Invocation::default()
    };
    let comment = composed(&call, &[plan], LIMIT);
    is_ours(&read(&comment));
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/comment.md");
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("comment.md");
    std::fs::write(&new, &comment).unwrap();
    let known = std::fs::read_to_string(&kept).unwrap_or_default();
    assert!(
        known == comment,
        "tests/fixtures/comment.md is another one; if {} is right, copy it there and run .ci/picture",
        new.display()
    );
}
