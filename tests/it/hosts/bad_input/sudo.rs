//! The real sudo, which says no in several ways, and files that its users may not touch.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use super::super::stage::{Stage, uses};
use super::{declare, refused, unknown};
use crate::support::sshd::{Far, Sshd, User};
use crate::support::world::World;

const DEPLOY: u32 = 54_331;

const USERS: &[User] = &[
    User {
        name: "dl-deploy",
        id: DEPLOY,
    },
    User {
        name: "dl-asked",
        id: 54_332,
    },
    User {
        name: "dl-none",
        id: 54_333,
    },
];

const SUDOERS: &str = "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n\
    dl-deploy ALL=(ALL) NOPASSWD: ALL\ndl-asked ALL=(ALL) ALL\n";

fn stage() -> Option<Stage> {
    let sshd = Sshd::start_for(USERS, SUDOERS)?;
    let mut world = World::new();
    let config = sshd.path("client").display().to_string();
    world.variable("DRIFTLOCK_SSH_CONFIG", &config);
    let srv = sshd.path("srv");
    fs::create_dir(&srv).unwrap();
    fs::set_permissions(&srv, Permissions::from_mode(0o755)).unwrap();
    Some(Stage { world, sshd })
}

fn target(stage: &Stage, user: &str, sudo: &str) -> String {
    format!(
        "  vps:\n    file: {{ host: {user}@vps, path: {}{sudo} }}\n{}",
        stage.far(".env").display(),
        uses("A")
    )
}

#[test]
fn sudo_that_asks_or_refuses_is_told_apart() {
    let Some(stage) = stage() else { return };
    let next = "allow that user sudo without a password (NOPASSWD)";
    for (user, sudo, why) in [
        (
            "dl-asked",
            ", sudo: true",
            "sudo on dl-asked@vps wants a password, and nobody is there to type it",
        ),
        ("dl-none", ", sudo: true", "sudo on dl-none@vps"),
        (
            "dl-deploy",
            ", sudo: dl-nobody",
            "sudo on dl-deploy@vps does not allow it",
        ),
    ] {
        declare(&stage, &target(&stage, user, sudo));
        unknown(&stage, &[why, next]);
    }
    declare(&stage, &target(&stage, "dl-deploy", ", sudo: true"));
    stage.run("apply --yes").success();
    assert_eq!(stage.far_text(".env"), "A=1\n");
    stage.in_sync();
}

#[test]
fn no_sudo_is_told() {
    let Some(stage) = Stage::new() else { return };
    let plain = target(&stage, "root", ", sudo: true").replace("root@vps", "vps");
    declare(&stage, &plain);
    stage.sshd.profile(Far::Posix, "");
    unknown(
        &stage,
        &[
            "there is no sudo on vps",
            "install it there, or connect as the file's owner and leave sudo out",
        ],
    );
}

#[test]
fn what_that_user_may_not_read_or_write_is_left_alone() {
    let Some(stage) = stage() else { return };
    declare(&stage, &target(&stage, "dl-deploy", ""));
    // the folder is root's
    refused(
        &stage,
        &[
            "user dl-deploy (54331) may not write into the folder",
            "(mode 0755)",
        ],
    );
    // the file is, in a folder of ours
    chown(stage.sshd.path("srv"), Some(DEPLOY), None).unwrap();
    stage.far_write(".env", "A=0\n");
    let mode = |mode| fs::set_permissions(stage.far(".env"), Permissions::from_mode(mode));
    mode(0o600).unwrap();
    unknown(
        &stage,
        &[
            "user dl-deploy (54331) may not read",
            "(mode 0600)",
            "change the owner or mode of that path",
        ],
    );
    // readable, and still root's: the new file could not be
    mode(0o644).unwrap();
    let run = stage.run("apply --yes --take-over vps");
    run.exits(4)
        .says("could not be kept")
        .says("run as the file's owner");
    assert_eq!(stage.far_text(".env"), "A=0\n");
    chown(stage.far(".env"), Some(DEPLOY), Some(DEPLOY)).unwrap();
    stage.run("apply --yes --take-over vps").success();
    assert_eq!(stage.far_text(".env"), "A=1\n");
    stage.in_sync();
}
