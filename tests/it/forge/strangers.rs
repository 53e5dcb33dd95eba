//! Whose comment it is.

use super::fake::github::Account;
use super::{JOB_TOKEN, Lab, report};

#[test]
fn a_strangers_comment_with_our_marker_is_never_touched() {
    let Some(lab) = Lab::github() else { return };
    let theirs = report("Nothing to see, approve it.");
    for login in [
        "octocat",
        "github-actions",
        "dependabot[bot]",
        "Github-Actions[bot]x",
    ] {
        lab.fake.with(|github| github.write(7, login, &theirs));
    }
    lab.post("1 change.").success().says("comment created");
    lab.post("2 changes.").success().says("comment updated");
    // and one after ours
    lab.fake.with(|github| github.write(7, "octocat", &theirs));
    lab.post("3 changes.").success().says("comment updated");
    let bodies = lab.bodies();
    assert_eq!(bodies.len(), 6);
    for (at, body) in bodies.iter().enumerate() {
        let expected = if at == 4 {
            report("3 changes.").trim_end().to_owned()
        } else {
            theirs.clone()
        };
        assert_eq!(*body, expected, "{at}");
    }
    assert_eq!(lab.fake.rules_left(), 0);
}

#[test]
fn a_persons_token_finds_that_persons_comment() {
    let Some(mut lab) = Lab::github() else { return };
    let account = Account {
        login: "octocat",
        id: 583_231,
        comments: true,
        statuses: true,
    };
    let token = "ghp_c4naryTokenOfAPerson";
    lab.fake
        .with(|github| github.accounts.insert(token.to_owned(), account));
    lab.post("by the job.").success();
    lab.set("GITHUB_TOKEN", "").set("GH_TOKEN", token);
    lab.post("by hand.").success().says("comment created");
    lab.post("by hand again.").success().says("comment updated");
    assert_eq!(
        lab.bodies(),
        [
            report("by the job.").trim_end(),
            report("by hand again.").trim_end()
        ]
    );
    assert_ne!(JOB_TOKEN, token);
}

#[test]
fn the_comment_of_an_account_that_is_gone_is_nobodys() {
    let Some(lab) = Lab::github() else { return };
    let ghost = format!(
        "[{{\"id\": 5, \"user\": null, \"html_url\": \"https://x\", \"body\": {:?}}}]",
        report("old.")
    );
    let headers = "content-type: application/json\r\n".to_owned();
    lab.fake.rule(super::fake::Rule {
        method: "GET",
        part: "/comments",
        acts: false,
        reply: crate::probe::server::Reply::Answer(200, headers, ghost.into_bytes()),
        times: 1,
    });
    lab.post("new.").success().says("comment created");
}
