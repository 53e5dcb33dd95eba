//! The order of what two sides have.

use std::collections::{HashMap, HashSet};

/// Every name of either side, each once. A side that moved names about decides their order; what
/// only the other has comes where it stood there: in sorted order if `by_name` and the names are in
/// order, else behind the name before it, and behind what our side added at the same place.
///
/// `None` if both sides moved names about, and differently.
pub(super) fn joined<'t>(
    base: &[&'t str],
    ours: &[&'t str],
    theirs: &[&'t str],
    by_name: bool,
) -> Option<Vec<&'t str>> {
    let (ours_moved, theirs_moved) = (moved(base, ours), moved(base, theirs));
    if ours_moved && theirs_moved && moved(ours, theirs) {
        return None;
    }
    let (main, other) = match theirs_moved && !ours_moved {
        true => (theirs, ours),
        false => (ours, theirs),
    };
    let known: HashSet<&str> = main.iter().copied().collect();
    if by_name && main.is_sorted() {
        let new = other.iter().copied().filter(|name| !known.contains(name));
        let mut all: Vec<&str> = main.iter().copied().chain(new).collect();
        all.sort_unstable();
        return Some(all);
    }
    Some(beside(base, main, other))
}

fn beside<'t>(base: &[&'t str], main: &[&'t str], other: &[&'t str]) -> Vec<&'t str> {
    let in_main: HashSet<&str> = main.iter().copied().collect();
    let elsewhere: HashSet<&str> = base.iter().chain(other).copied().collect();
    let mut behind: HashMap<Option<&str>, Vec<&'t str>> = HashMap::new();
    let mut anchor = None;
    for name in other {
        match in_main.contains(name) {
            true => anchor = Some(*name),
            false => behind.entry(anchor).or_default().push(name),
        }
    }
    let mut all = Vec::with_capacity(main.len() + other.len());
    let mut waiting = behind.remove(&None).unwrap_or_default();
    for name in main {
        if elsewhere.contains(name) {
            all.append(&mut waiting);
            waiting = behind.remove(&Some(*name)).unwrap_or_default();
        }
        all.push(*name);
    }
    all.append(&mut waiting);
    all
}

/// Whether the names that both have stand in another order.
fn moved(before: &[&str], after: &[&str]) -> bool {
    let (old, new): (HashSet<&str>, HashSet<&str>) = (
        before.iter().copied().collect(),
        after.iter().copied().collect(),
    );
    let old_order = before.iter().filter(|name| new.contains(*name));
    let new_order = after.iter().filter(|name| old.contains(*name));
    !old_order.eq(new_order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn additions_come_where_they_stood() {
        let join = |base: &str, ours: &str, theirs: &str, by_name| {
            let [base, ours, theirs] =
                [base, ours, theirs].map(|text| text.split(' ').collect::<Vec<_>>());
            joined(&base, &ours, &theirs, by_name).map(|all| all.join(" "))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(join("a c", "a b2 c", "a b1 c", true), some("a b1 b2 c"));
        assert_eq!(join("c a", "c x a", "c y a", true), some("c x y a"));
        assert_eq!(join("c a", "c a", "y c a z", false), some("y c a z"));
        assert_eq!(join("a b c", "a b c", "c a b", false), some("c a b"));
        assert_eq!(join("a b c", "a x b c", "c a b", false), some("c a x b"));
        assert_eq!(join("a b c", "b a c", "c a b", false), None);
        assert_eq!(join("a b c", "b a c", "b a c", false), some("b a c"));
    }
}
