use super::*;

#[test]
fn what_no_gateway_takes_is_refused_in_the_plan() {
    for (text, word) in [
        ("", "empty"),
        (" token", "blanks"),
        ("token\n", "blanks"),
        ("__OPENCLAW_REDACTED__", "placeholder"),
        ("undefined", "no token"),
        ("null", "no token"),
        ("a${HOME}b", "variable"),
        ("$HOME", "variable"),
        ("a\tb", "control"),
    ] {
        let why = accepts(text).unwrap_err();
        assert!(why.contains(word), "{text:?}: {why}");
    }
    assert!(accepts(&"x".repeat(LONGEST_VALUE + 1)).is_err());
    for text in ["3fa9c1d2", "a$b", "tök€n with blanks inside", "a'b\"c\\d"] {
        assert_eq!(accepts(text), Ok(()), "{text}");
    }
}
