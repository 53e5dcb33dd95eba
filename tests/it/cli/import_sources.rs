//! `import SOURCE…`: what files, hosts, SOPS, OpenClaw and standard input hold becomes a manifest,
//! nothing is shown, nothing else is written, and the next plan is empty.

mod bad_input;
mod extend;
mod far;
mod secrets;

use std::collections::BTreeMap;

use crate::gateway::lab::{config, write_private};
use crate::support::world::{Run, World};

/// What every value that nobody may see begins with.
pub(super) const CANARY: &str = "c4nary-";

impl World {
    /// Runs, and looks for every value in what it said.
    #[track_caller]
    pub(super) fn quietly(&self, line: &str) -> Run {
        self.run(line).hides(CANARY)
    }

    /// Nothing is left to do, and nothing is wrong with the manifest.
    #[track_caller]
    pub(super) fn taken_in(&self) {
        self.quietly("plan --detailed-exitcode").success();
        self.quietly("check").success();
    }

    /// The targets of a manifest and what each uses, one line each.
    pub(super) fn targets_of(&self, manifest: &str) -> Vec<String> {
        let text = self.read(manifest);
        let parsed = driftlock::manifest::parse(&text).unwrap().manifest;
        let shown = |target: &driftlock::manifest::TargetSpec| {
            let uses: Vec<String> = target
                .uses
                .iter()
                .map(|used| match &used.source {
                    driftlock::manifest::UseSource::Declared(name) if *name == used.name => {
                        name.to_string()
                    }
                    driftlock::manifest::UseSource::Declared(name) => {
                        format!("{}<-{name}", used.name)
                    }
                    _ => "?".to_owned(),
                })
                .collect();
            format!("{} {}: {}", target.name, target.address, uses.join(" "))
        };
        parsed.targets.iter().map(shown).collect()
    }

    /// Every declared value, by the one command that prints it.
    pub(super) fn values_of(&self, names: &[&str]) -> BTreeMap<String, String> {
        let value = |name: &&str| ((*name).to_owned(), self.revealed(name));
        names.iter().map(value).collect()
    }
}

#[test]
fn two_files_at_once() {
    let world = World::new();
    world.write(
        ".env",
        "TOKEN=c4nary-1\nLEVEL=c4nary-info\nPORT=c4nary-80\n",
    );
    world.write(
        "api/.env",
        "PORT=c4nary-81\nLEVEL=c4nary-info\nONLY='c4nary two words'\n",
    );
    let run = world.quietly("import .env api/.env --yes").success();
    run.clone().says("PORT is not the same everywhere");
    run.clone()
        .says(".env has LOCAL_PORT, api/.env has API_PORT");
    run.says("wrote manifests/dev.yaml with 5 declared variables and 2 targets");
    assert_eq!(
        world.targets_of("manifests/dev.yaml"),
        [
            "local ../.env: LEVEL PORT<-LOCAL_PORT TOKEN",
            "api ../api/.env: LEVEL ONLY PORT<-API_PORT"
        ]
    );
    let values = world.values_of(&["LEVEL", "API_PORT", "LOCAL_PORT", "ONLY"]);
    assert_eq!(values["API_PORT"], "c4nary-81");
    assert_eq!(values["ONLY"], "c4nary two words");
    world.taken_in();
    for again in [".env", "./.env", "api/../.env"] {
        world
            .quietly(&format!("import {again} --name other"))
            .exits(3)
            .says("belongs to dev/local already; nothing was written");
    }
}

#[test]
fn every_kind_of_file_by_name_and_contents() {
    let world = World::new();
    world.write(
        "a.json",
        "{\"A_KEY\": \"c4nary-json\", \"N\": \"c4nary\\nx\"}",
    );
    world.write("b.json5", "{ env: { B_KEY: 'c4nary-json5' } } // said");
    world.write(
        "c.plist",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\n<key>Label</key><string>x</string>\n<key>EnvironmentVariables</key><dict><key>C_KEY</key><string>c4nary-plist</string></dict>\n</dict></plist>\n",
    );
    world.write("environment.d/10.conf", "D_KEY=\"c4nary $$x\"\n");
    world.write("e.env", "export E_KEY=\"c4nary-shell $(date)\"\n");
    world
        .quietly("import a.json c.plist environment.d/10.conf --yes")
        .success();
    world
        .quietly("import b.json5 --at env --into manifests/dev.yaml")
        .success();
    assert_eq!(
        world.targets_of("manifests/dev.yaml"),
        [
            "a ../a.json: A_KEY N",
            "c-plist ../c.plist: C_KEY",
            "10-conf ../environment.d/10.conf: D_KEY",
            "b ../b.json5 at env: B_KEY"
        ]
    );
    world.taken_in();
    // what runs a command is no value
    world
        .quietly("import e.env --format shell --into manifests/dev.yaml")
        .exits(3)
        .says("E_KEY");
    world
        .quietly("import e.env --format node --into manifests/dev.yaml")
        .success();
    world.taken_in();
}

