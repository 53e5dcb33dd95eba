//! CPU time and peak memory of one child process, by the system's own accounting.
//!
//! The system gives both only as a sum over all children that a process has waited for. So each run
//! has a small parent of its own: this program, started again. That also keeps our own memory out
//! of the figure, because a child's peak begins with its parent's.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// The first argument of a parent of one run.
pub const CHILD: &str = "--measure";

/// One run.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub cpu_us: u64,
    pub wall_us: u64,
    pub peak_kib: u64,
}

/// Runs a command, in its environment and folder; it must succeed.
pub fn once(command: &Command) -> Measured {
    let mut parent = Command::new(std::env::current_exe().unwrap());
    parent
        .arg(CHILD)
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(command.get_current_dir().unwrap())
        .stdin(Stdio::null());
    let output = parent.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    let numbers: Vec<u64> = text
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    let &[cpu_us, wall_us, peak_kib] = numbers.as_slice() else {
        panic!("three numbers, not {text}");
    };
    Measured {
        cpu_us,
        wall_us,
        peak_kib,
    }
}

/// The parent of one run.
pub fn run_as_child(words: &[OsString]) {
    let begin = Instant::now();
    let status = Command::new(&words[0])
        .args(&words[1..])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let wall = begin.elapsed().as_micros();
    assert!(status.success(), "{status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    // in KiB; macOS counts bytes
    let peak = usage.max_rss() / if cfg!(target_os = "macos") { 1024 } else { 1 };
    println!("{cpu} {wall} {peak}");
}

/// What a row may not exceed: medians of times, and the highest peak.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    pub cpu_ms: Option<u64>,
    pub wall_ms: Option<u64>,
    pub kib: Option<u64>,
}

/// Printed row by row, as the figures come.
pub struct Table;

impl Table {
    pub fn new(runs: usize) -> Self {
        println!("{runs} runs each: min / median / max\n");
        println!(
            "{:<36} {:>8} {:>24} {:>24} {:>9} {:>8}",
            "figure", "limit ms", "CPU ms", "wall ms", "limit MiB", "peak MiB"
        );
        Self
    }

    pub fn row(
        &mut self,
        name: &str,
        limit_ms: Option<u64>,
        limit_kib: Option<u64>,
        runs: &[Measured],
    ) {
        let limits = Limits {
            cpu_ms: limit_ms,
            wall_ms: None,
            kib: limit_kib,
        };
        self.limited(name, limits, runs);
    }

    pub fn limited(&mut self, name: &str, limits: Limits, runs: &[Measured]) {
        let slow = |sorted: &[u64], limit: Option<u64>| {
            limit.is_some_and(|limit| median(sorted) > limit * 1000)
        };
        let cpu = sorted(runs, |run| run.cpu_us);
        let wall = sorted(runs, |run| run.wall_us);
        let peak = sorted(runs, |run| run.peak_kib);
        let highest = peak[peak.len() - 1];
        let over = slow(&cpu, limits.cpu_ms)
            || slow(&wall, limits.wall_ms)
            || limits.kib.is_some_and(|limit| highest > limit);
        let limit_ms = match limits.wall_ms {
            None => limits.cpu_ms.map(|limit| limit.to_string()),
            Some(wall) => Some(format!("{}/{wall}", limits.cpu_ms.unwrap_or(wall))),
        };
        let shown = |limit: Option<u64>| limit.map_or("–".to_owned(), |limit| limit.to_string());
        println!(
            "{name:<36} {:>8} {:>24} {:>24} {:>9} {:>8.1}{}",
            limit_ms.unwrap_or_else(|| "–".to_owned()),
            spread(&cpu),
            spread(&wall),
            shown(limits.kib.map(|limit| limit / 1024)),
            highest as f64 / 1024.0,
            if over { "  OVER" } else { "" }
        );
    }
}

/// CPU and wall time, in whole milliseconds, rounded up.
pub fn medians(runs: &[Measured]) -> (u64, u64) {
    let ms = |of: fn(&Measured) -> u64| median(&sorted(runs, of)).div_ceil(1000);
    (ms(|run| run.cpu_us), ms(|run| run.wall_us))
}

fn sorted(runs: &[Measured], of: impl Fn(&Measured) -> u64) -> Vec<u64> {
    let mut numbers: Vec<u64> = runs.iter().map(of).collect();
    numbers.sort_unstable();
    numbers
}

fn median(sorted: &[u64]) -> u64 {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        sorted[middle - 1].midpoint(sorted[middle])
    } else {
        sorted[middle]
    }
}

fn spread(sorted: &[u64]) -> String {
    let ms = |us: u64| us as f64 / 1000.0;
    let (least, most) = (sorted[0], sorted[sorted.len() - 1]);
    format!(
        "{:.1} / {:.1} / {:.1}",
        ms(least),
        ms(median(sorted)),
        ms(most)
    )
}
