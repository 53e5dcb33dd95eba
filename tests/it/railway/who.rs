//! Who changed it: Railway's list of commits and its audit log, what they cost, and what is said where
//! they do not tell.

use driftlock::model::{Target, VarName, Who};
use driftlock::platforms::railway::RailwayPlatform;
use driftlock::platforms::{Ask, LiveRead};
use jiff::Timestamp;
use serde_json::Value;

use super::yard::{Yard, service, shared, target};
use crate::cli::fits_schema;
use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::execute::Fail;
use crate::support::fake_railway::faults::{At, Fault, RetryAfter, Which};
use crate::support::fake_railway::handles::{EnvironmentAt, Place};
use crate::support::fake_railway::switches::{Cursors, Shown};
use crate::support::railway;
use crate::support::world::World;

/// How often each operation was sent.
fn sent(fake: &FakeRailway, operation: &str) -> usize {
    let requests = fake.requests();
    let named = |request: &&_| request_name(request) == Some(operation);
    requests.iter().filter(named).count()
}

fn request_name(request: &crate::support::fake_railway::record::Recorded) -> Option<&str> {
    request.operation_name.as_deref()
}

/// `A` and `B` on `api`, `C` shared, applied and in sync.
fn applied() -> Option<(Yard, Place)> {
    let yard = Yard::new()?;
    let api = yard.service("api");
    // our records are by our clock
    yard.fake.world(|world| {
        let then: Timestamp = world.clock.tick().parse().unwrap();
        let behind = Timestamp::now().duration_since(then).as_secs();
        world.clock.advance(u64::try_from(behind).unwrap());
    });
    yard.declare(
        &[("A", "1"), ("B", "2"), ("C", "3")],
        &[&service("api", "A, B"), &shared("C")],
    );
    yard.run("apply --yes").success();
    yard.later();
    yard.fake.clear_record();
    Some((yard, api))
}

#[test]
fn one_request_tells_who_moved_all_of_an_environment() {
    let Some((yard, api)) = applied() else { return };
    api.edited(Some("Grace"), "A", Some("outside"));
    yard.later();
    yard.shared().edited(Some("Linus"), "C", Some("outside"));
    yard.later();
    // one more of somebody else, of a variable that is not ours
    api.edited(Some("Eve"), "FOREIGN", Some("x"));
    yard.run("plan").success();
    let without = yard.fake.requests().len();
    yard.fake.clear_record();
    let run = yard.run("plan --who").success();
    assert_eq!(yard.fake.requests().len(), without + 1);
    assert_eq!(sent(&yard.fake, "Patches"), 1);
    let run = run
        .says("by Grace, says Railway's list of commits")
        .says("by Linus, says Railway's list of commits");
    assert!(!run.stdout.contains("Eve"), "{}", run.stdout);
    // nothing was asked that can hold a value
    for request in yard.fake.requests() {
        assert!(!request.asks_for("payload"));
        if request_name(&request) == Some("Patches") {
            assert!(!request.asks_for("patch"));
            assert_eq!(request.variables["first"], 50);
        }
    }
    // in sync there is nobody to ask for
    yard.run("apply --yes").success();
    yard.fake.clear_record();
    yard.run("plan --who").success().says("No changes.");
    assert_eq!(sent(&yard.fake, "Patches"), 0);
}

#[test]
fn a_round_asks_who_it_was_once_for_what_is_new() {
    let Some((yard, api)) = applied() else { return };
    yard.run("reconcile --once").success();
    assert_eq!(sent(&yard.fake, "Patches"), 0, "nothing moved");
    api.edited(Some("Grace"), "A", Some("outside"));
    yard.later();
    yard.shared().edited(Some("Linus"), "C", Some("outside"));
    yard.later();
    yard.run("reconcile --once").success();
    assert_eq!(sent(&yard.fake, "Patches"), 1);
    yard.run("alert list")
        .success()
        .says("by Grace, says Railway's list of commits")
        .says("by Linus, says Railway's list of commits");
    // what was told is not asked after again
    yard.run("reconcile --once").success();
    assert_eq!(sent(&yard.fake, "Patches"), 1);
    api.edited(Some("Ada"), "A", Some("once more"));
    yard.later();
    yard.run("reconcile --once").success().says("alert changed");
    assert_eq!(sent(&yard.fake, "Patches"), 2);
    let told = yard.run("alert list").success();
    let told = told.says("by Ada, says Railway's list of commits");
    assert!(!told.stdout.contains("Grace"), "{}", told.all());
}

