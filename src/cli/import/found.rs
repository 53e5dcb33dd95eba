//! What was read, if it was read whole: what is not known is never taken for absent.

use super::RailwayArgs;
use super::asked::Asked;
use crate::cli::error::CommandError;
use crate::model::{Completeness, LiveVar};
use crate::platforms::railway::{self, ScopeSurvey, Survey};
use crate::reconcile::import::{Environment, Named, Place};
use crate::render::escape;
use crate::render::style::shell_quoted;

/// The environment, or an error that names every place that was not read whole.
pub(super) fn whole(
    survey: &Survey,
    asked: &Asked,
    arguments: &RailwayArgs,
) -> Result<Environment, CommandError> {
    let mut places = vec![];
    let mut unread = vec![];
    for scope in &survey.scopes {
        match place(scope) {
            Ok(place) => places.push(place),
            Err(why) => unread.push(format!("{}: {why}", shown(scope))),
        }
    }
    if !unread.is_empty() {
        return Err(refusal(&unread, &places));
    }
    Ok(Environment {
        project: named(&survey.project),
        project_by_id: asked.request.project.as_ref() == Some(&survey.project.id),
        environment: named(&survey.environment),
        token: arguments.token.clone(),
        places,
    })
}

fn refusal(unread: &[String], places: &[Place]) -> CommandError {
    let error = CommandError::error("not everything could be read; nothing was written");
    let error = unread.iter().fold(error, CommandError::detail);
    let services: Vec<String> = places
        .iter()
        .filter_map(|place| place.service.as_ref())
        .map(|service| {
            format!(
                "--service {}",
                shell_quoted(&escape::terminal(&service.name))
            )
        })
        .collect();
    match services.is_empty() {
        true => error,
        false => error.hint(format!(
            "import the others alone: driftlock import railway {}",
            services.join(" ")
        )),
    }
}

fn place(scope: &ScopeSurvey) -> Result<Place, String> {
    let live = scope.live.as_ref().map_err(|error| error.reason.clone())?;
    if let Completeness::Partial(why) = &live.completeness {
        return Err(why.clone());
    }
    let unknown = live.vars.iter().find_map(|(name, value)| match value {
        LiveVar::Unknown(why) => Some(format!("{name}: {why}")),
        LiveVar::Value(_) | LiveVar::Sealed { .. } => None,
    });
    match unknown {
        Some(why) => Err(why),
        None => Ok(Place {
            service: scope.service.as_ref().map(named),
            vars: live.vars.clone(),
        }),
    }
}

fn named(named: &railway::Named) -> Named {
    Named {
        id: named.id.clone(),
        name: named.name.clone(),
    }
}

/// A scope as people call it.
pub(super) fn shown(scope: &ScopeSurvey) -> String {
    match &scope.service {
        Some(service) => escape::terminal(&service.name),
        None => "the shared variables".to_owned(),
    }
}
