//! The texts of an alert, which came from elsewhere.

use crate::model::{Alert, Sighting, Who};

/// A text is no longer than this, in bytes: with as many alerts and events as it may hold, a book fits
/// into the largest file of a shared journal.
const LONGEST: usize = 300;
/// So many commands go with an alert.
const COMMANDS: usize = 3;

pub(super) fn describe(alert: &mut Alert, sighting: &Sighting) {
    alert.pin.clone_from(&sighting.pin);
    alert.what = clipped(&sighting.what);
    // half a command is none
    let whole = |one: &&String| one.len() <= LONGEST;
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
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rfind(|end| text.is_char_boundary(*end));
    format!("{}…", &text[..end.unwrap_or(0)])
}