#[test]
fn a_file_elsewhere_has_its_whole_path() {
    let world = World::new();
    let file = world.root().join("else/app.env");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "A=c4nary-1\n").unwrap();
    let real = file.canonicalize().unwrap();
    world
        .quietly("import ../else/app.env --yes --name prod")
        .success();
    assert_eq!(
        world.targets_of("manifests/prod.yaml"),
        [format!("app here:{}: A", real.display())]
    );
    world.taken_in();
}

#[test]
fn standard_input_declares_and_names_no_target() {
    let world = World::new();
    let run = world.run_with("import - --yes", "A=c4nary-1\nB='c4nary two'\n");
    run.success().hides(CANARY).says("no target lists what");
    assert_eq!(world.targets_of("manifests/dev.yaml"), Vec::<String>::new());
    assert_eq!(world.values_of(&["B"])["B"], "c4nary two");
    world
        .run_with("import - --yes", "{\"C\": \"c4nary\"}")
        .exits(64)
        .says("--into manifests/dev.yaml");
    world
        .run_with("import - -f manifests/dev.yaml", "{\"C\": \"c4nary-json\"}")
        .success()
        .hides(CANARY);
    assert_eq!(world.values_of(&["C"])["C"], "c4nary-json");
}

#[test]
fn the_gateway_of_this_machine() {
    let world = World::new();
    let state = world.home(".openclaw");
    let work = world.home(".openclaw-work");
    write_private(
        &state.join("openclaw.json"),
        &config("c4nary-gateway-token-1"),
    );
    write_private(
        &work.join("openclaw.json"),
        &config("c4nary-gateway-token-2"),
    );
    world
        .quietly("import openclaw openclaw:work --yes")
        .success()
        .says("OPENCLAW_GATEWAY_TOKEN is not the same everywhere");
    assert_eq!(
        world.targets_of("manifests/dev.yaml"),
        [
            "gateway here:~/.openclaw: OPENCLAW_GATEWAY_TOKEN<-GATEWAY_OPENCLAW_GATEWAY_TOKEN",
            "gateway-work here:~/.openclaw-work: OPENCLAW_GATEWAY_TOKEN<-GATEWAY_WORK_OPENCLAW_GATEWAY_TOKEN"
        ]
    );
    world.taken_in();
    world
        .quietly("import openclaw --name other")
        .exits(3)
        .says("belongs to dev/gateway");
    world.quietly("import openclaw:none --name other").exits(1);
    assert!(!world.path("manifests/other.yaml").exists());
}

#[test]
fn clear_text_is_asked_for() {
    let world = World::new();
    world.write(
        ".env",
        "LOG_LEVEL=info\nPORT=8080\nTOKEN=c4nary-1\nKEY='-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----'\n",
    );
    world.quietly("import .env --yes --clear NOPE").exits(64);
    world
        .quietly("import .env --yes --clear KEY")
        .exits(3)
        .says("KEY is a private key");
    assert!(!world.path("manifests").exists());
    world
        .quietly("import .env --yes --clear PORT")
        .success()
        .says("encrypted, though anybody might read: LOG_LEVEL");
    let text = world.read("manifests/dev.yaml");
    assert!(text.contains("  PORT: 8080\n"), "{text}");
    assert!(!text.contains("info"));
    world.write("b.env", "LOG_LEVEL=debug\nTIMEOUT=30s\nSECRET=c4nary-3\n");
    world
        .quietly("import b.env --into manifests/dev.yaml --clear-suggested")
        .success();
    let text = world.read("manifests/dev.yaml");
    assert!(
        text.contains("B_LOG_LEVEL: debug") && text.contains("TIMEOUT: 30s"),
        "{text}"
    );
    world.taken_in();
}
