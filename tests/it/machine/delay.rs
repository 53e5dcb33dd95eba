//! What a slow line costs: round trips, counted by time.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use driftlock::machine::ssh::SshHost;
use driftlock::machine::{Call, FileHost};
use futures_util::future::join_all;
use zeroize::Zeroizing;

use super::run::ran;
use crate::support::long_line::{DELAY, long_line};
use crate::support::sshd::{Far, Sshd};

#[tokio::test]
async fn several_files_cost_no_more_round_trips_than_one() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    sshd.configure(&format!(
        "Host distant\nHostName 127.0.0.1\nPort {}\nHostKeyAlias [127.0.0.1]:{}\nUserKnownHostsFile {}\n\
         GlobalKnownHostsFile /dev/null\nIdentityFile {}\nIdentitiesOnly yes",
        long_line(sshd.port()),
        sshd.port(),
        sshd.path("known_hosts").display(),
        sshd.path("user").display(),
    ));
    let mut settings = sshd.connect();
    settings.destination = "distant".parse().unwrap();
    let host = SshHost::new(settings);
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..5)
        .map(|number| folder.path().join(format!("{number}.env")))
        .collect();
    for path in &paths {
        fs::write(path, "A=1\n").unwrap();
    }
    let begin = Instant::now();
    ran(&host, Call::shell("true")).await;
    println!("connected, and a program run: {:.0?}", begin.elapsed());
    let begin = Instant::now();
    ran(&host, Call::shell("cat").reading("x")).await;
    let program = begin.elapsed();
    let begin = Instant::now();
    let one = host.read(&paths[0]).await.unwrap();
    let single = begin.elapsed();
    let begin = Instant::now();
    let reads = join_all(paths.iter().map(|path| host.read(path))).await;
    let five = begin.elapsed();
    assert!(reads.iter().all(|read| read.as_ref().unwrap() == &one));
    let begin = Instant::now();
    let writes = paths.iter().map(|path| {
        let new = Zeroizing::new(b"A=2\n".to_vec());
        let seen = one.version();
        let host = &host;
        async move { host.replace(path, &seen, new).await }
    });
    assert!(join_all(writes).await.iter().all(Result::is_ok));
    let replaced = begin.elapsed();
    println!(
        "a program {program:.0?}; one file {single:.0?}, five {five:.0?}; five replaced {replaced:.0?}"
    );
    assert!(single >= 2 * DELAY, "the line is long");
    assert!(five < 5 * DELAY, "{five:?}");
    assert!(program < 5 * DELAY, "{program:?}");
    assert_eq!(sshd.logins(), 1);
}

#[tokio::test]
async fn a_file_says_when_it_was_written() {
    for far in [Far::Own, Far::Busybox, Far::Posix] {
        let Some(sshd) = Sshd::start(far) else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("-a\n.env");
        let (host, here) = (sshd.host(), super::run::here());
        assert_eq!(host.read(&path).await.unwrap().changed_at, None);
        assert_eq!(here.read(&path).await.unwrap().changed_at, None);
        let file = fs::File::create(&path).unwrap();
        let moment = std::time::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500);
        file.set_modified(moment).unwrap();
        let here = here.read(&path).await.unwrap().changed_at.unwrap();
        assert_eq!(here.as_millisecond(), 1_700_000_000_500);
        let there = host.read(&path).await.unwrap().changed_at;
        // POSIX alone cannot say
        let expected = (far != Far::Posix).then_some(1_700_000_000);
        assert_eq!(there.map(|there| there.as_second()), expected, "{far:?}");
    }
}
