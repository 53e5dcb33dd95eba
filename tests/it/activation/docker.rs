//! Compose projects, with a stand-in where the plugin is wanted, and the real command line on a
//! daemon of ours where a container is looked at.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use driftlock::activation::{activate, compare, look, look_all};
use driftlock::machine::LocalHost;
use driftlock::model::{Activated, Activation, ComposeProject, Process, Running};
use tempfile::TempDir;

use super::{
    CANARY, Counted, behind, failed, live, machine, names, stopped, the_only, unknown, vars,
};
use crate::support::peers;

const RUNS: &str = r#""Status":"running","Running":true,"ExitCode":0"#;

fn container(name: &str, state: &str, value: &str) -> String {
    format!(
        r#"{{"Id":"{name}0123456789ab","Name":"/{name}","Created":"2026-11-22T10:00:00.5Z","RestartCount":0,"State":{{{state}}},"Config":{{"Env":["TOKEN={value}","PATH=/bin"]}}}}"#
    )
}

struct Box {
    folder: TempDir,
    host: LocalHost,
}

impl Box {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("docker")).unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().join("bin").display());
        let host = machine(&path, folder.path());
        let made = Self { folder, host };
        made.install("docker", include_str!("docker.sh"));
        fs::write(made.folder.path().join("compose.yaml"), "services: {}\n").unwrap();
        made
    }

    fn install(&self, name: &str, text: &str) {
        let file = self.folder.path().join("bin").join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn state(&self, name: &str, lines: &[String]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.folder.path().join("docker").join(name), text).unwrap();
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.folder.path().join("docker/calls")).unwrap()
    }

    async fn up(&self) -> Activated {
        let activation = Activation::Compose(project());
        activate(
            &self.host,
            &activation,
            Path::new("/unused"),
            Duration::from_secs(30),
        )
        .await
    }
}

fn project() -> ComposeProject {
    ComposeProject {
        file: "~/compose.yaml".to_owned(),
        services: vec!["web".to_owned(), "worker".to_owned()],
    }
}

#[tokio::test]
async fn a_project_is_brought_up_and_all_its_containers_must_agree() {
    let made = Box::new();
    let (old, new) = (
        container("web", RUNS, "old"),
        container("web", RUNS, CANARY),
    );
    let worker = container("worker", RUNS, CANARY);
    made.state("inspect", &[old, worker.clone()]);
    made.state("after", &[new, worker]);
    let (process, own) = (Process::Compose(project()), Path::new("/srv/.env"));
    let stored = live(&vars(&[("TOKEN", CANARY)]));
    let found = look(&made.host, &process, own).await;
    assert!(!format!("{found:?}").contains(CANARY));
    let later = "2026-11-22T11:00:00Z".parse().unwrap();
    let found = behind(compare(&stored, &names(&["TOKEN"]), &found, Some(later)));
    assert_eq!(
        found.why,
        "container web started before the values were stored"
    );
    assert_eq!((found.since, found.restart_helps), (Some(later), true));
    assert_eq!(
        found.help.as_deref(),
        Some("docker compose -f ~/compose.yaml up -d web worker")
    );

    assert_eq!(made.up().await, Activated::Done);
    let file = made.folder.path().join("compose.yaml");
    let expected = format!("docker compose -f {} up -d web worker\n", file.display());
    assert!(made.calls().contains(&expected), "{}", made.calls());
    let found = look(&made.host, &process, own).await;
    assert_eq!(
        compare(&stored, &names(&["TOKEN"]), &found, None).running,
        Running::Current
    );
}

#[tokio::test]
async fn docker_compose_is_taken_where_docker_has_no_compose() {
    let made = Box::new();
    made.state("no-plugin", &[]);
    made.state("inspect", &[container("web", RUNS, CANARY)]);
    let (why, _) = failed(made.up().await);
    assert!(why.starts_with("docker has no `compose` there"), "{why}");
    made.install("docker-compose", include_str!("docker.sh"));
    assert_eq!(made.up().await, Activated::Done);
    assert!(made.calls().contains("\ndocker-compose -f "));
}

