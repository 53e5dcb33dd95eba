//! A scheduled run's own checkout beside the clones of people: which records it finds.

use std::path::PathBuf;

use driftlock::source::{Checkout, Git};
use jiff::Timestamp;

use super::lab::Team;
use crate::support::world::World;

/// The manifests of a checkout that driftlock keeps in the state folder of this world.
fn checked_out(team: &Team, world: &World) -> PathBuf {
    let outer = std::env::vars_os().filter(|(name, _)| name == "PATH");
    let origin = format!("file://{}", team.remote().display())
        .parse()
        .unwrap();
    let state = world.root().join("state/driftlock");
    let mut checkout = Checkout::open(origin, &state, &Git::new(outer), Timestamp::now()).unwrap();
    checkout.update(Timestamp::now()).unwrap();
    checkout.tree().join("manifests")
}

#[test]
fn with_the_journal_in_git_it_has_the_records_of_everybody() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (person, machine) = (team.clone(), World::new());
    person.run("--journal git apply --yes").success();
    let plan = format!("plan {}", checked_out(&team, &machine).display());
    machine.run(&plan).success().says("No changes.");
    assert!(!machine.journal().exists(), "found without being named");
    std::fs::write(team.file("app"), "A=hand\n").unwrap();
    machine.run(&plan).success().says("drift");
    // and what is applied from it, people know
    machine.run(&plan.replace("plan", "apply --yes")).success();
    assert_eq!(team.read("app"), "A=one\n");
    person.run("plan --detailed-exitcode").exits(0);
    person.run("history").success().says("2 receipts of dev");
    // the same on the machine of the person
    let beside = format!("plan {}", checked_out(&team, &person).display());
    std::fs::write(team.file("app"), "A=hand\n").unwrap();
    person.run(&beside).success().says("drift");
}

/// A journal of the machine knows manifests by their place: one in a clone and one in the checkout are
/// two, and the one that did not apply last waits.
#[test]
fn with_a_journal_of_the_machine_it_is_another_manifest() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let person = team.clone();
    person.run("apply --yes").success();
    let manifests = checked_out(&team, &person).display().to_string();
    let plan = format!("plan --detailed-exitcode {manifests}");
    person.run(&plan).exits(2).says("is new here");
    std::fs::write(team.file("app"), "A=hand\n").unwrap();
    person.run("plan").success().says("drift");
    let other = person.run(&format!("plan {manifests}")).success();
    assert!(!other.stdout.contains("drift:"), "{other:?}");
    other.says("held by claimed: another manifest applied to this place last, dev@");
    person.run(&format!("apply --yes {manifests}")).exits(3);
    assert_eq!(team.read("app"), "A=hand\n", "nothing was written");
    // until the records are where both find them
    person.run("journal move git").success();
    person
        .run(&format!("plan {manifests}"))
        .success()
        .says("drift");
}
