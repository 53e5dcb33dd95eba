//! Notices to the service manager: the protocol of `sd_notify(3)`, without its library.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

use crate::render::escape;

/// Why the manager cannot be told. The run goes on without.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// Neither a path nor an abstract name.
    #[error("NOTIFY_SOCKET is neither an absolute path nor an abstract name")]
    Address,
    /// No number of microseconds.
    #[error("WATCHDOG_USEC is not a number of microseconds")]
    Watchdog,
    /// The system refused.
    #[error("the socket in NOTIFY_SOCKET cannot be used: {}", .0.kind())]
    System(#[from] io::Error),
}

/// What the manager sets for us, and for no program that we start.
pub const VARIABLES: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// How long a manager that does not read may keep us.
const PATIENCE: Duration = Duration::from_millis(500);

/// Tells the service manager how the run is doing; where there is none, nothing happens.
///
/// Every method gives what the system said where a notice could not be sent. That is no reason to stop:
/// tell it once.
#[derive(Debug, Default)]
pub struct Notifier {
    manager: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Watchdog>,
}

#[derive(Debug)]
struct Watchdog {
    period: Duration,
    last: Option<Instant>,
}

impl Notifier {
    /// Of the [`VARIABLES`], as `variable` gives them, and our own process id.
    ///
    /// # Errors
    /// One of them is not what a manager sets, or the system gives no socket.
    pub fn new<'e>(
        variable: impl Fn(&str) -> Option<&'e OsStr>,
        own_pid: u32,
    ) -> Result<Self, NotifyError> {
        let [socket, usec, pid] = VARIABLES.map(variable);
        let Some(name) = socket else {
            return Ok(Self::default());
        };
        let text = |value: Option<&'e OsStr>| value.map(|value| value.to_str().unwrap_or_default());
        let address = address(name)?;
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(PATIENCE))?;
        // where no process is named, it is for whoever was started
        let ours = text(pid).is_none_or(|pid| pid.parse() == Ok(own_pid));
        let watchdog = match text(usec) {
            Some(text) if ours => match text.parse() {
                Ok(usec @ 1..) => Some(Watchdog {
                    period: Duration::from_micros(usec),
                    last: None,
                }),
                _ => return Err(NotifyError::Watchdog),
            },
            _ => None,
        };
        Ok(Self {
            manager: Some((socket, address)),
            watchdog,
        })
    }

    /// Whether a manager listens.
    pub fn is_on(&self) -> bool {
        self.manager.is_some()
    }

    /// It is up: what it was started for is done from now on. Also said after [`Notifier::reloading`].
    pub fn ready(&self, status: &str) -> io::Result<()> {
        self.send(&format!("READY=1\n{}", status_line(status)))
    }

    /// One line for `systemctl status`.
    pub fn status(&self, status: &str) -> io::Result<()> {
        self.send(&status_line(status))
    }

    /// It reads its settings again, and says [`Notifier::ready`] after that.
    pub fn reloading(&self, status: &str) -> io::Result<()> {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let usec = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.send(&format!(
            "RELOADING=1\nMONOTONIC_USEC={usec}\n{}",
            status_line(status)
        ))
    }

    /// It is about to end.
    pub fn stopping(&self, status: &str) -> io::Result<()> {
        self.send(&format!("STOPPING=1\n{}", status_line(status)))
    }

    /// How often the loop has to turn for the manager not to think that it hangs: half of what the
    /// manager waits; `None` where it does not watch.
    pub fn beat_every(&self) -> Option<Duration> {
        self.watchdog.as_ref().map(|watchdog| watchdog.period / 2)
    }

    /// The loop turned. To be called from the loop itself at each turn, from nowhere else: a thread of
    /// its own would beat for a loop that hangs. Sends at most four beats in the time that the manager
    /// waits.
    pub fn beat(&mut self) -> io::Result<()> {
        let Some(watchdog) = &mut self.watchdog else {
            return Ok(());
        };
        let now = Instant::now();
        let is_due = |last: Instant| now.duration_since(last) >= watchdog.period / 4;
        if !watchdog.last.is_none_or(is_due) {
            return Ok(());
        }
        watchdog.last = Some(now);
        self.send("WATCHDOG=1\n")
    }

    fn send(&self, text: &str) -> io::Result<()> {
        let Some((socket, address)) = &self.manager else {
            return Ok(());
        };
        loop {
            match socket.send_to_addr(text.as_bytes(), address) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                sent => return sent.map(drop),
            }
        }
    }
}

/// No line end in it begins another notice.
fn status_line(status: &str) -> String {
    format!("STATUS={}\n", escape::terminal(status))
}

fn address(name: &OsStr) -> Result<SocketAddr, NotifyError> {
    match name.as_bytes() {
        #[cfg(target_os = "linux")]
        [b'@', rest @ ..] if !rest.is_empty() => {
            use std::os::linux::net::SocketAddrExt;
            Ok(SocketAddr::from_abstract_name(rest)?)
        }
        [b'/', _, ..] => Ok(SocketAddr::from_pathname(name)?),
        _ => Err(NotifyError::Address),
    }
}