#[test]
fn a_list_for_each_environment_and_none_for_the_others() {
    let Some((yard, api)) = applied() else { return };
    let staging = yard.fake.project("aurora").environment("staging");
    let other = staging.service("api");
    let far =
        "far: { railway: { project: aurora, environment: staging, service: api }, variables: [A] }";
    let quiet = yard.fake.project("aurora").environment("quiet");
    quiet.service("api");
    let still =
        "still: { railway: { project: aurora, environment: quiet, service: api }, variables: [B] }";
    yard.declare(
        &[("A", "1"), ("B", "2"), ("C", "3")],
        &[&service("api", "A, B"), &shared("C"), far, still],
    );
    yard.run("apply --yes --allow authority").success();
    yard.later();
    api.edited(Some("Grace"), "A", Some("outside"));
    other.edited(Some("Linus"), "A", Some("outside"));
    yard.fake.clear_record();
    let run = yard.run("plan --who").success();
    run.says("by Grace").says("by Linus");
    assert_eq!(sent(&yard.fake, "Patches"), 2);
    // what was not asked for is not asked after
    yard.fake.clear_record();
    yard.run("plan --who --target far")
        .success()
        .says("by Linus");
    assert_eq!(sent(&yard.fake, "Patches"), 1);
    yard.fake.clear_record();
    yard.run("plan --who --only B").success();
    assert_eq!(sent(&yard.fake, "Patches"), 0);
}

#[test]
fn who_removed_it_is_all_who_wrote_since() {
    let Some((yard, api)) = applied() else { return };
    api.edited(Some("Grace"), "A", None);
    yard.run("plan --who").success().says(
        "changed by perhaps Grace, says Railway's list of commits, with one commit since our last apply, of ",
    );
    yard.later();
    api.edited(Some("Linus"), "FOREIGN", Some("x"));
    yard.run("plan --who").success().says(
        "changed by perhaps one of: Grace, Linus, says Railway's list of commits, with 2 since our last apply, the last one of ",
    );
}

#[test]
fn an_apply_from_another_place_says_that_it_was_one() {
    let Some((yard, _)) = applied() else { return };
    // another person, with a journal of their own
    let mut other = World::new();
    other.variable("DRIFTLOCK_RAILWAY_URL", &yard.fake.url());
    for (name, token) in &yard.tokens {
        other.variable(name, token);
    }
    other.variable("USER", "mallory");
    other.declare_on(&[("A", "from there")], &[&service("api", "A")]);
    other.run("apply --yes --take-over api").success();
    yard.later();
    let run = yard.run("plan --who").success();
    run.says("by an apply of driftlock (Ada), says the text of the commit in Railway's list of commits (manifest dev, plan ")
        .says("by mallory@here), which anybody who may write there can write");
}

#[test]
fn json_and_markdown_say_it_too_and_the_plan_stays_the_same() {
    let Some((yard, api)) = applied() else { return };
    api.edited(Some("Gr\u{202e}ace `x` <b>@all</b>|"), "A", Some("outside"));
    let plain = yard.run("plan --json --detailed-exitcode").exits(2);
    let plain = fits_schema(&plain, "plan");
    let asked = yard.run("plan --json --who --detailed-exitcode").exits(2);
    assert!(!asked.stdout.contains('\u{202e}') || asked.stdout.contains("Gr"));
    let asked = fits_schema(&asked, "plan");
    let id = |plan: &Value| plan["plans"][0]["id"].clone();
    assert_eq!(
        id(&plain),
        id(&asked),
        "who did it is no part of what is approved"
    );
    let change = |plan: &Value, name: &str| {
        let changes = plan["plans"][0]["targets"][0]["changes"]
            .as_array()
            .unwrap();
        let found = changes.iter().find(|change| change["name"] == name);
        found.unwrap()["who"].clone()
    };
    assert_eq!(change(&plain, "A"), Value::Null);
    assert_eq!(change(&asked, "B"), Value::Null, "in sync");
    let who = change(&asked, "A");
    assert_eq!(who["ours"], false);
    assert_eq!(who["source"], "Railway's list of commits");
    who["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    for form in ["plan --who", "plan --who --markdown"] {
        let run = yard.run(form).success();
        assert!(!run.all().contains('\u{202e}'), "{form}: {}", run.all());
        run.says("says Railway's list of commits");
    }
    let markdown = yard.run("plan --who --markdown").success().stdout;
    let said = "- `A`: ``changed at 20";
    assert!(
        markdown.lines().any(|line| line.starts_with(said)),
        "{markdown}"
    );
    let again = yard.run("plan --who --markdown").success().stdout;
    assert_eq!(markdown, again, "the same comment can stay");
    // what is kept for approval is without it
    yard.run("plan --who --out plan.json")
        .success()
        .says("by Gr");
    assert!(!yard.world.read("plan.json").contains("list of commits"));
}

