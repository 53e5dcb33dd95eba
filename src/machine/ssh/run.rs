//! Runs one program of the far side.
//!
//! One exchange. The program, its arguments and its input go there, and behind them the word that
//! lets it begin: a connection that ends before that word has begun nothing. What comes after it is
//! in doubt until the answer is here. The far side ends a program that takes too long; if that does
//! not help either, we end the connection.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::io::Errno;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::super::run::{Call, MAX_OUTPUT_BYTES, Ran, RunError};
use super::Inner;
use super::error::SshError;
use super::frames::Broken;
use super::listing::errno;
use super::session::{LONGEST_TALK, Session, encode};

/// So long for the far side to say how it ended, behind the program's own limit.
const TO_TELL: Duration = Duration::from_secs(10);

/// A connection that was silent for so long may be dead without our knowing: it is asked first.
const IDLE: Duration = Duration::from_secs(5);

/// How a program ended, as the far side tells it.
enum Told {
    Ran(Ran),
    Unknown,
    Denied,
    Slow,
    /// The input ended before its end.
    Short,
    /// There is no room for its input and outputs.
    NoRoom(Option<Errno>),
}

/// Why there is no answer.
enum Silence {
    /// It was not begun.
    Unsent(SshError),
    /// It may have been.
    Sent,
    /// The far side did not end it either.
    Slow,
}

impl Inner {
    /// Runs one program, over a new connection if the old one turns out to be gone before it began.
    pub(super) async fn run(
        &self,
        call: &Call,
        asked: tokio::time::Instant,
    ) -> Result<Ran, RunError> {
        call.require_possible()?;
        let mut line = self.line.lock().await;
        let mut again = true;
        loop {
            let session = line.session(&self.settings, asked).await;
            let mut session = session.map_err(RunError::Unreachable)?;
            let outcome = match awake(&mut session).await {
                Ok(()) => exchange(&mut session, call).await,
                Err(error) => Err(Silence::Unsent(error)),
            };
            let broke = line.give_back(session);
            match outcome {
                Err(Silence::Unsent(SshError::Lost { .. })) if broke && again => again = false,
                outcome => return told(call, outcome),
            }
        }
    }

    /// The home of who works there.
    pub(super) async fn home(&self, asked: tokio::time::Instant) -> Result<PathBuf, RunError> {
        let mut line = self.line.lock().await;
        let session = line.session(&self.settings, asked).await;
        let session = session.map_err(RunError::Unreachable)?;
        let home = session.home.clone();
        line.give_back(session);
        home.ok_or(RunError::NoHome)
    }
}

/// Finds out whether a connection still lives that nobody has heard of for a while.
async fn awake(session: &mut Session) -> Result<(), SshError> {
    if let Ok(Some(_)) = session.child.try_wait() {
        session.usable = false;
        return Err(session.lost());
    }
    if session.last.elapsed() < IDLE {
        return Ok(());
    }
    session
        .timed(async |session: &mut Session| {
            session.send(b"here\n").await?;
            session.word().await.map(drop)
        })
        .await
}

async fn exchange(session: &mut Session, call: &Call) -> Result<Told, Silence> {
    session.usable = false;
    let (limit, slack) = (whole_seconds(call.limit), TO_TELL.min(session.limit));
    let begun = AtomicBool::new(false);
    let talk = timeout(
        Duration::from_secs(limit) + slack,
        talk(session, call, limit, &begun),
    );
    match talk.await {
        Ok(Ok(Told::Short)) => Err(Silence::Unsent(session.lost())),
        Ok(Ok(told)) => {
            session.usable = !matches!(told, Told::NoRoom(_));
            session.used = true;
            session.last = tokio::time::Instant::now();
            Ok(told)
        }
        Ok(Err(_)) if begun.load(Ordering::Relaxed) => Err(Silence::Sent),
        Ok(Err(Broken::Ended)) => Err(Silence::Unsent(session.lost())),
        Ok(Err(Broken::TooMuch)) => Err(Silence::Unsent(session.garbled())),
        Err(_) => {
            let _ended = session.child.start_kill();
            Err(if begun.load(Ordering::Relaxed) {
                Silence::Slow
            } else {
                let host = session.host.clone();
                let limit = session.limit;
                Silence::Unsent(SshError::Slow { host, limit })
            })
        }
    }
}

/// `sleep` knows no parts of a second everywhere.
fn whole_seconds(limit: Duration) -> u64 {
    let rest = u64::from(limit.subsec_nanos() > 0);
    (limit.as_secs() + rest).max(1)
}

/// Sends a program, and hears how it ended meanwhile: where there is no room for its input, that is
/// told before all is sent.
async fn talk(
    session: &mut Session,
    call: &Call,
    limit: u64,
    begun: &AtomicBool,
) -> Result<Told, Broken> {
    let id = format!("{:016x}", rand::random::<u64>());
    let mut head = format!(
        "run {id} {} {} {limit}\n{}",
        call.arguments.len(),
        call.input.len(),
        encode(&call.program)
    );
    for argument in &call.arguments {
        head.push_str(&encode(argument));
    }
    let go = format!("go {id}\n");
    let (stdin, answers) = session.split();
    let sending = async {
        let sent = async {
            stdin.write_all(head.as_bytes()).await?;
            stdin.write_all(&call.input).await?;
            begun.store(true, Ordering::Relaxed);
            stdin.write_all(go.as_bytes()).await
        };
        // if it cannot be sent, the answer ends or says why
        let _told_there = sent.await as std::io::Result<()>;
        std::future::pending::<()>().await;
    };
    let hearing = async {
        let word = answers.next(LONGEST_TALK).await?;
        let said = answers.next(LONGEST_TALK).await?;
        Ok(match &word[..] {
            b"ran" => {
                let status = String::from_utf8_lossy(&said).trim().parse();
                let output = kept(answers.next(3 * MAX_OUTPUT_BYTES).await?);
                let errors = kept(answers.next(3 * MAX_OUTPUT_BYTES).await?);
                Told::Ran(Ran {
                    status: status.map_err(|_| Broken::TooMuch)?,
                    output,
                    errors,
                })
            }
            b"unknown" => Told::Unknown,
            b"denied" => Told::Denied,
            b"short" => Told::Short,
            b"slow" => Told::Slow,
            b"folder" => Told::NoRoom(errno(&said)),
            _ => return Err(Broken::TooMuch),
        })
    };
    tokio::select! {
        heard = hearing => heard,
        () = sending => Err(Broken::Ended),
    }
}

/// Shells count the blocks of their limit in two ways, so there may be twice as much.
fn kept(mut output: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    output.truncate(MAX_OUTPUT_BYTES);
    output
}

fn told(call: &Call, outcome: Result<Told, Silence>) -> Result<Ran, RunError> {
    let program = call.program.clone();
    Err(match outcome {
        Ok(Told::Ran(ran)) => return Ok(ran),
        Ok(Told::Unknown) => RunError::NotFound { program },
        Ok(Told::Denied) => RunError::Denied { program },
        Ok(Told::Slow) | Err(Silence::Slow) => RunError::Slow {
            program,
            limit: call.limit,
        },
        Ok(Told::NoRoom(code)) => RunError::System {
            program,
            code: code.unwrap_or(Errno::IO),
        },
        Ok(Told::Short) | Err(Silence::Sent) => RunError::Lost { program },
        Err(Silence::Unsent(error)) => RunError::Unreachable(error),
    })
}
