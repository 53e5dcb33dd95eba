//! Where the rules of time zones come from.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Time zones by name. Which ones there are is the same on every machine; what their rules are, the
/// newest that there is says.
#[derive(Debug, Clone)]
pub struct Zones {
    /// The first that has a zone counts.
    sources: Vec<TimeZoneDatabase>,
}

impl Zones {
    /// The zones that came with this program.
    pub fn bundled() -> Self {
        Self {
            sources: vec![TimeZoneDatabase::bundled()],
        }
    }

    /// What the machine knows, which is updated with it; what it does not know, from this program: it
    /// may have no zones at all.
    pub fn of_machine(machine: TimeZoneDatabase) -> Self {
        Self {
            sources: vec![machine, TimeZoneDatabase::bundled()],
        }
    }

    /// The zone of an IANA name.
    pub fn zone(&self, name: &str) -> Option<TimeZone> {
        let found = self.sources.iter().find_map(|source| source.get(name).ok());
        found.filter(|zone| !zone.is_unknown())
    }

    /// Such a one, as IANA spells it, if this program knows it.
    pub(super) fn spelled(name: &str) -> Option<String> {
        let zone = Self::bundled().zone(name)?;
        zone.iana_name().map(str::to_owned)
    }

    #[cfg(test)]
    pub(super) const fn none() -> Self {
        Self { sources: vec![] }
    }
}
