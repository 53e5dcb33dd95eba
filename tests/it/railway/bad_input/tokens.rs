//! Tokens that are none, of another kind, dead, or allowed too little.

use crate::railway::binary::Setup;

/// All three targets are read with this token in this variable.
#[track_caller]
fn works(setup: &mut Setup, variable: &str, token: &str) {
    setup
        .without("RAILWAY_TOKEN")
        .without("RAILWAY_API_TOKEN")
        .env(variable, token);
    assert_eq!(setup.readable(), ["api", "worker", "local"], "{variable}");
    setup.without(variable);
}

#[test]
fn without_a_token_the_variables_to_set_are_named() {
    let Some(mut setup) = Setup::applied() else { return };
    for token in [None, Some(""), Some("\n")] {
        setup.without("RAILWAY_TOKEN");
        if let Some(token) = token {
            setup.env("RAILWAY_TOKEN", token);
        }
        setup.refuses(
            &["local"],
            &[
                "no token for Railway: neither RAILWAY_TOKEN nor RAILWAY_API_TOKEN is set",
                "help: for one environment: a project token",
            ],
        );
    }
    assert_eq!(setup.fake.counters().requests, 0);
}

#[test]
fn a_token_works_in_either_variable_whatever_its_kind() {
    let Some(mut setup) = Setup::applied() else { return };
    let project = setup.environment.token();
    let account = setup.fake.account_token();
    let workspace = setup.fake.workspace("Acme").token();
    let oauth = setup.fake.oauth_token();
    for variable in ["RAILWAY_TOKEN", "RAILWAY_API_TOKEN"] {
        for token in [&project, &account, &workspace, &oauth] {
            works(&mut setup, variable, token);
        }
        works(&mut setup, variable, &format!("{project}\n"));
        works(&mut setup, variable, &format!("{account}\r\n"));
    }
    setup.untouched();
}

#[test]
fn with_two_tokens_the_project_token_is_taken_as_the_railway_cli_does() {
    let Some(mut setup) = Setup::applied() else { return };
    let account = setup.fake.account_token();
    setup.env("RAILWAY_API_TOKEN", &account);
    assert_eq!(setup.readable().len(), 3);
    let mut requests = setup.fake.requests().into_iter();
    assert!(requests.all(|request| request.token.project.is_some()));
    // and a dead one is not passed over in silence
    setup.env("RAILWAY_TOKEN", "nobody-knows-it");
    setup.refuses(
        &["local"],
        &["the token in RAILWAY_TOKEN is not accepted", "expired"],
    );
}

#[test]
fn a_token_with_spaces_inside_is_not_sent() {
    let Some(mut setup) = Setup::applied() else { return };
    for token in ["c4nary token", " c4narytoken", "c4nary\ntoken", "c4naryé"] {
        setup.env("RAILWAY_TOKEN", token);
        setup.refuses(
            &["local"],
            &[
                "the token for Railway in RAILWAY_TOKEN holds a character that no token has",
                "copy the token again, whole and alone, into RAILWAY_TOKEN",
            ],
        );
    }
    assert_eq!(setup.fake.counters().requests, 0);
}

#[test]
fn a_dead_token_is_called_that_only_after_every_kind_was_tried() {
    let Some(mut setup) = Setup::applied() else { return };
    let project = setup.environment.token();
    let account = setup.fake.account_token();
    setup.fake.expire(&project);
    setup.fake.expire(&account);
    for variable in ["RAILWAY_TOKEN", "RAILWAY_API_TOKEN"] {
        for token in [project.as_str(), account.as_str(), "never-was-one"] {
            setup.without("RAILWAY_TOKEN").without("RAILWAY_API_TOKEN");
            setup.env(variable, token);
            setup.refuses(
                &["local"],
                &[
                    &format!("the token in {variable} is not accepted by Railway"),
                    "expired, revoked or mistyped?",
                ],
            );
        }
    }
}

#[test]
fn a_token_that_dies_between_two_requests_is_told() {
    let Some(mut setup) = Setup::applied() else { return };
    setup.with_account();
    // the list of the environment is answered, the values are refused
    let fault = crate::support::fake_railway::faults::Fault::NullData(
        crate::support::fake_railway::execute::Fail::not_authorized(),
    );
    let on = crate::support::fake_railway::faults::Which::With("variables".to_owned());
    setup.fake.fault(fault.on(on).times(1000));
    setup.refuses(
        &["local"],
        &[
            "not authorized, or not there",
            "check that the token is alive",
        ],
    );
}

#[test]
fn a_viewer_is_told_that_the_values_are_out_of_reach() {
    let Some(mut setup) = Setup::applied() else { return };
    let viewer = setup.fake.viewer_token();
    setup.without("RAILWAY_TOKEN");
    setup.env("RAILWAY_API_TOKEN", &viewer);
    setup.refuses(&["local"], &["help:"]);
}

#[test]
fn the_variable_that_a_target_names_must_be_set() {
    let Some(mut setup) = Setup::applied() else { return };
    setup.edit("service: api }", "service: api, token: RAILWAY_TOKEN_PROD }");
    setup.refuses(
        &["worker", "local"],
        &["no token for Railway: RAILWAY_TOKEN_PROD is not set"],
    );
    setup.env("RAILWAY_TOKEN_PROD", "");
    setup.refuses(&["worker", "local"], &["RAILWAY_TOKEN_PROD", "help:"]);
    let token = setup.environment.token();
    setup.env("RAILWAY_TOKEN_PROD", &token);
    assert_eq!(setup.readable(), ["api", "worker", "local"]);
}

#[test]
fn another_secret_of_the_process_is_never_sent_as_a_token() {
    let Some(mut setup) = Setup::applied() else { return };
    setup.env("GITHUB_TOKEN", "c4nary-github-token");
    setup.edit("service: api }", "service: api, token: GITHUB_TOKEN }");
    setup
        .run("plan")
        .exits(1)
        .says("must name an environment variable that begins with RAILWAY_");
    assert_eq!(setup.fake.counters().requests, 0);
}
