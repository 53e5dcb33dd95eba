//! Hosts and paths that look like something else.

use super::super::stage::{Stage, uses};
use super::HERE;
use crate::support::sshd::Far;
use crate::support::world::World;

#[test]
fn a_host_that_is_none_is_refused_before_anything_is_done() {
    let Some(stage) = Stage::new() else { return };
    for host in [
        "-oProxyCommand=touch ran",
        "--",
        "a b",
        "a'b",
        "a\\\"b",
        "a\\nb",
        "$(touch ran)",
        "`touch ran`",
        "vps;touch ran",
        "user@-vps",
        "-user@vps",
        "",
    ] {
        let target = format!(
            "  vps:\n    file: {{ host: \"{host}\", path: /srv/.env }}\n{}{HERE}",
            uses("A")
        );
        stage.declare(&[("A", "1"), ("B", "2")], &target);
        for line in ["plan", "apply --yes", "check", "status"] {
            stage
                .run(line)
                .exits(1)
                .says("manifests/dev.yaml:")
                .says("host");
        }
        assert!(!stage.world.path("here.env").exists(), "{host}");
        assert!(!stage.world.path("ran").exists(), "{host}");
    }
    assert_eq!(stage.sshd.logins(), 0);
}

#[test]
fn paths_that_no_file_has_are_refused() {
    let Some(stage) = Stage::new() else { return };
    for path in [
        "/srv/a\\nb",
        "/srv/a\\0b",
        "/srv/",
        "srv/.env",
        "~other/.env",
        "",
    ] {
        let target = format!(
            "  vps:\n    file: {{ host: vps, path: \"{path}\" }}\n{}{HERE}",
            uses("A")
        );
        stage.declare(&[("A", "1"), ("B", "2")], &target);
        stage.run("apply --yes").exits(1).says("path");
        assert!(!stage.world.path("here.env").exists(), "{path}");
    }
    assert_eq!(stage.sshd.logins(), 0);
}

#[test]
fn paths_that_a_shell_would_read_otherwise_are_taken_as_they_stand() {
    let Some(stage) = Stage::with(Far::Busybox, World::new()) else {
        return;
    };
    let odd = [
        "-rf",
        "a b",
        "it's",
        "say \"hi\"",
        "$(touch ran)",
        "`touch ran`",
        "a;touch ran",
        "back\\slash",
        "*?[x]",
        "#hash",
        "ä ö",
        "--help.env",
    ];
    let folder = stage.far("d ir'\"$x");
    std::fs::create_dir(&folder).unwrap();
    let mut targets = String::new();
    for (number, name) in odd.iter().enumerate() {
        let path = folder.join(name);
        let path = path.to_str().unwrap().replace('\'', "''");
        targets += &format!(
            "  t{number}:\n    file: {{ host: vps, path: '{path}' }}\n{}",
            uses("A")
        );
    }
    stage.declare(&[("A", "1")], &targets);
    stage.run("apply --yes").success();
    for name in odd {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(text, "A=1\n", "{name}");
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, odd.len(), "nothing else is there");
    assert_eq!(stage.sshd.logins(), 1);
    stage.in_sync();
}
