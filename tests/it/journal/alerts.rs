//! One book, several processes that change it at once and are killed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use driftlock::journal::{Journal, Remembered};
use driftlock::model::AlertBook;
use rand::Rng;

use super::{FOLDER, auth, journal, scope};

/// What the writers run. In an ordinary run of the tests it does nothing.
#[test]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut journal = journal(Path::new(&folder));
    let mut out = std::io::stderr().lock();
    loop {
        let book = journal.change_alerts(&scope(), &auth(), &mut |book| {
            let mut next = book.clone();
            next.last_event += 1;
            Some(next)
        });
        // only what has been kept is told
        if writeln!(out, "kept {}", book.unwrap().last_event).is_err() {
            return;
        }
    }
}

fn spawn(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "journal::alerts::writer",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn kill_after(mut child: Child, changes: usize) -> Vec<u64> {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut kept = vec![];
    while let Some(Ok(line)) = lines.next() {
        kept.extend(
            line.strip_prefix("kept ")
                .map(|number| number.parse::<u64>().unwrap()),
        );
        if kept.len() == changes {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(kept.len() >= changes, "a writer failed by itself: {kept:?}");
    kept
}

#[test]
fn no_change_is_lost_or_made_twice_when_three_writers_at_once_are_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = vec![];
    let rounds = 7;
    for _ in 0..rounds {
        let threads = [(); 3].map(|()| {
            let child = spawn(folder.path());
            let changes = rand::thread_rng().gen_range(1..20);
            std::thread::spawn(move || kill_after(child, changes))
        });
        for thread in threads {
            kept.extend(thread.join().unwrap());
        }
    }
    let told = kept.len();
    kept.sort_unstable();
    kept.dedup();
    assert_eq!(kept.len(), told, "two writers were given one number");
    let journal = journal(folder.path());
    let Remembered::Known(book) = journal.alerts(&scope(), &auth()).unwrap() else {
        panic!("the book does not verify any more");
    };
    let AlertBook {
        generation,
        last_event,
        ..
    } = book;
    assert_eq!(generation, last_event, "each change was counted once");
    let told = told as u64;
    // at most the one change in flight of each writer was kept and not told
    assert!(
        (told..=told + 3 * rounds).contains(&last_event),
        "{last_event} {told}"
    );
}
