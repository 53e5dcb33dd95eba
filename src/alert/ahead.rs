//! A book that went on in memory, while it could not be written where it is kept. Pure.

use crate::model::{AlertBook, AlertEvent, AlertEventKind};

/// The book as it goes on from what is kept, with what happened in memory since `from`: the generation
/// that was kept last, as far as the one in memory knows.
pub fn carry(kept: &AlertBook, memory: &AlertBook, from: u64) -> AlertBook {
    let begun_anew = kept.generation == 0;
    let untouched = kept.id == memory.id && kept.generation <= from;
    let mut next = match begun_anew || untouched {
        true => memory.clone(),
        false => joined(kept, memory),
    };
    next.id.clone_from(&kept.id);
    next.generation = kept.generation;
    // generations in memory were its own
    next.closed.clear();
    next.closed_floor = 0;
    for track in next.tracks.values_mut() {
        track.generation = track.generation.min(kept.generation);
    }
    next
}

/// Somebody else wrote to it meanwhile: what is open here only is told there, so that it is not over
/// in silence.
fn joined(kept: &AlertBook, memory: &AlertBook) -> AlertBook {
    let mut next = kept.clone();
    for (key, alert) in &memory.open {
        if next.open.contains_key(key) {
            continue;
        }
        next.last_event += 1;
        next.events.push(AlertEvent {
            number: next.last_event,
            at: alert.told_at,
            kind: AlertEventKind::Opened,
            alert: alert.clone(),
        });
        next.open.insert(key.clone(), alert.clone());
        if let Some(track) = memory.tracks.get(key) {
            next.tracks.insert(key.clone(), track.clone());
        }
    }
    next
}

#[cfg(test)]
mod tests;
