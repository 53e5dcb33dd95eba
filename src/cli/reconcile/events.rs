//! What happened to alerts: for the report of a round, and for who reads the log.

use super::desk::Desk;
use crate::model::{AlertBook, AlertEventKind, TargetName};

/// All events of this book behind that number.
pub(super) fn happened(desk: &Desk<'_>, book: &AlertBook, before: u64) {
    for event in book.events.iter().filter(|event| event.number > before) {
        desk.in_round(|round| round.tell(event));
        let alert = &event.alert;
        let manifest = &alert.key.manifest;
        let target = alert.key.target.as_ref().map_or("", TargetName::as_str);
        let (class, id, what) = (alert.key.class, &alert.id, &alert.what);
        let kind = match event.kind {
            AlertEventKind::Opened => "opened",
            AlertEventKind::Changed => "changed",
            AlertEventKind::Reminder => "reminder",
            AlertEventKind::Resolved => "resolved",
            AlertEventKind::CouldNotCheck => "could not check",
        };
        match event.kind {
            AlertEventKind::Resolved => {
                tracing::info!(%manifest, target, %class, id, "{kind}: {what}");
            }
            _ => tracing::warn!(%manifest, target, %class, id, "{kind}: {what}"),
        }
    }
}
