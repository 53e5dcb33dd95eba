//! Manifests and identities that are not as they should be: one clear message, the right exit code,
//! nothing written, no value shown.

mod identities;
mod sealed;
mod strangers;
mod text;

use crate::support::shop::{MANIFEST, PASSWORD, TOKEN, shop};
use crate::support::world::{Run, World};

/// A world that is applied, with a change that waits: whatever goes wrong now must not write it.
struct Bad {
    world: World,
    good: String,
}

/// What must not move, and what it was.
type Kept = Vec<Vec<u8>>;

impl Bad {
    fn new() -> Self {
        let world = shop();
        world.run("apply --yes").success();
        world
            .run_with("set DB_PASSWORD", "canary waiting")
            .success();
        let good = world.manifest();
        Self { world, good }
    }

    fn kept(&self) -> Kept {
        [
            self.world.path(".env"),
            self.world.path(MANIFEST),
            self.world.journal(),
        ]
        .map(|path| std::fs::read(path).unwrap())
        .to_vec()
    }

    /// Runs `plan`, `apply --yes` and `check` on this text; each must exit so and say all of these.
    #[track_caller]
    fn runs(&self, text: &str, codes: [i32; 3], words: &[&str]) -> [Run; 3] {
        self.world.write(MANIFEST, text);
        self.runs_as_it_is(codes, words)
    }

    #[track_caller]
    fn runs_as_it_is(&self, codes: [i32; 3], words: &[&str]) -> [Run; 3] {
        let kept = self.kept();
        let mut runs = vec![];
        for (line, code) in ["plan", "apply --yes", "check"].into_iter().zip(codes) {
            let run = self.world.run(line);
            assert_eq!(run.code, code, "{line}\n{}", run.all());
            runs.push(
                run.hides("canary")
                    .hides(TOKEN)
                    .hides(PASSWORD)
                    .hides("AGE-SECRET-KEY"),
            );
        }
        assert!(self.kept() == kept, "something was written");
        for (run, only_check) in runs.iter().zip([false, false, true]) {
            for word in words {
                // words in brackets are what only `check` names
                let needed = only_check || !word.starts_with("check: ");
                let word = word.trim_start_matches("check: ");
                assert!(
                    !needed || flat(run).contains(word),
                    "`{word}` is missing from\n{}",
                    run.all()
                );
            }
        }
        runs.try_into().unwrap()
    }

    /// The line of a variable's ciphertext.
    fn payload<'a>(&self, text: &'a str, name: &str) -> &'a str {
        let mut lines = text.lines();
        lines.find(|line| *line == format!("  {name}:")).unwrap();
        lines.next().unwrap()
    }
}

/// The text of a run without the breaks that fit it to a window.
fn flat(run: &Run) -> String {
    run.all().split_whitespace().collect::<Vec<_>>().join(" ")
}
