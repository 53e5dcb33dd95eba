//! Starts one `ssh`, and on its far side one shell that carries out requests until its input ends.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::classify::Heard;
use super::error::SshError;
use super::frames::{Broken, Frames};
use super::session::{LONGEST_TALK, Session, path_of};
use super::settings::SshSettings;
use super::walk::Us;
use crate::model::Sudo;

/// What runs on the far side.
const FAR: &str = concat!(include_str!("programs.sh"), include_str!("far.sh"));

/// So much of what is said on standard error is kept for finding out what went wrong.
const LONGEST_NOISE: u64 = 16 * 1024;

/// So long for a child that is ending anyway.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Seconds between signs of life, of which three may be missed.
const KEEP_ALIVE: u32 = 10;

impl Session {
    /// Connects, logs in and starts the far side.
    pub(super) async fn open(settings: &SshSettings) -> Result<Self, SshError> {
        let host = settings.destination.to_string();
        let marker = format!("{:032x}", rand::random::<u128>());
        let sudo = if settings.sudo == Sudo::No { "" } else { "1" };
        let script = format!("m={marker}\nsudo={sudo}\n{FAR}");
        let (log, mut child) = spawn(settings, script.len())?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut stdin = stdin.expect("it was asked for");
        let noise = tokio::spawn(listen(stderr.expect("it was asked for")));
        let mut answers = Frames::new(stdout.expect("it was asked for"), &marker);
        // an ssh that failed already has closed its input; what it says tells more
        let hello = async {
            let _told_below = stdin.write_all(script.as_bytes()).await;
            hello(&mut answers).await
        };
        let hello = match timeout(settings.connect_timeout, hello).await {
            Ok(Ok(hello)) => hello,
            Ok(Err(_)) => {
                let _ended = timeout(LAST_WORDS, child.wait()).await;
                return Err(heard(&log, noise).await.reason(&host));
            }
            Err(_) => {
                let _ended = child.start_kill();
                let heard = heard(&log, noise).await;
                return Err(heard.reason_of_silence(&host, settings.connect_timeout));
            }
        };
        let log_only = Heard {
            log: text_of(&log),
            noise: String::new(),
        };
        if let Some(changed) = log_only.changed_key(&host) {
            return Err(changed);
        }
        if !hello.missing.is_empty() {
            let tools = hello.missing;
            return Err(SshError::NoTool { host, tools });
        }
        Ok(Self {
            child,
            stdin,
            answers,
            us: hello
                .us
                .ok_or_else(|| SshError::Garbled { host: host.clone() })?,
            host,
            limit: settings.command_timeout,
            usable: true,
            used: false,
            hashes: hello.hashes,
            home: hello.home,
            last: Instant::now(),
            places: BTreeMap::new(),
            _log: log,
        })
    }
}

struct Hello {
    missing: String,
    us: Option<Us>,
    hashes: bool,
    home: Option<PathBuf>,
}

async fn hello(answers: &mut Frames<ChildStdout>) -> Result<Hello, Broken> {
    // all that came before the first marker is the login's
    answers.next(LONGEST_TALK).await?;
    let mut words = Vec::new();
    for _ in 0..4 {
        let part = answers.next(LONGEST_TALK).await?;
        words.push(String::from_utf8_lossy(&part).trim().to_owned());
    }
    let home = path_of(answers.next(LONGEST_TALK).await?.to_vec());
    let us = words[1].parse().ok().map(|uid| Us {
        uid,
        name: user(&words[2], uid),
    });
    Ok(Hello {
        missing: words[0].clone(),
        us,
        hashes: !words[3].is_empty(),
        home: Some(home).filter(|home| home.is_absolute()),
    })
}

fn user(name: &str, uid: u32) -> String {
    if crate::model::is_name(name, "._+-") {
        format!("user {name} ({uid})")
    } else {
        format!("user {uid}")
    }
}

