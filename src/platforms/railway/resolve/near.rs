//! Names that somebody may have meant.

/// Most names that an error lists.
const MOST: usize = 8;

/// Equal when upper and lower case are not told apart.
pub(super) fn same_but_for_case(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Those that look like `wanted`; if none does and there are few, all.
pub(super) fn names<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<&str> = known.collect();
    all.sort_unstable();
    all.dedup();
    let alike: Vec<&str> = all
        .iter()
        .copied()
        .filter(|name| is_near(wanted, name))
        .collect();
    let shown = if alike.is_empty() && all.len() <= MOST {
        all
    } else {
        alike
    };
    shown.into_iter().take(MOST).map(str::to_owned).collect()
}

fn is_near(wanted: &str, name: &str) -> bool {
    let (wanted, name) = (wanted.to_lowercase(), name.to_lowercase());
    let contains = |long: &str, short: &str| short.chars().count() >= 3 && long.contains(short);
    contains(&wanted, &name)
        || contains(&name, &wanted)
        || distance(&wanted, &name) <= wanted.chars().count().min(9) / 3
}

/// How many letters to add, drop or change.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, known) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *known);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

/// `a, b and c`, each in quotes.
pub(super) fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("staging", "staging"), 0);
        assert_eq!(distance("stagin", "staging"), 1);
    }

    #[test]
    fn near_names_first_and_all_of_a_few_else() {
        let known = ["production", "staging", "pr-12", "PRODUCTION-eu"];
        let near = |wanted| names(wanted, known.into_iter());
        assert_eq!(near("prodution"), ["production"]);
        assert_eq!(near("Production"), ["PRODUCTION-eu", "production"]);
        assert_eq!(near("zzz").len(), 4);
        let many: Vec<String> = (0..30).map(|at| format!("service-{at}")).collect();
        let far = names("qqq", many.iter().map(String::as_str));
        assert_eq!(far, Vec::<String>::new());
        assert_eq!(
            names("service", many.iter().map(String::as_str)).len(),
            MOST
        );
    }
}
