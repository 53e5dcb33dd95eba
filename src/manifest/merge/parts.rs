//! Joined text, with the places that a person must decide.

/// The marks that git itself writes, so that every editor knows them.
const MARKS: [&str; 3] = ["<<<<<<< ours", "=======", ">>>>>>> theirs"];

#[derive(Debug, Default, Clone)]
pub(super) struct Parts(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Clash { ours: String, theirs: String },
}

impl Parts {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    pub(super) fn push(&mut self, text: impl Into<String>) {
        self.0.push(Part::Text(text.into()));
    }

    pub(super) fn clash(&mut self, ours: impl Into<String>, theirs: impl Into<String>) {
        let (ours, theirs) = (ours.into(), theirs.into());
        self.0.push(Part::Clash { ours, theirs });
    }

    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// With a line end at its end.
    pub(super) fn ended(mut self, line_end: &str) -> Self {
        let is_open = self.0.last().is_some_and(|last| match last {
            Part::Text(text) => !(text.is_empty() || text.ends_with('\n')),
            Part::Clash { .. } => false,
        });
        if is_open {
            self.push(line_end);
        }
        self
    }

    /// With our side's text at each mark.
    pub(super) fn plain(&self) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Clash { ours, .. } => out.push_str(ours),
            }
        }
        out
    }

    /// With marks around both sides' text.
    pub(super) fn marked(&self, line_end: &str) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Clash { ours, theirs } => {
                    mark(&mut out, ours, theirs, line_end);
                }
            }
        }
        out
    }
}

fn mark(out: &mut String, ours: &str, theirs: &str, line_end: &str) {
    let line = |out: &mut String, text: &str| {
        if !(out.is_empty() || out.ends_with('\n')) {
            out.push_str(line_end);
        }
        out.push_str(text);
    };
    line(out, MARKS[0]);
    out.push_str(line_end);
    out.push_str(ours);
    line(out, MARKS[1]);
    out.push_str(line_end);
    out.push_str(theirs);
    line(out, MARKS[2]);
    out.push_str(line_end);
}

/// Both files whole: where nothing smaller can be marked.
pub(super) fn whole(ours: &str, theirs: &str, line_end: &str) -> String {
    let mut out = String::with_capacity(ours.len() + theirs.len() + 64);
    mark(&mut out, ours, theirs, line_end);
    out
}
