use jiff::civil::date;
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

use super::*;

fn window(text: &str) -> Window {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn with(allow: &[&str], deny: &[&str]) -> Reconciling {
    Reconciling {
        allow: allow.iter().map(|text| window(text)).collect(),
        deny: deny.iter().map(|text| window(text)).collect(),
        ..Reconciling::default()
    }
}

fn refused(text: &str) -> ParseWindowError {
    text.parse::<Window>()
        .map(|window| window.to_string())
        .unwrap_err()
}

/// When it is open on one day (and the night after it), minute by minute, as ranges in UTC.
fn open_on(text: &str, day: &str) -> Vec<String> {
    let (window, zones) = (window(text), Zones::bundled());
    let begin = at(&format!("{day}T00:00:00Z"));
    let minute = |n: i64| Timestamp::from_second(begin.as_second() + n * 60).unwrap();
    let mut found: Vec<(i64, i64)> = vec![];
    for n in (-1440..2880).filter(|n| window.is_open(minute(*n), &zones)) {
        match found.last_mut() {
            Some((_, end)) if *end == n => *end = n + 1,
            _ => found.push((n, n + 1)),
        }
    }
    let spell = |n: i64| minute(n).strftime("%d %H:%M").to_string();
    found
        .iter()
        .map(|(from, to)| format!("{} - {}", spell(*from), spell(*to)))
        .collect()
}

#[test]
fn a_window_has_one_spelling() {
    for (text, canonical) in [
        (
            "mon-fri 09:00-17:00 Europe/Zurich",
            "mon-fri 09:00-17:00 Europe/Zurich",
        ),
        (
            "mon,tue,wed,thu,fri 09:00-17:00 europe/zurich",
            "mon-fri 09:00-17:00 Europe/Zurich",
        ),
        ("fri,mon,thu,tue UTC", "mon,tue,thu,fri UTC"),
        ("sat-mon UTC", "mon,sat,sun UTC"),
        ("mon-sun 00:00-24:00 UTC", "daily UTC"),
        ("22:00-06:00 UTC", "daily 22:00-06:00 UTC"),
        ("wed 18:00-00:00 UTC", "wed 18:00-24:00 UTC"),
        ("wed 18:00-24:00 UTC", "wed 18:00-24:00 UTC"),
        ("2026-12-20..2026-12-20 UTC", "2026-12-20 UTC"),
        (
            "2026-12-20..2027-01-03 22:00-02:00 Asia/Tokyo",
            "2026-12-20..2027-01-03 22:00-02:00 Asia/Tokyo",
        ),
    ] {
        let found = window(text);
        assert_eq!(found.to_string(), canonical);
        assert_eq!(window(canonical), found);
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Window>(&json).unwrap(), found);
    }
}

#[test]
fn what_is_no_window_says_why() {
    use ParseWindowError as E;
    for (text, error) in [
        ("", E::Shape),
        ("UTC", E::Shape),
        ("mon-fri", E::NoZone),
        ("09:00-17:00", E::NoZone),
        ("mon-fri 09:00-17:00", E::NoZone),
        ("2026-12-20", E::NoZone),
        ("mon-fri 09:00-17:00 Europe/Zurch", E::UnknownZone),
        ("mon-fri 09:00-17:00 Etc/Unknown", E::UnknownZone),
        ("mon-fri 09:00-17:00 +02:00", E::Shape),
        ("mon-fri 09:00-17:00 ../../etc/passwd", E::Shape),
        ("mon-fri 09:00-17:00 Europe/Zurich please", E::Shape),
        ("mon-fri  09:00-17:00 UTC", E::Shape),
        ("Mon-Fri UTC", E::Shape),
        ("monday UTC", E::Shape),
        ("mon- UTC", E::Shape),
        ("mon,,tue UTC", E::Shape),
        ("* 09:00-17:00 UTC", E::Shape),
        ("0 22 * * * UTC", E::Shape),
        ("mon 9:00-17:00 UTC", E::Times),
        ("mon 09:00-17:60 UTC", E::Times),
        ("mon 09:00-25:00 UTC", E::Times),
        ("mon 24:00-25:00 UTC", E::Times),
        ("mon 24:00-01:00 UTC", E::Times),
        ("mon 09:00-24:30 UTC", E::Times),
        ("mon 09:00-+1:00 UTC", E::Times),
        ("mon 09:00-09:00 UTC", E::NoTime),
        ("2026-02-30 UTC", E::Date),
        ("2026-13-01..2026-12-01 UTC", E::Date),
        ("2026-1-1 UTC", E::Shape),
        ("2027-01-03..2026-12-20 UTC", E::Backwards),
    ] {
        assert_eq!(refused(text), error, "{text}");
    }
}

