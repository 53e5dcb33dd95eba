use super::*;
use crate::model::{Machine, OpenclawAddress};

fn hex(text: &[u8]) -> String {
    text.iter().map(|byte| format!(" {byte:02x}")).collect()
}

fn answer(parts: &[(&str, &str, i32)]) -> Vec<Part> {
    let text: String = parts
        .iter()
        .map(|(name, text, status)| {
            format!("part {name}\n{}\nend {status}\n", hex(text.as_bytes()))
        })
        .collect();
    far::parts(text.as_bytes())
}

fn own() -> Named {
    Named::of(
        &OpenclawAddress {
            machine: Machine::Any,
            profile: None,
            state: None,
            config: None,
            url: None,
            service: None,
        }
        .own_service(),
        None,
    )
}

const LOCK: &str =
    r#"{"pid":811,"createdAt":"2026-11-22T10:00:00.000Z","port":18789,"startTime":4242}      "#;

fn stat(began: &str) -> String {
    stat_of('S', began)
}

fn stat_of(state: char, began: &str) -> String {
    format!("{state} 1 811 811 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 11 0 {began} 99 99")
}

#[test]
fn a_lock_of_a_live_process_is_the_gateway() {
    let stat = stat("4242");
    let parts = answer(&[
        ("system", "Linux", 0),
        ("lock", LOCK, 0),
        ("lock stat", &stat, 0),
        ("lock environ", "A=1\0OPENCLAW_GATEWAY_TOKEN=x\0", 0),
        ("alive", "811", 0),
        ("unit", "", 1),
    ]);
    let seen = read(&parts, &own());
    let process = seen.process().unwrap();
    assert_eq!(process.what, "the gateway (process 811)");
    assert_eq!(process.since, "2026-11-22T10:00:00Z".parse().ok());
    assert_eq!(process.environment.as_ref().unwrap().len(), 2);
}

#[test]
fn a_lock_that_was_left_behind_is_none() {
    // another process by now, and one that has ended and that nobody waited for
    let (other, dead) = (stat("5000"), stat_of('Z', "4242"));
    let of = |stat| {
        [
            ("lock stat", stat, 0),
            ("lock environ", "OPENCLAW_GATEWAY_TOKEN=of-another\0", 0),
            ("alive", "811", 0),
        ]
    };
    for more in [&of(&other)[..], &of(&dead), &[]] {
        let mut parts = vec![("system", "Linux", 0), ("lock", LOCK, 0)];
        parts.extend(more);
        parts.push((
            "unit",
            "LoadState=loaded\nActiveState=inactive\nMainPID=0",
            0,
        ));
        let seen = read(&answer(&parts), &own());
        assert!(
            matches!(&seen.runs, Runs::No { why } if why.contains("openclaw-gateway.service")),
            "{seen:?}"
        );
    }
}

#[test]
fn a_process_may_be_older_than_its_lock() {
    let began = |created: &str| {
        let lock = LOCK.replace("2026-11-22T10:00:00.000Z", created);
        let stat = stat("4242");
        let parts = answer(&[
            ("system", "Linux", 0),
            ("boot", "1795341558\n", 0),
            ("ticks", "100", 0),
            ("lock", &lock, 0),
            ("lock stat", &stat, 0),
            ("alive", "811", 0),
        ]);
        let seen = read(&parts, &own());
        seen.process().unwrap().process_since.unwrap().to_string()
    };
    // 42.42 seconds after the second in which the machine began
    assert_eq!(began("2026-11-22T12:00:00.000Z"), "2026-11-22T10:00:01.42Z");
    assert_eq!(began("2026-11-22T10:00:00.900Z"), "2026-11-22T10:00:00.9Z");
}

#[test]
fn a_service_that_does_not_run_says_nothing_of_a_gateway_beside_it() {
    let unit = |pid: u32| {
        format!("LoadState=loaded\nMainPID={pid}\nExecStart={{ argv[]=node x --token s3cret ; }}")
    };
    for (pid, counts) in [(0, false), (99, true)] {
        let (unit, stat) = (unit(pid), stat("4242"));
        let parts = answer(&[
            ("system", "Linux", 0),
            ("lock", LOCK, 0),
            ("lock stat", &stat, 0),
            ("alive", "811", 0),
            ("unit", &unit, 0),
        ]);
        assert_eq!(read(&parts, &own()).flag.is_some(), counts);
    }
}

#[test]
fn a_variable_of_the_units_command_line_is_what_the_process_got() {
    let flag = |word: &str| {
        let unit =
            format!("LoadState=loaded\nMainPID=99\nExecStart={{ argv[]=node x --token {word} ; }}");
        let parts = answer(&[
            ("system", "Linux", 0),
            ("unit", &unit, 0),
            ("unit environ", "GW=s3cret\0", 0),
        ]);
        read(&parts, &own()).flag.unwrap()
    };
    for word in ["${GW}", "$GW", "s3cret"] {
        assert_eq!(flag(word), Ok(SecretValue::new("s3cret")), "{word}");
    }
    for word in ["${NO}", "x${GW}", "\"s3cret\"", "s3\\x20cret"] {
        assert!(flag(word).is_err(), "{word}");
    }
}

