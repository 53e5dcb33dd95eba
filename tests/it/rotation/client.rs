//! Clients that call every 50 ms with whatever their own environment says are never refused, wherever the
//! rotation is killed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::town::{MANIFEST, OLD, Town};
use crate::support::doom::{Doom, KILLED};
use crate::support::fake_railway::FakeRailway;

/// Calls until it is told to stop.
struct Clients<'t> {
    town: &'t Town,
    stop: AtomicBool,
    calls: AtomicUsize,
    refused: AtomicUsize,
    /// Who was refused first, and by whom.
    first: Mutex<Option<String>>,
}

impl<'t> Clients<'t> {
    fn new(town: &'t Town) -> Self {
        Self {
            town,
            stop: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            first: Mutex::default(),
        }
    }

    /// Each user calls each acceptor.
    fn call(&self) {
        let fake: &FakeRailway = &self.town.yard.fake;
        for (user, name) in self.town.users() {
            let credential = user.value(fake, name).unwrap_or_default();
            for acceptor in self.town.acceptors() {
                self.calls.fetch_add(1, Ordering::SeqCst);
                if !acceptor.accepts(fake, &credential) {
                    self.refused.fetch_add(1, Ordering::SeqCst);
                    let mut first = self.first.lock().unwrap();
                    first.get_or_insert_with(|| format!("{user} was refused by {acceptor}"));
                }
            }
        }
    }

    fn go_on_calling(&self) {
        while !self.stop.load(Ordering::SeqCst) {
            self.call();
            // the clients' own rhythm
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn refusals(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

/// Until there is nothing left to do; however often it takes.
fn finish(town: &Town, case: &str) {
    for _ in 0..40 {
        let run = town.run("rotate --continue --apply --yes --wait");
        let under_way = town.yard.world.read(MANIFEST).contains("rotating:");
        if run.code == 0 && !under_way {
            town.run("apply --yes").success();
            town.yard.fake.finish_workflows();
            return;
        }
        // what a killed run began may still be at work
        assert!(matches!(run.code, 0 | 1 | 3 | 4), "{case}: {}", run.all());
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{case}: {}", town.run("rotate --status").all());
}

/// The credential of now, which everybody has; the one before is good nowhere.
fn settled(town: &Town, before: &str, case: &str) -> String {
    let fake = &town.yard.fake;
    for _ in 0..4 {
        // looks move deployments on
        town.run("plan").success();
    }
    let mut all: Vec<String> = town
        .users()
        .iter()
        .map(|(user, name)| user.value(fake, name).unwrap_or_default())
        .collect();
    all.dedup();
    assert_eq!(all.len(), 1, "{case}: {}", all.len());
    let now = all.remove(0);
    assert_ne!(now, before, "{case}");
    for acceptor in town.acceptors() {
        assert!(acceptor.accepts(fake, &now), "{case}");
        assert!(
            !acceptor.accepts(fake, before),
            "{case}: the former one is good"
        );
    }
    town.yard.in_sync();
    now
}

/// At most so many of the numbers from 1 to `all`, evenly spread.
fn spread(all: usize, most: usize) -> Vec<usize> {
    let seed = std::env::var("DRIFTLOCK_SEED").ok();
    let seed: usize = seed.and_then(|text| text.parse().ok()).unwrap_or(0);
    println!("DRIFTLOCK_SEED={seed}");
    match all <= most {
        true => (1..=all).collect(),
        false => (0..most)
            .map(|number| (seed + number * all / most) % all + 1)
            .collect(),
    }
}

/// Lets the clients go however the test ends.
struct Until<'t>(&'t AtomicBool);

impl Drop for Until<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn are_never_refused_while_the_rotation_is_killed_at_its_steps() {
    let Some(doom) = Doom::new() else { return };
    let Some(town) = Town::new("1s") else { return };
    let most = match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => 400,
        None => 8,
    };
    let clients = Clients::new(&town);
    thread::scope(|scope| {
        let _until = Until(&clients.stop);
        scope.spawn(|| clients.go_on_calling());
        let rotate = || town.command("rotate AUTH --apply --yes --wait");
        assert!(doom.run(&rotate(), 0).success(), "undisturbed");
        let steps = doom.steps().len();
        let mut now = settled(&town, OLD, "undisturbed");
        let (mut killed, mut rotated) = (0, 0);
        for step in spread(steps, most) {
            let case = format!("before step {step} of {steps}");
            let status = doom.run(&rotate(), step);
            killed += usize::from(status.code() == Some(KILLED));
            let begun = town.yard.world.read(MANIFEST).contains("rotating:");
            finish(&town, &case);
            if begun || status.success() {
                now = settled(&town, &now, &case);
                rotated += 1;
            }
            let first = clients.first.lock().unwrap().clone();
            assert_eq!(first, None, "{case}, {} times", clients.refusals());
        }
        assert!(killed > 0, "no kill came in time");
        println!(
            "{} calls, {} refused; {killed} kills in {rotated} rotations of {steps} steps",
            clients.calls.load(Ordering::SeqCst),
            clients.refusals()
        );
    });
    assert_eq!(clients.refusals(), 0);
}
