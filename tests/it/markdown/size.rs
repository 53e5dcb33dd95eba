//! How much fits into one comment, and that what must be seen is always among it.

use std::time::Instant;

use driftlock::plan::{ActionKind, Plan};
use driftlock::render::comment::LIMIT;
use driftlock::render::markdown::render_markdown;
use rand::Rng;

use super::plans::{
    DELETED, call, cases, change, composed, large, plan, print, random, shuffled, target,
};
use super::read::{is_ours, read};

/// Deletes with their targets, as a comment names them: `NAME` in an entry that says where.
fn unnamed_deletes(plan: &Plan, comment: &str) -> Vec<String> {
    let section = comment
        .split("\n### To be deleted\n")
        .nth(1)
        .unwrap_or_default();
    let section = section.split("\n<details>").next().unwrap();
    let mut missing = vec![];
    for target in &plan.targets {
        let place = format!(" on `{}`", target.target);
        let entries: String = section
            .lines()
            .filter(|line| line.starts_with("- `") && line.contains(&place))
            .collect();
        for change in target
            .changes
            .iter()
            .filter(|change| change.action == ActionKind::Delete)
        {
            if !entries.contains(&format!("`{}`", change.name)) {
                missing.push(format!("{}{place}", change.name));
            }
        }
    }
    missing
}

fn unnamed_authority(plan: &Plan, comment: &str) -> usize {
    let section = comment
        .split("\n### This revision may do more")
        .nth(1)
        .unwrap_or_default();
    let section = section.split("\n### ").next().unwrap();
    plan.authority.len()
        - section
            .lines()
            .filter(|line| line.starts_with("- **"))
            .count()
}

#[test]
fn five_hundred_and_five_thousand_changes_fit_and_name_what_matters() {
    for (changes, every, deletes) in [(500, 8, 63), (5_000, 10, 500)] {
        let plan = large(changes, every, &mut random(21));
        let begin = Instant::now();
        let mut comment = String::new();
        let plans = std::slice::from_ref(&plan);
        render_markdown(
            &mut comment,
            &call(),
            plans,
            &driftlock::plan::summary(&plan),
        )
        .unwrap();
        println!(
            "{changes} changes: {} bytes in {:.0?}",
            comment.len(),
            begin.elapsed()
        );
        assert!(comment.len() <= LIMIT);
        let all = plan.targets.iter().flat_map(|target| &target.changes);
        assert_eq!(
            all.filter(|change| change.action == ActionKind::Delete)
                .count(),
            deletes
        );
        assert_eq!(unnamed_deletes(&plan, &comment), [""; 0]);
        assert_eq!(unnamed_authority(&plan, &comment), 0);
        assert!(!comment.contains("Not complete"));
        let lines: Vec<&str> = comment.lines().take(4).collect();
        assert!(lines[1].starts_with("**Plan: "), "{lines:?}");
        assert!(
            lines[3].starts_with("_To fit into a comment: "),
            "{lines:?}"
        );
        println!("{}", lines[3]);
        // of five hundred, no name is missing
        assert_eq!(changes > 500, lines[3].contains(" changes"), "{}", lines[3]);
        is_ours(&read(&comment));
        // what was left out did not fit: the room is used
        assert!(comment.len() > LIMIT - 2_000, "{}", comment.len());
    }
}

#[test]
fn more_deletes_than_fit_are_not_hidden() {
    let name = |number: usize| format!("{}_{number}", "N".repeat(250));
    let changes = (0..500).map(|number| change(&name(number), DELETED, (print(1), print(2))));
    let plan = plan(
        "production",
        vec![target("vps", "/srv/.env", changes.collect())],
    );
    let comment = composed(&call(), std::slice::from_ref(&plan), LIMIT);
    assert!(comment.len() <= LIMIT);
    let missing = unnamed_deletes(&plan, &comment).len();
    let second = comment.lines().nth(1).unwrap();
    assert!(missing > 200);
    assert_eq!(
        second,
        format!(
            "**Not complete: {missing} deletes do not fit here and are not named.** Do not approve by this comment; all of it: `driftlock plan manifests/production.yaml`"
        )
    );
    is_ours(&read(&comment));
}

#[test]
fn any_plan_fits_in_any_order() {
    let mut random = random(22);
    for _ in 0..cases(25) {
        let size = random.gen_range(1..1_500);
        let mut plans = vec![large(size, random.gen_range(2..30), &mut random)];
        for name in ["staging", "www.example.com"] {
            let mut other = large(random.gen_range(0..200), 9, &mut random);
            other.manifest = name.parse().unwrap();
            if random.r#gen() {
                plans.push(other);
            }
        }
        let limit = random.gen_range(10_000..LIMIT);
        let comment = composed(&call(), &plans, limit);
        assert!(comment.len() <= limit, "{} > {limit}", comment.len());
        is_ours(&read(&comment));
        let missing: usize = plans
            .iter()
            .map(|plan| unnamed_deletes(plan, &comment).len())
            .sum();
        let missing = missing + plans.iter().map(|plan| plan.authority.len()).sum::<usize>()
            - comment
                .split("\n### To look at")
                .next()
                .unwrap()
                .lines()
                .filter(|line| line.starts_with("- **"))
                .count();
        let said = comment
            .lines()
            .find(|line| line.starts_with("**Not complete: "));
        assert!(missing == 0 || said.is_some(), "{missing}: {comment}");
        // what names a plan comes last of what is kept
        assert!(said.is_none_or(|line| missing > 0 || line.contains("plan")));
        let other = shuffled(plans.clone(), &mut random);
        assert!(
            comment == composed(&call(), &other, limit),
            "another order, another comment"
        );
    }
}
