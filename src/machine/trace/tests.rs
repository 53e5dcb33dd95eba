//! Answers as the tools of several systems give them.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// As util-linux 2.38 prints it.
const LAST: &str = "\
ann      pts/0        10.0.0.5         Mon Nov 30 03:00:01 2026   still logged in
bob      pts/1        2001:db8::7      Mon Nov 30 02:00:00 2026 - Mon Nov 30 02:20:00 2026  (00:20)
deploy   tty1                          Sun Nov 29 22:00:00 2026 - down                      (02:30)
eve      pts/2        gone.example.org Sun Nov 29 20:00:00 2026 - crash                    (05:00)
joe      pts/3        10.0.0.9         Sun Nov 29 19:00:00 2026   gone - no logout
reboot   system boot  6.1.0-18-amd64   Sun Nov 29 18:00:00 2026   still running

wtmp begins Sun Nov  1 00:00:01 2026
";

fn last(text: &str) -> Logins {
    Logins::of_last(text.lines(), MOST_LOGINS)
}

#[test]
fn who_was_logged_in_at_a_moment() {
    let list = last(LAST);
    let words = |moment| list.at(at(moment));
    assert_eq!(
        words("2026-11-30T03:10:00Z"),
        "logged in then: ann (from 10.0.0.5), joe (from 10.0.0.9)"
    );
    assert_eq!(
        words("2026-11-30T02:10:00Z"),
        "logged in then: bob (from 2001:db8::7), joe (from 10.0.0.9)"
    );
    // its end is known by how long it was
    assert!(words("2026-11-29T23:00:00Z").contains("deploy, eve (from gone.example.org)"));
    assert!(!words("2026-11-30T00:40:00Z").contains("deploy"));
    assert_eq!(words("2026-11-29T18:30:00Z"), "nobody was logged in then");
    let far = "who was logged in then is not known: the list of logins does not go back that far";
    assert_eq!(words("2026-10-31T00:00:00Z"), far);
    // an empty list has a beginning all the same
    let empty = last("\nwtmp begins Tue May 20 00:00:00 2025\n");
    assert_eq!(
        empty.at(at("2026-11-30T00:00:00Z")),
        "nobody was logged in then"
    );
    assert_eq!(last("").at(at("2026-11-30T00:00:00Z")), far);
}

#[test]
fn a_list_that_was_cut_goes_no_further_than_its_last_line() {
    let cut = Logins::of_last(LAST.lines(), 6);
    let Logins::Since { begin, .. } = &cut else {
        panic!("{cut:?}")
    };
    assert_eq!(*begin, Some(at("2026-11-29T18:00:00Z")));
}

#[test]
fn who_lists_those_who_are_still_there() {
    let now = at("2026-01-02T00:00:00Z");
    let text = "ann      pts/0        Jan  1 03:00 (10.0.0.5)\n\
                bob      tty1         Dec 30 09:15\n\
                eve      pts/1        2026-01-01 23:59 (gone.example.org)\n\
                odd\n";
    let list = Logins::of_who(text.lines(), now);
    let Logins::Present(logins) = &list else {
        panic!("{list:?}")
    };
    assert_eq!(logins.len(), 3);
    assert_eq!(logins[1].begin, at("2025-12-30T09:15:00Z"), "of last year");
    assert_eq!(
        list.at(at("2026-01-01T12:00:00Z")),
        "logged in since before then: ann (from 10.0.0.5), bob"
    );
    assert_eq!(
        list.at(at("2025-12-29T00:00:00Z")),
        "nobody is logged in since before then, and others are not listed"
    );
}

#[test]
fn a_long_list_of_people_is_cut() {
    let lines: String = (0..9)
        .map(|n| format!("u{n} pts/{n} Mon Nov 30 03:00:01 2026 still logged in\n"))
        .collect();
    let list = last(&format!("{lines}\nwtmp begins Sun Nov  1 00:00:01 2026\n"));
    assert_eq!(
        list.at(at("2026-11-30T04:00:00Z")),
        "logged in then: u0, u1, u2, u3, u4 and 4 more"
    );
}

#[test]
fn answers_have_a_line_for_each_file() {
    let text = format!(
        "1764470000\nis 1764460000 1764460001 1000 ann\ngone\nunknown\nis 1 2 4242 UNKNOWN\nlast\n{LAST}"
    );
    let traces = parse(&text, 4).unwrap();
    assert_eq!(traces.now, Timestamp::from_second(1_764_470_000).ok());
    let FileTrace::Is(first) = &traces.files[0] else {
        panic!("{traces:?}")
    };
    assert_eq!(first.owner, "ann");
    assert_eq!(first.changed.duration_since(first.modified).as_secs(), 1);
    assert_eq!(traces.files[1..3], [FileTrace::Gone, FileTrace::Unknown]);
    let FileTrace::Is(stranger) = &traces.files[3] else {
        panic!("{traces:?}")
    };
    assert_eq!(stranger.owner, "user 4242");
    assert_eq!(
        parse("1764470000\nnone\n", 0).unwrap().logins,
        Logins::Unknown
    );
    // without a clock there is no year
    let blind = parse("unknown\nwho\nann tty1 Jan 1 03:00\n", 0).unwrap();
    assert_eq!((blind.now, blind.logins), (None, Logins::Unknown));
    for odd in [
        "",
        "x\nnone\n",
        "1764470000\n",
        "1764470000\nis 1 2\nnone\n",
        "1764470000\nis a b c d\nnone\n",
        "1764470000\ngone\n",
        "1764470000\ngone\nelse\n",
        "1764470000\nlast\n",
    ] {
        assert_eq!(parse(odd, 1), None, "{odd:?}");
    }
}

#[test]
fn no_line_of_a_list_breaks_it() {
    for odd in [
        "Mon Nov 30 03:00:01 2026",
        "a b Mon Nov 99 03:00:01 2026",
        "a b Mon Nov 30 03:00:01 99999",
        "a b Mon Nov 30 03:00:01 2026 - crash (999999999999+00:00)",
        "a b Mon Nov 30 03:00:01 2026 - crash (-1:-1)",
        "\u{202e} b Mon Nov 30 x 2026",
        "wtmp begins",
    ] {
        let _read = last(odd).at(at("2026-11-30T00:00:00Z"));
        let _read = Logins::of_who([odd].into_iter(), at("2026-11-30T00:00:00Z"));
    }
}

#[tokio::test]
async fn this_machine_answers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a b'$c.env");
    std::fs::write(&file, "A=1\n").unwrap();
    let host = crate::machine::LocalHost::with_environment(std::env::vars_os().collect());
    let traces = trace(&host, &[file.clone(), folder.path().join("none")])
        .await
        .unwrap();
    let FileTrace::Is(times) = &traces.files[0] else {
        panic!("{traces:?}")
    };
    let age = traces.now.unwrap().duration_since(times.modified).as_secs();
    assert!((0..600).contains(&age), "{age}");
    assert!(!times.owner.is_empty());
    assert_eq!(traces.files[1], FileTrace::Gone);
}
