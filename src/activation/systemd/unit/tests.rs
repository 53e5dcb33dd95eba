//! States as systemd 252 says them.

use super::*;

fn app() -> SystemdUnit {
    SystemdUnit {
        unit: "app.service".to_owned(),
        user: true,
    }
}

fn unit(text: &str) -> Unit {
    Unit::read(text).remove(0)
}

fn why(text: &str) -> String {
    match unit(text).health(&app()) {
        Health::Down(trouble) => trouble.why,
        other => format!("{other:?}"),
    }
}

#[test]
fn units_are_read_in_their_order() {
    let text = "LoadState=loaded\nEnvironmentFiles=/a b (ignore_errors=no)\n\
        EnvironmentFiles=/c (ignore_errors=yes)\nMainPID=7\n\nLoadState=not-found\nMainPID=0\n";
    let units = Unit::read(text);
    assert_eq!(units.len(), 2);
    assert_eq!(units[0].environment_files, ["/a b", "/c"]);
    assert_eq!(units[0].main_pid(), Some(7));
    assert_eq!(units[1].main_pid(), None);
    let trouble = units[1].cannot_start(&app()).unwrap();
    assert_eq!(
        trouble.why,
        "there is no unit app.service in the user's manager there"
    );
}

#[test]
fn time_stamps_are_taken_only_in_utc() {
    let since = |text: &str| unit(&format!("ExecMainStartTimestamp={text}")).since();
    assert_eq!(
        since("Sun 2026-11-22 23:13:41 UTC"),
        Some("2026-11-22T23:13:41Z".parse().unwrap())
    );
    for other in [
        "",
        "n/a",
        "0",
        "Sun 2026-11-22 23:13:41 CET",
        "Sun 2026-13-22 23:13:41 UTC",
    ] {
        assert_eq!(since(other), None, "{other}");
    }
}

#[test]
fn states_are_judged() {
    assert_eq!(why("ActiveState=active\nSubState=running"), "Up");
    assert_eq!(why("ActiveState=activating\nSubState=start"), "OnItsWay");
    assert_eq!(
        why("ActiveState=inactive\nType=oneshot\nResult=success"),
        "Up"
    );
    assert_eq!(
        why("ActiveState=inactive\nType=simple\nResult=success\nExecMainCode=1\nExecMainStatus=0"),
        "app.service (user) does not run: it came to its end, or was stopped"
    );
    assert_eq!(
        why("ActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=203"),
        "app.service (user) does not run: its program ended with status 203: its program cannot be run"
    );
    assert_eq!(
        why(
            "ActiveState=activating\nSubState=auto-restart\nResult=signal\nExecMainCode=2\nExecMainStatus=11"
        ),
        "app.service (user) fell over (its program was ended by signal 11), and systemd will start it again"
    );
    assert!(why("ActiveState=failed\nResult=resources").contains("EnvironmentFile"));
}

#[test]
fn one_run_is_told_from_another() {
    let (a, b, none) = (
        unit("InvocationID=a1"),
        unit("InvocationID=b2"),
        unit("InvocationID="),
    );
    assert!(a.is_the_run_of(&a));
    assert!(!a.is_the_run_of(&b));
    assert!(!none.is_the_run_of(&none));
}
