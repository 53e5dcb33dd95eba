//! What docker complains about, in our words: its own may hold anything.

use super::super::failure::{Trouble, of_a_question, words_of_status};
use crate::machine::{Ran, RunError};

/// `None` for what is not known.
pub(super) fn sort(errors: &[u8]) -> Option<Trouble> {
    let text = String::from_utf8_lossy(errors).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|it| text.contains(it));
    let helped = |why: &str, help: &str| Some(Trouble::helped(why, help));
    if says(&[
        "permission denied while trying to connect",
        "dial unix /var/run/docker.sock: connect: permission denied",
    ]) {
        helped(
            "we may not speak with docker there",
            "reach the machine as root, say `sudo: true`, or be in the group docker",
        )
    } else if says(&[
        "cannot connect to the docker daemon",
        "couldn't connect to docker daemon",
        "error during connect",
        "is the docker daemon running",
        "failed to connect to the docker api",
    ]) {
        helped("docker does not run there", "systemctl start docker")
    } else if says(&[
        "pull access denied",
        "manifest unknown",
        "manifest for ",
        "failed to resolve reference",
        "unauthorized: ",
    ]) {
        helped("an image could not be had", "docker compose pull")
    } else if says(&["port is already allocated", "address already in use"]) {
        helped("a port that it wants is in use already", "see: docker ps")
    } else if says(&["is already in use by container"]) {
        helped(
            "a container of the same name is there already",
            "see: docker ps -a",
        )
    } else if says(&["env file ", "couldn't find env file"]) {
        helped(
            "a file of `env_file` is not there, or cannot be read as one",
            "look at `env_file` in the compose file",
        )
    } else if says(&["no such service"]) {
        Some(Trouble::new("the compose file has no service of that name"))
    } else if says(&["is unhealthy", "dependency failed to start"]) {
        helped(
            "a container that others wait for does not come up",
            "see: docker compose ps",
        )
    } else if says(&["no space left on device"]) {
        Some(Trouble::new("the disk is full there"))
    } else if says(&[
        "yaml: ",
        "validating ",
        "invalid compose",
        "the compose file ",
        "invalid interpolation",
    ]) {
        helped(
            "the compose file is not valid",
            "see: docker compose config --quiet",
        )
    } else if says(&[
        "oci runtime create failed",
        "failed to create task",
        "failed to create shim",
    ]) {
        helped(
            "a container's program could not be started",
            "see: docker ps -a",
        )
    } else {
        None
    }
}

/// Whether docker says that a container of this name is not there.
pub(super) fn is_missing(errors: &[u8], name: &str) -> bool {
    let text = String::from_utf8_lossy(errors);
    text.lines().any(|line| {
        [
            "No such container: ",
            "no such container: ",
            "No such object: ",
            "no such object: ",
        ]
        .iter()
        .any(|says| {
            line.split_once(says)
                .is_some_and(|(_, rest)| rest.trim() == name)
        })
    })
}

/// Of a call that failed: what is known, or only its status.
pub(super) fn refusal(ran: &Ran, file: &str) -> Trouble {
    match ran.status {
        97 => return Trouble::new(format!("the compose file {file} is not there")),
        98 => return Trouble::new("docker has no `compose` there, and there is no docker-compose"),
        127 => return Trouble::new("docker is not installed there"),
        _ => {}
    }
    sort(&ran.errors).unwrap_or_else(|| {
        Trouble::helped(
            format!("docker could not do it: {}", words_of_status(ran.status)),
            "run it by hand on that machine to see what it says",
        )
    })
}

pub(super) fn not_run(error: &RunError) -> Trouble {
    match error {
        RunError::NotFound { .. } => Trouble::new("docker is not installed there"),
        error => of_a_question(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_complaints_are_sorted() {
        let why = |text: &str| sort(text.as_bytes()).map(|trouble| trouble.why);
        let is =
            |text: &str, expected: &str| assert_eq!(why(text).as_deref(), Some(expected), "{text}");
        is(
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "we may not speak with docker there",
        );
        is(
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "docker does not run there",
        );
        is(
            "env file /srv/hunter2/.env not found",
            "a file of `env_file` is not there, or cannot be read as one",
        );
        is(
            "no such service: web",
            "the compose file has no service of that name",
        );
        assert_eq!(why("hunter2"), None);
    }

    #[test]
    fn a_missing_container_is_found_by_its_whole_name() {
        let text =
            b"Error: No such object: app\nError response from daemon: No such container: b\n";
        assert!(is_missing(text, "app") && is_missing(text, "b"));
        assert!(!is_missing(text, "ap"));
    }
}
