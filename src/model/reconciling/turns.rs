//! When a window opens or closes next. Clocks show a time of it again, or no longer, only at one of its
//! own two times or where the zone's clocks are changed: so these instants are all there is to look at.

use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

use super::window::{Days, When};

/// How many days are looked at together, and how far it goes on.
const STRIDE: i64 = 14;
const HORIZON: i64 = 400;

impl When {
    pub(super) fn next_turn(
        &self,
        open: bool,
        after: Timestamp,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        let today = zone.to_datetime(after).date();
        let mut begin = later(today, -2)?;
        if let Days::Dates(first, last) = self.days
            && open
        {
            if later(last, 3)? < begin {
                return None;
            }
            begin = begin.max(later(first, -2)?);
        }
        let end = later(begin, HORIZON)?;
        while begin < end {
            let next = later(begin, STRIDE)?;
            let found = self.instants(begin, next, zone)?;
            let turns = found
                .into_iter()
                .filter(|at| *at > after && self.is_open(*at, zone) == open);
            // a later day may still have an earlier instant than one of the last day
            let sure = zone.to_timestamp(next.at(0, 0, 0, 0)).ok()?;
            if let Some(first) = turns.min().filter(|at| *at <= sure) {
                return Some(first);
            }
            begin = later(next, -2)?;
        }
        None
    }

    /// Every instant at which it may open or close in windows that begin on one of these days or on the
    /// two after them.
    fn instants(&self, first: Date, last: Date, zone: &TimeZone) -> Option<Vec<Timestamp>> {
        let end = later(last, 2)?;
        let mut found = vec![];
        let mut day = first;
        while day <= end {
            if self.days.has(day) {
                for minute in [self.from, self.to] {
                    let shown = Self::shown(day, minute)?;
                    let offsets = match zone.to_ambiguous_timestamp(shown).offset() {
                        AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
                        AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
                        // clocks are changed then, which is looked at anyway
                        AmbiguousOffset::Gap { .. } => [None, None],
                    };
                    let offsets = offsets.into_iter().flatten();
                    found.extend(offsets.filter_map(|offset| offset.to_timestamp(shown).ok()));
                }
            }
            day = later(day, 1)?;
        }
        let from = zone.to_timestamp(first.at(0, 0, 0, 0)).ok()?;
        let to = zone.to_timestamp(end.at(0, 0, 0, 0)).ok()?;
        let changes = zone.following(from).map(|change| change.timestamp());
        found.extend(changes.take_while(|at| *at <= to));
        Some(found)
    }
}

fn later(day: Date, days: i64) -> Option<Date> {
    day.checked_add(Span::new().try_days(days).ok()?).ok()
}
