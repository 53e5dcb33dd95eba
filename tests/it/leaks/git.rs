//! What git runs, in every form: the hook with a value staged in clear, diffs, merges that conflict.

use super::runs::{Leaky, NEXT, SECRET, git};
use crate::support::shop::MANIFEST;

impl Leaky {
    pub(super) fn git_runs_us(&mut self) {
        for line in [
            "git install --no-hook",
            "git install manifests -vv",
            "git install nowhere",
            "git textconv manifests/dev.yaml",
            "-vv git textconv manifests/dev.yaml",
            "git textconv nowhere",
        ] {
            self.runs(line, "");
        }
        self.merges();
        self.world
            .write("odd.env", format!("A\n{SECRET}\n{NEXT}\n"));
        git(&self.world, &["add", "-f", "odd.env", "manifests"]);
        let run = self.runs("git pre-commit", "").exits(3);
        assert!(
            run.stderr.contains("odd.env:2:"),
            "the hook finds a known value"
        );
        self.runs("git pre-commit odd.env -vv", "").exits(3);
        git(&self.world, &["rm", "-q", "--cached", "odd.env"]);
        std::fs::remove_file(self.world.path("odd.env")).unwrap();
        // a manifest whose value became clear, and one that does not parse
        let before = self.world.manifest();
        let line = before.lines().find(|line| line.contains(" age: ")).unwrap();
        for text in [
            before.replacen(line, &format!("    value: '{SECRET}'"), 1),
            before.replacen(line, &format!("    age: '{NEXT}'"), 1),
            before.replacen(line, &format!("    age: [{NEXT}"), 1),
        ] {
            self.world.write("odd.env", text);
            git(&self.world, &["add", "-f", "odd.env"]);
            self.runs("git pre-commit odd.env", "").exits(3);
        }
        git(&self.world, &["rm", "-q", "--cached", "odd.env"]);
        std::fs::remove_file(self.world.path("odd.env")).unwrap();
        self.runs("git uninstall", "").success();
    }

    /// One variable on both sides, with and without somebody who can open it.
    fn merges(&mut self) {
        let base = self.world.manifest();
        self.runs("set TOKEN", NEXT).success();
        let ours = self.world.manifest();
        self.runs("set TOKEN", SECRET).success();
        let theirs = self.world.manifest();
        self.world.write("b.yaml", base);
        self.world.write("t.yaml", &theirs);
        for broken in [false, true] {
            self.world.write("o.yaml", &ours);
            if broken {
                self.world
                    .write("o.yaml", ours.replace("variables:", "variables: ["));
            }
            self.runs(&format!("git merge -- b.yaml o.yaml t.yaml {MANIFEST}"), "")
                .exits(1);
        }
        for file in ["b.yaml", "o.yaml", "t.yaml"] {
            std::fs::remove_file(self.world.path(file)).unwrap();
        }
    }
}