#[test]
fn days_and_times_are_those_of_the_zone() {
    let zones = Zones::bundled();
    let office = window("mon-fri 09:00-17:00 Europe/Zurich");
    for (instant, open) in [
        ("2026-11-30T07:59:59Z", false),
        ("2026-11-30T08:00:00Z", true),
        ("2026-11-30T15:59:59.999Z", true),
        ("2026-11-30T16:00:00Z", false),
        ("2026-11-29T10:00:00Z", false),
        ("2026-07-06T07:00:00Z", true),
    ] {
        assert_eq!(office.is_open(at(instant), &zones), open, "{instant}");
    }
    // a Sunday in Auckland begins on a Saturday elsewhere
    assert_eq!(
        open_on("sun Pacific/Auckland", "2026-11-28"),
        ["28 11:00 - 29 11:00"]
    );
    assert_eq!(
        open_on("sun America/Los_Angeles", "2026-11-29"),
        ["29 08:00 - 30 08:00"]
    );
}

#[test]
fn past_midnight_belongs_to_the_day_on_which_it_begins() {
    assert_eq!(
        open_on("fri 22:00-06:00 UTC", "2026-11-27"),
        ["27 22:00 - 28 06:00"]
    );
    assert_eq!(
        open_on("sat 22:00-06:00 UTC", "2026-11-28"),
        ["28 22:00 - 29 06:00"]
    );
    let freeze = "2026-12-24..2026-12-25 20:00-04:00 UTC";
    assert_eq!(
        open_on(freeze, "2026-12-24"),
        ["24 20:00 - 25 04:00", "25 20:00 - 26 00:00"]
    );
}

#[test]
fn a_time_that_clocks_skip_is_not_there_and_one_they_show_twice_is_there_twice() {
    // Zurich: 02:00 -> 03:00 (01:00Z) on 29 March, 03:00 -> 02:00 (01:00Z) on 25 October 2026
    assert_eq!(
        open_on("sun 02:15-02:45 Europe/Zurich", "2026-03-29"),
        [""; 0]
    );
    assert_eq!(
        open_on("sun 02:30-03:30 Europe/Zurich", "2026-03-29"),
        ["29 01:00 - 29 01:30"]
    );
    assert_eq!(
        open_on("sun 01:30-03:30 Europe/Zurich", "2026-03-29"),
        ["29 00:30 - 29 01:30"]
    );
    assert_eq!(
        open_on("sun 02:15-02:45 Europe/Zurich", "2026-10-25"),
        ["25 00:15 - 25 00:45", "25 01:15 - 25 01:45"]
    );
    assert_eq!(
        open_on("sun 01:00-02:30 Europe/Zurich", "2026-10-25"),
        ["24 23:00 - 25 00:30", "25 01:00 - 25 01:30"]
    );
    assert_eq!(
        open_on("sun 02:00-03:00 Europe/Zurich", "2026-10-25"),
        ["25 00:00 - 25 02:00"]
    );
    // past midnight into a day of 23 and one of 25 hours
    assert_eq!(
        open_on("sat 22:00-06:00 Europe/Zurich", "2026-03-28"),
        ["28 21:00 - 29 04:00"]
    );
    assert_eq!(
        open_on("sat 22:00-06:00 Europe/Zurich", "2026-10-24"),
        ["24 20:00 - 25 05:00"]
    );
}

