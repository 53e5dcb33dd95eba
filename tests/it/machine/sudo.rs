//! The real sudo, with users that exist for the test's server only.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use driftlock::machine::ssh::{SshError, SshHost};
use driftlock::machine::{Call, FileError, FileHost, ReplaceError, Run, RunError, expand};
use driftlock::model::Sudo;
use zeroize::Zeroizing;

use super::run::ran;
use crate::support::sshd::{HOST, Sshd, User};

const APP: u32 = 54_322;

const USERS: &[User] = &[
    User {
        name: "dl-deploy",
        id: 54_321,
    },
    User {
        name: "dl-app",
        id: APP,
    },
    User {
        name: "dl-asked",
        id: 54_323,
    },
    User {
        name: "dl-limited",
        id: 54_324,
    },
    User {
        name: "dl-none",
        id: 54_325,
    },
];

const SUDOERS: &str = "Defaults env_reset\n\
    Defaults secure_path=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"\n\
    root ALL=(ALL:ALL) ALL\n\
    dl-deploy ALL=(ALL) NOPASSWD: ALL\n\
    dl-asked ALL=(ALL) ALL\n\
    dl-limited ALL=(dl-app) NOPASSWD: ALL\n";

fn server() -> Option<Sshd> {
    Sshd::start_for(USERS, SUDOERS)
}

fn connect(sshd: &Sshd, user: &str, sudo: &str) -> SshHost {
    let mut settings = sshd.connect();
    settings.destination = format!("{user}@{HOST}").parse().unwrap();
    settings.sudo = match sudo {
        "" => Sudo::No,
        "root" => Sudo::Root,
        user => Sudo::User(user.parse().unwrap()),
    };
    SshHost::new(settings)
}

/// `etc` of root, `app` of its user, with files in both.
fn places(sshd: &Sshd) -> (PathBuf, PathBuf) {
    let (etc, app) = (sshd.path("etc"), sshd.path("app"));
    for folder in [&etc, &app] {
        fs::create_dir(folder).unwrap();
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    }
    for (path, owner, mode) in [
        (etc.join("root.env"), 0, 0o600),
        (etc.join("app.env"), APP, 0o640),
        (app.join(".env"), APP, 0o400 | 0o200),
    ] {
        fs::write(&path, "A=1\n").unwrap();
        chown(&path, Some(owner), Some(owner)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }
    chown(&app, Some(APP), Some(APP)).unwrap();
    (etc.canonicalize().unwrap(), app.canonicalize().unwrap())
}

async fn put(host: &SshHost, path: &Path) -> Result<(), ReplaceError> {
    let seen = host.read(path).await?.version();
    let new = Zeroizing::new(b"A=2\n".to_vec());
    host.replace(path, &seen, new).await
}

async fn is_replaced(host: &SshHost, path: &Path) {
    let of = |meta: fs::Metadata| (meta.uid(), meta.gid(), meta.mode() & 0o7777);
    let before = of(path.metadata().unwrap());
    put(host, path).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), b"A=2\n");
    assert_eq!(of(path.metadata().unwrap()), before, "{}", path.display());
}

#[tokio::test]
async fn root_writes_what_root_alone_may() {
    let Some(sshd) = server() else {
        return;
    };
    let (etc, _) = places(&sshd);
    let plain = connect(&sshd, "dl-deploy", "");
    let denied = plain.read(&etc.join("root.env")).await.unwrap_err();
    assert!(
        matches!(&denied, FileError::Denied { user, .. } if user == "user dl-deploy (54321)"),
        "{denied}"
    );
    let root = connect(&sshd, "dl-deploy", "root");
    is_replaced(&root, &etc.join("root.env")).await;
    is_replaced(&root, &etc.join("app.env")).await;
    assert_eq!(fs::read_dir(&etc).unwrap().count(), 2);
    assert_eq!(sshd.logins(), 2);
}

#[tokio::test]
async fn what_lies_in_a_users_folder_is_written_by_that_user() {
    let Some(sshd) = server() else {
        return;
    };
    let (_, app) = places(&sshd);
    let path = app.join(".env");
    for (user, sudo) in [("dl-deploy", "root"), ("dl-deploy", "")] {
        let refused = connect(&sshd, user, sudo).read(&path).await.unwrap_err();
        let FileError::Swappable { why, help, .. } = &refused else {
            panic!("{refused}");
        };
        assert!(why.ends_with("belongs to user dl-app (54322)"), "{why}");
        assert!(help.contains("`sudo: dl-app`"), "{help}");
    }
    let host = connect(&sshd, "dl-deploy", "dl-app");
    is_replaced(&host, &path).await;
    put(&host, &app.join("new.env")).await.unwrap();
    let new = app.join("new.env").metadata().unwrap();
    assert_eq!((new.uid(), new.mode() & 0o7777), (APP, 0o600));
    assert_eq!(fs::read_dir(&app).unwrap().count(), 2);
    // and what is allowed for that user alone is enough
    is_replaced(&connect(&sshd, "dl-limited", "dl-app"), &path).await;
}

#[tokio::test]
async fn programs_run_as_that_user_in_their_world() {
    let Some(sshd) = server() else {
        return;
    };
    let home = |name: &str| sshd.path(&format!("home-{name}"));
    for (sudo, name, home) in [
        ("", "dl-deploy", sshd.path("")),
        ("root", "root", PathBuf::from("/root")),
        ("dl-app", "dl-app", home("dl-app")),
    ] {
        let host = connect(&sshd, "dl-deploy", sudo);
        let told = ran(
            &host,
            Call::shell("id -un; echo $HOME; echo $USER; echo $LOGNAME"),
        )
        .await;
        let text = String::from_utf8(told.output.to_vec()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!([lines[0], lines[2], lines[3]], [name; 3]);
        let told = host.home().await.unwrap();
        assert_eq!((told.as_path(), lines[1]), (&*home, told.to_str().unwrap()));
        assert_eq!(expand(&host, "~/a b").await.unwrap(), home.join("a b"));
        assert_eq!(expand(&host, "/a/~/b").await.unwrap(), Path::new("/a/~/b"));
        let environment = ran(&host, Call::new("env", [""; 0])).await;
        let environment = String::from_utf8(environment.output.to_vec()).unwrap();
        assert!(!environment.contains("SUDO_"), "{environment}");
    }
}

#[tokio::test]
async fn what_sudo_does_not_allow_is_told_apart() {
    let Some(sshd) = server() else {
        return;
    };
    for (user, sudo) in [
        ("dl-asked", "root"),
        ("dl-limited", "root"),
        ("dl-none", "root"),
        ("dl-none", "dl-app"),
        ("dl-deploy", "dl-nobody"),
    ] {
        let host = connect(&sshd, user, sudo);
        let error = host.read(Path::new("/tmp/x")).await.unwrap_err();
        let run = host.run(&Call::shell("true")).await.unwrap_err();
        let FileError::Ssh(error) = error else {
            panic!("{error}");
        };
        println!("{user}, sudo {sudo}: {error}");
        let wants_password = matches!(error, SshError::SudoPassword { .. });
        let is_denied = matches!(error, SshError::SudoDenied { .. });
        let unknown = sudo == "dl-nobody";
        assert!(
            if unknown {
                is_denied
            } else {
                wants_password || is_denied
            },
            "{error:?}"
        );
        assert!(user != "dl-asked" || wants_password);
        assert_eq!(run, RunError::Unreachable(error));
    }
}
