//! Values that recipes make: by chance, as key pairs, by commands that say them aloud.

use std::os::unix::fs::PermissionsExt;

use super::runs::{Leaky, NEXT, SECRET};
use crate::support::shop::MANIFEST;

impl Leaky {
    pub(super) fn recipes(&mut self) {
        let before = self.world.manifest();
        self.rotates("set MADE --generate=hex:64 --save-recipe -vv", &["MADE"]);
        self.rotates("rotate MADE -vv", &["MADE"]);
        self.runs("rotate MADE --dry-run -vv", "").success();
        self.runs(&format!("set MADE --generate={SECRET}"), "")
            .exits(64);
        self.with("{ ed25519: pkcs8, public: MADE_PUBLIC }", &before);
        self.rotates("rotate MADE -vv", &["MADE"]);
        self.rotates("set MADE --generate --apply --yes", &["MADE"]);
        self.programs(&before);
        self.given();
        for line in [
            "rotate --due -vv",
            "rotate --owner nobody",
            "rotate --owner ops --yes",
        ] {
            self.runs(line, "");
        }
        self.world.write(MANIFEST, before);
        self.runs("set MADE", NEXT).success();
        std::fs::remove_file(self.world.path("odd.env")).unwrap();
    }

    /// The manifest of before, with this recipe at one variable.
    fn with(&self, recipe: &str, before: &str) {
        self.world.write(MANIFEST, before);
        self.world
            .say_of("MADE", &[&format!("generate: {recipe}"), "owner: ops"]);
    }

    fn programs(&mut self, before: &str) {
        let odd = self.world.write("odd.env", NEXT);
        let odd = odd.display();
        for (line, code) in [
            (format!("cat {odd}"), 0),
            (format!("cat {odd}; cat {odd} >&2; exit 3"), 1),
            (format!("cat {odd}; printf '\\0'"), 1),
            (format!("cat {odd} >&2"), 1),
            (format!("cat {odd}; kill -9 $$"), 1),
            (format!("cat {odd}; printf '\\377'"), 1),
        ] {
            self.with(&format!("{{ command: {line:?} }}"), before);
            self.runs("rotate MADE --yes -vv", "").exits(code);
            self.runs("rotate MADE", "").exits(64);
            self.runs("rotate MADE --dry-run", "").success();
            self.runs("set MADE --generate --yes -vv", "").exits(code);
            self.runs("rotate --owner ops --yes -vv", "").exits(3);
        }
    }

    fn given(&mut self) {
        let mint = self.world.write(
            "mint",
            format!("#!/bin/sh\ncat {}\n", self.world.path("odd.env").display()),
        );
        std::fs::set_permissions(&mint, PermissionsExt::from_mode(0o755)).unwrap();
        self.world.write("odd.env", SECRET);
        self.runs("rotate MADE --from-file odd.env", "").success();
        self.runs("rotate MADE --from-file odd.env", "").exits(3);
        self.runs("rotate MADE --from-file - -vv", NEXT).success();
        self.runs(&format!("rotate MADE --command {} -vv", mint.display()), "")
            .success();
        self.runs("rotate MADE --prompt", "").exits(64);
        std::fs::remove_file(mint).unwrap();
    }
}
