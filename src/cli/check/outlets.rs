//! Where reports go: files, a job's summary, or standard output.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::super::context::Context;
use super::super::error::{CommandError, Exit};
use super::super::ui::Ui;
use super::format::{Format, Wish};
use super::places::real;
use crate::render::report::{Checked, MAX_SUMMARY_BYTES, render_summary};
use crate::source;

/// Where the reports of a run go.
pub(super) struct Outlets {
    /// The one report that takes the place of the text.
    pub(super) standard: Option<Format>,
    files: Vec<Outlet>,
    /// The summary page of the job's step: what is there already stays.
    step: Option<PathBuf>,
}

struct Outlet {
    format: Format,
    /// As it was named.
    file: PathBuf,
    absolute: PathBuf,
}

impl Outlets {
    /// Looks before anything is done that takes long.
    pub(super) fn find(
        wishes: &[Wish],
        is_json: bool,
        context: &Context,
    ) -> Result<Self, CommandError> {
        let mut outlets = Self {
            standard: None,
            files: vec![],
            step: None,
        };
        let mut taken = BTreeSet::new();
        for wish in wishes {
            match (&wish.file, wish.format) {
                (Some(file), format) => {
                    let outlet = Outlet::find(format, file, context)?;
                    if !taken.insert(real(&outlet.absolute)) {
                        return Err(CommandError::usage(format!(
                            "two reports go to {}",
                            file.display()
                        )));
                    }
                    outlets.files.push(outlet);
                }
                (None, Format::Summary) => outlets.step = Some(step(context)?),
                (None, format) if is_json || outlets.standard.is_some() => {
                    return Err(
                        CommandError::usage("standard output takes one report, or --json").hint(
                            format!(
                                "name a file for the others: --report {}=FILE",
                                format.word()
                            ),
                        ),
                    );
                }
                (None, format) => outlets.standard = Some(format),
            }
        }
        Ok(outlets)
    }

    /// Writes all of them; one that cannot be written does not keep back the others.
    pub(super) fn write(&self, checked: &Checked, ui: &mut Ui) -> Exit {
        let mut exit = Exit::DONE;
        for outlet in &self.files {
            if let Err(error) = outlet.write(checked, ui) {
                exit = exit.worst(ui.fail(&error));
            }
        }
        if let Some(page) = &self.step
            && let Err(error) = append(page, checked, ui)
        {
            exit = exit.worst(ui.fail(&error));
        }
        exit
    }
}

fn step(context: &Context) -> Result<PathBuf, CommandError> {
    let page = context.step_summary().ok_or_else(|| {
        CommandError::usage(
            "--report summary is for a GitHub job, and GITHUB_STEP_SUMMARY is not set",
        )
        .hint("name a file: --report summary=FILE")
    })?;
    Ok(context.absolute(&page))
}

impl Outlet {
    fn find(format: Format, file: &Path, context: &Context) -> Result<Self, CommandError> {
        let absolute = context.absolute(file);
        let failed = |why: &str| {
            let shown = file.display();
            CommandError::error(format!("cannot write the report to {shown}: {why}"))
        };
        match fs::metadata(&absolute) {
            Ok(there) if there.is_dir() => {
                return Err(failed("it is a folder").hint(format!(
                    "name a file in it: --report {}={}",
                    format.word(),
                    file.join("report").display()
                )));
            }
            Ok(there) if !there.is_file() => return Err(failed("it is not a regular file")),
            Ok(_) => {
                let begin = begin(&absolute).map_err(|error| failed(&error.kind().to_string()))?;
                if !format.is_report(&begin) {
                    return Err(CommandError::refused(format!(
                        "cannot write the report to {}: what is there is no {} report, and is left alone",
                        file.display(),
                        format.word()
                    ))
                    .hint("name a file that is not there yet, or remove it first"));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !absolute.parent().is_some_and(Path::is_dir) {
                    return Err(failed("its folder is not there").hint("make the folder first"));
                }
            }
            Err(error) => return Err(failed(&error.kind().to_string())),
        }
        Ok(Self {
            format,
            file: file.to_owned(),
            absolute,
        })
    }

    fn write(&self, checked: &Checked, ui: &Ui) -> Result<(), CommandError> {
        let mut text = String::new();
        self.format.render(&mut text, checked).map_err(|_| {
            let format = self.format.word();
            CommandError::error(format!("the {format} report cannot be written as text"))
        })?;
        source::write_over(&self.absolute, &ui.scrub(&text)).map_err(|error| {
            let error = CommandError::of(&error);
            error.detail(format!("the report to {} is missing", self.file.display()))
        })
    }
}

/// The first few kilobytes, as text.
fn begin(path: &Path) -> io::Result<String> {
    let mut bytes = vec![];
    File::open(path)?.take(4096).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Adds to the page of the step. It holds a mebibyte; of a fuller one nothing would be shown.
fn append(page: &Path, checked: &Checked, ui: &mut Ui) -> Result<(), CommandError> {
    // a job that wants none of it
    if page == Path::new("/dev/null") {
        return Ok(());
    }
    let refused = |why: &str| {
        let page = page.display();
        CommandError::error(format!("cannot add to the step's summary {page}: {why}"))
    };
    let failed = |error: &io::Error| refused(&error.kind().to_string());
    let there = match fs::metadata(page) {
        Ok(there) if !there.is_file() => return Err(refused("it is not a regular file")),
        Ok(there) => usize::try_from(there.len()).unwrap_or(usize::MAX),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(failed(&error)),
    };
    let mut text = String::new();
    // others may have left an open line
    let gap = if there > 0 { "\n\n" } else { "" };
    let room = MAX_SUMMARY_BYTES.saturating_sub(there.saturating_add(gap.len()));
    render_summary(&mut text, checked, room)
        .map_err(|_| CommandError::error("the summary cannot be written as text"))?;
    if text.is_empty() {
        ui.warn("the step's summary is full: nothing was added to it");
        return Ok(());
    }
    let text = format!("{gap}{}", ui.scrub(&text));
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(page)
        .map_err(|error| failed(&error))?;
    file.write_all(text.as_bytes())
        .map_err(|error| failed(&error))
}