/// The platform alone, in a hurry.
struct Desk {
    fake: FakeRailway,
    environment: EnvironmentAt,
    api: Place,
    platform: RailwayPlatform,
    target: Target,
    since: Timestamp,
}

impl Desk {
    /// `A` on `api` was ours, and is Grace's now.
    fn new(project_token: bool) -> Option<Self> {
        let fake = railway::fake()?;
        let environment = fake.project("aurora").environment("production");
        let api = environment.service("api").set("A", "ours");
        let since = now(&fake);
        fake.world(|world| world.clock.advance(600));
        api.edited(Some("Grace"), "A", Some("outside"));
        let (name, token) = match project_token {
            true => ("RAILWAY_TOKEN", environment.token()),
            false => ("RAILWAY_API_TOKEN", fake.account_token()),
        };
        let platform = railway::platform(&fake, &[(name, token.as_str())]);
        let address = railway::address("aurora", "production", Some("api"));
        Some(Self {
            fake,
            environment,
            api,
            platform,
            target: railway::target("api", address),
            since,
        })
    }

    /// Reads, as every run does before, and asks; how many requests the asking took.
    async fn ask(&self, names: &[&str]) -> (Vec<Result<Who, String>>, usize) {
        let read = self.platform.read(std::slice::from_ref(&self.target)).await;
        assert!(read.iter().all(Result::is_ok), "{read:?}");
        let before = self.fake.requests().len();
        let names: Vec<VarName> = names.iter().map(|name| name.parse().unwrap()).collect();
        let asks: Vec<Ask<'_>> = names
            .iter()
            .map(|name| Ask {
                target: &self.target,
                name,
                since: Some(self.since),
                stamp: Some(self.since),
            })
            .collect();
        let answers = self.platform.traces(&asks).await;
        assert_eq!(answers.len(), asks.len());
        assert_eq!(self.fake.unexpected(), Vec::<String>::new());
        (answers, self.fake.requests().len() - before)
    }

    async fn says(&self) -> String {
        match self.ask(&["A"]).await.0.remove(0) {
            Ok(who) => who.words(None),
            Err(why) => why,
        }
    }
}

fn now(fake: &FakeRailway) -> Timestamp {
    fake.world(|world| world.clock.tick()).parse().unwrap()
}

#[tokio::test]
async fn the_audit_log_answers_what_the_commits_do_not() {
    let Some(desk) = Desk::new(false) else { return };
    let (answers, requests) = desk.ask(&["A"]).await;
    assert_eq!(answers[0].as_ref().unwrap().by.as_deref(), Some("Grace"));
    assert_eq!(requests, 1);
    desk.fake
        .switches(|switches| switches.writes_are_patches = false);
    let (answers, requests) = desk.ask(&["A"]).await;
    let who = answers[0].as_ref().unwrap();
    assert_eq!(who.by.as_deref(), Some("Grace"));
    assert_eq!(who.source, "Railway's audit log");
    assert_eq!(requests, 2);
    // an hour of two days is over
    desk.fake.switches(|switches| switches.audit_empty = true);
    assert_eq!(
        desk.says().await,
        "Railway's list of commits has no commit of that moment, and Railway's audit log has no entry about variables of that moment"
    );
    desk.fake.switches(|switches| {
        switches.audit_empty = false;
        switches.audit_names_actors = false;
    });
    let said = desk.says().await;
    assert!(said.starts_with("changed at 2026-01-01 00:10:"), "{said}");
    assert!(
        said.ends_with("by whom is not known: Railway's list of commits has no commit of that moment, and Railway's audit log names no author of it"),
        "{said}"
    );
}

