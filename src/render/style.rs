//! How output looks: decided once by the caller from its terminal and environment.

use std::fmt;

use anstyle::{AnsiColor, Effects};

/// What the place that output goes to can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are written.
    pub color: bool,
    /// Columns of the window.
    pub width: usize,
    /// Whether signs outside ASCII may be used.
    pub unicode: bool,
}

impl Style {
    /// For a file or a pipe: 80 columns, no colour.
    pub const fn plain() -> Self {
        Self {
            color: false,
            width: 80,
            unicode: true,
        }
    }

    /// A label in front of an error.
    pub fn error(&self, text: &str) -> String {
        self.paint(Role::Bad, text).to_string()
    }

    /// A label in front of a warning.
    pub fn warning(&self, text: &str) -> String {
        self.paint(Role::Change, text).to_string()
    }

    /// `text` in the colour of `role`.
    pub(crate) fn paint<T: fmt::Display>(&self, role: Role, text: T) -> Painted<T> {
        let style = if self.color {
            role.ansi()
        } else {
            anstyle::Style::new()
        };
        Painted { style, text }
    }

    /// The first where signs outside ASCII may be used, else the second.
    pub(crate) const fn sign(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// Between before and after.
    pub(crate) const fn arrow(&self) -> &'static str {
        self.sign("→", "->")
    }

    /// Stands for what was left out.
    pub(crate) const fn ellipsis(&self) -> &'static str {
        self.sign("…", "...")
    }
}

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    Dim,
    Heading,
    Good,
    Change,
    Drift,
    Bad,
    Unknown,
    Command,
    Removed,
    Added,
}

impl Role {
    const fn ansi(self) -> anstyle::Style {
        let plain = anstyle::Style::new();
        match self {
            Self::Plain => plain,
            Self::Dim => plain.effects(Effects::DIMMED),
            Self::Heading => plain.effects(Effects::BOLD),
            Self::Good | Self::Added => {
                plain.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)))
            }
            Self::Change => plain.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))),
            Self::Drift => plain.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Magenta))),
            Self::Bad => plain
                .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)))
                .effects(Effects::BOLD),
            Self::Removed => plain.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))),
            Self::Unknown => plain.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Blue))),
            Self::Command => plain.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan))),
        }
    }
}

/// Text with its colour around it.
pub(crate) struct Painted<T> {
    style: anstyle::Style,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}{}",
            self.style.render(),
            self.text,
            self.style.render_reset()
        )
    }
}

/// How the person called us, so that the next command can be pasted as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The manifests as given on the command line; empty where the default was used.
    pub manifests: Vec<String>,
    /// Flags that an `apply` has to repeat: what was selected and allowed so far, as separate words.
    pub again: Vec<String>,
    /// Whether `apply` itself is speaking: its next command is not `apply`.
    pub applying: bool,
    /// Whether it was told to put nothing in force.
    pub no_activate: bool,
    /// The file that the plan is kept in, if it is.
    pub saved: Option<Saved>,
    /// `undo 12`, where that is what runs: it is what is repeated in place of `apply`.
    pub undo: Option<String>,
}

/// A plan that is kept in a file: an `apply` carries out the file, and whatever else is to be allowed
/// needs a plan of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The file, as it was named.
    pub file: String,
    /// The id of what is in it.
    pub id: String,
}

impl Invocation {
    /// `driftlock VERB MANIFESTS FLAGS`, quoted for a shell.
    pub fn command(&self, verb: &str, flags: &[&str]) -> String {
        if let (Some(saved), "apply") = (&self.saved, verb) {
            return self.command_of_saved(saved, flags);
        }
        let mut text = match &self.undo {
            Some(undo) if verb == "apply" => {
                let mut text = format!("driftlock {undo}");
                self.push_manifests(&mut text, "--manifest ");
                text
            }
            _ => {
                let mut text = format!("driftlock {verb}");
                self.push_manifests(&mut text, "");
                text
            }
        };
        if verb == "apply" {
            for word in &self.again {
                text.push(' ');
                text.push_str(&shell_quoted(word));
            }
        }
        for flag in flags {
            text.push(' ');
            text.push_str(flag);
        }
        text
    }

