//! Single joins: layouts and comments of both sides.

use super::{BASE, LIST, TOKEN, TOKEN_2, clean, with};

#[test]
fn two_additions_in_one_gap_used_in_one_line() {
    let ours = with(&[
        ("  LOG_LEVEL: info", "  B_ONE: \"1\"\n\n  LOG_LEVEL: info"),
        (LIST, "[API_TOKEN, B_ONE, LOG_LEVEL]"),
    ]);
    let theirs = with(&[
        (
            "  LOG_LEVEL: info",
            "  # theirs\n  B_TWO: \"2\" # two\n\n  LOG_LEVEL: info",
        ),
        (LIST, "[API_TOKEN, B_TWO, LOG_LEVEL]"),
    ]);
    let wanted = with(&[
        (
            "  LOG_LEVEL: info",
            "  B_ONE: \"1\"\n\n  # theirs\n  B_TWO: \"2\" # two\n\n  LOG_LEVEL: info",
        ),
        (LIST, "[API_TOKEN, B_ONE, B_TWO, LOG_LEVEL]"),
    ]);
    assert_eq!(clean(BASE, &ours, &theirs), wanted);
    assert_eq!(clean(BASE, &theirs, &ours), wanted);
}

#[test]
fn comments_and_layout_of_both_sides_stay() {
    let ours = with(&[
        ("  LOG_LEVEL: info", "  LOG_LEVEL: info # loud"),
        ("owner: ops }", "owner: web }"),
        ("- LOG_LEVEL  # shown", "- LOG_LEVEL  # shown, always"),
    ]);
    let theirs = with(&[
        (
            "# the one for the API",
            "# the one for the API\n  # ask ops",
        ),
        ("  LOG_LEVEL: info", "  LOG_LEVEL: debug"),
        ("https://x/", "https://y/"),
        ("      - URL\n", "      - URL\n      - { Z: \"1\" }\n"),
    ]);
    let wanted = with(&[
        (
            "# the one for the API",
            "# the one for the API\n  # ask ops",
        ),
        ("  LOG_LEVEL: info", "  LOG_LEVEL: debug # loud"),
        ("https://x/", "https://y/"),
        ("owner: ops }", "owner: web }"),
        ("- LOG_LEVEL  # shown", "- LOG_LEVEL  # shown, always"),
        ("      - URL\n", "      - URL\n      - { Z: \"1\" }\n"),
    ]);
    assert_eq!(clean(BASE, &ours, &theirs), wanted);
}

#[test]
fn a_value_and_what_is_said_about_it_join() {
    let ours = with(&[(TOKEN, TOKEN_2)]);
    let theirs = with(&[("rotate: 90d", "rotate: 30d\n    owner: ops")]);
    let new = TOKEN_2.replace("rotate: 90d", "rotate: 30d\n    owner: ops");
    assert_eq!(clean(BASE, &ours, &theirs), with(&[(TOKEN, &new)]));
}

#[test]
fn another_layout_indent_or_line_end_on_one_side_joins() {
    let block = with(&[(LIST, "\n      - API_TOKEN\n      - LOG_LEVEL")]);
    let more = with(&[(LIST, "[API_TOKEN, LOG_LEVEL, URL]")]);
    let wanted = with(&[(LIST, "\n      - API_TOKEN\n      - LOG_LEVEL\n      - URL")]);
    // one space is left behind the colon by this edit
    assert_eq!(clean(BASE, &block, &more), wanted);
    assert_eq!(clean(BASE, &more, &block), more);
    let crlf = with(&[(TOKEN, TOKEN_2)]).replace('\n', "\r\n");
    let theirs = with(&[("LOG_LEVEL: info", "LOG_LEVEL: warn")]);
    let both = with(&[(TOKEN, TOKEN_2), ("LOG_LEVEL: info", "LOG_LEVEL: warn")]);
    assert_eq!(clean(BASE, &crlf, &theirs), both.replace('\n', "\r\n"));
    assert_eq!(clean(BASE, &theirs, &crlf), both);
    let deep = with(&[(
        "  LOG_LEVEL: info",
        "  LOG_LEVEL:\n    value: info\n    owner: x",
    )]);
    let deeper = deep.replace(
        "    value: info\n    owner: x",
        "        value: info\n        owner: y",
    );
    let warn = deep.replace("value: info", "value: warn");
    let text = clean(&deep, &warn, &deeper);
    assert!(text.contains("    value: warn\n    owner: y"), "{text}");
}

#[test]
fn the_last_entry_goes_and_the_first_comes() {
    let one = "driftlock: 1\nname: t\nvariables:\n  A: x\n";
    let none = "driftlock: 1\nname: t\nvariables: {}\n";
    let two = "driftlock: 1\nname: t\nvariables:\n  A: x\n\n  B: y";
    assert_eq!(
        clean(one, none, two),
        "driftlock: 1\nname: t\nvariables:\n  B: y\n"
    );
    assert_eq!(
        clean(one, two, none),
        "driftlock: 1\nname: t\nvariables:\n  B: y\n"
    );
    let bare = "driftlock: 1\nname: t\n";
    let other = "driftlock: 1\nname: t\nvariables:\n  C: z\n";
    assert_eq!(
        clean(bare, one, other),
        "driftlock: 1\nname: t\nvariables:\n  A: x\n\n  C: z\n"
    );
    // both added the file
    assert_eq!(clean("", one, two), format!("{two}\n"));
}
