//! Two networks of their own and one line between them, which can be cut without a word to either
//! side. Nothing of them is seen by the machine's own network, and they go with us.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};

use super::peers;

/// The far end of the line.
pub const FAR: &str = "192.0.2.2";
const NEAR: &str = "192.0.2.1";

/// The line, and a process at each end that keeps its network alive.
pub struct Network {
    near: Child,
    far: Child,
}

impl Network {
    /// `None` where none can be made.
    pub fn new() -> Option<Self> {
        for name in ["unshare", "nsenter", "ip"] {
            peers::program(name)?;
        }
        if fs::metadata("/proc/self").expect("it is Linux").uid() != 0 {
            return peers::unavailable("root, for network namespaces");
        }
        let network = Self {
            near: keeper(),
            far: keeper(),
        };
        let far = network.far.id();
        let laid = network.ip(
            true,
            &format!("link add line type veth peer name line netns {far}"),
        );
        if !laid {
            return peers::unavailable("the kernel's veth");
        }
        for (near, address) in [(true, NEAR), (false, FAR)] {
            for words in [
                "link set lo up",
                &format!("address add {address}/30 dev line"),
            ] {
                assert!(network.ip(near, words), "{words}");
            }
            assert!(network.ip(near, "link set line up"));
        }
        Some(network)
    }

    /// What starts a program at the near end.
    pub fn near(&self) -> Vec<String> {
        inside(&self.near)
    }

    /// What starts a program at the far end.
    pub fn far(&self) -> Vec<String> {
        inside(&self.far)
    }

    /// From now on nothing arrives, and nobody is told.
    pub fn cut(&self) {
        assert!(self.ip(false, "link set line down"));
    }

    pub fn mend(&self) {
        assert!(self.ip(false, "link set line up"));
    }

    fn ip(&self, near: bool, words: &str) -> bool {
        let start = if near { self.near() } else { self.far() };
        let status = Command::new(&start[0])
            .args(&start[1..])
            .arg("ip")
            .args(words.split_whitespace())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for keeper in [&mut self.near, &mut self.far] {
            let _ended = keeper.kill();
            let _ended = keeper.wait();
        }
    }
}

/// Ends with its input, and so with us.
fn keeper() -> Child {
    let mut child = Command::new("unshare")
        .args(["--net", "sh", "-c", "echo; exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("unshare runs");
    let output = child.stdout.take().expect("it is a pipe");
    let mut line = String::new();
    BufReader::new(output)
        .read_line(&mut line)
        .expect("it is in its network");
    child
}

fn inside(keeper: &Child) -> Vec<String> {
    let target = keeper.id().to_string();
    ["nsenter", "--target", &target, "--net", "--"]
        .map(str::to_owned)
        .to_vec()
}