fn spawn(settings: &SshSettings, script: usize) -> Result<(NamedTempFile, Child), SshError> {
    let program = settings.program.as_deref().unwrap_or(Path::new("ssh"));
    let failed = |error: &std::io::Error| SshError::NoProgram {
        program: program.display().to_string(),
        reason: error.kind().to_string(),
    };
    let log = NamedTempFile::new().map_err(|error| failed(&error))?;
    let mut command = Command::new(program);
    if let Some(config) = &settings.config {
        command.arg("-F").arg(config);
    }
    let limit = settings.connect_timeout.as_secs().max(1);
    command
        .arg("-E")
        .arg(log.path())
        // no terminal, and nothing of ours is lent to the other side
        .args(["-T", "-a", "-x"])
        .args(["-o", "BatchMode=yes"])
        .arg("-o")
        .arg(format!("ConnectTimeout={limit}"))
        .arg("-o")
        .arg(format!("ServerAliveInterval={KEEP_ALIVE}"))
        .args(["-o", "ServerAliveCountMax=3"])
        // an open master of the user's is used, but we do not become one
        .args(["-o", "ControlMaster=no"])
        .args(["-o", "ClearAllForwardings=yes"])
        .args(["-o", "PermitLocalCommand=no"])
        .args(["-o", "RemoteCommand=none"])
        .args(["-o", "LogLevel=VERBOSE"]);
    if let Some(port) = settings.destination.port() {
        command.arg("-p").arg(port.to_string());
    }
    if let Some(user) = settings.destination.user() {
        command.arg("-l").arg(user);
    }
    command
        .arg("--")
        .arg(settings.destination.host())
        .arg(far_command(&settings.sudo, script))
        .env_clear()
        .envs(
            settings
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // a key that stops us lets the write in flight end
        .process_group(0)
        .kill_on_drop(true);
    let child = command.spawn().map_err(|error| failed(&error))?;
    Ok((log, child))
}

/// What the login's shell is asked to run, in words that every shell takes alike: no backslash, no
/// quote within the quotes, no `!`. The script comes over standard input, and no read asks for more
/// than is left of it, so that nothing behind it is taken away.
fn far_command(sudo: &Sudo, script: usize) -> String {
    let shell = format!(
        "sh -c 's=;while [ ${{#s}} -lt {script} ];do \
         p=$(dd bs=$(({script}-${{#s}})) count=1 2>/dev/null;echo x);\
         [ ${{#p}} -gt 1 ]||exit 1;s=$s${{p%x}};done;eval \"$s\"'"
    );
    match sudo {
        Sudo::No => format!("exec {shell}"),
        Sudo::Root => format!("exec sudo -n -- {shell}"),
        Sudo::User(user) => format!("exec sudo -n -u {user} -- {shell}"),
    }
}

/// Keeps the beginning, and reads on so that nobody waits for us.
async fn listen(mut from: ChildStderr) -> Vec<u8> {
    let mut kept = Vec::new();
    let _ended = (&mut from).take(LONGEST_NOISE).read_to_end(&mut kept).await;
    if kept.len() as u64 == LONGEST_NOISE {
        let _ended = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
    }
    kept
}

async fn heard(log: &NamedTempFile, noise: JoinHandle<Vec<u8>>) -> Heard {
    let noise = match timeout(LAST_WORDS, noise).await {
        Ok(Ok(noise)) => String::from_utf8_lossy(&noise).into_owned(),
        _ => String::new(),
    };
    Heard {
        log: text_of(log),
        noise,
    }
}

fn text_of(log: &NamedTempFile) -> String {
    let mut text = Vec::new();
    if let Ok(file) = log.reopen() {
        let _unread = file.take(LONGEST_NOISE).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_far_command_means_the_same_in_every_shell() {
        for sudo in [Sudo::No, Sudo::Root, Sudo::User("app".parse().unwrap())] {
            let command = far_command(&sudo, 1234);
            assert!(!command.contains(['\\', '!', '\n', '`']), "{command}");
            assert_eq!(command.matches('\'').count(), 2, "{command}");
            assert!(command.starts_with("exec "));
        }
        assert!(FAR.is_ascii(), "its length is counted in characters there");
    }
}