#[test]
fn odd_zones_are_no_exception() {
    // Lord Howe: half an hour, 02:00 -> 02:30 on 4 October (3 October 15:30Z), 02:00 -> 01:30 on 5 April
    assert_eq!(
        open_on("sun 02:00-02:30 Australia/Lord_Howe", "2026-10-03"),
        [""; 0]
    );
    assert_eq!(
        open_on("sun 02:15-03:00 Australia/Lord_Howe", "2026-10-03"),
        ["03 15:30 - 03 16:00"]
    );
    assert_eq!(
        open_on("sun 01:30-02:00 Australia/Lord_Howe", "2026-04-04"),
        ["04 14:30 - 04 15:30"]
    );
    // Santiago: southern, at midnight: 6 September 00:00 -> 01:00 (04:00Z), 4 April 24:00 -> 23:00 (5 April 03:00Z)
    assert_eq!(
        open_on("sun 00:00-00:30 America/Santiago", "2026-09-06"),
        [""; 0]
    );
    assert_eq!(
        open_on("sun America/Santiago", "2026-09-06"),
        ["06 04:00 - 07 03:00"]
    );
    assert_eq!(
        open_on("sat 23:00-24:00 America/Santiago", "2026-04-05"),
        ["05 02:00 - 05 04:00"]
    );
    assert_eq!(
        open_on("sat 23:30-00:30 America/Santiago", "2026-04-05"),
        ["05 02:30 - 05 03:00", "05 03:30 - 05 04:30"]
    );
    // St John's: west of UTC by half an hour: 02:00 -> 03:00 (05:30Z) on 8 March
    assert_eq!(
        open_on("sun 01:30-03:30 America/St_Johns", "2026-03-08"),
        ["08 05:00 - 08 06:00"]
    );
    // Apia had no 30 December 2011
    assert_eq!(open_on("fri Pacific/Apia", "2011-12-30"), [""; 0]);
    assert_eq!(
        open_on("thu 22:00-06:00 Pacific/Apia", "2011-12-30"),
        ["30 08:00 - 30 10:00"]
    );
}

#[test]
fn denying_wins_and_nothing_allowed_is_any_time() {
    let zones = Zones::bundled();
    let now = at("2026-11-30T10:00:00Z");
    assert_eq!(with(&[], &[]).may_write(now, &zones), Ok(()));
    assert_eq!(
        with(&["mon UTC", "sat UTC"], &[]).may_write(now, &zones),
        Ok(())
    );
    let both = with(&["mon UTC"], &["mon 09:00-11:00 UTC", "10:30-12:00 UTC"]);
    let withheld = both.may_write(now, &zones).unwrap_err();
    assert_eq!(withheld.why, "`deny` has `mon 09:00-11:00 UTC`");
    assert_eq!(
        withheld.until,
        Some(at("2026-11-30T12:00:00Z")),
        "after the other one too"
    );
    let later = with(&["tue UTC"], &["tue 00:00-08:00 UTC"])
        .may_write(now, &zones)
        .unwrap_err();
    assert_eq!(later.why, "it is outside the windows of `allow`");
    assert_eq!(later.until, Some(at("2026-12-01T08:00:00Z")));
}

