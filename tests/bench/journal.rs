//! What a long journal costs a plan.

use crate::history::{applied, fill};
use crate::measure::{Limits, Table, medians};
use crate::runs;

const RECEIPTS: usize = 100_000;
/// What the receipts may add, in milliseconds.
const MOST: u64 = 20;

pub fn measure(table: &mut Table) {
    for targets in [3, 100] {
        let world = applied(targets);
        let plan = || runs(|_| world.command(["plan", "--detailed-exitcode"]));
        let short = plan();
        table.row(
            &format!("plan, {targets} files, {targets} receipts"),
            None,
            None,
            &short,
        );
        fill(&world, RECEIPTS);
        let (cpu, wall) = medians(&short);
        let limits = Limits {
            cpu_ms: Some(cpu + MOST),
            wall_ms: Some(wall + MOST),
            kib: None,
        };
        let name = format!("plan, {targets} files, {RECEIPTS} receipts");
        table.limited(&name, limits, &plan());
    }
}
