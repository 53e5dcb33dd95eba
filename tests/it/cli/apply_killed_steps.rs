//! `apply` over three files, ended by SIGKILL just before each step that is durable or visible: no
//! file is torn, and the next apply ends where an undisturbed one would.
#![expect(clippy::print_stdout, reason = "the steps that were reached")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::doom::{Doom, KILLED};
use crate::support::lab::manifest;
use crate::support::world::World;

const FILES: [&str; 3] = ["one.env", "two.env", "three.env"];

/// What others keep in the files.
const FOREIGN: [&str; 3] = [
    "# kept by hand\nTHEIRS=one\n",
    "\nTHEIRS='two words'  # and a word about it\n",
    "",
];

/// What is to be done, and with which journal.
struct Case {
    name: &'static str,
    /// Words for every command that uses the journal, each with a space before it.
    journal: &'static str,
    /// What is applied before; nothing, and an empty journal, if there is none.
    before: Option<&'static [(&'static str, &'static str)]>,
    wanted: &'static [(&'static str, &'static str)],
}

fn declare(world: &World, variables: &[(&str, &str)]) {
    let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
    let targets = FILES.map(|file| {
        let (name, names) = (file.trim_end_matches(".env"), names.join(", "));
        format!(
            "{name}: {{ file: {{ path: ../{file} }}, variables: [{names}], prune: true, \
             rails: {{ deletes_percent: none }} }}"
        )
    });
    let targets = targets.each_ref().map(String::as_str);
    world.write("manifests/dev.yaml", manifest("dev", variables, &targets));
}

/// The files of the targets; `None` for one that is not there.
fn files(world: &World) -> [Option<String>; 3] {
    FILES.map(|file| std::fs::read_to_string(world.path(file)).ok())
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        match from.is_dir() {
            true => copy(&from, &to),
            false => drop(std::fs::copy(&from, &to).unwrap()),
        }
    }
}

/// A world that can be put back to how it began.
struct Again {
    world: World,
    kept: tempfile::TempDir,
}

impl Again {
    const PARTS: [&'static str; 2] = ["work", "state"];

    fn new(world: World) -> Self {
        let kept = tempfile::tempdir().unwrap();
        for part in Self::PARTS {
            copy(&world.root().join(part), &kept.path().join(part));
        }
        Self { world, kept }
    }

    fn put_back(&self) {
        for part in Self::PARTS {
            let place = self.world.root().join(part);
            std::fs::remove_dir_all(&place).unwrap();
            copy(&self.kept.path().join(part), &place);
        }
    }
}

impl Case {
    fn begin(&self) -> Again {
        let world = World::new();
        for (file, foreign) in FILES.iter().zip(FOREIGN) {
            if !foreign.is_empty() {
                world.write(file, foreign);
            }
        }
        if let Some(before) = self.before {
            declare(&world, before);
            self.run(&world, "apply --yes").success();
        }
        declare(&world, self.wanted);
        Again::new(world)
    }

    fn run(&self, world: &World, line: &str) -> crate::support::world::Run {
        world.run(&format!("{line}{}", self.journal))
    }

    /// Ends an apply at these of its steps, counted from 1, or at all of them.
    fn killed_at(&self, doom: &Doom, most: usize) {
        let again = self.begin();
        let world = &again.world;
        let command = || {
            let words = format!("apply --yes{}", self.journal);
            world.command(words.split_whitespace())
        };
        let old = files(world);
        assert!(doom.run(&command(), 0).success());
        let steps = doom.steps();
        let new = files(world);
        let left = (
            names(&world.path("")),
            names(&world.root().join("state/driftlock")),
        );
        let mut chosen = spread(steps.len(), most);
        // where one file is there and the next is not yet
        let renames = (1..)
            .zip(&steps)
            .filter(|(_, call)| call.starts_with("rename"));
        let after = renames.map(|(step, _)| step + 1);
        chosen.extend(after.filter(|step| *step <= steps.len()));
        chosen.sort_unstable();
        chosen.dedup();
        let (mut killed, mut half) = (BTreeMap::<String, usize>::new(), 0);
        for step in &chosen {
            again.put_back();
            let status = doom.run(&command(), *step);
            assert_eq!(
                status.code(),
                Some(KILLED),
                "step {step} of {}",
                steps.len()
            );
            let at = doom.steps().pop().unwrap();
            let at = format!("{}: before step {step}, {at}", self.name);
            let found = files(world);
            let is_new: Vec<bool> = (0..FILES.len())
                .map(|file| {
                    let is_new = found[file] == new[file];
                    assert!(is_new || found[file] == old[file], "{at}: {found:?}");
                    is_new
                })
                .collect();
            half += usize::from(is_new.contains(&true) && is_new.contains(&false));
            self.goes_on(world, &at);
            assert_eq!(files(world), new, "{at}");
            let found = (
                names(&world.path("")),
                names(&world.root().join("state/driftlock")),
            );
            assert_eq!(found, left, "{at}: something is left behind");
            let call = steps[step - 1].split(' ').next().unwrap_or_default();
            *killed.entry(call.to_owned()).or_default() += 1;
        }
        println!(
            "{}: killed before {} of {} steps, {half} with some files written and others not: {killed:?}",
            self.name,
            chosen.len(),
            steps.len()
        );
        // a sample may miss the moments between two files, which are few
        let all = chosen.len() == steps.len();
        assert!(half > 0 || !all, "no kill came between two files");
    }

    /// What the journal says is true, and the next run ends it.
    fn goes_on(&self, world: &World, at: &str) {
        self.run(world, "history").success().omits("NOT VERIFIED");
        let run = self.run(world, "apply --yes");
        assert_eq!(run.code, 0, "{at}: {}", run.all());
        self.run(world, "history").success().omits("NOT VERIFIED");
        self.run(world, "plan --detailed-exitcode")
            .exits(0)
            .says("No changes.")
            .omits("did not say how it ended");
        for (file, foreign) in FILES.iter().zip(FOREIGN) {
            let text = world.read(file);
            let kept = foreign
                .lines()
                .all(|line| text.lines().any(|one| one == line));
            assert!(kept, "{at}: {file} lost a foreign line: {text}");
        }
    }
}

/// At most so many of the numbers from 1 to `all`, evenly spread; which ones, the seed says.
fn spread(all: usize, most: usize) -> Vec<usize> {
    let seed = std::env::var("DRIFTLOCK_SEED").ok();
    let seed: usize = seed.and_then(|text| text.parse().ok()).unwrap_or(0);
    println!("DRIFTLOCK_SEED={seed}");
    if all <= most {
        return (1..=all).collect();
    }
    let first = seed % all;
    let spread = (0..most).map(|number| (first + number * all / most) % all + 1);
    spread.collect()
}

fn at_every_step(case: &Case) {
    let most = match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => 500,
        None => 25,
    };
    if let Some(doom) = Doom::new() {
        case.killed_at(&doom, most);
    }
}

const FIRST: Case = Case {
    name: "a first apply",
    journal: "",
    before: None,
    wanted: &[("A", "one"), ("B", "two words"), ("C", "three")],
};

const UPDATE: Case = Case {
    name: "an update with deletes",
    journal: "",
    before: Some(&[
        ("A", "one"),
        ("B", "two words"),
        ("C", "three"),
        ("OLD", "gone"),
    ]),
    wanted: &[("A", "other"), ("B", "two words"), ("C", "new words")],
};

#[test]
fn a_first_apply_killed_at_each_step_converges() {
    at_every_step(&FIRST);
}

#[test]
fn an_update_killed_at_each_step_converges() {
    at_every_step(&UPDATE);
}