#[test]
fn what_is_never_allowed_says_so() {
    let zones = Zones::bundled();
    let now = at("2026-11-30T10:00:00Z");
    let until = |one: &Reconciling| one.may_write(now, &zones).unwrap_err().until;
    assert_eq!(until(&with(&[], &["daily UTC"])), None);
    assert_eq!(
        until(&with(&[], &["00:00-12:00 UTC", "12:00-24:00 UTC"])),
        None
    );
    assert_eq!(
        until(&with(&["2026-01-01..2026-11-29 UTC"], &[])),
        None,
        "has passed"
    );
    assert_eq!(until(&with(&["mon UTC"], &["mon UTC"])), None);
    // far ahead, but written down
    let ahead = Some(at("2031-05-01T00:00:00Z"));
    assert_eq!(until(&with(&["2031-05-01 UTC"], &[])), ahead);
    let freeze = with(&[], &["2026-11-30..2027-02-28 UTC"]);
    assert_eq!(until(&freeze), Some(at("2027-03-01T00:00:00Z")));
}

#[test]
fn a_suspension_ends_and_then_the_windows_count() {
    let zones = Zones::bundled();
    let suspended = Reconciling {
        suspend: Some(Suspension {
            reason: "database move".into(),
            until: at("2027-06-05T12:00:00Z"),
        }),
        ..with(&["mon-fri 09:00-17:00 UTC"], &[])
    };
    let withheld = suspended
        .may_write(at("2026-11-30T10:00:00Z"), &zones)
        .unwrap_err();
    assert_eq!(
        withheld.why,
        "it is suspended until 2027-06-05T12:00:00Z: database move"
    );
    assert_eq!(
        withheld.until,
        Some(at("2027-06-07T09:00:00Z")),
        "the Monday after that Saturday"
    );
    assert_eq!(
        suspended.may_write(at("2027-06-07T09:00:00Z"), &zones),
        Ok(())
    );
}

#[test]
fn what_cannot_be_read_withholds() {
    let now = at("2026-11-30T10:00:00Z");
    let newer: Window = serde_json::from_str("\"every full moon UTC\"").unwrap();
    assert!(!newer.is_open(now, &Zones::bundled()));
    for one in [
        Reconciling {
            deny: vec![newer.clone()],
            ..Reconciling::default()
        },
        // also where another window would allow it
        Reconciling {
            allow: vec![window("daily UTC"), newer],
            ..Reconciling::default()
        },
    ] {
        let withheld = one.may_write(now, &Zones::bundled()).unwrap_err();
        assert_eq!(
            withheld.why,
            "this driftlock cannot read the window `every full moon UTC`"
        );
        assert_eq!(withheld.until, None);
    }
    let withheld = with(&["daily UTC"], &[])
        .may_write(now, &Zones::none())
        .unwrap_err();
    assert_eq!(
        withheld.why,
        "the time zone of the window `daily UTC` is not known here"
    );
}

/// A compiled zone (RFC 9636) that is nine hours ahead of UTC at any time.
fn zone_of_nine_hours() -> Vec<u8> {
    let part = |offset: i32| {
        let counts: [u32; 6] = [0, 0, 0, 0, 1, 4];
        let mut bytes = b"TZif2".to_vec();
        bytes.extend([0; 15]);
        bytes.extend(counts.iter().flat_map(|count| count.to_be_bytes()));
        bytes.extend(offset.to_be_bytes());
        bytes.extend(b"\0\0JST\0");
        bytes
    };
    [part(0), part(9 * 3600), b"\nJST-9\n".to_vec()].concat()
}

#[test]
fn a_machine_without_zones_has_ours_and_one_with_zones_its_own() {
    let now = at("2026-11-30T10:00:00Z");
    let zurich = with(&["mon 11:00-12:00 Europe/Zurich"], &[]);
    let bare = Zones::of_machine(TimeZoneDatabase::none());
    assert_eq!(zurich.may_write(now, &bare), Ok(()));
    // a folder of zones where Zurich has moved to Tokyo
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("Europe")).unwrap();
    std::fs::write(folder.path().join("Europe/Zurich"), zone_of_nine_hours()).unwrap();
    let newer = Zones::of_machine(TimeZoneDatabase::from_dir(folder.path()).unwrap());
    zurich.may_write(now, &newer).unwrap_err();
    assert_eq!(zurich.may_write(at("2026-11-30T02:00:00Z"), &newer), Ok(()));
    let other = with(&["mon 05:00-06:00 America/New_York"], &[]);
    assert_eq!(
        other.may_write(now, &newer),
        Ok(()),
        "not in the folder, so from here"
    );
}

