//! Lists of many pages: to the end or not at all.

use driftlock::platforms::railway::resolve::ResolveError;

use super::{fake, find, services};
use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::switches::Cursors;

const PLACE: (&str, &str) = ("aurora", "production");

/// 7 services of 3 variables, among 5 environments and 5 projects.
fn crowd(fake: &FakeRailway) -> (String, String) {
    for number in 0..4 {
        fake.project(&format!("other-{number}"));
    }
    let aurora = fake.project("aurora");
    for number in 0..4 {
        aurora.environment(&format!("other-{number}"));
    }
    let production = aurora.environment("production");
    for number in 0..7 {
        let service = production.service(&format!("service-{number}"));
        service.set("A", "1").set("B", "2").set("C", "3");
    }
    production.shared().set("S", "4");
    (production.token(), fake.account_token())
}

#[tokio::test]
async fn all_pages_of_everything_are_read() {
    let Some(fake) = fake() else { return };
    let (project, account) = crowd(&fake);
    let (whole, _) = find(&fake, "RAILWAY_TOKEN", &project, PLACE).await;
    let whole = whole.unwrap().environment;
    assert_eq!((whole.instances.len(), whole.variables.len()), (7, 22));
    for cap in [1, 2, 3, 7, 21, 22] {
        fake.switches(|switches| switches.page_cap = cap);
        for (variable, token) in [("RAILWAY_TOKEN", &project), ("RAILWAY_API_TOKEN", &account)] {
            let (found, _) = find(&fake, variable, token, PLACE).await;
            let mut found = found.unwrap().environment;
            assert_eq!(services(&found), services(&whole), "cap {cap}");
            found.variables.sort_by(|one, other| {
                (&one.service_id, &one.name).cmp(&(&other.service_id, &other.name))
            });
            let mut all = whole.variables.clone();
            all.sort_by(|one, other| {
                (&one.service_id, &one.name).cmp(&(&other.service_id, &other.name))
            });
            assert_eq!(found.variables, all, "cap {cap}");
        }
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_followed_is_an_error_and_never_short() {
    let Some(fake) = fake() else { return };
    let (project, account) = crowd(&fake);
    let by_project = ["serviceInstances", "variables"];
    let by_account = ["projects", "environments", "serviceInstances", "variables"];
    for cursors in [Cursors::NullWithMore, Cursors::Repeating] {
        for (variable, token, lists) in [
            ("RAILWAY_TOKEN", &project, by_project.as_slice()),
            ("RAILWAY_API_TOKEN", &account, by_account.as_slice()),
        ] {
            for list in lists {
                fake.switches(|switches| {
                    switches.page_cap = 2;
                    switches.cursors = cursors;
                    switches.cursors_of = Some(list);
                });
                let (found, _) = find(&fake, variable, token, PLACE).await;
                let error = found.map(|found| services(&found.environment).len());
                assert!(
                    matches!(error, Err(ResolveError::Endless { .. })),
                    "{list} {cursors:?}: {error:?}"
                );
            }
        }
    }
}
