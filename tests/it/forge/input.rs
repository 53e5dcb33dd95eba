//! The text: what is posted, and what is not sent at all.

use super::{JOB_TOKEN, Lab, MARKER, POST, report};

#[test]
fn texts_that_are_not_sent() {
    let Some(lab) = Lab::github() else { return };
    lab.run("comment", "")
        .exits(1)
        .says("the text of the comment is empty");
    lab.run("comment", " \n\n")
        .exits(1)
        .says("the text of the comment is empty");
    for text in [
        "**1 change.**",
        "\n<!-- driftlock:plan dev -->\nx",
        "<!-- x -->\nx",
    ] {
        lab.run("comment", text)
            .exits(64)
            .says("by which the comment is found again");
    }
    lab.run("comment nowhere.md", "")
        .exits(1)
        .says("cannot read nowhere.md: entity not found");
    lab.run("comment .", "")
        .exits(1)
        .says("cannot read .: is a directory");
    lab.world
        .write("odd.md", [MARKER.as_bytes(), b"\n\xff\xfe"].concat());
    lab.run("comment odd.md", "")
        .exits(1)
        .says("odd.md is not UTF-8 text");
    lab.world.write("large.md", "x".repeat(4_000_001));
    lab.run("comment large.md", "")
        .exits(1)
        .says("large.md is longer than the comment of any forge may be");
    lab.run("comment one.md two.md", "").exits(64);
    assert_eq!(lab.asked().len(), 0);
}

#[test]
fn a_text_is_as_long_as_the_forge_takes_it() {
    let Some(lab) = Lab::github() else { return };
    // characters, and not bytes
    let rest = 65_536 - MARKER.len() - 1;
    let longest = format!("{MARKER}\n{}", "ü".repeat(rest));
    lab.run("comment", &longest).success();
    lab.asked();
    lab.run("comment", &format!("{longest}ü")).exits(1).says(
        "the text has 65537 characters, and a comment on GitHub at most 65536; nothing was sent",
    );
    assert_eq!(lab.asked().len(), 0);
    let lab = Lab::gitlab();
    let long = format!("{MARKER}\n{}", "x".repeat(1_000_000 - MARKER.len() - 1));
    lab.run("comment", &long).success();
    lab.run("comment", &format!("{long}x"))
        .exits(1)
        .says("at most 1000000");
}

#[test]
fn the_token_is_not_posted_whoever_wrote_it_there() {
    let Some(lab) = Lab::github() else { return };
    lab.run(
        "comment --status error",
        &report(&format!("it says {JOB_TOKEN}")),
    )
    .success();
    let asked = lab.asked();
    assert_eq!(asked[1].line(), POST);
    assert!(lab.bodies()[0].contains("it says «redacted»"));
}

#[test]
fn what_plan_and_diff_print_can_be_posted() {
    let Some(lab) = Lab::github() else { return };
    let Some(git) = crate::support::peers::program("git") else {
        return;
    };
    lab.world.write(".env", "A=1\n");
    lab.world.run("init --yes --name dev --clear A").success();
    for line in [
        "init -q",
        "add manifests",
        "-c user.name=t -c user.email=t@t commit -qm x",
    ] {
        let mut command = std::process::Command::new(&git);
        command
            .args(line.split_whitespace())
            .current_dir(lab.world.path(""));
        assert!(command.status().unwrap().success());
    }
    lab.world.run("set A=2").success();
    let (plan, diff) = (
        lab.world.run("plan --markdown"),
        lab.world.run("diff --markdown"),
    );
    for report in [&plan, &diff] {
        for outcome in ["created", "unchanged"] {
            let says = format!("comment {outcome}");
            lab.run("comment --status 0", &report.stdout)
                .success()
                .says(&says);
        }
        let set = lab
            .fake
            .with(|github| github.statuses.last().unwrap().1["description"].clone());
        let said = set.as_str().unwrap();
        let mut lines = report.stdout.lines().skip(1);
        let line = lines.find(|line| !line.is_empty()).unwrap();
        assert!(line.contains(said) && !said.is_empty(), "{said} is {line}");
    }
    assert_eq!(
        lab.bodies(),
        [plan.stdout.trim_end(), diff.stdout.trim_end()]
    );
}
