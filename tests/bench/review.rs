//! `diff` of a manifest with a long history: whether each new value is one of before.

use std::fs;

use super::measure::Table;
use super::rekeyed::{self, Keys, Reader};
use super::runs;
use super::world::World;

const VARIABLES: usize = 100;
const COMMITS: usize = 1_000;

/// All values are new at once, and go back to those of the first commit, so that all of the history is
/// looked through for all of them.
pub(crate) fn measure(table: &mut Table) {
    let world = World::new();
    let reader = Reader::new();
    fs::create_dir_all(world.config("driftlock")).unwrap();
    fs::write(world.config("driftlock/keys.txt"), &reader.identity).unwrap();
    let texts = rekeyed::history(&reader, VARIABLES, COMMITS);
    rekeyed::commit_all(&world, &texts);
    let none = runs(|_| world.command(["diff", "--no-history", "HEAD~1..HEAD"]));
    table.row("diff, 100 variables", None, None, &none);
    let one = runs(|_| world.command(["diff", "HEAD~1..HEAD"]));
    table.row(
        "diff, one value, 1000 commits, 3 keys",
        Some(2_000),
        None,
        &one,
    );
    // a reader of now, with the values of the beginning
    let keys = Keys::new(&[&reader], 1);
    let first = (0..VARIABLES).map(|one| {
        let name = rekeyed::variable(one);
        let value = keys.value(&name, 9_999, &rekeyed::secret(one, 0));
        (name, value)
    });
    world.write(rekeyed::FILE, keys.manifest(&first.collect()));
    let found = world.run("diff").success();
    let back = found.stdout.matches("back to a value of before").count();
    assert_eq!(back, VARIABLES, "{}", found.all());
    let all = runs(|_| world.command(["diff"]));
    table.row(
        "diff, 100 values, 1000 commits, 3 keys",
        Some(2_000),
        None,
        &all,
    );
}
