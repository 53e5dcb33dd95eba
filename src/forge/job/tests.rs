use super::*;

fn found(variables: &[(&str, &str)], event: Option<&str>) -> Option<Job> {
    let lookup = |name: &str| {
        let mut known = variables.iter();
        let (_, value) = known.find(|(known, _)| *known == name)?;
        Some((*value).to_owned())
    };
    look(&lookup, event.map(str::as_bytes))
}

const GITHUB: [(&str, &str); 4] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_API_URL", "https://api.github.com"),
    ("GITHUB_SERVER_URL", "https://github.com"),
    ("GITHUB_REPOSITORY", "o/r"),
];

fn github(more: &[(&str, &str)], event: Option<&str>) -> Job {
    found(&[&GITHUB, more].concat(), event).unwrap()
}

fn pull_event(head: &str) -> String {
    format!(
        r#"{{"action": "opened", "number": 7, "pull_request": {{"number": 7,
            "head": {{"sha": "aaa", "repo": {head}}},
            "base": {{"sha": "bbb", "repo": {{"full_name": "o/r", "id": 1}}}}}}}}"#
    )
}

#[test]
fn nothing_outside_of_ci() {
    assert_eq!(found(&[], None), None);
    assert_eq!(
        found(&[("GITHUB_ACTIONS", "false"), ("CI", "true")], None),
        None
    );
}

#[test]
fn a_pull_request_on_github() {
    let job = github(
        &[
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_SHA", "merge"),
        ],
        Some(&pull_event(r#"{"full_name": "o/r"}"#)),
    );
    assert_eq!(
        job.subject,
        Subject::Pull {
            number: 7,
            fork: false
        }
    );
    assert_eq!(
        job.commit.as_deref(),
        Some("aaa"),
        "the head, not the merge"
    );
    assert_eq!(job.page.as_deref(), Some("https://github.com/o/r"));
    assert_eq!(job.api.as_deref(), Some("https://api.github.com"));
    for fork in [r#"{"full_name": "stranger/r"}"#, "null"] {
        let job = github(&[], Some(&pull_event(fork)));
        assert_eq!(
            job.subject,
            Subject::Pull {
                number: 7,
                fork: true
            },
            "{fork}"
        );
    }
}

#[test]
fn the_reference_says_it_where_the_event_does_not() {
    for event in [
        None,
        Some("{"),
        Some("[]"),
        Some("{}"),
        Some(r#"{"pull_request": 7}"#),
    ] {
        let job = github(&[("GITHUB_REF", "refs/pull/12/merge")], event);
        assert_eq!(
            job.subject,
            Subject::Pull {
                number: 12,
                fork: false
            }
        );
        assert_eq!(job.commit, None);
    }
}

#[test]
fn a_comment_may_be_on_a_pull_request() {
    let on = |more| format!(r#"{{"issue": {{"number": 3{more}}}, "comment": {{"id": 1}}}}"#);
    let job = github(&[("GITHUB_EVENT_NAME", "issue_comment")], Some(&on("")));
    assert_eq!(job.subject, Subject::Unrelated(Unrelated::Issue));
    let job = github(&[], Some(&on(r#", "pull_request": {"url": "x"}"#)));
    assert_eq!(
        job.subject,
        Subject::Pull {
            number: 3,
            fork: false
        }
    );
}

#[test]
fn other_events_on_github() {
    let push = [
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_SHA", "ccc"),
        ("GITHUB_REF", "refs/heads/pull/1/merge"),
    ];
    let job = github(&push, Some(r#"{"after": "ccc"}"#));
    assert_eq!(
        (job.subject, job.commit.as_deref()),
        (Subject::Push, Some("ccc"))
    );
    let job = github(
        &[
            ("GITHUB_EVENT_NAME", "schedule"),
            ("GITHUB_REF", "refs/pull/x/merge"),
        ],
        None,
    );
    assert_eq!(
        job.subject,
        Subject::Unrelated(Unrelated::Event("schedule".into()))
    );
    assert_eq!(
        github(&[], None).subject,
        Subject::Unrelated(Unrelated::Silent)
    );
}

#[test]
fn a_merge_request_on_gitlab() {
    let own = [
        ("GITLAB_CI", "true"),
        ("CI_API_V4_URL", "https://git.example/api/v4"),
        ("CI_PROJECT_ID", "5"),
        ("CI_PROJECT_URL", "https://git.example/g/r"),
        ("CI_COMMIT_SHA", "merged"),
        ("CI_MERGE_REQUEST_IID", "11"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "5"),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "5"),
    ];
    let job = found(&own, None).unwrap();
    assert_eq!(
        job.subject,
        Subject::Pull {
            number: 11,
            fork: false
        }
    );
    assert_eq!(
        (job.repository.as_deref(), job.commit.as_deref()),
        (Some("5"), Some("merged"))
    );
    let head = ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "head");
    let job = found(&[&own[..], &[head]].concat(), None).unwrap();
    assert_eq!(job.commit.as_deref(), Some("head"));
}

#[test]
fn the_merge_request_of_a_fork_is_in_the_other_project() {
    let job = found(
        &[
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_ID", "99"),
            ("CI_MERGE_REQUEST_IID", "11"),
            ("CI_MERGE_REQUEST_PROJECT_ID", "5"),
            ("CI_MERGE_REQUEST_PROJECT_URL", "https://git.example/g/r"),
            ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "99"),
        ],
        None,
    )
    .unwrap();
    assert_eq!(
        job.subject,
        Subject::Pull {
            number: 11,
            fork: true
        }
    );
    assert_eq!(job.repository.as_deref(), Some("5"));
    assert_eq!(job.page.as_deref(), Some("https://git.example/g/r"));
}

#[test]
fn other_pipelines_on_gitlab() {
    let of = |source| {
        found(
            &[
                ("GITLAB_CI", "true"),
                ("CI_PIPELINE_SOURCE", source),
                ("CI_COMMIT_SHA", "c"),
            ],
            None,
        )
    };
    assert_eq!(of("push").unwrap().subject, Subject::Push);
    assert_eq!(of("push").unwrap().commit.as_deref(), Some("c"));
    let event = Unrelated::Event("schedule".into());
    assert_eq!(of("schedule").unwrap().subject, Subject::Unrelated(event));
}