#[tokio::test]
async fn containers_that_fall_over_are_named() {
    let made = Box::new();
    let ended = r#""Status":"exited","Running":false,"ExitCode":3"#;
    made.state(
        "inspect",
        &[
            container("web", RUNS, CANARY),
            container("worker", ended, CANARY),
        ],
    );
    let (why, help) = failed(made.up().await);
    assert_eq!(why, "container worker does not run: it ended with status 3");
    assert_eq!(help, "see: docker logs --tail 20 worker");
    made.state("inspect", &[]);
    assert!(
        failed(made.up().await)
            .0
            .ends_with("was brought up, and has no container")
    );
}

#[tokio::test]
async fn complaints_of_docker_come_in_our_words() {
    let made = Box::new();
    for (says, expected) in [
        (
            "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running? canary-5f1c",
            "docker does not run there",
        ),
        (
            "permission denied while trying to connect to the Docker daemon socket",
            "we may not speak with docker there",
        ),
        (
            "canary-5f1c",
            "docker could not do it: it ended with status 1",
        ),
    ] {
        made.state("refusal", &[says.to_owned()]);
        assert_eq!(failed(made.up().await).0, expected);
    }
    fs::remove_file(made.folder.path().join("compose.yaml")).unwrap();
    assert_eq!(
        failed(made.up().await).0,
        "the compose file ~/compose.yaml is not there"
    );
    let process = Process::Compose(project());
    let why = unknown(look(&made.host, &process, Path::new("/x")).await);
    assert_eq!(why, "the compose file ~/compose.yaml is not there");
    assert!(!made.calls().contains(" ps "));
}

#[tokio::test]
async fn a_machine_without_docker_says_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("compose.yaml"), "").unwrap();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink("/bin/sh", bin.join("sh")).unwrap();
    let host = machine(bin.to_str().unwrap(), folder.path());
    let process = Process::Compose(project());
    let found = look(&host, &process, Path::new("/x")).await;
    assert_eq!(unknown(found), "docker is not installed there");
    let process = Process::Container("web".to_owned());
    let found = look(&host, &process, Path::new("/x")).await;
    assert_eq!(unknown(found), "docker is not installed there");
}

/// A daemon that knows one container.
fn daemon(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || serve(stream.unwrap()));
        }
    });
}

fn serve(mut stream: UnixStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    while let Some(Ok(request)) = lines.next() {
        while lines
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        let (status, body) = if request.contains("/_ping ") {
            ("200 OK", "OK".to_owned())
        } else if request.contains("/containers/web/json") {
            ("200 OK", container("web", RUNS, CANARY))
        } else {
            let name = request.split('/').nth(3).unwrap_or_default();
            (
                "404 Not Found",
                format!(r#"{{"message":"No such container: {name}"}}"#),
            )
        };
        let body = if request.starts_with("HEAD") {
            String::new()
        } else {
            body
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nApi-Version: 1.44\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn containers_are_looked_at_by_the_real_command_line() {
    let Some(docker) = peers::program("docker") else {
        return;
    };
    let made = Box::new();
    let socket = made.folder.path().join("docker.sock");
    let wrapper = |socket: &Path| {
        format!(
            "#!/bin/sh\nexec {} -H unix://{} \"$@\"\n",
            docker.display(),
            socket.display()
        )
    };
    made.install("docker", &wrapper(&socket));
    let (web, none) = (
        Process::Container("web".to_owned()),
        Process::Container("none".to_owned()),
    );
    let own = Path::new("/srv/.env");
    assert_eq!(
        unknown(look(&made.host, &web, own).await),
        "docker does not run there"
    );
    daemon(&socket);
    let counted = Counted::new(&made.host);
    let looks = look_all(&counted, &[(&none, own), (&web, own)]).await;
    assert_eq!(counted.calls(), 1);
    assert_eq!(
        stopped(looks[0].clone()),
        ("there is no container none".to_owned(), false)
    );
    let runs = the_only(looks[1].clone());
    assert_eq!(runs.what, "container web");
    let stored = live(&vars(&[("TOKEN", CANARY)]));
    let found = compare(&stored, &names(&["TOKEN"]), &looks[1], None);
    assert_eq!(found.running, Running::Current);
}
