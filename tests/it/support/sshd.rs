//! A real OpenSSH server on loopback, run by the present user with keys and settings of its own, and
//! the client's settings that lead to it.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftlock::machine::ssh::{SshHost, SshSettings};

use super::peers;

/// What the server's logins run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Far {
    /// The login's own shell, and the tools of this system.
    Own,
    /// This shell as `sh`, with the tools of this system.
    Shell(&'static str),
    /// busybox as `sh` and for all tools.
    Busybox,
    /// No more than what POSIX has.
    Posix,
}

/// The name of the server in the client's settings.
pub const HOST: &str = "vps";

const POSIX: &[&str] = &[
    "cat", "cmp", "cp", "dd", "env", "id", "ln", "ls", "mkdir", "mkfifo", "mv", "true", "readlink",
    "rm", "rmdir", "sleep", "uname", "wc",
];

/// A server that ends when dropped.
pub struct Sshd {
    folder: tempfile::TempDir,
    server: Child,
    log: Arc<Mutex<Vec<String>>>,
    port: u16,
    address: String,
}

/// Where a server runs.
struct Place {
    /// What starts it.
    words: Vec<String>,
    address: String,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            words: vec![],
            address: "127.0.0.1".to_owned(),
        }
    }
}

impl Sshd {
    /// Starts one; `None` where there is no server to start.
    pub fn start(far: Far) -> Option<Self> {
        Self::start_with(far, None, &Place::default())
    }

    /// Starts one by way of another command, which the words before its own are, for an address that
    /// it has there.
    pub fn start_behind(words: &[String], address: &str) -> Option<Self> {
        let place = Place {
            words: words.to_vec(),
            address: address.to_owned(),
        };
        Self::start_with(Far::Own, None, &place)
    }

    /// Starts one that knows further users, with an `/etc/sudoers` of its own. They exist for this
    /// server and what it runs only. `None` where we are not root, too.
    pub fn start_for(users: &[User], sudoers: &str) -> Option<Self> {
        let names = ["sudo", "unshare"];
        if names.into_iter().any(|name| peers::program(name).is_none()) {
            return None;
        }
        if fs::metadata("/proc/self").expect("it is Linux").uid() != 0 {
            return peers::missing("root, for other users");
        }
        Self::start_with(Far::Own, Some((users, sudoers)), &Place::default())
    }

    fn start_with(far: Far, others: Option<(&[User], &str)>, place: &Place) -> Option<Self> {
        let program = server()?;
        if far == Far::Busybox {
            peers::program("busybox")?;
        }
        let folder = tempfile::tempdir().expect("a folder can be made");
        keys(folder.path());
        login(folder.path(), far, "");
        if let Some((users, sudoers)) = others {
            accounts(folder.path(), users, sudoers);
        }
        for _ in 0..10 {
            let port = free_port();
            settings(folder.path(), port, &place.address);
            if let Some((server, log)) = run(&program, folder.path(), &place.words) {
                let sshd = Self {
                    folder,
                    server,
                    log,
                    port,
                    address: place.address.clone(),
                };
                sshd.know_host();
                return Some(sshd);
            }
        }
        panic!("the server does not start");
    }

    /// A path below the server's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Lets the login run these commands of a shell before ours.
    pub fn profile(&self, far: Far, text: &str) {
        login(self.folder.path(), far, text);
    }

    /// What leads here, with limits that fit tests.
    pub fn connect(&self) -> SshSettings {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let destination = HOST.parse().expect("a plain name");
        let mut settings = SshSettings::new(destination, vec![("PATH".into(), path)]);
        settings.config = Some(self.path("client"));
        settings.command_timeout = Duration::from_secs(60);
        settings.connect_timeout = Duration::from_secs(60);
        settings
    }

    pub fn host(&self) -> SshHost {
        SshHost::new(self.connect())
    }

    /// Adds lines to the client's settings.
    pub fn configure(&self, lines: &str) {
        let path = self.path("client");
        let text = fs::read_to_string(&path).expect("it is there");
        fs::write(&path, format!("{text}{lines}\n")).expect("it can be written");
    }

    /// Lets further names lead here, given as ssh's patterns.
    pub fn also_named(&self, patterns: &str) {
        let path = self.path("client");
        let text = fs::read_to_string(&path).expect("it is there");
        let text = text.replacen("\n", &format!(" {patterns}\n"), 1);
        fs::write(&path, text).expect("it can be written");
    }

