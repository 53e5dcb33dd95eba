//! What the processes of this run's targets have, beside what is stored for them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures_util::{StreamExt, stream};

use super::connect::Connections;
use crate::activation::{self, Compared};
use crate::model::{HostAddress, Live, Process, Target, VarName};

/// So many machines are asked at a time.
const AT_ONCE: usize = 32;

/// One target that was read, and what it is to be compared for.
pub(super) struct Asked<'a> {
    pub(super) target: &'a Target,
    pub(super) stored: &'a Live,
    /// The names that the target shall hold.
    pub(super) wanted: BTreeSet<VarName>,
}

/// Looks at the processes of these targets, each machine's together; in their order.
pub(super) async fn look(connections: &Connections, asked: &[Asked<'_>]) -> Vec<Compared> {
    let mut machines: BTreeMap<Option<&HostAddress>, Vec<usize>> = BTreeMap::new();
    for (place, one) in asked.iter().enumerate() {
        machines
            .entry(one.target.address.host())
            .or_default()
            .push(place);
    }
    let looks = machines
        .into_values()
        .map(|places| async move { (of_machine(connections, asked, &places).await, places) });
    let mut running = vec![Compared::default(); asked.len()];
    let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
    while let Some((found, places)) = looks.next().await {
        for (place, found) in places.into_iter().zip(found) {
            running[place] = found;
        }
    }
    running
}

/// What people should know of it, as findings about the place.
pub(super) fn notes(compared: Compared) -> Vec<String> {
    let mut notes = compared.notes;
    if let Some(why) = compared.why {
        notes.push(match compared.help {
            Some(help) => format!("what runs is not known: {why}; {help}"),
            None => format!("what runs is not known: {why}"),
        });
    }
    notes
}

async fn of_machine(
    connections: &Connections,
    asked: &[Asked<'_>],
    places: &[usize],
) -> Vec<Compared> {
    let Some(machine) = places
        .first()
        .and_then(|place| connections.machine(asked[*place].target))
    else {
        return vec![Compared::default(); places.len()];
    };
    let processes: Vec<(&Process, &Path)> = places
        .iter()
        .filter_map(|place| {
            let target = asked[*place].target;
            Some((target.process.as_ref()?, target.path.as_deref()?))
        })
        .collect();
    // a target over SSH or on this machine has both
    if processes.len() != places.len() {
        return vec![Compared::default(); places.len()];
    }
    let looks = activation::look_all(&*machine, &processes).await;
    let places = places.iter().zip(&looks);
    places
        .map(|(place, look)| {
            let one = &asked[*place];
            activation::compare(one.stored, &one.wanted, look, one.stored.stored_at)
        })
        .collect()
}
