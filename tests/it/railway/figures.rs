//! What it costs, counted: requests, root fields of mutations, deploys.

use std::fmt::Write;

use super::yard::{Yard, service};
use crate::support::lab;

const SERVICES: usize = 50;
const EACH: usize = 40;

fn service_name(number: usize) -> String {
    format!("service-{number:02}")
}

fn variable(service: usize, number: usize) -> String {
    format!("V_{service:02}_{number:02}")
}

/// Which values the manifest has: where one is left out, the first ten of service 2 are gone, and
/// fifty have moved.
#[derive(Clone, Copy, PartialEq)]
enum Revision {
    First,
    Second,
}

/// Fifty sets over three services, and ten deletes in the last of them.
fn declared(revision: Revision, service: usize) -> Vec<(String, String)> {
    let all =
        (0..EACH).filter(|number| revision == Revision::First || service != 2 || *number >= 10);
    all.map(|number| {
        let sets = [20, 20, 20].get(service).copied().unwrap_or(0);
        let moved = revision == Revision::Second && number < sets;
        (
            variable(service, number),
            if moved { "new" } else { "old" }.to_owned(),
        )
    })
    .collect()
}

fn manifest(revision: Revision, place: impl Fn(usize) -> String) -> String {
    let (mut variables, mut targets) = (vec![], vec![]);
    for number in 0..SERVICES {
        let own = declared(revision, number);
        let names: Vec<&str> = own.iter().map(|(name, _)| name.as_str()).collect();
        let mut line = format!(
            "{}: {{ railway: {}, variables: [",
            service_name(number),
            place(number)
        );
        write!(line, "{}], prune: true }}", names.join(", ")).unwrap();
        targets.push(line);
        variables.extend(own);
    }
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    lab::manifest("dev", &variables, &targets)
}

fn by_names(number: usize) -> String {
    let name = service_name(number);
    format!("{{ project: aurora, environment: production, service: {name} }}")
}

fn by_ids(yard: &Yard) -> impl Fn(usize) -> String {
    let ids: Vec<String> = (0..SERVICES)
        .map(|number| yard.service(&service_name(number)).id())
        .collect();
    let (project, environment) = (
        yard.environment.project.clone(),
        yard.environment.id.clone(),
    );
    move |number| {
        let service = &ids[number];
        format!("{{ project: {project}, environment: {environment}, service: {service} }}")
    }
}

/// An environment that holds the first revision, and a manifest that says the same.
fn full() -> Option<Yard> {
    let yard = Yard::new()?;
    // as many as are asked for: the names of all variables fit a page
    yard.fake.switches(|switches| switches.page_cap = 10_000);
    for number in 0..SERVICES {
        let mut place = yard.service(&service_name(number));
        for (name, value) in declared(Revision::First, number) {
            place = place.set(&name, &value);
        }
    }
    yard.world
        .write("manifests/dev.yaml", manifest(Revision::First, by_names));
    Some(yard)
}

fn requests(yard: &Yard) -> usize {
    let requests = yard.fake.requests();
    let names: Vec<&str> = requests
        .iter()
        .map(|request| request.operation_name.as_deref().unwrap_or("?"))
        .collect();
    println!("{} requests: {}", names.len(), names.join(", "));
    names.len()
}

#[test]
fn a_plan_of_two_thousand_variables_is_a_handful_of_requests() {
    let Some(mut yard) = full() else { return };
    let ids = manifest(Revision::First, by_ids(&yard));
    let names = manifest(Revision::First, by_names);
    let (account, project) = (yard.fake.account_token(), yard.environment.token());
    yard.fake.workspace("Bolt").project("other");
    yard.fake.workspace("Core").project("third");
    // of three workspaces; the values are two requests, of 26 scopes at most
    for (what, variable, token, text, count) in [
        ("project token", "RAILWAY_TOKEN", &project, &names, 3),
        ("project token, ids", "RAILWAY_TOKEN", &project, &ids, 3),
        ("account token, ids", "RAILWAY_API_TOKEN", &account, &ids, 4),
        (
            "account token, names",
            "RAILWAY_API_TOKEN",
            &account,
            &names,
            6,
        ),
    ] {
        yard.use_tokens(&[(variable, token.clone())]);
        yard.world.write("manifests/dev.yaml", text);
        yard.fake.clear_record();
        yard.run("plan --detailed-exitcode")
            .success()
            .says("2000 variables in sync on 50 targets");
        print!("{what}: ");
        assert_eq!(requests(&yard), count, "{what}");
    }
}

/// Gives the requests of the whole apply, and its mutation fields.
fn second_revision(yard: &Yard, flags: &str) -> usize {
    yard.run("apply --yes")
        .success()
        .says("2000 variables recorded");
    yard.world
        .write("manifests/dev.yaml", manifest(Revision::Second, by_names));
    yard.fake.clear_record();
    let rails = "--allow deletes=10@service-02 --allow changes=60@service-00 \
                 --allow changes=60@service-01 --allow changes=60@service-02";
    let run = yard.run(&format!("apply --yes {rails} {flags}")).success();
    run.says("50 written, 10 deleted on 3 targets");
    let asked = requests(yard);
    let fields = yard.fake.counters().mutation_fields;
    println!("{flags}: {asked} requests, {fields} mutation fields");
    assert!(fields <= 8, "{fields} root fields of mutations");
    let held: usize = (0..3)
        .map(|number| yard.service(&service_name(number)).values().len())
        .sum();
    assert_eq!(held, 110);
    asked
}

#[test]
fn an_apply_to_three_services_is_one_commit_and_three_deploys() {
    let Some(yard) = full() else { return };
    assert_eq!(second_revision(&yard, ""), 14);
    assert_eq!(yard.fake.counters().mutation_fields, 1);
    let deployed = yard.environment.deployed();
    assert_eq!(deployed, ["service-00", "service-01", "service-02"]);
    yard.in_sync();
}

#[test]
fn without_activation_nothing_is_deployed() {
    for skips in [false, true] {
        let Some(yard) = full() else { return };
        yard.fake
            .switches(|switches| switches.skip_on_commit = skips);
        yard.later();
        let asked = second_revision(&yard, "--no-activate");
        assert_eq!(asked, if skips { 15 } else { 17 });
        assert_eq!(yard.environment.deployed(), Vec::<String>::new());
        assert_eq!(yard.environment.staged(), None);
        yard.in_sync();
        yard.run("plan").success().says("stored but not running");
    }
}

#[test]
fn names_are_looked_up_once_for_several_manifests() {
    let Some(yard) = Yard::new() else { return };
    for number in 0..5 {
        let name = service_name(number);
        yard.service(&name).set("A", "1");
        let text = lab::manifest(&name, &[("A", "1")], &[&service(&name, "A")]);
        yard.world.write(format!("manifests/{name}.yaml"), text);
    }
    yard.run("plan").success();
    let asked = requests(&yard);
    assert_eq!(asked, 3 + 2 * 5);
}
