//! A command line of the manifest.

use std::path::Path;
use std::time::Duration;

use driftlock::activation::activate;
use driftlock::model::{Activated, Activation};

use super::{failed, in_doubt, machine};

async fn run(line: &str, limit: Duration) -> Activated {
    let folder = tempfile::tempdir().unwrap();
    let host = machine("/usr/bin:/bin", folder.path());
    let activation = Activation::Command(line.to_owned());
    activate(&host, &activation, Path::new("/unused"), limit).await
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_command_is_judged_by_its_status_and_its_output_is_not_shown() {
    assert_eq!(run("echo canary-5f1c", LONG).await, Activated::Done);
    assert_eq!(
        run("cd ~ && test \"$PWD\" = \"$HOME\"", LONG).await,
        Activated::Done
    );
    let (why, _) = failed(run("echo canary-5f1c; echo canary-5f1c >&2; exit 3", LONG).await);
    assert_eq!(
        why,
        "it ended with status 3 and printed 2 lines, not shown here"
    );
    let (why, _) = failed(run("/no/such/canary-5f1c", LONG).await);
    assert!(why.starts_with("there is no such program there"), "{why}");
    let (why, _) = failed(run("kill -9 $$", LONG).await);
    assert!(why.starts_with("it was ended by signal 9"), "{why}");
}

#[tokio::test]
async fn one_that_hangs_is_in_doubt() {
    let why = in_doubt(run("exec sleep 1000", Duration::from_millis(300)).await);
    assert_eq!(why, "`sh` did not end within 0.3 s");
}
