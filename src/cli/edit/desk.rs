//! One edit from the first look of the editor to the manifest that is written, or to the draft that is
//! kept.

use std::path::PathBuf;

use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use super::draft::Sealer;
use super::editor::{Editor, Ended, Signals};
use super::guard::Guard;
use super::room::{Base, Room};
use super::seal::{self, Made, Unmade, Values};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::look;
use crate::cli::session::Item;
use crate::cli::ui::Ui;
use crate::manifest::{Head, Subject, without_head};
use crate::model::Diagnostic;
use crate::reconcile::load::Opening;
use crate::source::{self, WriteError};

/// What an edit works with.
pub(super) struct Desk<'a> {
    pub(super) item: &'a Item,
    pub(super) opening: &'a Opening,
    pub(super) subject: &'a Subject<'a>,
    pub(super) values: &'a Values,
    pub(super) editor: &'a Editor,
    pub(super) base: &'a Base,
    pub(super) sealer: Option<Sealer>,
    pub(super) context: &'a Context,
    /// What edits this manifest, in a shell.
    pub(super) command: String,
}

/// What lies before the editor.
pub(super) struct Sheet {
    /// The manifest as it is, decrypted.
    pub(super) before: Zeroizing<String>,
    /// The text, without its head.
    pub(super) body: Zeroizing<String>,
    pub(super) notes: Vec<String>,
    pub(super) problems: Vec<Diagnostic>,
}

impl Sheet {
    pub(super) fn of(subject: &Subject<'_>, values: &Values) -> Self {
        let before = subject.view(&seal::texts(values));
        Self {
            body: before.clone(),
            before,
            notes: vec![],
            problems: vec![],
        }
    }
}

/// The text in clear and who watches over it. The fields go in this order: once the room is gone there
/// is nothing left for the guard to do.
struct Held {
    room: Room,
    guard: Guard,
}

/// What is to be done with an edited text.
enum Next {
    Done(Exit),
    /// The editor comes back.
    Again(Vec<Diagnostic>),
}