    fn command_of_saved(&self, saved: &Saved, flags: &[&str]) -> String {
        let dash = if saved.file.starts_with('-') {
            "./"
        } else {
            ""
        };
        let file = shell_quoted(&format!("{dash}{}", saved.file));
        if flags.is_empty() {
            return format!("driftlock apply {file} --id {}", saved.id);
        }
        let mut text = "driftlock plan".to_owned();
        self.push_manifests(&mut text, "");
        for word in &self.again {
            text.push(' ');
            text.push_str(&shell_quoted(word));
        }
        format!("{text} {} --out {file}", flags.join(" "))
    }

    /// The same for commands that take one manifest, behind `--manifest`. Where several were given
    /// the person has to choose.
    pub fn command_of_one(&self, verb: &str, flags: &[&str]) -> String {
        let mut text = format!("driftlock {verb}");
        if self.manifests.len() == 1 {
            self.push_manifests(&mut text, "--manifest ");
        }
        for flag in flags {
            text.push(' ');
            text.push_str(flag);
        }
        text
    }

    fn push_manifests(&self, text: &mut String, before: &str) {
        for manifest in &self.manifests {
            text.push(' ');
            text.push_str(before);
            // a path that begins with a dash would be read as a flag
            let dash = if manifest.starts_with('-') { "./" } else { "" };
            text.push_str(&shell_quoted(&format!("{dash}{manifest}")));
        }
    }
}

/// One word of a POSIX shell.
pub(crate) fn shell_quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:=@%+,~".contains(c);
    if !text.is_empty() && !text.starts_with('~') && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let call = |path: &str| {
            Invocation {
                manifests: vec![path.to_owned()],
                ..Invocation::default()
            }
            .command("apply", &["--yes"])
        };
        assert_eq!(call("m/a.yaml"), "driftlock apply m/a.yaml --yes");
        assert_eq!(call("it's $HOME"), "driftlock apply 'it'\\''s $HOME' --yes");
        assert_eq!(call("-x.yaml"), "driftlock apply ./-x.yaml --yes");
        assert_eq!(Invocation::default().command("plan", &[]), "driftlock plan");
        let call = Invocation {
            manifests: vec!["a.yaml".to_owned()],
            again: ["--since", "v 1", "--yes"].map(str::to_owned).into(),
            applying: true,
            ..Invocation::default()
        };
        assert_eq!(
            call.command("apply", &["--partial X"]),
            "driftlock apply a.yaml --since 'v 1' --yes --partial X"
        );
        assert_eq!(call.command("plan", &[]), "driftlock plan a.yaml");
        assert_eq!(
            call.command_of_one("history", &["X"]),
            "driftlock history --manifest a.yaml X"
        );
        let call = Invocation {
            undo: Some("undo 12 13".to_owned()),
            ..call
        };
        assert_eq!(
            call.command("apply", &["--partial X"]),
            "driftlock undo 12 13 --manifest a.yaml --since 'v 1' --yes --partial X"
        );
        assert_eq!(call.command("plan", &[]), "driftlock plan a.yaml");
    }

    #[test]
    fn a_kept_plan_is_applied_by_its_file_and_id() {
        let call = Invocation {
            manifests: vec!["a.yaml".to_owned()],
            again: ["--only", "X"].map(str::to_owned).into(),
            saved: Some(Saved {
                file: "my plan.json".to_owned(),
                id: "3fa9".to_owned(),
            }),
            ..Invocation::default()
        };
        assert_eq!(
            call.command("apply", &[]),
            "driftlock apply 'my plan.json' --id 3fa9"
        );
        assert_eq!(
            call.command("apply", &["--partial X"]),
            "driftlock plan a.yaml --only X --partial X --out 'my plan.json'"
        );
        assert_eq!(call.command("plan", &[]), "driftlock plan a.yaml");
    }

    #[test]
    fn no_colour_means_no_escape() {
        let style = Style::plain();
        assert_eq!(style.paint(Role::Bad, "x").to_string(), "x");
        let color = Style {
            color: true,
            ..style
        };
        assert!(
            color
                .paint(Role::Bad, "x")
                .to_string()
                .starts_with('\u{1b}')
        );
    }
}
