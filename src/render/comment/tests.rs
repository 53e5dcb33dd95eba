use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn composed(comment: &Comment, limit: usize) -> String {
    let mut out = String::new();
    compose(&mut out, comment, limit).unwrap();
    out
}

/// Twelve targets; two deletes and an authority change stand in front.
fn sample(changes: usize) -> Comment {
    let kept = |what: &str| {
        Item::new(format!("- `{what}` goes, because of a long reason"))
            .brief(format!("- `{what}`"))
            .kept()
    };
    let folds = (0..12).map(|number| Part {
        title: Title::Fold {
            summary: format!("<code>t{number}</code>"),
            thing: "target",
        },
        intro: Some(format!("`/srv/t{number}/.env`")),
        lists: vec![
            List {
                thing: "change",
                head: Some("| variable | what |\n|-|-|".to_owned()),
                items: (0..changes)
                    .map(|n| {
                        Item::new(format!("| `N{n}` | changed, {} |", "reason ".repeat(8)))
                            .brief(format!("| `N{n}` | changed |"))
                    })
                    .collect(),
            },
            List {
                thing: "text",
                head: None,
                items: vec![Item::new("```diff\n-a\n+b\n```")],
            },
        ],
    });
    let mut parts = vec![Part {
        title: Title::Heading("To be deleted".to_owned()),
        intro: None,
        lists: vec![List {
            thing: "delete",
            head: None,
            items: vec![kept("OLD"), kept("OLDER").of(3)],
        }],
    }];
    parts.extend(folds);
    Comment {
        marker: marker("plan", ["production"]),
        lead: vec!["**Plan: a lot.**".to_owned()],
        parts,
        all: "`driftlock plan`".to_owned(),
    }
}