#[test]
fn without_a_lock_the_service_says_it() {
    let unit = "LoadState=loaded\nMainPID=99\nExecStart={ path=/usr/bin/node ; argv[]=node openclaw.mjs gateway run --token s3cret --port 1 ; ignore_errors=no }";
    let parts = answer(&[
        ("system", "Linux", 0),
        ("unit environ", "B=2\0", 0),
        ("unit", unit, 0),
    ]);
    let seen = read(&parts, &own());
    assert_eq!(seen.flag, Some(Ok(SecretValue::new("s3cret"))));
    assert_eq!(seen.port, Some(1));
    assert!(seen.process().unwrap().environment.is_some());
    let nothing = answer(&[
        ("system", "Linux", 0),
        ("unit", "LoadState=not-found\nMainPID=0", 0),
    ]);
    assert!(matches!(read(&nothing, &own()).runs, Runs::Unknown { .. }));
    assert!(matches!(read(&[], &own()).runs, Runs::Unknown { .. }));
}

/// The number of a gateway that ended is given to another process of the same user.
#[test]
fn the_environment_of_another_process_is_not_the_gateways() {
    let other = stat("5000");
    let parts = answer(&[
        ("system", "Linux", 0),
        ("lock", LOCK, 0),
        ("lock stat", &other, 0),
        ("lock environ", "OPENCLAW_GATEWAY_TOKEN=of-another\0", 0),
        ("alive", "811", 0),
        ("unit", "LoadState=loaded\nMainPID=99", 0),
        ("unit environ", "A=1\0", 0),
    ]);
    let seen = read(&parts, &own());
    let process = seen.process().unwrap();
    assert_eq!(
        process.what,
        "the gateway (process 99 of openclaw-gateway.service)"
    );
    let names = process.environment.as_ref().unwrap().keys();
    assert_eq!(names.map(VarName::as_str).collect::<Vec<_>>(), ["A"]);
}

/// The shell takes the first number that looks like one; what the file means is another thing.
#[test]
fn a_lock_that_names_two_processes_is_none() {
    let lock = r#"{"child":{"pid":1},"pid":811}"#;
    let parts = answer(&[
        ("system", "Linux", 0),
        ("lock", lock, 0),
        ("lock environ", "OPENCLAW_GATEWAY_TOKEN=of-another\0", 0),
        ("alive", "1", 0),
        ("unit", "LoadState=not-found\nMainPID=0", 0),
    ]);
    assert!(matches!(read(&parts, &own()).runs, Runs::Unknown { .. }));
}

#[test]
fn a_number_of_a_process_is_a_number() {
    for pid in ["s3cret", "-1", "0", ""] {
        let unit = format!("LoadState=loaded\nMainPID={pid}");
        let parts = answer(&[("system", "Linux", 0), ("unit", &unit, 0)]);
        assert!(
            matches!(read(&parts, &own()).runs, Runs::No { .. }),
            "{pid}"
        );
    }
}

#[test]
fn jobs_of_launchd_show_arguments_and_session() {
    let job = "gui/501/ai.openclaw.gateway = {\n\tpid = 77\n\targuments = {\n\t\t/bin/sh\n\t\t--token=abc\n\t}\n}";
    let parts = answer(&[
        ("system", "Darwin", 0),
        ("job", job, 0),
        ("session", "stale\n", 0),
    ]);
    let seen = read(&parts, &own());
    assert_eq!(seen.flag, Some(Ok(SecretValue::new("abc"))));
    assert_eq!(seen.session, Some(SecretValue::new("stale")));
    assert!(
        seen.process()
            .unwrap()
            .what
            .contains("77 of ai.openclaw.gateway")
    );
    let given = "# Generated by OpenClaw.\nexport A='it'\\''s'\nexport OPENCLAW_GATEWAY_TOKEN='t'\nbroken\n";
    let parts = answer(&[
        ("system", "Darwin", 0),
        ("job", job, 0),
        ("given", given, 0),
    ]);
    let seen = read(&parts, &own());
    let environment = seen.process().unwrap().environment.clone().unwrap();
    let value = |name: &str| {
        environment[&VarName::new(name).unwrap()]
            .expose()
            .to_owned()
    };
    assert_eq!([value("A"), value("OPENCLAW_GATEWAY_TOKEN")], ["it's", "t"]);
    let unset = answer(&[
        ("system", "Darwin", 0),
        ("job", "Could not find service", 113),
        ("session", "", 0),
    ]);
    assert_eq!(read(&unset, &own()).session, None);
}

#[test]
fn what_is_no_token_is_none() {
    let words = |text: &'static str| option(&text.split(' ').collect::<Vec<_>>(), "--token");
    assert_eq!(words("gateway run --port 1"), None);
    assert_eq!(words("gateway run --token"), None);
    assert_eq!(words("--token-file x"), None);
}