impl Desk<'_> {
    /// Until it is written, given up or kept.
    pub(super) fn edit(&self, mut sheet: Sheet, ui: &mut Ui) -> Result<Exit, CommandError> {
        let runtime = look::runtime()?;
        let mut signals = {
            let _inside = runtime.enter();
            Signals::listen()?
        };
        self.base.sweep(self.context.now());
        let name = self.item.loaded.manifest.name.to_string();
        let room = Room::open(self.base, &name).map_err(|error| {
            let place = self.base.folder.display();
            CommandError::error(format!(
                "no folder for the text can be made in {place}: {}",
                error.kind()
            ))
        })?;
        if !self.base.in_memory {
            ui.warn(&format!(
                "there is no place in memory for the decrypted text: it lies in {} while you edit it, and is removed, not overwritten",
                self.base.folder.display()
            ));
        }
        let guard = Guard::post(&room, &sheet.before, self.sealer.clone(), self.context)?;
        let held = Held { room, guard };
        let exit = self.rounds(&held.room, &mut sheet, &runtime, &mut signals, ui)?;
        held.room.close().map_err(|error| {
            CommandError::error(format!(
                "the decrypted text cannot be removed: {}",
                error.kind()
            ))
        })?;
        drop(held.guard);
        // what a thread still waits for, at the keyboard, nobody needs
        runtime.shutdown_background();
        Ok(exit)
    }

    /// The editor, as often as it takes.
    fn rounds(
        &self,
        room: &Room,
        sheet: &mut Sheet,
        runtime: &Runtime,
        signals: &mut Signals,
        ui: &mut Ui,
    ) -> Result<Exit, CommandError> {
        let name = self.item.loaded.manifest.name.as_str();
        let mut is_there = false;
        loop {
            let head = Head {
                name,
                notes: &sheet.notes,
                problems: &sheet.problems,
            };
            if !is_there {
                room.write(&head.above(&sheet.body)).map_err(|error| {
                    let why = error.kind();
                    CommandError::error(format!("the decrypted text cannot be written: {why}"))
                })?;
            }
            let ended = {
                let _inside = runtime.enter();
                let mut child = self.editor.start(room.file(), self.context)?;
                runtime.block_on(signals.follow(&mut child))
            };
            sheet.body = match room.read() {
                Ok(text) => without_head(&text),
                Err(error) => {
                    // there is a file all the same: whoever made it can mend it
                    is_there = matches!(ended, Ended::Well) && room.file().is_file();
                    if is_there && self.may_ask() {
                        ui.fail(&error);
                        if runtime.block_on(self.goes_on(signals, ui)) {
                            continue;
                        }
                    }
                    return Err(error.detail("nothing was changed"));
                }
            };
            is_there = false;
            match self.judge(&ended, sheet, ui)? {
                Next::Done(exit) => return Ok(exit),
                Next::Again(problems) => {
                    sheet.problems = problems;
                    self.show(sheet, ui);
                    if !runtime.block_on(self.goes_on(signals, ui)) {
                        let why = "the edited text is no valid manifest; nothing was changed";
                        return Err(self.kept(&sheet.body, CommandError::error(why)));
                    }
                }
            }
        }
    }

    fn judge(&self, ended: &Ended, sheet: &Sheet, ui: &mut Ui) -> Result<Next, CommandError> {
        let path = self.item.file.path.display();
        let same = *sheet.body == *sheet.before;
        let failure = match ended {
            Ended::Well => None,
            Ended::Badly(why) => Some(format!("the editor {why}; nothing was changed")),
            Ended::Stopped(signal) => Some(format!("stopped by {signal}; nothing was changed")),
        };
        if let Some(why) = failure {
            let error = CommandError::error(why);
            return Err(match same {
                true => error,
                false => self.kept(&sheet.body, error),
            });
        }
        if same {
            ui.say(&format!("nothing changed; {path} is as it was"));
            return Ok(Next::Done(Exit::DONE));
        }
        let taken = match self.subject.take_back(&sheet.body) {
            Ok(taken) => taken,
            Err(problems) => return Ok(Next::Again(problems)),
        };
        ui.protect(
            taken.secrets.values().map(|secret| secret.value.clone()),
            [],
        );
        match seal::make(self.item, self.opening, &taken, self.values, self.context) {
            Ok(made) => self.write(&made, sheet, ui).map(Next::Done),
            Err(Unmade::Problems(problems)) => Ok(Next::Again(problems)),
            Err(Unmade::Failed(error)) => Err(self.kept(&sheet.body, error)),
        }
    }

    fn write(&self, made: &Made, sheet: &Sheet, ui: &mut Ui) -> Result<Exit, CommandError> {
        let item = self.item;
        let path = self.context.absolute(&item.file.path);
        match source::write_atomically(&path, &item.file.text, &made.text) {
            Ok(()) => {}
            Err(WriteError::Changed { .. }) => {
                let why = format!(
                    "{} was changed by somebody else meanwhile; nothing was written",
                    item.file.path.display()
                );
                return Err(self.kept(&sheet.body, CommandError::refused(why)));
            }
            Err(error) => return Err(self.kept(&sheet.body, CommandError::of(&error))),
        }
        let lines = seal::told(&item.loaded.manifest, made);
        ui.say(&format!("{} is edited", item.file.path.display()));
        for line in &lines {
            ui.say(&format!("  {line}"));
        }
        ui.say("  next: driftlock plan");
        Ok(Exit::DONE)
    }

    fn show(&self, sheet: &Sheet, ui: &mut Ui) {
        let head = Head {
            name: self.item.loaded.manifest.name.as_str(),
            notes: &sheet.notes,
            problems: &sheet.problems,
        };
        let name = PathBuf::from(format!("{} (decrypted)", self.item.file.path.display()));
        ui.diagnostics(&name, &head.moved());
    }

    fn may_ask(&self) -> bool {
        self.context.terminal.input && self.context.terminal.errors
    }

    /// Whether the editor shall come back. Nobody is asked where nobody is.
    async fn goes_on(&self, signals: &mut Signals, ui: &mut Ui) -> bool {
        if !self.may_ask() {
            return false;
        }
        ui.ask("Edit it again? [Y/n] ");
        let (tell, told) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut answer = String::new();
            let read = std::io::stdin().read_line(&mut answer);
            let yes = matches!(answer.trim(), "" | "y" | "Y" | "yes" | "Yes");
            // the end of the input is no answer
            let _nobody_waits = tell.send(read.is_ok_and(|bytes| bytes > 0) && yes);
        });
        tokio::select! {
            answer = told => answer.unwrap_or(false),
            _ = signals.any() => false,
        }
    }

    /// An error, and what became of the text.
    fn kept(&self, body: &str, error: CommandError) -> CommandError {
        if body.trim().is_empty() {
            return error;
        }
        let Some(sealer) = &self.sealer else {
            return error.detail(
                "the edited text is not kept: there is no key that it could be sealed for",
            );
        };
        match sealer.save(body, self.context.now()) {
            Ok(_) => error
                .detail("the edited text is kept, sealed")
                .hint(format!("{} --resume goes on with it", self.command)),
            Err(lost) => error.detail(lost.message),
        }
    }
}