    /// Writes the host key into the known hosts, as it is.
    pub fn know_host(&self) {
        let key = fs::read_to_string(self.path("host.pub")).expect("it is there");
        self.know(&key);
    }

    /// The same with any text in its place.
    pub fn know(&self, key: &str) {
        let line = format!("[{}]:{} {key}", self.address, self.port);
        fs::write(self.path("known_hosts"), line).expect("it can be written");
    }

    /// How many logins there were.
    pub fn logins(&self) -> usize {
        let log = self.log.lock().expect("nobody panics with it");
        log.iter()
            .filter(|line| line.contains("Accepted publickey for"))
            .count()
    }

    /// A program that writes its process id to `ssh.pid` and is `ssh` then.
    pub fn wrapper(&self) -> PathBuf {
        let text = format!(
            "#!/bin/sh\necho $$ >'{}'\nexec ssh \"$@\"\n",
            self.path("ssh.pid").display()
        );
        script(&self.path("ssh"), &text);
        self.path("ssh")
    }

    /// The processes that serve logins: children of the server.
    pub fn children(&self) -> Vec<u32> {
        children(self.server.id())
    }

    /// The shells and programs of logins, also those whose login is gone: who has their home here.
    pub fn at_home(&self) -> Vec<u32> {
        let home = format!("HOME={}\0", self.folder.path().display());
        let processes = fs::read_dir("/proc").expect("it is Linux");
        let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        ids.filter(|id: &u32| {
            let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            let mut windows = environment.windows(home.len());
            windows.any(|window| window == home.as_bytes())
        })
        .collect()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        for child in self.children() {
            kill(child);
        }
        let _ended = self.server.kill();
        let _ended = self.server.wait();
    }
}

/// A user of the far side.
pub struct User {
    pub name: &'static str,
    pub id: u32,
}

/// The system's users and these, in files that are put in the place of the system's.
fn accounts(folder: &Path, users: &[User], sudoers: &str) {
    let at = folder.display();
    // they have to get at the login's command and their keys
    fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("it is ours");
    let login = folder.join("login");
    fs::set_permissions(login, Permissions::from_mode(0o755)).expect("it is ours");
    let mut lines = [String::new(), String::new(), String::new()];
    for User { name, id } in users {
        let home = folder.join(format!("home-{name}"));
        fs::create_dir(&home).expect("it can be made");
        std::os::unix::fs::chown(&home, Some(*id), Some(*id)).expect("we are root");
        lines[0] += &format!("{name}:x:{id}:{id}::{}:/bin/sh\n", home.display());
        lines[1] += &format!("{name}:x:{id}:\n");
        lines[2] += &format!("{name}:*:20000::::::\n");
    }
    let mut script = "#!/bin/sh\nset -e\n".to_owned();
    for (name, more) in ["passwd", "group", "shadow"].into_iter().zip(lines) {
        let text = fs::read_to_string(format!("/etc/{name}")).expect("root may");
        fs::write(folder.join(name), text + &more).expect("it can be written");
        script += &format!("mount --bind '{at}/{name}' /etc/{name}\n");
    }
    let own = folder.join("sudoers");
    fs::write(&own, sudoers).expect("it can be written");
    fs::set_permissions(&own, Permissions::from_mode(0o440)).expect("it is ours");
    script += &format!("mount --bind '{at}/sudoers' /etc/sudoers\nexec \"$@\"\n");
    self::script(&folder.join("namespace"), &script);
}

/// The processes below this one, the lowest last.
pub fn children(of: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    let direct: Vec<u32> = list
        .split_whitespace()
        .filter_map(|id| id.parse().ok())
        .collect();
    let below: Vec<u32> = direct.iter().flat_map(|id| children(*id)).collect();
    [direct, below].concat()
}

/// Ends a process of ours at once.
pub fn kill(process: u32) {
    let _gone = Command::new("kill")
        .args(["-9", &process.to_string()])
        .stderr(Stdio::null())
        .status();
}

