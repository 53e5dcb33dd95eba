//! One `ssh`, and on its far side one shell that carries out requests until its input ends.

use std::fmt::Write as _;
use std::io::Read as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::super::MAX_FILE_BYTES;
use super::classify::Heard;
use super::error::SshError;
use super::frames::{Broken, Frames};
use super::listing::{Entry, errno};
use super::walk::{Seen, Us};
use super::{SshSettings, Sudo};

/// What runs on the far side.
const FAR: &str = include_str!("far.sh");

/// What a noisy login may say before us, and the longest part that is no file.
const LONGEST_TALK: usize = 1024 * 1024;

/// So much of what is said on standard error is kept for finding out what went wrong.
const LONGEST_NOISE: u64 = 16 * 1024;

/// So long for a child that is ending anyway.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Seconds between signs of life, of which three may be missed.
const KEEP_ALIVE: u32 = 10;

/// An open connection.
pub(super) struct Session {
    /// Ends when dropped.
    child: Child,
    pub(super) stdin: ChildStdin,
    answers: Frames<ChildStdout>,
    pub(super) us: Us,
    pub(super) host: String,
    pub(super) limit: Duration,
    /// Whether the next request can be sent: the last one was answered in full.
    pub(super) usable: bool,
    /// Whether it has answered a request already.
    pub(super) used: bool,
    /// Whether the far side can hash.
    pub(super) hashes: bool,
    _log: NamedTempFile,
}

/// What a `show` found.
pub(super) struct Shown {
    pub(super) paths: Vec<(PathBuf, Seen)>,
    /// Of the last path, if it is a regular file and was asked for.
    pub(super) content: Option<Content>,
}

/// A file's bytes, and what they are checked against.
pub(super) struct Content {
    /// The bytes, or what kept them.
    pub(super) bytes: Result<Zeroizing<Vec<u8>>, Option<rustix::io::Errno>>,
    /// A hash in hex, or a listing.
    pub(super) digest: String,
    /// The listing before.
    pub(super) listing: String,
}

