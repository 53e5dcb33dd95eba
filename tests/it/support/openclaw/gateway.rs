//! A gateway that runs as our child.

use std::fs;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{Answer, Ended, Home, Log, Request};

/// Ends at once when dropped.
pub struct Gateway {
    process: Child,
    log: Log,
    port: u16,
    limit: Duration,
}

impl Gateway {
    pub(super) fn of(process: Child, log: Log, port: u16, limit: Duration) -> Self {
        Self {
            process,
            log,
            port,
            limit,
        }
    }

    /// Itself once its log has this line; how it ended, if it does not come to it.
    pub(super) fn until(mut self, line: &str) -> Result<Self, Ended> {
        if self.log.wait(0, &[line], self.limit).is_some() {
            return Ok(self);
        }
        let _ended_already = self.process.kill();
        let code = self.process.wait().unwrap().code();
        Err(Ended {
            code,
            text: self.log.text(),
        })
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The words of its command line, as everybody on the machine sees them.
    pub fn command_line(&self) -> String {
        let words = fs::read(format!("/proc/{}/cmdline", self.id())).unwrap();
        String::from_utf8_lossy(&words).replace('\0', " ")
    }

    #[track_caller]
    pub fn send(&self, request: &Request) -> Answer {
        request.send(self.port).unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(&Request::new("GET", path))
    }

    /// The probe of the fact sheet: 400 says that the token is right, 401 that it is not.
    #[track_caller]
    pub fn probe(&self, token: &str) -> u16 {
        self.send(&probe().token(token)).status
    }

    /// The same without a token, which says whether tokens are asked for at all.
    #[track_caller]
    pub fn probe_without(&self) -> u16 {
        self.send(&probe()).status
    }

    /// Waits for one of these texts in what it logs from `mark` on.
    #[track_caller]
    pub fn wait(&self, mark: usize, wanted: &[&str]) -> String {
        self.log
            .wait(mark, wanted, self.limit)
            .unwrap_or_else(|| panic!("no {wanted:?} in\n{}", self.log.text()))
    }

    /// Somebody changes something that it watches. What it makes of it, from its log.
    #[track_caller]
    pub fn verdict(&self, change: impl FnOnce()) -> String {
        let mark = self.log.mark();
        change();
        let line = self.wait(
            mark,
            &[
                "config hot reload applied",
                "config reload skipped",
                "config reload failed",
                "config reload disabled",
                "config change requires gateway restart",
            ],
        );
        let (_, verdict) = line.split_once("] ").expect("a line of the log");
        verdict.to_owned()
    }

    /// Gives its home another config, which it has to take without a restart.
    #[track_caller]
    pub fn reload(&self, home: &Home, config: &serde_json::Value) {
        let verdict = self.verdict(|| home.write_config(config));
        assert!(verdict.contains("hot reload applied"), "{verdict}");
    }

    /// Ends it as a service manager does.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.process.wait().unwrap()
    }

    /// Waits until somebody has ended it.
    pub fn ended(mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

fn probe() -> Request {
    Request::new("POST", "/tools/invoke").body("{}")
}
