//! An apply that loses its host at any moment: every file is the old one or the new one, and the next
//! apply makes all of it right.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::stage::{Stage, uses};
use crate::support::network::{FAR, Network};
use crate::support::sshd::{Sshd, children, kill};
use crate::support::world::{Run, World};

const FILES: [&str; 3] = ["a", "b", "c"];
const MODE: u32 = 0o640;

/// Where the axe falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Axe {
    /// `ssh` on this side.
    Client,
    /// What serves the login.
    Server,
    /// The line is cut first, so that the far side does not hear of it for a while.
    ClientUnheard,
    /// All of the login's processes, and this side does not hear of it for a while.
    FarSideUnheard,
}

/// In the long form all four together are 200.
fn kills() -> usize {
    let long = std::env::var_os("DRIFTLOCK_LONG").is_some();
    if long { 100 } else { 12 }
}

fn seed() -> u64 {
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    let seed = set.and_then(|text| text.parse().ok()).unwrap_or(20_261_122);
    println!("DRIFTLOCK_SEED={seed}");
    seed
}

/// Some 100 KB, whose first line and last line change.
fn content(file: &str, number: usize) -> String {
    let mut text = format!("FIRST={number}\n");
    for line in 0..2_000 {
        text += &format!("# {file} {line:05}: nobody of ours may touch this line\n");
    }
    text + &format!("LAST={number}\n")
}

#[test]
fn by_the_ssh_client_or_the_server() {
    let Some(stage) = Stage::new() else { return };
    Siege::of(stage, None).endure(&[Axe::Client, Axe::Server]);
}

#[test]
fn by_the_network() {
    let Some(network) = Network::new() else {
        return;
    };
    let Some(sshd) = Sshd::start_behind(&network.far(), FAR) else {
        return;
    };
    let stage = Stage::on(sshd, World::new());
    Siege::of(stage, Some(network)).endure(&[Axe::ClientUnheard, Axe::FarSideUnheard]);
}

struct Siege {
    stage: Stage,
    network: Option<Network>,
    random: StdRng,
    targets: String,
    /// What all files hold.
    number: usize,
}

impl Siege {
    fn of(stage: Stage, network: Option<Network>) -> Self {
        let folder = stage.far("").display().to_string();
        let folder = folder.trim_end_matches('/');
        let activate = format!(
            "    activate: cd {folder} && cat a.env b.env c.env >running.new && mv running.new running\n"
        );
        let targets = FILES
            .iter()
            .map(|file| {
                let more = activate.clone() + &uses("FIRST, LAST");
                stage.target(file, &format!("{file}.env"), &more)
            })
            .collect();
        for file in FILES {
            let name = format!("{file}.env");
            stage.far_write(&name, &content(file, 0));
            fs::set_permissions(stage.far(&name), Permissions::from_mode(MODE)).unwrap();
        }
        let siege = Self {
            stage,
            network,
            random: StdRng::seed_from_u64(seed()),
            targets,
            number: 0,
        };
        siege.declare(0);
        siege.run("apply --yes").success();
        siege
    }

