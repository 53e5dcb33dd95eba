//! Readers in every form: added, accepted, removed, shown, and private keys in the place of public ones.

use super::forms::Canary;
use super::runs::{Leaky, NEXT};
use crate::support::shop::MANIFEST;

impl Leaky {
    pub(super) fn readers(&mut self) {
        let (secret, public) = driftlock::crypto::generate_identity();
        self.canaries
            .insert(0, Canary::new("another identity", &secret));
        let before = self.world.manifest();
        self.world.write("team.keys", format!("{public}\nno key\n"));
        for line in [
            "recipients list",
            "recipients list --full --history --json",
            "recipients list -vv manifests",
            "recipients add --file team.keys",
            "recipients add --file team.keys --skip-unusable -vv",
            "recipients verify",
            "recipients verify --json -vv",
            "recipients rekey -vv",
            "recipients rekey --all",
            "recipients remove nobody --yes",
            "recipients accept nobody --yes",
        ] {
            self.runs(line, "");
        }
        self.runs(&format!("recipients remove {public} -vv"), "")
            .success();
        let named = format!("recipients add {public} --name ops --manifest {MANIFEST}");
        self.runs(&named, "").success();
        self.runs("recipients remove ops --all --yes", "").success();
        // a list that somebody edited
        let text = self.world.manifest();
        let line = text
            .lines()
            .find(|line| line.starts_with("  - age1"))
            .unwrap();
        let listed = text.replacen(line, &format!("{line}\n  - {public} # eve"), 1);
        self.world.write(MANIFEST, listed);
        for line in [
            "recipients list",
            "recipients rekey",
            "recipients verify -vv",
        ] {
            self.runs(line, "");
        }
        self.runs("recipients accept eve", "").exits(3);
        let accept = format!("recipients accept {public} --yes -vv");
        self.runs(&accept, "").success();
        self.private_keys(&secret);
        // a value that waits, and one that does not open
        self.runs("set TOKEN", NEXT).success();
        let good = self.world.manifest();
        let sealed = good.lines().find(|line| line.contains(" age: ")).unwrap();
        self.world.write(
            MANIFEST,
            good.replacen(sealed, &sealed[..sealed.len() - 44], 1),
        );
        for line in ["recipients verify", "recipients rekey -vv"] {
            self.runs(line, "").exits(1);
        }
        self.world.write(MANIFEST, before);
        std::fs::remove_file(self.world.path("team.keys")).unwrap();
    }

    /// Nothing of them is repeated, wherever they are given. The command line itself shows them to
    /// others, which nothing that we do could mend.
    fn private_keys(&mut self, secret: &str) {
        for line in [
            "recipients add --file -",
            "recipients add --skip-unusable --file -",
        ] {
            self.runs(line, secret).exits(3);
            self.runs(line, &format!("no-pty {secret}\n")).exits(3);
        }
    }
}
