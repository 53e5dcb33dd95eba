//! Rotations with an overlap, in every form, with two values that nobody may see at once.

use super::runs::Leaky;
use crate::support::shop::MANIFEST;

impl Leaky {
    pub(super) fn overlaps(&mut self) {
        let before = self.world.manifest();
        let at = before.find("\n  TOKEN:\n").unwrap();
        let at = at + before[at..].find("age: ").unwrap();
        let at = at + before[at..].find('\n').unwrap();
        let roles = "\n    overlap: 1s\n    accepted_by: [odd]\n    used_by: [local]";
        let targets = "targets:\n  odd: { file: { path: ../odd.env }, variables: [TOKEN] }\n";
        let text = format!("{}{roles}{}", &before[..at], &before[at..]);
        self.world
            .write(MANIFEST, text.replace("targets:\n", targets));
        self.runs("apply --yes --allow authority@odd", "").success();
        self.rotates("rotate TOKEN -vv", &["TOKEN", "TOKEN_PREVIOUS"]);
        self.runs("rotate TOKEN", "").exits(3);
        self.runs("rotate --status -vv", "").success();
        self.runs("rotate --status --json", "").success();
        self.runs("rotate --continue -vv", "").exits(3);
        self.runs("plan --json", "");
        self.runs("diff", "");
        self.runs("rotate --abort TOKEN -vv", "").success();
        self.rotates("rotate TOKEN --apply --yes", &["TOKEN"]);
        self.runs("rotate --status", "").success();
        self.runs("rotate --continue --apply --yes --wait -vv", "")
            .success();
        std::fs::remove_file(self.world.path("odd.env")).unwrap();
        self.world.write(MANIFEST, before);
        self.runs("apply --yes --allow rollback@local", "");
    }
}
