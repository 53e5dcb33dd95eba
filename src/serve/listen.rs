//! The address that is listened at: parsed, and taken.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Where metrics and health are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address of this machine and a port; port 0 lets the system choose.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Why nothing is served. Texts fit after "cannot".
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody has it.
    #[error("listen at {address}: another program does so already")]
    Taken {
        /// Where.
        address: String,
    },
    /// It is none of this machine's.
    #[error("listen at {address}: it is no address of this machine")]
    NotOurs {
        /// Where.
        address: String,
    },
    /// A port below 1024, a folder that only others may write.
    #[error("listen at {address}: the system does not allow it")]
    Denied {
        /// Where.
        address: String,
    },
    /// There is something that is no socket.
    #[error("listen at {address}: there is something else of this name, and it is left alone")]
    NotASocket {
        /// Where.
        address: String,
    },
    /// Something else.
    #[error("listen at {address}: {}", source.kind())]
    System {
        /// Where.
        address: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Listen {
    /// Reads `127.0.0.1:9464`, `[::1]:9464`, `localhost:9464`, `9464` (this machine only) or
    /// `unix:/path`.
    ///
    /// # Errors
    /// What is wrong, and how it is spelled: lower case, no final period. The text is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        const SPELLINGS: &str = "write 127.0.0.1:9464, [::1]:9464 or unix:/run/driftlock.sock";
        if let Some(path) = text.strip_prefix("unix:") {
            let path = Path::new(path);
            return match path.is_absolute() && path.file_name().is_some() {
                true => Ok(Self::Unix(path.to_owned())),
                false => Err("unix: takes an absolute path: unix:/run/driftlock.sock".to_owned()),
            };
        }
        if let Some(port) = text.strip_prefix(':') {
            // elsewhere this means all addresses, and nobody should open a port without saying so
            return Err(match port.parse::<u16>() {
                Ok(port) => format!(
                    "say at which address: 127.0.0.1:{port} for this machine, 0.0.0.0:{port} for everybody"
                ),
                Err(_) => format!("no address and port; {SPELLINGS}"),
            });
        }
        let local = |port| Self::Tcp(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text
                .parse()
                .map(local)
                .map_err(|_| format!("a port is a number up to 65535; {SPELLINGS}"));
        }
        if let Some(port) = text.strip_prefix("localhost:") {
            return port
                .parse()
                .map(local)
                .map_err(|_| format!("a port is a number up to 65535; {SPELLINGS}"));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Tcp(address));
        }
        Err(match text.parse::<IpAddr>() {
            Ok(_) => format!("the port is missing; {SPELLINGS}"),
            Err(_) => format!("no address and port (names are not looked up); {SPELLINGS}"),
        })
    }

    /// Whether other machines can reach it, as far as the address says: there is no login, and names of
    /// manifests and targets are shown.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Tcp(address) => !address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => false,
        }
    }

    pub(super) fn bind(&self) -> Result<Bound, ListenError> {
        match self {
            Self::Tcp(address) => {
                let failed = |error| ListenError::of(&address.to_string(), error);
                let listener = TcpListener::bind(address).map_err(failed)?;
                let address = listener.local_addr().map_err(failed)?.to_string();
                Ok(Bound::Tcp { listener, address })
            }
            Self::Unix(path) => unix(path),
        }
    }
}

impl ListenError {
    fn of(address: &str, source: io::Error) -> Self {
        let address = address.to_owned();
        match source.kind() {
            ErrorKind::AddrInUse => Self::Taken { address },
            ErrorKind::AddrNotAvailable => Self::NotOurs { address },
            ErrorKind::PermissionDenied => Self::Denied { address },
            _ => Self::System { address, source },
        }
    }
}

/// An address that is taken.
pub(super) enum Bound {
    Tcp {
        listener: TcpListener,
        address: String,
    },
    Unix {
        listener: UnixListener,
        address: String,
        file: SocketFile,
    },
}

/// The same, known to the runtime that it was made in.
pub(super) enum Accepting {
    Tcp(tokio::net::TcpListener),
    Unix {
        listener: tokio::net::UnixListener,
        /// Goes with it.
        _file: SocketFile,
    },
}

