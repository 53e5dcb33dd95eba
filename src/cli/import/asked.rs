//! Which environment is meant: what was named, what is linked to this folder, or what the token is
//! for.

use super::RailwayArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::look;
use crate::cli::ui::Ui;
use crate::platforms::railway::{RailwayPlatform, Survey, SurveyRequest};
use crate::render::escape;
use crate::source::{RailwayLink, railway_link};

/// What to look at.
pub(super) struct Asked {
    pub(super) request: SurveyRequest,
    /// Whether `railway link` said what was not named.
    pub(super) linked: bool,
}

impl Asked {
    pub(super) fn of(arguments: &RailwayArgs, context: &Context, ui: &mut Ui) -> Self {
        let mut asked = Self {
            request: SurveyRequest {
                project: arguments.project.clone(),
                environment: arguments.environment.clone(),
                services: arguments.service.clone(),
                token: arguments.token.clone(),
            },
            linked: false,
        };
        let home = context.home.as_deref();
        if let Some(link) = home.and_then(|home| railway_link(home, &context.folder)) {
            asked.fill(&link, ui);
        }
        asked
    }

    /// A link says what was left open, as long as it is about the same project.
    fn fill(&mut self, link: &RailwayLink, ui: &mut Ui) {
        let request = &mut self.request;
        let same_project = request.project.as_ref().is_none_or(|project| {
            *project == link.project || Some(project) == link.project_name.as_ref()
        });
        let all_named = request.project.is_some() && request.environment.is_some();
        if !same_project || all_named {
            return;
        }
        request.project.get_or_insert_with(|| link.project.clone());
        if request.environment.is_none() {
            request.environment.clone_from(&link.environment);
        }
        self.linked = true;
        let name = link.project_name.as_ref().unwrap_or(&link.project);
        ui.say(&format!(
            "{} is linked to the Railway project {}",
            escape::terminal(&link.folder.display().to_string()),
            escape::terminal(name)
        ));
    }

    /// Reads it. Tokens are kept from every output first.
    pub(super) fn survey(&self, context: &Context, ui: &mut Ui) -> Result<Survey, CommandError> {
        let settings = context.railway();
        ui.protect(settings.tokens.values().cloned(), []);
        let platform = RailwayPlatform::new(settings);
        let survey = look::runtime()?.block_on(platform.survey(&self.request));
        survey.map_err(|error| {
            let failed = CommandError::error(format!(
                "the environment cannot be read: {}; nothing was written",
                error.reason
            ));
            let failed = match error.help {
                Some(help) => failed.hint(help),
                None => failed,
            };
            match self.linked {
                true => failed
                    .hint("the folder's link said which; --project and --environment name another"),
                false => failed,
            }
        })
    }
}
