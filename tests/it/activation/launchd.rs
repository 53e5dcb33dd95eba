//! Jobs of a launchd that is stood in for: there is no real one outside of macOS.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use driftlock::activation::{activate, compare, look, look_all};
use driftlock::machine::LocalHost;
use driftlock::model::{Activated, Activation, LaunchdDomain, LaunchdJob, Process, Running};
use tempfile::TempDir;

use super::{
    CANARY, Counted, behind, failed, in_doubt, live, machine, names, stopped, the_only, unknown,
    vars,
};

const LABEL: &str = "com.example.app";
const TARGET: &str = "gui/501/com.example.app";

struct Mac {
    folder: TempDir,
    host: LocalHost,
}

impl Mac {
    fn new() -> Self {
        Self::of("501")
    }

    fn of(uid: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(folder.path().join("launchd")).unwrap();
        let scripts = [
            ("launchctl", include_str!("launchctl.sh").to_owned()),
            ("id", format!("#!/bin/sh\necho {uid}\n")),
        ];
        for (name, text) in scripts {
            fs::write(bin.join(name), text).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let host = machine(&path, folder.path());
        let mac = Self { folder, host };
        mac.state("pid", &std::process::id().to_string());
        mac
    }

    /// Something that the stand-in looks at.
    fn state(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join("launchd").join(name), text).unwrap();
    }

    fn plist(&self) -> PathBuf {
        self.folder.path().join("app.plist")
    }