#[test]
fn a_window_within_another_is_no_wider() {
    for (inner, outer, within) in [
        ("mon 12:00-13:00 UTC", "mon-fri 09:00-13:00 UTC", true),
        ("mon-fri 09:00-13:00 UTC", "mon 12:00-13:00 UTC", false),
        (
            "mon 12:00-13:00 UTC",
            "mon 12:00-13:00 Europe/Zurich",
            false,
        ),
        ("fri 23:00-01:00 UTC", "fri 22:00-06:00 UTC", true),
        ("sat 00:00-01:00 UTC", "fri 22:00-06:00 UTC", false),
        (
            "2026-12-24..2026-12-25 UTC",
            "2026-12-20..2027-01-03 UTC",
            true,
        ),
        (
            "2026-12-19..2026-12-25 UTC",
            "2026-12-20..2027-01-03 UTC",
            false,
        ),
        ("2026-12-24 UTC", "thu UTC", true),
        ("2026-12-24..2026-12-25 UTC", "thu UTC", false),
        ("2026-12-24..2027-12-25 UTC", "daily UTC", true),
        ("thu UTC", "2026-12-24 UTC", false),
    ] {
        assert_eq!(
            window(inner).is_within(&window(outer)),
            within,
            "{inner} in {outer}"
        );
    }
}

#[test]
fn loosening_is_told_from_tightening() {
    let base = with(&["mon UTC", "tue UTC"], &["2026-12-24 UTC"]);
    let until = |day: i8| {
        let end = date(2027, 1, day).at(0, 0, 0, 0);
        Some(Suspension {
            reason: "x".into(),
            until: end.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp(),
        })
    };
    let mut cases: Vec<(Reconciling, bool)> = vec![
        (base.clone(), false),
        (with(&["mon UTC"], &["2026-12-24 UTC"]), false),
        (with(&["mon UTC", "wed UTC"], &["2026-12-24 UTC"]), true),
        (with(&[], &["2026-12-24 UTC"]), true),
        (with(&["mon UTC", "tue UTC"], &[]), true),
        (
            with(&["mon UTC", "tue UTC"], &["2026-12-24 UTC", "sun UTC"]),
            false,
        ),
    ];
    cases.push((
        Reconciling {
            mode: Mode::Apply,
            ..base.clone()
        },
        true,
    ));
    cases.push((
        Reconciling {
            suspend: until(5),
            ..base.clone()
        },
        false,
    ));
    cases.push((
        Reconciling {
            every: Some(Duration::from_secs(9)),
            ..base.clone()
        },
        false,
    ));
    let probed = |minutes: u64| Reconciling {
        probe: Some(Duration::from_secs(60 * minutes)),
        ..base.clone()
    };
    cases.push((probed(60), true));
    assert_eq!(base.loosened_since(&probed(60)), None);
    assert_eq!(probed(61).loosened_since(&probed(60)), None);
    assert_eq!(
        probed(59).loosened_since(&probed(60)).as_deref(),
        Some("send its probes more often")
    );
    assert_eq!(probed(59).stricter(&probed(60)).probe, probed(60).probe);
    for (now, looser) in cases {
        assert_eq!(now.loosened_since(&base).is_some(), looser, "{now:?}");
        let both = now.stricter(&base);
        assert_eq!(both.loosened_since(&base), None, "{both:?}");
    }
    let suspended = Reconciling {
        suspend: until(5),
        ..base.clone()
    };
    let shorter = Reconciling {
        suspend: until(4),
        ..base.clone()
    };
    assert!(base.loosened_since(&suspended).is_some());
    assert!(shorter.loosened_since(&suspended).is_some());
    assert_eq!(suspended.loosened_since(&shorter), None);
    assert_eq!(shorter.stricter(&suspended).suspend, until(5));
    assert_eq!(suspended.stricter(&shorter).suspend, until(5));
    let nowhere = with(&[], &[]);
    assert_eq!(
        base.loosened_since(&nowhere),
        None,
        "from any time to some windows"
    );
}

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Zurich",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "America/St_Johns",
    "Africa/Cairo",
    "America/Havana",
];

