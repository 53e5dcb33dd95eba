//! A real `systemd --user`, without booting it: in a mount namespace with a `/run` of its own it
//! runs one service, whose environment is then looked at.

use std::path::Path;
use std::process::Command;

use driftlock::platforms::file::format::Dialect;

use super::readers::{Taken, check, from_env};
use crate::support::peers;

const SYSTEMD: &str = "/usr/lib/systemd/systemd";

/// The manager leaves when the service has ended, either way.
const SCRIPT: &str = r#"
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/x
export HOME="$1" XDG_RUNTIME_DIR=/run/x
exec timeout 60 "$2" --user --unit=t.service
"#;

#[test]
fn systemd_reads_systemd() {
    check(Dialect::Systemd, systemd);
}

#[test]
fn systemd_reads_portable_and_compose() {
    check(Dialect::Portable, systemd);
    check(Dialect::Compose, |text| {
        // compose has text for noncharacters, systemd takes none
        assert!(!text.contains('\u{FFFE}'));
        systemd(text)
    });
}

/// What systemd takes from a file.
pub(crate) fn systemd(text: &str) -> Vec<(String, Taken)> {
    if !can_run() {
        return vec![];
    }
    let folder = tempfile::tempdir().unwrap();
    let taken = environment_of_a_service(text, folder.path());
    vec![("systemd".to_owned(), taken)]
}

fn can_run() -> bool {
    let Some(unshare) = peers::program("unshare") else {
        return false;
    };
    if !Path::new(SYSTEMD).exists() {
        return peers::missing::<()>("systemd").is_some();
    }
    let probe = Command::new(unshare)
        .args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/run"])
        .output()
        .expect("unshare starts");
    probe.status.success() || peers::missing::<()>("root, to run systemd in a namespace").is_some()
}

fn environment_of_a_service(text: &str, home: &Path) -> Taken {
    let units = home.join(".config/systemd/user");
    std::fs::create_dir_all(&units).unwrap();
    let (file, out) = (home.join("file.env"), home.join("out"));
    std::fs::write(&file, text).unwrap();
    let unit = format!(
        "[Unit]\nSuccessAction=exit-force\nFailureAction=exit-force\nDefaultDependencies=no\n\
         [Service]\nType=oneshot\nEnvironmentFile={}\nStandardOutput=file:{}\n\
         ExecStart=/usr/bin/env -0\n",
        file.display(),
        out.display()
    );
    std::fs::write(units.join("t.service"), unit).unwrap();
    let output = Command::new("unshare")
        .args(["-m", "bash", "-c", SCRIPT, "bash"])
        .arg(home)
        .arg(SYSTEMD)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .expect("unshare starts");
    let log = String::from_utf8_lossy(&output.stderr);
    let taken = std::fs::read(out).unwrap_or_else(|error| panic!("{error}: {log}"));
    from_env(&taken)
}
