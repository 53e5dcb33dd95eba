//! How a gateway is started, and what comes of one that does not start.

/// How a gateway is started.
#[derive(Debug, Clone, Default)]
pub struct Start {
    pub(super) environment: Vec<(String, String)>,
    pub(super) arguments: Vec<String>,
    pub(super) port: PortFrom,
    pub(super) until_it_listens: bool,
}

/// Who tells the gateway its port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PortFrom {
    #[default]
    Flag,
    Environment,
    /// The config, which has to name [`Home::port`].
    Config,
}

/// A gateway that did not start.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub text: String,
}

impl Start {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn arguments(mut self, words: &[&str]) -> Self {
        self.arguments
            .extend(words.iter().map(|&word| word.to_owned()));
        self
    }

    pub fn port(mut self, from: PortFrom) -> Self {
        self.port = from;
        self
    }

    /// Does not wait until it is ready, only until it has its port.
    pub fn until_it_listens(mut self) -> Self {
        self.until_it_listens = true;
        self
    }
}
