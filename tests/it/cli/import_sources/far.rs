//! Files on a host behind a real OpenSSH server, alone and beside everything else.

use crate::hosts::stage::Stage;
use crate::sops::lab::Lab;
use crate::support::world::World;

#[test]
fn two_files_a_host_and_sops_at_once() {
    let Some(stage) = Stage::new() else { return };
    let Some(lab) = Lab::new() else { return };
    let world = &stage.world;
    world.write(".env", "SHARED=c4nary-s\nPORT=c4nary-1\n");
    world.write("web/.env", "SHARED=c4nary-s\nPORT=c4nary-2\n");
    stage.far_write(".env", "SHARED=c4nary-s\nPORT=c4nary-2\nFAR=c4nary-f\n");
    let sealed = lab
        .encrypt(
            "secrets.yaml",
            "SHARED: c4nary-s\nDB_PASSWORD: c4nary-db\n",
            &[],
        )
        .unwrap();
    world.write("secrets.yaml", sealed);
    let keys = lab.path("keys.txt");
    let far = stage.far(".env");
    let line = format!(
        "import .env web/.env vps:{} secrets.yaml --name prod --identity {}",
        far.display(),
        keys.display()
    );
    let run = world.quietly(&line).success();
    run.clone().says("PORT is not the same everywhere");
    run.says("5 declared variables and 3 targets");
    assert_eq!(
        world.targets_of("manifests/prod.yaml"),
        [
            "local ../.env: PORT<-LOCAL_PORT SHARED".to_owned(),
            "web ../web/.env: PORT SHARED".to_owned(),
            format!("vps-srv vps:{}: FAR PORT SHARED", far.display()),
        ]
    );
    let with = format!("--identity {}", keys.display());
    world
        .quietly(&format!("plan --detailed-exitcode {with}"))
        .success()
        .says("No changes");
    world
        .quietly(&format!("check {with}"))
        .success()
        .says("0 errors");
    let again = line.replace("--name prod", "--name other");
    world
        .quietly(&again)
        .exits(3)
        .says("belongs to prod/local already");
    let path = far.display();
    for spelled in [
        format!("vps:{path}"),
        format!("ssh://vps{path}"),
        format!("vps:/.{path}"),
    ] {
        world
            .quietly(&format!("import {spelled} --name other {with}"))
            .exits(3)
            .says("belongs to prod/vps-srv already");
    }
    assert!(!world.path("manifests/other.yaml").exists());
}

#[test]
fn a_host_that_is_not_reached_leaves_nothing() {
    let Some(stage) = Stage::new() else { return };
    let world = &stage.world;
    world.write(".env", "A=c4nary-1\n");
    for (source, words) in [
        (
            "nowhere.invalid:/srv/.env".to_owned(),
            "cannot read nowhere.invalid:/srv/.env",
        ),
        (
            format!("vps:{}", stage.far("missing").display()),
            "does not exist",
        ),
        (format!("vps:{}", stage.far("").display()), ""),
    ] {
        let run = world.quietly(&format!("import .env {source} --yes"));
        assert!(matches!(run.code, 1 | 64), "{}", run.all());
        run.says(words);
        assert!(!world.path("manifests").exists());
        assert!(
            !world.config("driftlock/keys.txt").exists(),
            "no identity was made for it"
        );
    }
}

#[test]
fn a_file_at_the_home_of_a_host() {
    let Some(stage) = Stage::new() else { return };
    let world: &World = &stage.world;
    let home = std::path::PathBuf::from(std::env::var("HOME").unwrap_or_default());
    let folder = tempfile::tempdir_in(&home);
    let Ok(folder) = folder else { return };
    let below = folder
        .path()
        .strip_prefix(&home)
        .unwrap()
        .display()
        .to_string();
    std::fs::write(folder.path().join("app.env"), "A=c4nary-1\n").unwrap();
    let run = world.quietly(&format!("import vps:~/{below}/app.env --yes"));
    if run.code == 1 {
        // the server's logins may have another home than the tests
        run.says("does not exist");
        return;
    }
    run.success();
    assert_eq!(
        world.targets_of("manifests/dev.yaml"),
        [format!("vps-app vps:~/{below}/app.env: A")]
    );
    world.taken_in();
}