#[test]
fn what_fits_is_whole() {
    let mut comment = sample(1);
    comment.parts.truncate(2);
    insta::assert_snapshot!(composed(&comment, LIMIT), @r"
    <!-- driftlock:plan production -->
    **Plan: a lot.**

    ### To be deleted

    - `OLD` goes, because of a long reason
    - `OLDER` goes, because of a long reason

    <details><summary><code>t0</code></summary>

    `/srv/t0/.env`

    | variable | what |
    |-|-|
    | `N0` | changed, reason reason reason reason reason reason reason reason  |

    ```diff
    -a
    +b
    ```

    </details>
    ");
}

#[test]
fn what_does_not_fit_is_counted() {
    let text = composed(&sample(3), 1100);
    insta::assert_snapshot!(text, @r"
    <!-- driftlock:plan production -->
    **Plan: a lot.**

    _To fit into a comment: 12 texts and 27 changes (all of 9 targets) only counted, 9 entries shortened._ All of it: `driftlock plan`

    ### To be deleted

    - `OLD` goes, because of a long reason
    - `OLDER` goes, because of a long reason

    <details><summary><code>t0</code></summary>

    `/srv/t0/.env`

    | variable | what |
    |-|-|
    | `N0` | changed |
    | `N1` | changed |
    | `N2` | changed |

    1 text, not shown here

    </details>

    <details><summary><code>t1</code></summary>

    `/srv/t1/.env`

    | variable | what |
    |-|-|
    | `N0` | changed |
    | `N1` | changed |
    | `N2` | changed |

    1 text, not shown here

    </details>

    <details><summary><code>t2</code></summary>

    `/srv/t2/.env`

    | variable | what |
    |-|-|
    | `N0` | changed |
    | `N1` | changed |
    | `N2` | changed |

    1 text, not shown here

    </details>
    ");
    let text = composed(&sample(3), 400);
    insta::assert_snapshot!(text, @r"
    <!-- driftlock:plan production -->
    **Plan: a lot.**

    _To fit into a comment: 36 changes and 12 texts (all of 12 targets) only counted, 2 entries shortened._ All of it: `driftlock plan`

    ### To be deleted

    - `OLD`
    - `OLDER`
    ");
}

#[test]
fn it_goes_in_steps() {
    let comment = sample(40);
    for limit in [38_000, 30_000, 20_000, 8_000, 3_000] {
        let text = composed(&comment, limit);
        assert!(text.len() <= limit);
        // the names of what is kept at any size, and in full before any other reason
        assert!(text.contains("`OLD` goes") && text.contains("`OLDER` goes"));
        // no reason of any while the name of another is missing, no text while a reason is
        let notice = text.lines().nth(3).unwrap();
        assert!(notice.contains("12 texts"), "{limit}: {notice}");
        assert_eq!(
            text.contains("reason reason"),
            !notice.contains("change"),
            "{limit}"
        );
        // what room there is, is used
        if limit >= 8_000 {
            assert!(limit - text.len() < 1_000, "{limit}: {}", text.len());
        }
    }
}

#[test]
fn too_many_names_are_said_first() {
    let mut comment = sample(3);
    let name = "X".repeat(255);
    comment.parts[0].lists[0].items = (0..500)
        .map(|n| Item::new(format!("- `{n}{name}`")).kept())
        .collect();
    let text = composed(&comment, LIMIT);
    assert!(text.len() <= LIMIT && text.len() > LIMIT - 1_000);
    let named = text.matches("\n- `").count();
    let words = format!(
        "**Not complete: {} deletes do not fit here and are not named.** Do not approve",
        500 - named
    );
    assert_eq!(text.lines().nth(1).unwrap().find(&words), Some(0), "{text}");
    assert!(text.contains(&format!("… and {} more deletes", 500 - named)));
}

#[test]
fn a_marker_is_one_comment_whatever_the_names() {
    assert_eq!(
        marker("plan", ["b", "a", "b"]),
        "<!-- driftlock:plan a b -->"
    );
    assert_eq!(
        marker("plan", ["x---", "--><b>", "a/b.yaml"]),
        "<!-- driftlock:plan -\\-\\u{3e}\\u{3c}b\\u{3e} a/b.yaml x-\\-\\- -->"
    );
    let many = |n: usize| -> Vec<String> { (0..n).map(|n| format!("manifest-{n}")).collect() };
    let of = |names: &[String]| marker("diff", names.iter().map(String::as_str));
    let (long, longer) = (of(&many(500)), of(&many(501)));
    assert!(long.len() < 100 && long != longer, "{long}");
    let mut turned = many(500);
    turned.reverse();
    assert_eq!(of(&turned), long);
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = (0..400_usize, any::<bool>(), any::<bool>(), 1..30_usize);
    let item = item.prop_map(|(size, short, keep, count)| {
        let item = Item::new(format!("- {}", "f".repeat(size))).of(count);
        let item = if short { item.brief("- b") } else { item };
        if keep { item.kept() } else { item }
    });
    prop::collection::vec(item, 0..30)
}

fn comments() -> impl Strategy<Value = Comment> {
    let list = (items(), any::<bool>()).prop_map(|(items, head)| List {
        thing: "change",
        head: head.then(|| "| a |\n|-|".to_owned()),
        items,
    });
    let part = (0..3_usize, any::<bool>(), prop::collection::vec(list, 0..3));
    let part = part.prop_map(|(title, intro, lists)| Part {
        title: match title {
            0 => Title::None,
            1 => Title::Heading("h".to_owned()),
            _ => Title::Fold {
                summary: "s".to_owned(),
                thing: "target",
            },
        },
        intro: intro.then(|| "intro".to_owned()),
        lists,
    });
    prop::collection::vec(part, 0..8).prop_map(|parts| Comment {
        marker: marker("plan", ["x"]),
        lead: vec!["lead".to_owned()],
        parts,
        all: "`driftlock plan`".to_owned(),
    })
}

/// The numbers of a sentence that counts what is missing.
fn numbers(line: &str) -> usize {
    line.split(' ')
        .filter_map(|word| word.parse::<usize>().ok())
        .sum()
}

proptest! {
    #[test]
    fn any_comment_fits_and_counts_what_it_lacks(comment in comments(), limit in 2_000..20_000_usize) {
        let text = composed(&comment, limit);
        prop_assert!(text.len() <= limit, "{} > {}", text.len(), limit);
        prop_assert_eq!(&text, &composed(&comment, limit));
        prop_assert_eq!(text.matches("<details>").count(), text.matches("\n</details>\n").count());
        let items: Vec<&Item> = comment.parts.iter().flat_map(Part::items).collect();
        let shown = text.lines().filter(|line| line.starts_with("- ")).count();
        prop_assert!(shown <= items.len());
        let whole = composed(&comment, usize::MAX);
        if whole.len() <= limit {
            prop_assert_eq!(&text, &whole);
            prop_assert_eq!(shown, items.len());
        }
        // what is not shown is counted, once below the lead and once in its place
        let all: usize = items.iter().map(|item| item.count).sum();
        let kept_out = text.lines().find(|line| line.starts_with("**Not complete")).map_or(0, numbers);
        let out = text.lines().find(|line| line.contains("only counted"));
        let out = out.map_or(0, |line| numbers(line.split('(').next().unwrap().split(" only").next().unwrap()));
        prop_assert!(kept_out + out <= all);
        prop_assert_eq!(kept_out + out == 0, shown == items.len());
    }

    #[test]
    fn what_is_kept_is_there_or_missed_aloud(comment in comments(), limit in 2_000..20_000_usize) {
        let text = composed(&comment, limit);
        let mut kept = String::new();
        for item in comment.parts.iter().flat_map(Part::items).filter(|item| item.keep) {
            writeln!(kept, "{}", item.brief.as_ref().unwrap_or(&item.full)).unwrap();
        }
        let titles: usize = comment.parts.iter().map(|part| 120 + 60 * part.lists.len()).sum();
        // where their names fit with all titles, none is missed
        if kept.len() + titles + 800 <= limit {
            prop_assert!(!text.contains("**Not complete"), "{}", text);
        }
    }
}