#[tokio::test]
async fn what_is_refused_is_asked_for_once() {
    for project_token in [false, true] {
        let Some(desk) = Desk::new(project_token) else {
            return;
        };
        let shown = match project_token {
            true => Shown::NotProjectTokens,
            false => Shown::Nobody,
        };
        desk.fake.switches(|switches| {
            switches.patches_shown = shown;
            switches.audit_shown = Shown::Nobody;
        });
        let (first, requests) = desk.ask(&["A", "B"]).await;
        assert_eq!(requests, 2, "each list once for both");
        let variable = match project_token {
            true => "RAILWAY_TOKEN",
            false => "RAILWAY_API_TOKEN",
        };
        let why = format!(
            "Railway's list of commits is not shown to the token in {variable}, and Railway's audit log is not shown to the token in {variable}"
        );
        assert_eq!(first, [Err(why.clone()), Err(why)]);
        let (again, requests) = desk.ask(&["A"]).await;
        assert_eq!(requests, 0, "remembered");
        assert_eq!(again[0], first[0]);
    }
}

#[tokio::test]
async fn a_project_token_sees_no_audit_log_and_needs_none() {
    let Some(desk) = Desk::new(true) else { return };
    let (answers, requests) = desk.ask(&["A"]).await;
    assert_eq!(answers[0].as_ref().unwrap().by.as_deref(), Some("Grace"));
    assert_eq!(requests, 1);
    // somebody whom Railway does not name: only then the other list is asked for
    desk.fake.world(|world| world.clock.advance(600));
    desk.api.edited(None, "A", Some("again"));
    let said = desk.says().await;
    assert!(
        said.ends_with("Railway's list of commits names no author of it, and Railway's audit log is not shown to the token in RAILWAY_TOKEN"),
        "{said}"
    );
    let (_, requests) = desk.ask(&["A"]).await;
    assert_eq!(requests, 1, "the audit log was refused already");
}

/// So many other writes before or after the one in question.
fn noise(desk: &Desk, count: usize) {
    desk.fake.world(|world| world.clock.advance(60));
    for number in 0..count {
        desk.api
            .edited(Some("Eve"), "FOREIGN", Some(&number.to_string()));
        desk.fake.world(|world| world.clock.advance(60));
    }
}

#[tokio::test]
async fn long_lists_are_read_by_pages_and_not_for_ever() {
    let Some(desk) = Desk::new(false) else { return };
    noise(&desk, 60);
    let (answers, requests) = desk.ask(&["A"]).await;
    assert_eq!(answers[0].as_ref().unwrap().by.as_deref(), Some("Grace"));
    assert_eq!(requests, 2, "fifty, and the rest");
    // a server that gives less than it is asked for
    desk.fake.switches(|switches| switches.page_cap = 25);
    let (answers, requests) = desk.ask(&["A"]).await;
    assert_eq!(answers[0].as_ref().unwrap().by.as_deref(), Some("Grace"));
    assert_eq!(requests, 3);
    desk.fake.switches(|switches| switches.page_cap = 10);
    let (answers, requests) = desk.ask(&["A"]).await;
    assert_eq!(requests, 6, "three pages of each list, and no more");
    assert_eq!(
        answers[0],
        Err("Railway's list of commits is longer than what is read of it, and Railway's audit log is longer than what is read of it".to_owned())
    );
}

#[tokio::test]
async fn pages_end_where_our_last_apply_was() {
    let Some(mut desk) = Desk::new(false) else {
        return;
    };
    noise(&desk, 120);
    desk.since = now(&desk.fake);
    desk.fake.world(|world| world.clock.advance(600));
    desk.api.edited(Some("Linus"), "A", Some("later"));
    let (answers, requests) = desk.ask(&["A"]).await;
    assert_eq!(answers[0].as_ref().unwrap().by.as_deref(), Some("Linus"));
    assert_eq!(requests, 1, "what is older is not read");
}

