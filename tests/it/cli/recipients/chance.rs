//! Readers come and go by chance, by the hands of several people: whoever is listed opens everything,
//! nobody else opens the present revision, and the plan stays empty.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::lab::{Person, listed, put, recovered, run_as, with_line};
use crate::support::shop::shop;
use crate::support::world::World;

const STEPS: usize = 14;

struct Stage {
    world: World,
    people: Vec<Person>,
    /// Who reads, by place in `people`.
    readers: Vec<usize>,
    token: String,
    random: StdRng,
}

impl Stage {
    fn new(seed: u64) -> Option<Self> {
        let world = shop();
        let mut people = vec![];
        for number in 0..3 {
            people.push(Person::age(&world, &format!("age{number}"))?);
            people.push(Person::ssh(&world, &format!("ssh{number}"), &["ed25519"])?);
        }
        world.run("apply --yes").success();
        let mut stage = Self {
            world,
            people,
            readers: vec![0],
            token: crate::support::shop::TOKEN.to_owned(),
            random: StdRng::seed_from_u64(seed),
        };
        // the key of `init` goes: from here on only the people read
        let own = listed(&stage.world.manifest())[0].clone();
        let first = stage.people[0].public.clone();
        super::lab::run(&stage.world, "recipients add", &[&first]).success();
        super::lab::run(&stage.world, "recipients remove --yes", &[&own]).success();
        stage.settle();
        Some(stage)
    }

    fn someone(&mut self) -> usize {
        let at = self.random.gen_range(0..self.readers.len());
        self.readers[at]
    }

    fn outsiders(&self) -> Vec<usize> {
        let all = 0..self.people.len();
        all.filter(|one| !self.readers.contains(one)).collect()
    }

    /// One thing that happens; in words, for a failure.
    fn step(&mut self) -> String {
        let actor = self.someone();
        let who = self.people[actor].clone();
        let outsiders = self.outsiders();
        match self.random.gen_range(0..6) {
            0 | 1 if !outsiders.is_empty() => {
                let new = outsiders[self.random.gen_range(0..outsiders.len())];
                let key = self.people[new].public.clone();
                run_as(&self.world, &who, "recipients add", &[&key]).success();
                self.readers.push(new);
                format!("{} adds {}", who.name, self.people[new].name)
            }
            2 if self.readers.len() > 1 => {
                let gone = self.someone();
                let key = self.people[gone].key();
                run_as(&self.world, &who, "recipients remove --yes", &[&key]).success();
                self.readers.retain(|one| *one != gone);
                format!("{} removes {}", who.name, self.people[gone].name)
            }
            3 if !outsiders.is_empty() => {
                let new = outsiders[self.random.gen_range(0..outsiders.len())];
                let proposed = self.people[new].clone();
                let text = with_line(&self.world.manifest(), &proposed.key(), &proposed.name);
                put(&self.world, &text);
                // nothing is wrapped for who is only listed
                let got = recovered(&self.world, &text, "API_TOKEN", &proposed.file);
                assert_eq!(got, None, "{} reads unaccepted", proposed.name);
                run_as(&self.world, &who, "recipients rekey", &[]).exits(3);
                run_as(
                    &self.world,
                    &who,
                    "recipients accept --yes",
                    &[&proposed.key()],
                )
                .success();
                self.readers.push(new);
                format!("{} accepts {}", who.name, proposed.name)
            }
            4 => {
                run_as(&self.world, &who, "recipients rekey", &[]).success();
                format!("{} draws a new key", who.name)
            }
            _ => {
                self.token = format!("canary-{}", self.random.r#gen::<u32>());
                let file = self.world.write("value", &self.token);
                let line = format!("set API_TOKEN --from-file {}", file.display());
                run_as(&self.world, &who, &line, &[]).success();
                format!("{} sets the token", who.name)
            }
        }
    }

    /// Somebody applies; whoever is new was asked for.
    fn settle(&mut self) {
        let actor = self.someone();
        let who = self.people[actor].clone();
        run_as(&self.world, &who, "apply --yes --allow authority", &[])
            .success()
            .omits("new-key")
            .omits("take-over")
            .hides("canary");
    }

    fn check(&self, did: &str) {
        let text = self.world.manifest();
        for (at, person) in self.people.iter().enumerate() {
            let got = recovered(&self.world, &text, "API_TOKEN", &person.file);
            let wanted = self.readers.contains(&at).then(|| self.token.clone());
            assert_eq!(got, wanted, "after {did}: {}", person.name);
        }
        for at in &self.readers {
            run_as(&self.world, &self.people[*at], "recipients verify", &[]).success();
        }
        let env = self.world.read(".env");
        assert!(env.contains(&self.token), "after {did}");
        let who = &self.people[self.readers[0]];
        run_as(&self.world, who, "plan --detailed-exitcode", &[])
            .exits(0)
            .says("No changes.");
    }
}

fn seeds() -> Vec<u64> {
    match std::env::var("DRIFTLOCK_SEED") {
        Ok(seed) => vec![seed.parse().expect("DRIFTLOCK_SEED is a number")],
        Err(_) => vec![1, 2, 3],
    }
}

#[test]
fn whoever_is_listed_reads_and_nobody_else() {
    for seed in seeds() {
        let Some(mut stage) = Stage::new(seed) else {
            return;
        };
        println!("DRIFTLOCK_SEED={seed}");
        let mut story = vec![];
        for _ in 0..STEPS {
            story.push(stage.step());
            println!("  {}", story[story.len() - 1]);
            stage.settle();
            stage.check(&story.join(", "));
        }
    }
}
