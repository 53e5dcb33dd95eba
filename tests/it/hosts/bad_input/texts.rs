//! Files on the VPS that do not hold what their format says.

use std::fs;

use super::super::stage::{Stage, uses};
use super::{declare, unknown};

const CANARY: &str = "canary-of-a-file-88";

fn target(stage: &Stage, file: &str, format: &str) -> String {
    format!(
        "  vps:\n    file: {{ host: vps, path: {}, format: {format} }}\n{}",
        stage.far(file).display(),
        uses("A")
    )
}

#[test]
fn what_does_not_parse_is_unknown_and_not_empty() {
    let Some(stage) = Stage::new() else { return };
    let plist = |inner: &str| {
        format!("<?xml version=\"1.0\"?>\n<plist version=\"1.0\"><dict>{inner}</dict></plist>\n")
    };
    for (format, text) in [
        ("launchd", format!("{CANARY} is no property list")),
        ("launchd", format!("bplist00{CANARY}")),
        (
            "launchd",
            plist(&format!("<key>Label</key><string>{CANARY}")),
        ),
        (
            "launchd",
            plist(&format!(
                "<key>EnvironmentVariables</key><string>{CANARY}</string>"
            )),
        ),
        (
            "launchd",
            plist(&format!(
                "<key>EnvironmentVariables</key><dict><key>A</key><array><string>{CANARY}</string></array></dict>"
            )),
        ),
        ("json", format!("{{\"A\": \"{CANARY}\"")),
        ("json", format!("[\"{CANARY}\"]")),
        ("json, at: env", format!("{{\"env\": \"{CANARY}\"}}")),
        ("json5", format!("{{A: '{CANARY}'")),
        ("compose", format!("A='{CANARY}\nB=x\n")),
    ] {
        stage.far_write("odd", &text);
        declare(&stage, &target(&stage, "odd", format));
        let plan = stage.run("plan").exits(1).hides(CANARY);
        assert!(plan.stdout.contains("vps"), "{format}: {}", plan.all());
        stage.run("apply --yes").exits(1).hides(CANARY);
        assert_eq!(stage.far_text("odd"), text, "{format}");
        assert_eq!(stage.world.read("here.env"), "B=2\n");
    }
    stage.far_write("odd", "{}");
    declare(&stage, &target(&stage, "odd", "json"));
    stage.run("apply --yes --allow authority@vps").success();
    assert!(stage.far_text("odd").contains("\"A\""));
    stage.in_sync();
}

#[test]
fn bytes_that_are_no_text_are_left_alone() {
    let Some(stage) = Stage::new() else { return };
    declare(&stage, &target(&stage, "odd", "portable"));
    fs::write(stage.far("odd"), b"A=1\nB=\xff\xfe\n").unwrap();
    unknown(
        &stage,
        &[
            "is not UTF-8 text (first bad byte: 7)",
            "convert the file to UTF-8",
        ],
    );
}
