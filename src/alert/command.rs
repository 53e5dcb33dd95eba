//! A program of this machine, which reads the JSON of a message. It gets the small environment that
//! every program gets from us, and no key of ours.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::document;
use super::fault::Fault;
use super::message::Message;
use super::sinks::Sink;
use crate::machine::{Call, Run, RunError};

pub(super) struct CommandSink {
    host: Arc<dyn Run>,
    line: Vec<String>,
    limit: Duration,
}

impl CommandSink {
    pub(super) fn new(host: Arc<dyn Run>, line: Vec<String>, limit: Duration) -> Self {
        Self { host, line, limit }
    }

    async fn run(&self, message: &Message) -> Result<(), Fault> {
        let (program, arguments) = self
            .line
            .split_first()
            .ok_or_else(|| Fault::stays("the command is empty"))?;
        let call = Call::new(program, arguments)
            .reading(document::render(message, false).as_slice())
            .within(self.limit);
        let ran = self.host.run(&call).await.map_err(|error| no_end(&error))?;
        match ran.status {
            0 => Ok(()),
            126 | 127 => Err(Fault::stays(format!(
                "the command ended with exit status {}: it, or what it starts, is not there or may \
                 not be run",
                ran.status
            ))),
            status => Err(
                Fault::passes(format!("the command ended with exit status {status}"))
                    .help("run it by hand with a message on its standard input"),
            ),
        }
    }
}

fn no_end(error: &RunError) -> Fault {
    match error {
        RunError::Slow { limit, .. } => Fault::passes(format!(
            "the command did not end within {} s",
            limit.as_secs()
        ))
        .help("let it do its work in the background, or raise the sink's `timeout`"),
        RunError::NotFound { .. } | RunError::Denied { .. } => {
            Fault::stays("the command's program is not there, or may not be run")
                .help("name it with its whole path, and check that it may be run")
        }
        _ => Fault::passes("the command could not be run"),
    }
}

#[async_trait]
impl Sink for CommandSink {
    fn kind(&self) -> &'static str {
        "command"
    }

    async fn send(&self, message: &Message, _: Option<&str>) -> Result<Option<String>, Fault> {
        self.run(message).await.map(|()| None)
    }

    async fn prove(&self, message: &Message) -> Result<String, Fault> {
        self.run(message).await?;
        Ok("exit status 0".to_owned())
    }
}