    fn store(&self, vars: &[(&str, &str)]) {
        let mut text = format!("<key>Label</key><string>{LABEL}</string>\n");
        for (name, value) in vars {
            text.push_str(&format!("<env>{name}</env><string>{value}</string>\n"));
        }
        fs::write(self.plist(), text).unwrap();
        fs::set_permissions(self.plist(), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// What launchctl was asked to do, questions left out.
    fn steps(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.folder.path().join("launchd/calls")).unwrap();
        calls
            .lines()
            .filter(|call| !call.starts_with("print"))
            .map(|call| call.split(' ').next().unwrap().to_owned())
            .collect()
    }

    async fn load(&self) -> Activated {
        self.load_within(Duration::from_secs(30)).await
    }

    async fn load_within(&self, limit: Duration) -> Activated {
        let activation = Activation::Launchd(job());
        activate(&self.host, &activation, &self.plist(), limit).await
    }
}

fn job() -> LaunchdJob {
    LaunchdJob {
        label: LABEL.to_owned(),
        domain: LaunchdDomain::Gui,
        plist: None,
    }
}

#[tokio::test]
async fn a_job_is_loaded_anew_and_then_has_the_new_values() {
    let mac = Mac::new();
    mac.store(&[("TOKEN", "old"), ("SAME", "a => b")]);
    assert_eq!(mac.load().await, Activated::Done);
    assert_eq!(mac.steps(), ["bootstrap"]);

    let wanted = names(&["TOKEN", "SAME"]);
    let stored = live(&vars(&[("TOKEN", CANARY), ("SAME", "a => b")]));
    mac.store(&[("TOKEN", CANARY), ("SAME", "a => b")]);
    let process = Process::Launchd(job());
    let found = look(&mac.host, &process, &mac.plist()).await;
    let runs = the_only(found.clone());
    assert_eq!(
        runs.what,
        format!("process {} of {TARGET}", std::process::id())
    );
    assert_eq!((runs.reads, runs.takes_at_start), (Some(true), false));
    if crate::support::peers::program("ps").is_some() {
        let age = jiff::Timestamp::now().duration_since(runs.since.unwrap());
        assert!(age.as_secs().abs() < 3600, "{age:?}");
    }
    let found = behind(compare(&stored, &wanted, &found, None));
    assert_eq!(found.names, names(&["TOKEN"]));
    assert!(found.restart_helps);
    assert!(found.help.unwrap().contains("launchctl bootstrap gui/501 "));

    assert_eq!(mac.load().await, Activated::Done);
    assert_eq!(mac.steps(), ["bootstrap", "bootout", "bootstrap"]);
    let found = look(&mac.host, &process, &mac.plist()).await;
    assert!(!format!("{found:?}").contains(CANARY));
    assert_eq!(
        compare(&stored, &wanted, &found, None).running,
        Running::Current
    );
}

#[tokio::test]
async fn a_job_that_leaves_slowly_is_waited_for_and_a_busy_launchd_asked_again() {
    let mac = Mac::new();
    mac.store(&[("TOKEN", CANARY)]);
    assert_eq!(mac.load().await, Activated::Done);
    mac.state("slow", "3");
    mac.state("refusals", "5\n37\n");
    assert_eq!(mac.load().await, Activated::Done);
    let steps = mac.steps();
    assert_eq!(
        steps[1..],
        ["bootout", "bootstrap", "bootstrap", "bootstrap"]
    );
}

#[tokio::test]
async fn a_job_that_does_not_leave_is_in_doubt_and_not_loaded_over() {
    let mac = Mac::new();
    mac.store(&[]);
    assert_eq!(mac.load().await, Activated::Done);
    mac.state("slow", "1000000");
    let why = in_doubt(mac.load_within(Duration::from_secs(1)).await);
    assert!(
        why.contains("was told to end and has not done so within 1 s"),
        "{why}"
    );
    assert_eq!(mac.steps(), ["bootstrap", "bootout"]);
}

#[tokio::test]
async fn refusals_come_in_words_and_say_that_nothing_is_loaded() {
    for (code, expected) in [
        ("119", "is disabled"),
        ("122", "owner or mode"),
        ("125", "nobody is logged in"),
        ("134", "kind of session"),
        ("77", "refused it with code 77"),
    ] {
        let mac = Mac::new();
        mac.store(&[]);
        assert_eq!(mac.load().await, Activated::Done);
        mac.state("refusals", code);
        let (why, help) = failed(mac.load().await);
        assert!(
            why.contains(expected) && why.ends_with("the job is no longer loaded"),
            "{why}"
        );
        assert!(help.contains("launchctl bootstrap gui/501 "), "{help}");
        let (why, idle) = stopped(look(&mac.host, &Process::Launchd(job()), &mac.plist()).await);
        assert_eq!((why, idle), (format!("{TARGET} is not loaded"), false));
    }
}

#[tokio::test]
async fn what_would_keep_a_job_from_coming_back_is_seen_before_it_is_sent_away() {
    let mac = Mac::new();
    mac.store(&[]);
    assert_eq!(mac.load().await, Activated::Done);
    mac.state("disabled", LABEL);
    let (why, help) = failed(mac.load().await);
    assert!(why.contains("left as it is"), "{why}");
    assert_eq!(help, format!("launchctl enable {TARGET}"));
    fs::remove_file(mac.folder.path().join("launchd/disabled")).unwrap();
    fs::set_permissions(mac.plist(), fs::Permissions::from_mode(0o664)).unwrap();
    let (why, _) = failed(mac.load().await);
    assert!(why.contains("others may write"), "{why}");
    fs::remove_file(mac.plist()).unwrap();
    let (why, _) = failed(mac.load().await);
    assert!(why.contains("is not there"), "{why}");
    assert_eq!(mac.steps(), ["bootstrap"]);
}

#[tokio::test]
async fn a_job_that_falls_over_is_a_failure() {
    let mac = Mac::new();
    mac.store(&[]);
    mac.state("falls", "78: EX_CONFIG");
    let (why, _) = failed(mac.load().await);
    assert!(
        why.contains("fell over right after its start, with status 78"),
        "{why}"
    );
    let (why, idle) = stopped(look(&mac.host, &Process::Launchd(job()), &mac.plist()).await);
    assert!(why.contains("status 78") && !idle, "{why}");
}

#[tokio::test]
async fn the_domain_must_fit_who_we_are() {
    let root = Mac::of("0");
    root.store(&[]);
    let (why, help) = failed(root.load().await);
    assert!(
        why.contains("belongs to a user") && help.contains("sudo: USER"),
        "{why}: {help}"
    );
    let mac = Mac::new();
    mac.store(&[]);
    let daemon = LaunchdJob {
        domain: LaunchdDomain::System,
        ..job()
    };
    let activation = Activation::Launchd(daemon);
    let done = activate(&mac.host, &activation, &mac.plist(), Duration::from_secs(5)).await;
    assert!(failed(done).0.contains("by root only"));
    mac.state("no-domain", "");
    assert!(failed(mac.load().await).0.contains("nobody is logged in"));
    let found = look(&mac.host, &Process::Launchd(job()), &mac.plist()).await;
    assert!(unknown(found).contains("nobody is logged in"));
    assert_eq!(
        fs::read_to_string(mac.folder.path().join("launchd/calls"))
            .unwrap()
            .matches("boot")
            .count(),
        0
    );
}

#[tokio::test]
async fn a_machine_without_launchd_says_so_and_many_jobs_cost_one_call() {
    let mac = Mac::new();
    mac.store(&[("TOKEN", CANARY)]);
    assert_eq!(mac.load().await, Activated::Done);
    let other = Process::Launchd(LaunchdJob {
        label: "com.example.other".to_owned(),
        ..job()
    });
    let (process, own) = (Process::Launchd(job()), mac.plist());
    let counted = Counted::new(&mac.host);
    let looks = look_all(
        &counted,
        &[(&other, own.as_path()), (&process, own.as_path())],
    )
    .await;
    assert_eq!(counted.calls(), 1);
    assert!(!stopped(looks[0].clone()).1);
    the_only(looks[1].clone());

    fs::remove_file(mac.folder.path().join("bin/launchctl")).unwrap();
    assert_eq!(failed(mac.load().await).0, "there is no launchd there");
    assert_eq!(
        unknown(look(&mac.host, &process, &own).await),
        "there is no launchd there"
    );
}
