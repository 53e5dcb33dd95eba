//! No secret where others on the machine can read it, while it is in use.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftlock::machine::LocalHost;
use driftlock::model::{VarName, Verdict};
use driftlock::probe::{CommandProbe, Probe, Prober};

use super::local::Local;
use super::server::{Reply, Server};
use super::{CANARY, asking, prober, secret};
use crate::support::peers;

/// Processes whose arguments, or whose environment, hold the text.
fn holders(file: &str, text: &str) -> Vec<String> {
    let mut found = vec![];
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let process = entry.file_name().into_string().unwrap();
        let numbered = process.bytes().all(|byte| byte.is_ascii_digit());
        // one that has ended in the meantime holds nothing
        let content = fs::read(entry.path().join(file)).unwrap_or_default();
        if numbered
            && content
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        {
            found.push(process);
        }
    }
    found
}

#[tokio::test]
async fn curl_shows_nobody_what_it_sends() {
    if peers::program("curl").is_none() {
        return;
    }
    let canary = format!("hidden{}c4nary", std::process::id());
    let looked = Arc::<Mutex<Vec<String>>>::default();
    let (mine, text) = (Arc::clone(&looked), canary.clone());
    // curl is running while its request is answered
    let server = Server::start(move |_| {
        let running = holders("cmdline", "curl\0-q\0--config\0-");
        assert!(!running.is_empty());
        let mut looked = mine.lock().unwrap();
        looked.push("looked".into());
        looked.extend(holders("cmdline", &text));
        looked.extend(holders("environ", &text));
        Reply::status(200)
    });
    let mut probe = asking(&format!("{}?q={canary}", server.url()));
    probe.headers = vec![("Authorization".into(), secret(&canary))];
    probe.body = Some(secret(&canary));
    let verdict = prober()
        .run(&Probe::Http(probe), Some(&Local::default()))
        .await;
    assert_eq!(verdict, Verdict::Works);
    assert_eq!(*looked.lock().unwrap(), ["looked"]);
}

#[tokio::test]
async fn only_the_command_itself_has_its_variables() {
    let folder = tempfile::tempdir().unwrap();
    let [up, down] = ["up", "down"].map(|name| folder.path().join(name));
    for pipe in [&up, &down] {
        assert!(
            std::process::Command::new("mkfifo")
                .arg(pipe)
                .status()
                .unwrap()
                .success()
        );
    }
    let canary = format!("hidden{}c4nary", std::process::id());
    let probe = Probe::Command(CommandProbe {
        line: format!("echo $$ >'{}'; read x <'{}'", up.display(), down.display()),
        variables: vec![(VarName::new("TOKEN").unwrap(), secret(&canary))],
        limit: Duration::from_secs(20),
    });
    let look = tokio::task::spawn_blocking(move || {
        let command = fs::read_to_string(&up).unwrap().trim().to_owned();
        let seen = (holders("cmdline", &canary), holders("environ", &canary));
        fs::write(&down, "go\n").unwrap();
        (command, seen)
    });
    assert_eq!(prober().run(&probe, None).await, Verdict::Works);
    let (command, (arguments, environments)) = look.await.unwrap();
    assert_eq!(arguments, Vec::<String>::new());
    // the exec of the line keeps the number, and the values come with it; only its own
    assert_eq!(environments, [command]);
}

#[tokio::test]
async fn the_programs_own_way_of_running_others_serves_too() {
    let path = std::env::var_os("PATH").unwrap();
    let host = LocalHost::with_environment(vec![("PATH".into(), path)]);
    let command = Probe::Command(CommandProbe {
        line: "test \"$TOKEN\" = \"c4nary 'it'\"".into(),
        variables: vec![(VarName::new("TOKEN").unwrap(), secret("c4nary 'it'"))],
        limit: Duration::from_secs(20),
    });
    let here = Prober::new(Arc::new(host.clone()));
    assert_eq!(here.run(&command, None).await, Verdict::Works);
    if peers::program("curl").is_some() {
        let server = Server::always(Reply::status(200));
        let probe = Probe::Http(asking(&server.url()));
        assert_eq!(here.run(&probe, Some(&host)).await, Verdict::Works);
        assert_eq!(server.seen()[0].header("x-auth"), Some(CANARY));
    }
}
