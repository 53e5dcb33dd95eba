//! Templates that are made from a secret follow its stage: on a target that still presents the former
//! value they are made from that one.

use super::{Raw, is_made_from};
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::{Source, Use, UseSource};
use crate::manifest::template::{Part, Template};
use crate::model::VarName;

/// Templates that name each other again and again become no larger than this.
const MOST_PARTS: usize = 4096;

/// Puts the former value in the place of the new one.
pub(super) fn put_in(
    raw: &Raw,
    (name, former): (&VarName, &VarName),
    used: &mut Use,
    problems: &mut Problems,
) {
    let declared = match &used.source {
        UseSource::Declared(one) if is_made_from(raw, one, name) => Some(one.clone()),
        UseSource::Template(template)
            if template
                .references()
                .any(|one| is_made_from(raw, one, name)) =>
        {
            None
        }
        _ => return,
    };
    let template = match (
        &used.source,
        declared.as_ref().map(|one| raw.variables.get(one)),
    ) {
        (UseSource::Template(template), _) => template,
        (_, Some(Some(variable))) => match &variable.source {
            Source::Template(template) => template,
            _ => return,
        },
        _ => return,
    };
    let mut room = MOST_PARTS;
    let Some(rewritten) = rewrite(raw, (name, former), template, &mut room) else {
        problems.error(
            used.position,
            code::TEMPLATE,
            format!("templates around {name} are nested too much for its rotation"),
            Some("let this target's template name it directly"),
        );
        return;
    };
    used.source = UseSource::Template(rewritten);
    used.of = used.of.take().or(declared);
}

fn rewrite(
    raw: &Raw,
    (name, former): (&VarName, &VarName),
    template: &Template,
    room: &mut usize,
) -> Option<Template> {
    let mut parts = Vec::with_capacity(template.parts().len());
    for part in template.parts() {
        *room = room.checked_sub(1)?;
        parts.push(match part {
            Part::Reference { name: one, filters } if one == name => Part::Reference {
                name: former.clone(),
                filters: filters.clone(),
            },
            Part::Reference { name: one, filters } => {
                match raw.variables.get(one).map(|variable| &variable.source) {
                    Some(Source::Template(inner)) if is_made_from(raw, one, name) => Part::Nested {
                        template: rewrite(raw, (name, former), inner, room)?,
                        filters: filters.clone(),
                    },
                    _ => part.clone(),
                }
            }
            Part::Nested { template, filters } => Part::Nested {
                template: rewrite(raw, (name, former), template, room)?,
                filters: filters.clone(),
            },
            Part::Text(_) => part.clone(),
        });
    }
    Some(Template::of_parts(parts))
}
