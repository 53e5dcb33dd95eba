//! The two streams: results go to standard output, talk to standard error. Nothing else prints.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::ColorChoice;
use sha2::{Digest, Sha256};

use super::context::{Context, Terminal};
use super::error::{CommandError, Exit};
use crate::model::{Diagnostic, Position, SecretValue, Severity};
use crate::render::Style;
use crate::render::escape::{self, workflow_guarded};
use crate::render::scrub::Scrubber;
use crate::render::text::Progress;
use crate::telemetry::Net;

/// The streams of one run.
pub(crate) struct Ui {
    pub(crate) terminal: Terminal,
    output: Style,
    errors: Style,
    secrets: Vec<SecretValue>,
    /// What `secrets` holds, so that a run which reads them again and again keeps them once.
    known: HashSet<[u8; 32]>,
    public: BTreeSet<String>,
    scrubber: Arc<Scrubber>,
    /// The same for what is logged.
    net: Net,
    closed: bool,
    /// What would have been printed, while nothing is.
    held: Option<String>,
    /// Whether a CI runner takes some lines for commands.
    on_runner: bool,
}

impl Ui {
    pub(crate) fn new(context: &Context, color: ColorChoice, net: Net) -> Self {
        let wants = |terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                terminal
                    && context.variable("NO_COLOR").is_none()
                    && context.text("TERM").is_none_or(|kind| kind != "dumb")
            }
        };
        let terminal = context.terminal;
        let style = |color| Style {
            color,
            width: terminal.width,
            unicode: true,
        };
        Self {
            terminal,
            output: style(wants(terminal.output)),
            errors: style(wants(terminal.errors)),
            secrets: vec![],
            known: HashSet::new(),
            public: BTreeSet::new(),
            scrubber: Arc::default(),
            net,
            closed: false,
            held: None,
            on_runner: context.is_on_runner(),
        }
    }

    /// How standard output is written.
    pub(crate) fn style(&self) -> Style {
        self.output
    }

    /// Looks at the size of the terminal again; says how many lines it shows, if that is known.
    pub(crate) fn resize(&mut self) -> Option<usize> {
        let (width, height) = Terminal::size()?;
        self.terminal.width = width;
        self.output.width = width;
        self.errors.width = width;
        Some(height)
    }

    /// From now on nothing is printed: it is kept, both streams in one.
    pub(crate) fn hold(&mut self) {
        self.held = Some(String::new());
    }

    /// Prints again, and gives what was kept, which has passed the net.
    pub(crate) fn release(&mut self) -> String {
        self.held.take().unwrap_or_default()
    }

    /// Whether the reader of standard output went away.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Makes these values known to the last net: whatever is printed from now on passes it.
    /// `public` are texts that are shown on purpose.
    pub(crate) fn protect(
        &mut self,
        secrets: impl IntoIterator<Item = SecretValue>,
        public: impl IntoIterator<Item = String>,
    ) {
        let before = (self.secrets.len(), self.public.len());
        for secret in secrets {
            if self.known.insert(Sha256::digest(secret.expose()).into()) {
                self.secrets.push(secret);
            }
        }
        self.public.extend(public);
        if before == (self.secrets.len(), self.public.len()) {
            return;
        }
        self.scrubber = Arc::new(Scrubber::new(self.secrets.iter().cloned(), &self.public));
        self.net.becomes(Arc::clone(&self.scrubber));
    }

    /// A text as it may go out.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.scrubber.scrub(text).into_owned()
    }

    /// A result that names what others wrote: no line of it is a command to a CI runner.
    pub(crate) fn page(&mut self, text: &str) {
        if self.on_runner {
            self.out(&workflow_guarded(text));
        } else {
            self.out(text);
        }
    }

    /// A result.
    pub(crate) fn out(&mut self, text: &str) {
        let text = self.scrubber.scrub(text).into_owned();
        self.raw(text.as_bytes());
    }

    /// A result that holds no text of others, or is meant to show a secret.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        if let Some(held) = &mut self.held {
            held.push_str(&String::from_utf8_lossy(bytes));
            return;
        }
        if self.closed {
            return;
        }
        let mut stream = io::stdout().lock();
        // a reader that went away is no error: there is nobody left to tell
        self.closed = stream
            .write_all(bytes)
            .and_then(|()| stream.flush())
            .is_err();
    }

    /// Talk: one line or more on standard error.
    pub(crate) fn say(&mut self, text: &str) {
        let mut text = self.scrubber.scrub(text);
        if self.on_runner {
            text = workflow_guarded(&text).into();
        }
        if let Some(held) = &mut self.held {
            held.push_str(&text);
            held.push('\n');
            return;
        }
        // as above: a closed standard error is no reason to fail
        let _closed = writeln!(io::stderr().lock(), "{text}");
    }

    /// Something to look at.
    pub(crate) fn warn(&mut self, text: &str) {
        let label = self.errors.warning("warning:");
        self.say(&format!("{label} {text}"));
    }

    /// Draws how far a pass is, once it takes long.
    pub(crate) fn progress(&mut self, progress: &mut Progress, elapsed: Duration) {
        let mut line = String::new();
        if progress.draw(&mut line, &self.errors, elapsed).is_ok() {
            self.ask(&line);
        }
    }

    /// Takes the drawing away again.
    pub(crate) fn clear_progress(&mut self, progress: &mut Progress) {
        let mut line = String::new();
        if progress.clear(&mut line).is_ok() {
            self.ask(&line);
        }
    }

    /// Asks, on standard error, without a line end.
    pub(crate) fn ask(&mut self, question: &str) {
        if question.is_empty() || self.held.is_some() {
            return;
        }
        let mut stream = io::stderr().lock();
        let _closed = write!(stream, "{question}").and_then(|()| stream.flush());
    }

    /// The problems of one file, as `file:line:column`.
    pub(crate) fn diagnostics(&mut self, path: &Path, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            let label = match diagnostic.severity {
                Severity::Error => self.errors.error("error"),
                Severity::Warning => self.errors.warning("warning"),
            };
            let path = escape::terminal(&path.display().to_string());
            let place = match diagnostic.position {
                Position { line: 0, .. } => path,
                Position { line, column } => format!("{path}:{line}:{column}"),
            };
            let code = diagnostic.code;
            let message = escape::terminal(&diagnostic.message);
            self.say(&format!("{place}: {label}: {message} [{code}]"));
            if let Some(help) = &diagnostic.help {
                self.say(&format!("  help: {}", escape::terminal(help)));
            }
        }
    }

    /// Prints the error; the exit code is its own.
    pub(crate) fn fail(&mut self, error: &CommandError) -> Exit {
        let label = self.errors.error("error:");
        self.say(&format!("{label} {error}"));
        error.exit
    }
}

/// Usage errors get 64 instead of clap's 2; help and version are no errors.
pub(crate) fn print_usage(mut error: clap::Error) -> Exit {
    let masked = super::usage::mask(&mut error);
    let _closed = error.print();
    if masked {
        print_line(
            "\nWhat was typed is not repeated here: it could be a secret. `driftlock set NAME` asks for a value.",
        );
    }
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::DONE
    }
}

/// For errors before there is a [`Ui`].
pub(crate) fn print_bare_error(message: &str) -> Exit {
    print_line(&format!("error: {message}"));
    Exit::ERROR
}

/// One line of talk, for those who have no [`Ui`] at hand.
pub(crate) fn print_line(text: &str) {
    // a closed standard error is no reason to fail
    let _closed = writeln!(io::stderr().lock(), "{text}");
}
