//! A remote behind https, served by git's own http-backend.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::lab::{Team, sure};
use crate::probe::server::{Reply, Seen, Server};
use crate::railway::authority::Authority;

/// Who asks with this password may write, with the other only read.
const WRITER: &str = "Basic dzp3";
const READER: &str = "Basic cjpy";

fn backend(root: &Path, seen: &Seen) -> Reply {
    let allowed = [WRITER, READER];
    let authorization = seen.header("authorization").unwrap_or_default();
    let line = seen.head.lines().next().unwrap();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    if !allowed.contains(&authorization) {
        let ask = "www-authenticate: Basic realm=\"git\"\r\n".to_owned();
        return Reply::Answer(401, ask, vec![]);
    }
    if path.contains("git-receive-pack") && authorization != WRITER {
        return Reply::Answer(403, String::new(), vec![]);
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut command = Command::new("git");
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REMOTE_USER", "somebody")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    for (variable, header) in [
        ("CONTENT_TYPE", "content-type"),
        ("HTTP_CONTENT_ENCODING", "content-encoding"),
        ("GIT_PROTOCOL", "git-protocol"),
    ] {
        command.env(variable, seen.header(header).unwrap_or_default());
    }
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(&seen.body).unwrap();
    let output = child.wait_with_output().unwrap().stdout;
    let end = output
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(output[..end].to_vec()).unwrap();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: "));
    let status = status.map_or(200, |status| status[..3].parse().unwrap());
    let headers = head.lines().filter(|line| !line.starts_with("Status"));
    let headers: String = headers.map(|line| format!("{line}\r\n")).collect();
    Reply::Answer(status, headers, output[end + 4..].to_vec())
}

#[test]
fn a_journal_behind_https() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    sure(&team.remote(), &["config", "http.receivepack", "true"]);
    let authority = Authority::new();
    let roots = team.folder.path().join("roots.pem");
    std::fs::write(&roots, authority.pem()).unwrap();
    let root = team.folder.path().to_owned();
    let server = Server::over(Some(authority.server("localhost")), move |seen| {
        backend(&root, seen)
    });
    let at = |who: &str| format!("https://{who}localhost:{}/remote.git", server.port);
    let clone = |who: &str, trusted: bool| {
        let mut world = team.clone();
        sure(&world.path(""), &["remote", "set-url", "origin", &at(who)]);
        if trusted {
            world.variable("GIT_SSL_CAINFO", roots.to_str().unwrap());
        }
        world
    };
    let writer = clone("w:w@", true);
    writer
        .run("--journal git apply --yes")
        .success()
        .hides("w:w@");
    // the same place, whoever asks
    let reader = clone("r:r@", true);
    reader
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    reader.run("history").success().says("1 receipt of dev");
    reader
        .run("apply --yes")
        .exits(1)
        .says("cannot write to the journal at origin")
        .says("the remote takes no pushes from here")
        .hides("r:r@");
    // no password and nobody to ask; a wrong one; a certificate that is nobody's
    let nobody = clone("", true);
    nobody
        .run("--journal git apply --yes")
        .exits(1)
        .says("it asks for a password, and nobody is asked here");
    let wrong = clone("c4nary:c4nary@", true);
    wrong
        .run("--journal git apply --yes")
        .exits(1)
        .says("it does not take the credentials of this user")
        .hides("c4nary");
    let untrusted = clone("w:w@", false);
    untrusted
        .run("--journal git apply --yes")
        .exits(1)
        .says("its certificate is not trusted");
    // a setting of one job, as CI systems hand it over
    let mut job = clone("", true);
    job.variable("GIT_CONFIG_COUNT", "1");
    job.variable("GIT_CONFIG_KEY_0", "http.extraHeader");
    job.variable("GIT_CONFIG_VALUE_0", &format!("Authorization: {WRITER}"));
    job.run("apply --yes").success();
    writer.run("history").success().says("1 receipt of dev");
}
