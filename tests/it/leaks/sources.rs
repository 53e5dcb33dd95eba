//! `import` of files, SOPS files and standard input, with canaries in all of them.

use super::runs::{LIVE, Leaky, NEXT, SECRET, STRANGER};
use crate::sops::lab::Lab;
use crate::support::shop::MANIFEST;

impl Leaky {
    pub(super) fn imports_sources(&mut self) {
        let before = self.world.manifest();
        let key = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";
        let json = serde_json::json!({ "env": { "TOKEN": NEXT, "OTHER": LIVE, "N": [STRANGER] } });
        self.world.write("odd.env", json.to_string());
        let into = format!("--into {MANIFEST}");
        for line in [
            "import odd.env --yes".to_owned(),
            format!("import odd.env {into} --format json --at env --except {LIVE}"),
            format!("import odd.env {into} --format json --at env"),
            format!("import odd.env {into} --format json --at N"),
            format!("import odd.env {into} --format shell"),
            format!("-vv import odd.env {into} --format json --at env --except N"),
            format!("import odd.env {into} --format json --at env --except N"),
            format!(
                "import odd.env --name x --format json --at env --except N --recipient {key} --yes"
            ),
            "import odd.env --name x".to_owned(),
            format!("import .env {into}"),
            "import openclaw --name y".to_owned(),
            "import nowhere.invalid:/x --name y --yes".to_owned(),
        ] {
            self.runs(&line, "");
        }
        let lines = format!("STDIN_A='{SECRET}'\nSTDIN_B='{NEXT}'\n");
        for line in [
            format!("import - {into} --target local --clear-suggested --yes"),
            format!("import - {into} --target local --flatten"),
            format!("import - {into} --clear STDIN_NOPE"),
            "import - --format compose --name z --yes".to_owned(),
            "import - -".to_owned(),
        ] {
            self.runs(&line, &lines);
        }
        self.runs(&format!("import - {into}"), &format!("A\n{SECRET}\n"));
        self.imports_sops(&into);
        for file in ["odd.env", "manifests/x.yaml", "manifests/z.yaml"] {
            let _gone = std::fs::remove_file(self.world.path(file));
        }
        self.world.write(MANIFEST, before);
    }

    fn imports_sops(&mut self, into: &str) {
        let Some(lab) = Lab::new() else { return };
        let keys = lab.path("keys.txt").display().to_string();
        let text = serde_json::json!({ "SOPS_A": SECRET, "db": { "SOPS_B": LIVE }, "C": STRANGER });
        for file in ["s.yaml", "s.json"] {
            let sealed = lab.encrypt(file, &text.to_string(), &[]).unwrap();
            for (text, code) in [
                (sealed.clone(), 3),
                (sealed.replace("SOPS_A", "SOPS_Z"), 1),
                (sealed[..sealed.len() - 40].to_owned(), 1),
            ] {
                self.world.write(file, text);
                self.runs(&format!("-vv import {file} {into} --identity {keys}"), "");
                let line = format!("import {file} --name s --identity {keys}");
                self.runs(&line, "").exits(code);
            }
            self.world.write(file, sealed);
            self.runs(&format!("import {file} {into} --flatten"), "");
            let line = format!("-vv import {file} --name s --flatten --identity {keys}");
            self.runs(&line, "").exits(0);
            for file in [file, "manifests/s.yaml"] {
                std::fs::remove_file(self.world.path(file)).unwrap();
            }
        }
    }
}
