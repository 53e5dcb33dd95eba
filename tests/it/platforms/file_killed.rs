//! A writer that is killed at any moment leaves the old file or the new one.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use driftlock::machine::{FileHost, LocalHost};
use zeroize::Zeroizing;

/// Tells this test binary, run once more, which file to write.
const FILE: &str = "DRIFTLOCK_TEST_WRITES";
const KILLS: usize = 100;
const LETTERS: usize = 200 * 1024;

fn content(letter: u8) -> Vec<u8> {
    let mut content = b"A=".to_vec();
    content.resize(LETTERS, letter);
    content.extend_from_slice(b"\nEND=1\n");
    content
}

/// Replaces the file again and again until it is killed; a test only in the other process.
#[test]
fn writes_until_killed() {
    #[expect(clippy::disallowed_methods, reason = "tells the two processes apart")]
    let Some(path) = std::env::var_os(FILE).map(PathBuf::from) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let host = LocalHost::new();
        for letter in (b'a'..=b'z').cycle() {
            let seen = host.read(&path).await.unwrap().version();
            let bytes = Zeroizing::new(content(letter));
            host.replace(&path, &seen, bytes).await.unwrap();
            #[expect(clippy::print_stdout, reason = "tells the other process that it runs")]
            {
                println!("written");
            }
        }
    });
}

fn require_whole(path: &Path) {
    let bytes = fs::read(path).unwrap();
    assert!(
        bytes == content(bytes[2]),
        "neither the old file nor the new one"
    );
    assert_eq!(
        fs::metadata(path).unwrap().permissions().mode() & 0o7777,
        0o640
    );
}

#[tokio::test]
async fn a_killed_writer_leaves_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, content(b'a')).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let mut leftovers = 0;
    for round in 0..KILLS {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "platforms::file_killed::writes_until_killed"])
            .args(["--nocapture", "--test-threads=1"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        while !lines
            .next()
            .expect("it writes")
            .unwrap()
            .contains("written")
        {}
        // looking takes time of its own: each round kills at another moment
        for _ in 0..round % 13 {
            require_whole(&path);
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        require_whole(&path);
        leftovers = leftovers.max(fs::read_dir(folder.path()).unwrap().count() - 1);
    }
    let host = LocalHost::new();
    let seen = host.read(&path).await.unwrap().version();
    let last = Zeroizing::new(content(b'z'));
    host.replace(&path, &seen, last).await.unwrap();
    require_whole(&path);
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(
        names, 1,
        "leftovers (at most {leftovers} at a time) are gone"
    );
    assert!(leftovers <= 1, "each run removes those of the one before");
}