impl Session {
    /// Connects, logs in and starts the far side.
    pub(super) async fn open(settings: &SshSettings) -> Result<Self, SshError> {
        let host = settings.destination.to_string();
        let marker = format!("{:032x}", rand::random::<u128>());
        let script = format!("m={marker}\n{FAR}");
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
            _log: log,
        })
    }

    /// Looks at paths, and into the last one.
    pub(super) async fn show(
        &mut self,
        paths: &[PathBuf],
        content: bool,
    ) -> Result<Shown, SshError> {
        let mut request = format!("show {} {}\n", paths.len(), u8::from(content));
        for path in paths {
            request.push_str(&encode(path));
        }
        self.timed(async |session: &mut Self| {
            session.send(request.as_bytes()).await?;
            session.shown(paths).await
        })
        .await
    }

    async fn shown(&mut self, paths: &[PathBuf]) -> Result<Shown, SshError> {
        let mut seen = Vec::with_capacity(paths.len());
        let mut listing = String::new();
        for path in paths {
            let code = self.word().await?;
            let said = self.part().await?;
            let link = self.part().await?;
            listing = String::from_utf8_lossy(&said).into_owned();
            seen.push((path.clone(), self.seen(&code, &said, &link, path)?));
        }
        let content = match self.word().await?.as_str() {
            "yes" => Some(self.content(listing).await?),
            "no" => None,
            _ => return Err(self.garbled()),
        };
        Ok(Shown {
            paths: seen,
            content,
        })
    }

    fn seen(&self, code: &str, said: &[u8], link: &[u8], path: &Path) -> Result<Seen, SshError> {
        if code != "0" {
            return match errno(said) {
                Some(code) => Ok(Seen::Failed(code)),
                None => Err(self.odd("look at", path)),
            };
        }
        let entry = Entry::parse(said).ok_or_else(|| self.garbled())?;
        let link = link.strip_suffix(b"\n").unwrap_or(link);
        let link = (!link.is_empty()).then(|| path_of(link.to_vec()));
        Ok(Seen::There(entry, link))
    }

    async fn content(&mut self, listing: String) -> Result<Content, SshError> {
        let bytes = self.bytes().await?;
        let code = self.word().await?;
        let said = self.part().await?;
        let digest = self.word().await?;
        Ok(Content {
            bytes: if code == "0" {
                Ok(bytes)
            } else {
                Err(errno(&said))
            },
            digest,
            listing,
        })
    }

    /// `/etc/passwd` and `/etc/group`.
    pub(super) async fn users(&mut self) -> Result<(String, String), SshError> {
        self.timed(async |session: &mut Self| {
            session.send(b"users\n").await?;
            Ok((session.word().await?, session.word().await?))
        })
        .await
    }

    /// Runs one exchange within the limit. The connection can be used on only if it was completed.
    pub(super) async fn timed<T>(
        &mut self,
        exchange: impl AsyncFnOnce(&mut Self) -> Result<T, SshError>,
    ) -> Result<T, SshError> {
        self.usable = false;
        let limit = self.limit;
        match timeout(limit, exchange(self)).await {
            Ok(Ok(answer)) => {
                self.usable = true;
                self.used = true;
                Ok(answer)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let _ended = self.child.start_kill();
                let host = self.host.clone();
                Err(SshError::Slow { host, limit })
            }
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), SshError> {
        let sent = self.stdin.write_all(bytes).await;
        sent.map_err(|_| self.lost())
    }

    pub(super) async fn part(&mut self) -> Result<Zeroizing<Vec<u8>>, SshError> {
        self.next(LONGEST_TALK).await
    }

    /// A part that is text.
    pub(super) async fn word(&mut self) -> Result<String, SshError> {
        let part = self.part().await?;
        Ok(String::from_utf8_lossy(&part).into_owned())
    }

    /// A part that is a file.
    pub(super) async fn bytes(&mut self) -> Result<Zeroizing<Vec<u8>>, SshError> {
        self.next(MAX_FILE_BYTES + 64 * 1024).await
    }

    async fn next(&mut self, most: usize) -> Result<Zeroizing<Vec<u8>>, SshError> {
        match self.answers.next(most).await {
            Ok(part) => Ok(part),
            Err(Broken::Ended) => Err(self.lost()),
            Err(Broken::TooMuch) => Err(self.garbled()),
        }
    }

    /// Both directions, for an exchange that writes while it reads.
    pub(super) fn split(&mut self) -> (&mut ChildStdin, &mut Frames<ChildStdout>) {
        (&mut self.stdin, &mut self.answers)
    }

    pub(super) fn lost(&self) -> SshError {
        SshError::Lost {
            host: self.host.clone(),
        }
    }

    pub(super) fn garbled(&self) -> SshError {
        SshError::Garbled {
            host: self.host.clone(),
        }
    }

    pub(super) fn odd(&self, doing: &'static str, path: &Path) -> SshError {
        SshError::Odd {
            host: self.host.clone(),
            doing,
            path: path.display().to_string(),
        }
    }
}

struct Hello {
    missing: String,
    us: Option<Us>,
    hashes: bool,
}

async fn hello(answers: &mut Frames<ChildStdout>) -> Result<Hello, Broken> {
    // all that came before the first marker is the login's
    answers.next(LONGEST_TALK).await?;
    let mut words = Vec::new();
    for _ in 0..4 {
        let part = answers.next(LONGEST_TALK).await?;
        words.push(String::from_utf8_lossy(&part).trim().to_owned());
    }
    let us = words[1].parse().ok().map(|uid| Us {
        uid,
        name: user(&words[2], uid),
    });
    Ok(Hello {
        missing: words[0].clone(),
        us,
        hashes: !words[3].is_empty(),
    })
}

fn user(name: &str, uid: u32) -> String {
    if super::destination::is_name(name, "._+-") {
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

/// What the login's shell is asked to run, in words that every shell takes alike. The script comes
/// over standard input and is read byte by byte, so that nothing behind it is taken away.
fn far_command(sudo: &Sudo, script: usize) -> String {
    let shell = format!(r#"sh -c 'eval "$(dd bs=1 count={script} 2>/dev/null)"'"#);
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

/// A path as a line of a request: what is not plain becomes an octal escape.
pub(super) fn encode(path: impl AsRef<std::ffi::OsStr>) -> String {
    let bytes = path.as_ref().as_bytes();
    let mut line = String::with_capacity(bytes.len() + 1);
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' => {
                line.push(char::from(*byte));
            }
            _ => write!(line, "\\0{byte:03o}").expect("a string takes any text"),
        }
    }
    line.push('\n');
    line
}

fn path_of(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}