fn server() -> Option<PathBuf> {
    ["/usr/sbin/sshd", "/usr/libexec/sshd"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.is_file())
        .or_else(|| peers::program("sshd"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has ports");
    listener.local_addr().expect("it is bound").port()
}

fn keys(folder: &Path) {
    for name in ["host", "user"] {
        make_key(&folder.join(name));
    }
    let key = fs::read(folder.join("user.pub")).expect("it was made");
    fs::write(folder.join("authorized_keys"), key).expect("it can be written");
}

pub fn make_key(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
        .arg(path)
        .status();
    assert!(made.is_ok_and(|status| status.success()));
}

fn settings(folder: &Path, port: u16, address: &str) {
    let at = folder.display();
    // a home of its own: the tester's profile is none of ours; a client that was killed with its line
    // cut may never be heard of again
    let server = format!(
        "SetEnv HOME={at}\nPort {port}\nListenAddress {address}\nHostKey {at}/host\nPidFile none\n\
         AuthorizedKeysFile {at}/authorized_keys\nStrictModes no\nUsePAM no\n\
         ClientAliveInterval 10\nClientAliveCountMax 2\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
         ForceCommand {at}/login\nLogLevel VERBOSE\nMaxStartups 1000\n"
    );
    fs::write(folder.join("server"), server).expect("it can be written");
    let user = Command::new("id").arg("-un").output().expect("id runs");
    let user = String::from_utf8(user.stdout).expect("a plain name");
    let client = format!(
        "Host {HOST}\nHostName {address}\nPort {port}\nUser {}\nIdentityFile {at}/user\n\
         IdentitiesOnly yes\nUserKnownHostsFile {at}/known_hosts\n\
         GlobalKnownHostsFile /dev/null\nUpdateHostKeys no\n",
        user.trim()
    );
    fs::write(folder.join("client"), client).expect("it can be written");
}

fn login(folder: &Path, far: Far, profile: &str) {
    let farm = folder.join("tools");
    let _none_yet = fs::remove_dir_all(&farm);
    fs::create_dir(&farm).expect("it can be made");
    let link = |to: &Path, name: &str| symlink(to, farm.join(name)).expect("it can be linked");
    let path = match far {
        Far::Own => None,
        Far::Shell(shell) => {
            link(&found(shell), "sh");
            Some(format!("{}:$PATH", farm.display()))
        }
        Far::Busybox => {
            let busybox = found("busybox");
            let list = Command::new(&busybox).arg("--list").output();
            let list = list.expect("busybox runs").stdout;
            for applet in String::from_utf8(list).expect("plain names").lines() {
                link(&busybox, applet);
            }
            Some(farm.display().to_string())
        }
        Far::Posix => {
            link(&found("sh"), "sh");
            for tool in POSIX {
                link(&found(tool), tool);
            }
            Some(farm.display().to_string())
        }
    };
    let path = path.map_or_else(String::new, |path| format!("PATH={path}\nexport PATH\n"));
    let text =
        format!("#!/bin/sh\n{profile}\n{path}exec ${{SHELL:-sh}} -c \"$SSH_ORIGINAL_COMMAND\"\n");
    script(&folder.join("login"), &text);
}

fn found(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("no {program}"))
}

pub fn script(path: &Path, text: &str) {
    // a new file each time: one that runs cannot be written
    let beside = path.with_extension("new");
    fs::write(&beside, text).expect("it can be written");
    fs::set_permissions(&beside, Permissions::from_mode(0o700)).expect("it is ours");
    fs::rename(beside, path).expect("it is ours");
}

/// Runs the server; `None` if somebody else took its port.
fn run(
    program: &Path,
    folder: &Path,
    words: &[String],
) -> Option<(Child, Arc<Mutex<Vec<String>>>)> {
    // the system's own start-up script makes it where root runs the server
    let _exists = fs::create_dir_all("/run/sshd");
    let namespace = folder.join("namespace");
    let mut server = if namespace.exists() {
        let mut unshare = Command::new("unshare");
        unshare.arg("-m").arg(namespace).arg(program);
        unshare
    } else if let [first, more @ ..] = words {
        let mut before = Command::new(first);
        before.args(more).arg(program);
        before
    } else {
        Command::new(program)
    };
    let mut server = server
        .args(["-D", "-e", "-f"])
        .arg(folder.join("server"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server runs");
    let mut lines = BufReader::new(server.stderr.take().expect("it is a pipe")).lines();
    let mut first = Vec::new();
    for line in lines.by_ref().map_while(Result::ok) {
        let listens = line.contains("Server listening on");
        first.push(line);
        if listens {
            let log = Arc::new(Mutex::new(first));
            let kept = Arc::clone(&log);
            std::thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    kept.lock().expect("nobody panics with it").push(line);
                }
            });
            return Some((server, log));
        }
    }
    let _ended = server.wait();
    let taken = first
        .iter()
        .any(|line| line.contains("Address already in use"));
    assert!(taken, "the server ended: {first:?}");
    None
}