#[tokio::test]
async fn the_oldest_may_come_first() {
    let Some(desk) = Desk::new(false) else { return };
    desk.fake
        .switches(|switches| switches.patches_ascend = true);
    assert!(desk.says().await.contains("by Grace"), "one page");
    noise(&desk, 60);
    desk.fake.world(|world| world.clock.advance(600));
    desk.api.edited(Some("Linus"), "A", Some("later"));
    let (answers, requests) = desk.ask(&["A"]).await;
    assert_eq!(answers[0].as_ref().unwrap().by.as_deref(), Some("Linus"));
    assert_eq!(requests, 2, "the first page, and the last");
}

#[tokio::test]
async fn odd_cursors_end() {
    for cursors in [Cursors::NullWithMore, Cursors::Repeating] {
        let Some(desk) = Desk::new(false) else { return };
        noise(&desk, 120);
        desk.fake.switches(|switches| {
            switches.cursors = cursors;
            switches.cursors_of = Some("environmentPatches");
        });
        let (answers, requests) = desk.ask(&["A"]).await;
        // the audit log goes on where the other one stops
        assert_eq!(
            answers[0].as_ref().unwrap().source,
            "Railway's audit log",
            "{cursors:?}"
        );
        assert!(requests <= 3 + 3, "{cursors:?}: {requests}");
    }
}

#[tokio::test]
async fn what_goes_wrong_is_said_and_nothing_else_suffers() {
    let with = |fault: Fault, field: &str| {
        crate::support::fake_railway::faults::Rule::from(fault)
            .on(Which::With(field.to_owned()))
            .times(9_999)
    };
    for (fault, words) in [
        (Fault::Html, "an HTML page instead of JSON"),
        (Fault::Gateway(502), "status 502"),
        (Fault::Limited(RetryAfter::Seconds(30)), "too many requests"),
        (Fault::problem(), "the API failed inside"),
        (Fault::Nothing, "neither data nor errors"),
        (Fault::Hang, "Railway's list of commits"),
        (
            Fault::Field(At::Every, Fail::new("c4nary")),
            "an error of a kind that is not known here",
        ),
        (Fault::two_factor("Acme"), "two-factor"),
    ] {
        let Some(desk) = Desk::new(false) else { return };
        desk.fake.fault(with(fault.clone(), "environmentPatches"));
        desk.fake.fault(with(fault.clone(), "auditLogs"));
        let said = desk.says().await;
        assert!(said.contains(words), "{fault:?}: {said}");
        assert!(said.contains("Railway's audit log"), "{fault:?}: {said}");
        assert!(!said.contains("c4nary"), "{fault:?}: {said}");
        // the next time all may be well again, unless it was a no
        desk.fake.clear_faults();
        let again = desk.says().await;
        let is_no = matches!(fault, Fault::NullData(_)) && said.contains("two-factor");
        assert_eq!(again.contains("by Grace"), !is_no, "{fault:?}: {again}");
    }
}

#[test]
fn a_plan_is_the_same_where_nobody_answers() {
    let Some((yard, api)) = applied() else { return };
    api.edited(Some("Grace"), "A", Some("outside"));
    yard.fake.switches(|switches| {
        switches.patches_shown = Shown::Nobody;
        switches.audit_shown = Shown::Nobody;
    });
    yard.run("plan --who --detailed-exitcode")
        .exits(2)
        .says("who changed it is not known: Railway's list of commits is not shown to the token in RAILWAY_API_TOKEN");
    // conflicts are asked for too, also of what never was ours
    yard.declare(
        &[("A", "1"), ("B", "2"), ("C", "3"), ("D", "4")],
        &[&target("api", "service: api", "A, B, D", ""), &shared("C")],
    );
    yard.later();
    api.edited(Some("Linus"), "D", Some("theirs"));
    yard.fake
        .switches(|switches| switches.patches_shown = Shown::Everyone);
    yard.run("plan --who").success().says("by Linus, says");
}

#[tokio::test]
async fn nobody_is_asked_about_another_environment() {
    let Some(desk) = Desk::new(false) else { return };
    assert_eq!(desk.environment.commits().len(), 0, "an edit is no commit");
    let (answers, requests) = desk.ask(&["A", "A", "NOWHERE"]).await;
    assert_eq!(answers[0], answers[1]);
    // one that is gone: the only write since
    let gone = answers[2].as_ref().unwrap();
    assert!(gone.source.contains("with one commit since"), "{gone:?}");
    assert_eq!(requests, 1);
}