impl Bound {
    pub(super) fn address(&self) -> &str {
        match self {
            Self::Tcp { address, .. } | Self::Unix { address, .. } => address,
        }
    }

    pub(super) fn accepting(self) -> io::Result<Accepting> {
        Ok(match self {
            Self::Tcp { listener, .. } => {
                listener.set_nonblocking(true)?;
                Accepting::Tcp(tokio::net::TcpListener::from_std(listener)?)
            }
            Self::Unix { listener, file, .. } => {
                listener.set_nonblocking(true)?;
                Accepting::Unix {
                    listener: tokio::net::UnixListener::from_std(listener)?,
                    _file: file,
                }
            }
        })
    }
}

fn unix(path: &Path) -> Result<Bound, ListenError> {
    let address = format!("unix:{}", path.display());
    let failed = |error| ListenError::of(&address, error);
    if let Ok(there) = std::fs::symlink_metadata(path) {
        if !there.file_type().is_socket() {
            return Err(ListenError::NotASocket { address });
        }
        // one that nobody listens at any more is left from a run that was killed
        match UnixStream::connect(path) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path).map_err(failed)?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
            Ok(_) => return Err(ListenError::Taken { address }),
        }
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    let there = std::fs::symlink_metadata(path).map_err(failed)?;
    let file = SocketFile {
        path: path.to_owned(),
        is: (there.dev(), there.ino()),
    };
    let group = std::fs::Permissions::from_mode(0o660);
    std::fs::set_permissions(path, group).map_err(failed)?;
    Ok(Bound::Unix {
        listener,
        address,
        file,
    })
}

/// Takes its file away at the end, unless it is another's by then.
pub(super) struct SocketFile {
    path: PathBuf,
    is: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let there = std::fs::symlink_metadata(&self.path);
        if there.is_ok_and(|there| (there.dev(), there.ino()) == self.is) {
            // whoever took it away first did our work
            let _gone = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(text: &str) -> Listen {
        Listen::Tcp(text.parse().unwrap())
    }

    #[test]
    fn addresses_are_read() {
        for (text, address) in [
            ("127.0.0.1:9464", "127.0.0.1:9464"),
            ("localhost:9464", "127.0.0.1:9464"),
            ("9464", "127.0.0.1:9464"),
            ("0", "127.0.0.1:0"),
            ("[::1]:9464", "[::1]:9464"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::]:80", "[::]:80"),
        ] {
            assert_eq!(Listen::parse(text), Ok(tcp(address)), "{text}");
        }
        assert_eq!(
            Listen::parse("unix:/run/d.sock"),
            Ok(Listen::Unix("/run/d.sock".into()))
        );
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_spelling() {
        for (text, says) in [
            ("", "a port is a number"),
            (":9464", "127.0.0.1:9464 for this machine, 0.0.0.0:9464"),
            (":", "no address and port"),
            (":x", "no address and port"),
            ("70000", "a port is a number up to 65535"),
            ("localhost:", "a port is a number"),
            ("localhost:http", "a port is a number"),
            ("127.0.0.1", "the port is missing"),
            ("::1", "no address and port"),
            ("[::1]", "no address and port"),
            ("fe80::1", "the port is missing"),
            ("example.com:9464", "names are not looked up"),
            ("http://127.0.0.1:9464", "names are not looked up"),
            ("127.0.0.1:9464/metrics", "names are not looked up"),
            ("127.0.0.1:-1", "no address and port"),
            ("unix:", "an absolute path"),
            ("unix:run/x", "an absolute path"),
            ("unix:/", "an absolute path"),
        ] {
            let why = Listen::parse(text).unwrap_err();
            assert!(why.contains(says), "{text:?}: {why}");
        }
    }

    #[test]
    fn only_loopback_is_closed() {
        for (text, open) in [
            ("127.0.0.1:1", false),
            ("127.9.9.9:1", false),
            ("[::1]:1", false),
            ("[::ffff:127.0.0.1]:1", false),
            ("unix:/run/x", false),
            ("0.0.0.0:1", true),
            ("[::]:1", true),
            ("10.0.0.1:1", true),
            ("[::ffff:10.0.0.1]:1", true),
        ] {
            assert_eq!(Listen::parse(text).unwrap().is_open(), open, "{text}");
        }
    }
}