prop_compose! {
    fn some_window()(
        days in 0_usize..6,
        from in 0_u16..96,
        long in 1_u16..96,
        zone in 0..ZONES.len(),
        whole in prop::bool::weighted(0.2),
    ) -> String {
        let days = ["daily", "sat", "sun", "mon-fri", "sat,sun", "fri-mon"][days];
        let spell = |quarter: u16| format!("{:02}:{:02}", quarter % 96 / 4, quarter % 4 * 15);
        let times = match whole {
            true => String::new(),
            false => format!("{}-{} ", spell(from), spell(from + long)),
        };
        format!("{days} {times}{}", ZONES[zone])
    }
}

/// Near days on which some of these zones change their clocks in 2026, and one that is ordinary.
const DAYS: [&str; 9] = [
    "2026-03-08",
    "2026-03-29",
    "2026-04-05",
    "2026-04-24",
    "2026-09-06",
    "2026-10-04",
    "2026-10-25",
    "2026-11-01",
    "2026-06-10",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// The next turn is where walking finds it, in steps that miss nothing: windows and changes of
    /// clocks are at quarters of an hour.
    #[test]
    fn the_next_turn_is_where_walking_finds_it(
        text in some_window(),
        day in 0..DAYS.len(),
        minute in -288_i64..288,
        second in 0_i64..300,
    ) {
        let (window, zones) = (window(&text), Zones::bundled());
        let start = at(&format!("{}T00:00:00Z", DAYS[day])).as_second() + minute * 300;
        let now = Timestamp::from_second(start + second).unwrap();
        let open = window.is_open(now, &zones);
        let walked = (1..9 * 288)
            .map(|n| Timestamp::from_second(start + n * 300).unwrap())
            .find(|then| window.is_open(*then, &zones) != open);
        prop_assert_eq!(window.next_turn(!open, now, &zones), walked, "{} at {}", text, now);
    }

    /// When it may next be written is where walking finds it, with several windows.
    #[test]
    fn the_end_of_withholding_is_where_walking_finds_it(
        allow in prop::collection::vec(some_window(), 0..3),
        deny in prop::collection::vec(some_window(), 0..3),
        day in 0..DAYS.len(),
        minute in 0_i64..288,
    ) {
        let texts = |all: &[String]| -> Vec<Window> { all.iter().map(|text| window(text)).collect() };
        let one = Reconciling { allow: texts(&allow), deny: texts(&deny), ..Reconciling::default() };
        let zones = Zones::bundled();
        let start = at(&format!("{}T00:00:00Z", DAYS[day])).as_second() + minute * 300;
        let now = Timestamp::from_second(start).unwrap();
        let may = |then: Timestamp| {
            let open = |windows: &[Window]| windows.iter().any(|window| window.is_open(then, &zones));
            !open(&one.deny) && (one.allow.is_empty() || open(&one.allow))
        };
        let found = one.may_write(now, &zones);
        prop_assert_eq!(found.is_ok(), may(now));
        let Err(withheld) = found else { return Ok(()) };
        let walked = (1..16 * 288)
            .map(|n| Timestamp::from_second(start + n * 300).unwrap())
            .find(|then| may(*then));
        let last = Timestamp::from_second(start + 16 * 86_400).unwrap();
        prop_assert_eq!(withheld.until.filter(|until| *until < last), walked);
    }
}