    fn endure(mut self, axes: &[Axe]) {
        let whole = self.duration();
        let mut codes: BTreeMap<(Axe, i32), usize> = BTreeMap::new();
        let (mut struck, mut tried) = (0, 0);
        while struck < kills() {
            let axe = axes[struck % axes.len()];
            let moment = whole.mul_f64(self.random.r#gen());
            let (code, hit) = self.round(axe, moment);
            if hit {
                *codes.entry((axe, code)).or_default() += 1;
                struck += 1;
            }
            tried += 1;
            assert!(tried < 4 * kills(), "the axe hardly finds anything");
        }
        self.require_tidied();
        println!("{struck} kills within {whole:.0?}, by exit code: {codes:?}");
    }

    /// How long an apply takes that nothing happens to, so that the moments lie within it.
    fn duration(&mut self) -> Duration {
        let mut durations = [(); 3].map(|()| {
            self.number += 1;
            self.declare(self.number);
            let begin = Instant::now();
            self.run("apply --yes").success();
            begin.elapsed()
        });
        durations.sort();
        self.require_converged();
        durations[1]
    }

    /// One apply that is struck, and the next; the first one's exit code, and whether there was
    /// something to kill.
    fn round(&mut self, axe: Axe, moment: Duration) -> (i32, bool) {
        self.number += 1;
        self.declare(self.number);
        let mut command = self.command("apply --yes");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        sleep(moment);
        let hit = self.strike(axe, &child);
        let struck = Run::from_output(&child.wait_with_output().unwrap());
        self.wait_for_the_far_side();
        let new: Vec<bool> = FILES.iter().map(|file| self.is_new(file)).collect();
        let case = format!("{axe:?} at {moment:?} of number {}", self.number);
        assert!(
            matches!(struck.code, 0 | 1 | 3 | 4),
            "{case}: {}",
            struck.all()
        );
        match struck.code {
            0 => assert!(!new.contains(&false), "{case}: {}", struck.all()),
            // one that may have written something says 4
            1 | 3 => assert!(!new.contains(&true), "{case}: {}", struck.all()),
            _ => {}
        }
        let next = self.run("apply --yes");
        assert_eq!(
            next.code,
            0,
            "{case}: {}\nand then {}",
            struck.all(),
            next.all()
        );
        self.require_converged();
        (struck.code, hit)
    }

    /// Files, what runs, and the plan.
    fn require_converged(&self) {
        let mut all = String::new();
        for file in FILES {
            assert!(self.is_new(file), "{file} is still the old one");
            all += &content(file, self.number);
        }
        assert!(self.stage.far_text("running") == all, "what runs is old");
        self.run("plan --detailed-exitcode").success();
    }

    /// What killed runs left goes with the next write in the folder; where the last one had renamed
    /// its file already, the next apply had nothing to write.
    fn require_tidied(&mut self) {
        self.number += 1;
        self.declare(self.number);
        self.run("apply --yes").success();
        self.require_converged();
        let names = fs::read_dir(self.stage.far("")).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !is_of_a_living_process(name))
            .collect();
        names.sort();
        assert_eq!(names, ["a.env", "b.env", "c.env", "running"]);
    }

    /// Whether a file is the new one; else it is the old one, byte for byte.
    fn is_new(&self, file: &str) -> bool {
        let path = self.stage.far(&format!("{file}.env"));
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, MODE);
        let text = fs::read_to_string(path).unwrap();
        let new = text == content(file, self.number);
        assert!(
            new || text == content(file, self.number - 1),
            "{file} is neither the old one nor the new one"
        );
        new
    }

    /// Whether there was something to kill.
    fn strike(&mut self, axe: Axe, apply: &Child) -> bool {
        let victims = match axe {
            Axe::Client | Axe::ClientUnheard => children(apply.id()),
            Axe::Server => self.stage.sshd.children().into_iter().take(1).collect(),
            Axe::FarSideUnheard => {
                let below = self.stage.sshd.children();
                [below, self.stage.sshd.at_home()].concat()
            }
        };
        let cut = self.network.as_ref().filter(|_| !victims.is_empty());
        if let Some(network) = cut {
            network.cut();
        }
        victims.iter().copied().for_each(kill);
        if let Some(network) = cut {
            sleep(Duration::from_millis(self.random.gen_range(0..300)));
            network.mend();
        }
        !victims.is_empty()
    }

    /// What a dead login leaves running ends what it does, and tidies up.
    fn wait_for_the_far_side(&self) {
        let begin = Instant::now();
        while !self.stage.sshd.at_home().is_empty() {
            let left = || self.stage.sshd.at_home().into_iter().map(command_line);
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "it hangs: {:?}",
                left().collect::<Vec<_>>()
            );
            sleep(Duration::from_millis(10));
        }
    }

    fn declare(&self, number: usize) {
        let number = number.to_string();
        let variables = [("FIRST", &*number), ("LAST", &*number)];
        self.stage.declare(&variables, &self.targets);
    }

    fn run(&self, line: &str) -> Run {
        Run::of(self.command(line))
    }

    /// The binary, at the near end of the line if there is one.
    fn command(&self, line: &str) -> Command {
        let plain = self.stage.world.command(line.split_whitespace());
        let Some(network) = &self.network else {
            return plain;
        };
        let words = network.near();
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .arg(plain.get_program())
            .args(plain.get_args())
            .current_dir(self.stage.world.path(""))
            .env_clear()
            .stdin(Stdio::null());
        for (name, value) in plain.get_envs() {
            command.env(name, value.expect("none is removed"));
        }
        command
    }
}

/// A folder of ours whose number another process has got since: nobody can tell it from one in use.
fn is_of_a_living_process(name: &str) -> bool {
    let process = name
        .strip_prefix(".driftlock-")
        .and_then(|rest| rest.split('-').next());
    process.is_some_and(|process| std::path::Path::new("/proc").join(process).exists())
}

/// What a process is, for messages.
fn command_line(id: u32) -> String {
    let words = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).replace('\0', " ")
}
