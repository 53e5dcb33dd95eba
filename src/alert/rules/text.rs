//! The texts of an alert, which came from elsewhere.

use crate::model::{Alert, Sighting, Who};

/// A text is no longer than this, in characters.
const LONGEST: usize = 400;
/// So many commands go with an alert.
const COMMANDS: usize = 4;

pub(super) fn describe(alert: &mut Alert, sighting: &Sighting) {
    alert.pin.clone_from(&sighting.pin);
    alert.what = clipped(&sighting.what);
    // half a command is none
    let whole = |one: &&String| one.chars().count() <= LONGEST;
    let next = sighting.next.iter().filter(whole).take(COMMANDS);
    alert.next = next.cloned().collect();
    alert.owner = sighting.owner.as_deref().map(clipped);
    if let Some(who) = &sighting.who {
        alert.who = Some(clipped_who(who));
    }
    alert.urgent = sighting.urgent;
}

pub(super) fn clipped_who(who: &Who) -> Who {
    Who {
        by: who.by.as_deref().map(clipped),
        source: clipped(&who.source),
        ..who.clone()
    }
}

pub(super) fn clipped(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
