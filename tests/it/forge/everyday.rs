//! Written once, brought up to date, left alone.

use super::fake::github::JOB;
use super::{LIST, Lab, POST, WHO, report};

#[test]
fn the_first_run_writes_a_comment() {
    let Some(lab) = Lab::github() else { return };
    lab.fake
        .with(|github| github.write(7, "octocat", "Nice work"));
    lab.post("1 change.")
        .success()
        .says("comment created: https://github.com/o/r/pull/7#issuecomment-1002");
    assert_eq!(lab.lines(), [LIST, POST], "nobody has to ask who we are");
    assert_eq!(lab.bodies(), ["Nice work", report("1 change.").trim_end()]);
}

#[test]
fn the_next_runs_keep_it_up_to_date() {
    let Some(lab) = Lab::github() else { return };
    lab.post("1 change.").success();
    lab.lines();
    lab.post("2 changes.")
        .success()
        .says("comment updated: https://github.com/o/r/pull/7#issuecomment-1001");
    assert_eq!(
        lab.lines(),
        [LIST, WHO, "PATCH /repos/o/r/issues/comments/1001"]
    );
    assert_eq!(lab.bodies(), [report("2 changes.").trim_end()]);
    for _ in 0..2 {
        lab.post("2 changes.")
            .success()
            .says("comment unchanged: https://github.com/o/r/pull/7#issuecomment-1001");
        assert_eq!(lab.lines(), [LIST, WHO], "nothing but reading");
    }
    assert_eq!(lab.fake.with(|github| github.comments[&7][0].edits), 1);
}

#[test]
fn line_ends_are_no_change() {
    let Some(lab) = Lab::github() else { return };
    lab.post("1 change.").success();
    lab.fake.with(|github| {
        let comment = &mut github.comments.get_mut(&7).unwrap()[0];
        comment.body = comment.body.replace('\n', "\r\n") + "\r\n";
    });
    lab.post("1 change.").success().says("comment unchanged");
}

#[test]
fn a_text_may_be_a_file_and_hold_a_second_marker() {
    let Some(lab) = Lab::github() else { return };
    let text = report("1 change.") + "\n<!-- driftlock:plan other -->\nmore\n";
    lab.world.write("report.md", &text);
    lab.run("comment report.md", "")
        .success()
        .says("comment created");
    lab.run("comment report.md", "")
        .success()
        .says("comment unchanged");
    assert_eq!(lab.bodies(), [text.trim_end()]);
}

#[test]
fn each_marker_has_its_comment() {
    let Some(lab) = Lab::github() else { return };
    let other = |summary: &str| report(summary).replace("plan dev", "plan prod");
    lab.post("1 change.").success();
    lab.run("comment", &other("No changes."))
        .success()
        .says("comment created");
    lab.run("comment", &other("3 changes."))
        .success()
        .says("comment updated");
    lab.post("2 changes.").success().says("comment updated");
    assert_eq!(
        lab.bodies(),
        [
            report("2 changes.").trim_end(),
            other("3 changes.").trim_end()
        ]
    );
}

#[test]
fn of_several_of_ours_the_newest_is_brought_up_to_date() {
    let Some(lab) = Lab::github() else { return };
    for number in 1..=3 {
        let text = report(&format!("{number} old."));
        lab.fake.with(|github| github.write(7, JOB.login, &text));
    }
    lab.post("new.")
        .success()
        .says("comment updated")
        .says("#issuecomment-1003")
        .says("2 older ones with the same marker");
    let bodies = lab.bodies();
    assert_eq!(bodies[2], report("new.").trim_end());
    assert_eq!(bodies[0], report("1 old."), "the others are left alone");
}

#[test]
fn three_hundred_comments_are_three_pages() {
    let Some(lab) = Lab::github() else { return };
    lab.fake.with(|github| {
        for number in 0..300 {
            github.write(7, "octocat", &format!("{number}"));
        }
    });
    lab.post("1 change.").success().says("comment created");
    let pages = ["1", "2", "3"]
        .map(|number| format!("GET /repos/o/r/issues/7/comments?per_page=100&page={number}"));
    let mut expected = pages.to_vec();
    expected.push(POST.to_owned());
    assert_eq!(lab.lines(), expected);
    // ours is the 301st now
    lab.post("2 changes.").success().says("comment updated");
    assert_eq!(lab.asked().len(), 6, "four pages, who we are, one update");
    assert_eq!(lab.bodies().len(), 301);
}

#[test]
fn a_full_page_is_the_last_only_if_nothing_follows() {
    let Some(lab) = Lab::github() else { return };
    lab.fake.with(|github| {
        for _ in 0..99 {
            github.write(7, "octocat", "x");
        }
        github.write(7, JOB.login, &report("old."));
    });
    lab.post("new.").success().says("comment updated");
    let lines = lab.lines();
    assert_eq!(
        lines[1], "GET /repos/o/r/issues/7/comments?per_page=100&page=2",
        "no Link header is no proof"
    );
    assert_eq!(lines.len(), 4);
}
