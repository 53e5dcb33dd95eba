//! This machine's programs, as simply as it goes.

use std::path::PathBuf;
use std::process::Stdio;

use async_trait::async_trait;
use driftlock::machine::{Call, Ran, Run, RunError};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use zeroize::Zeroizing;

#[derive(Default)]
pub struct Local {
    /// Added to the small environment.
    pub variables: Vec<(&'static str, String)>,
}

#[async_trait]
impl Run for Local {
    async fn run(&self, call: &Call) -> Result<Ran, RunError> {
        let program = call.program.clone();
        let path = std::env::var("PATH").unwrap();
        let mut child = Command::new(&call.program)
            .args(&call.arguments)
            .env_clear()
            .env("PATH", path)
            .env("LC_ALL", "C")
            .envs(self.variables.iter().cloned())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|_| RunError::NotFound {
                program: program.clone(),
            })?;
        let mut stdin = child.stdin.take().unwrap();
        let work = async {
            // a program that does not read to its end is no error
            drop(stdin.write_all(&call.input).await);
            drop(stdin);
            child.wait_with_output().await.unwrap()
        };
        match tokio::time::timeout(call.limit, work).await {
            Err(_) => Err(RunError::Slow {
                program,
                limit: call.limit,
            }),
            Ok(output) => Ok(Ran {
                status: output.status.code().unwrap_or(128),
                output: Zeroizing::new(output.stdout),
                errors: Zeroizing::new(output.stderr),
            }),
        }
    }

    async fn home(&self) -> Result<PathBuf, RunError> {
        Err(RunError::NoHome)
    }
}

/// A machine that answers every call in the same way.
pub struct Answers(pub Result<Ran, RunError>);

#[async_trait]
impl Run for Answers {
    async fn run(&self, _: &Call) -> Result<Ran, RunError> {
        self.0.clone()
    }

    async fn home(&self) -> Result<PathBuf, RunError> {
        Err(RunError::NoHome)
    }
}
