//! Who the host is, and who we are to it.

use std::fs;

use super::super::stage::{Stage, uses};
use super::{declare, declare_one, mended, unknown};
use crate::support::sshd::make_key;

#[test]
fn a_host_key_that_changed_or_that_nobody_knows_stops_that_host() {
    let Some(stage) = Stage::new() else { return };
    declare_one(&stage);
    stage.sshd.know("");
    unknown(
        &stage,
        &[
            "is not in your known hosts",
            "compare the fingerprint that this shows with what its owner says",
        ],
    );
    make_key(&stage.sshd.path("other"));
    let other = fs::read_to_string(stage.sshd.path("other.pub")).unwrap();
    stage.sshd.know(&other);
    let changed = [
        "the host key of [127.0.0.1]:",
        "has changed: it is another machine, a new installation, or somebody in between",
        "nothing was sent to it",
        "ssh-keygen -R '[127.0.0.1]:",
    ];
    unknown(&stage, &changed);
    stage.run("status").exits(1).says("has changed");
    assert_eq!(stage.sshd.logins(), 0);
    // the user's own settings would go on
    let client = fs::read_to_string(stage.sshd.path("client")).unwrap();
    stage.sshd.configure("StrictHostKeyChecking no");
    // how it names the host is not the same everywhere
    unknown(&stage, &changed[1..3]);
    fs::write(stage.sshd.path("client"), client).unwrap();
    stage.sshd.know_host();
    mended(&stage);
}

#[test]
fn a_denied_login_names_the_user() {
    let Some(stage) = Stage::new() else { return };
    declare_one(&stage);
    let keys = stage.sshd.path("authorized_keys");
    let own = fs::read_to_string(&keys).unwrap();
    fs::write(&keys, "").unwrap();
    unknown(
        &stage,
        &["vps denied the login of", "(publickey)", "ssh-add -l"],
    );
    fs::write(&keys, own).unwrap();
    let path = stage.far(".env");
    let target = format!(
        "  vps:\n    file: {{ host: no-such-user@vps, path: {} }}\n{}",
        path.display(),
        uses("A")
    );
    declare(&stage, &target);
    unknown(
        &stage,
        &["no-such-user@vps denied the login of no-such-user"],
    );
    assert_eq!(stage.sshd.logins(), 0);
    declare_one(&stage);
    mended(&stage);
}
