//! `edit`, `run` and `export`, in every form, with editors that fail and texts that are no good.

use super::runs::{Leaky, NEXT, SECRET};
use crate::support::shop::MANIFEST;
use crate::support::world::Run;

impl Leaky {
    /// One line with an editor: lines of a shell. It reads what to write from a file, so that no
    /// script holds a value.
    fn edits_with(&mut self, line: &str, editor: &str) -> Run {
        let path = self.world.root().join("editor.sh");
        std::fs::write(&path, editor).unwrap();
        let mut command = self.world.command(line.split_whitespace());
        command.env("EDITOR", format!("sh {}", path.display()));
        let run = Run::of(command);
        self.searched(line, &run);
        run
    }

    pub(super) fn edits(&mut self) {
        let before = self.world.manifest();
        self.world.write("odd.env", format!("secret: '{NEXT}'"));
        // the second line of `odd.env` is never written: its text goes where the value was
        let put = "v=$(cat odd.env); sed -i \"s|secret: .*canary.*|$v|\" \"$1\"\n";
        self.edits_with("edit", "true").success();
        self.edits_with("edit manifests/dev.yaml -vv", put)
            .success();
        assert_eq!(self.world.revealed("TOKEN"), NEXT);
        for bad in [
            "printf 'x: [\\n' >> \"$1\"\n",
            "sed -i 's/^name: dev/name: other/' \"$1\"\n",
            "sed -i 's/secret: /sceret: /' \"$1\"\n",
            "sed -i 's/secret: /secret: \\&a /' \"$1\"\n",
            "sed -i 's/secret: /secret: !t /' \"$1\"\n",
            "sed -i 's/secret: /value: /; s/^targets:/targetz:/' \"$1\"\n",
            "cat \"$1\" >> \"$1.b\"; cat \"$1.b\" >> \"$1\"\n",
            "tr -d : < \"$1\" > \"$1.b\"; cat \"$1.b\" > \"$1\"\n",
            "sed -i 's/secret: .*/secret: \"\\\\0\"/' \"$1\"\n",
        ] {
            self.edits_with("-vv edit", bad).exits(1);
            self.edits_with("edit", "true").exits(3);
            self.edits_with("edit --resume", "exit 1").exits(1);
            self.edits_with("edit --discard", "").success();
        }
        self.edits_with("edit", "rm \"$1\"").exits(1);
        self.edits_with("edit", "kill -9 $$").exits(1);
        self.world.write(MANIFEST, before);
        std::fs::remove_file(self.world.path("odd.env")).unwrap();
        self.hands_out();
    }

    /// What may show values shows them where it was told to, and nothing else of them anywhere.
    fn hands_out(&mut self) {
        for (line, code) in [
            ("run local -- true", 0),
            (
                "-vv run local --clean --manifest manifests/dev.yaml -- true",
                0,
            ),
            ("run local --without TOKEN -- false", 1),
            ("run local -- no-such-command", 127),
            ("run nowhere -- true", 64),
            ("export local --format json", 3),
            ("export local --format dotenv", 3),
            ("export nowhere --format json --yes-print-the-secrets", 64),
            ("export local --format github", 1),
            ("export local --format json --out odd.env", 0),
            ("export local --format json --out odd.env", 3),
            (
                "-vv export local --format compose --out odd.env --replace --without URL",
                0,
            ),
            (
                "export local --format k8s-secret --out odd.env --replace --secret-name a --namespace b \
                 --manifest manifests/dev.yaml",
                0,
            ),
            ("export local --format json --out manifests", 3),
        ] {
            self.runs(line, "").exits(code);
        }
        std::fs::remove_file(self.world.path("odd.env")).unwrap();
        for format in ["json", "shell", "dotenv"] {
            let line =
                format!("export local --format {format} --without URL --yes-print-the-secrets -vv");
            let mut run = self.world.run(&line);
            if run.code == 0 {
                assert!(run.stdout.contains(&SECRET[..14]), "{line}");
                run.stdout.clear();
            }
            self.searched(&line, &run);
        }
    }
}
