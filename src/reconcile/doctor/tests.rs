//! Diagnoses of one small world: `SECRET` on four targets, each disturbed in its own way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::*;
use crate::model::{
    Activation, Address, Behind, Completeness, Due, FileAddress, FingerprintKey, Fingerprinter,
    HostAddress, Live, LiveVar, Machine, Process, Recorded, Running, SecretValue, Sensitivity,
    Sudo, SystemdUnit, Version,
};
use crate::plan::LiveState;
use crate::reconcile::connect::Connections;
use crate::reconcile::desired::Values;
use crate::reconcile::event::{Check, Freshness, Moment, Severity, Side, Sight, Then};
use crate::reconcile::load::{self, Loaded, Opener, Opening};
use crate::reconcile::pass::{Memory, Pass, Scope};
use crate::reconcile::targets::{Surroundings, locate};
use crate::render::text::{Diagnosis, render_doctor};
use crate::render::{Invocation, Style};

const MANIFEST: &str = "\
driftlock: 1
name: production
variables:
  SECRET: xyz789new
targets:
  api:
    railway: { project: aurora, environment: production, service: api }
    variables: [SECRET]
  vps:
    file: { machine: any, path: /srv/app/.env }
    variables: [SECRET]
  mac-mini:
    file: { machine: mac-mini, path: ~/app/.env }
    variables: [SECRET]
  gateway:
    file: { machine: any, path: /srv/gateway.env }
    variables: [{ TOKEN: { template: '${SECRET}' } }]
";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-22T03:00:00Z")
}

fn name(text: &str) -> VarName {
    text.parse().unwrap()
}

fn target(text: &str) -> TargetName {
    text.parse().unwrap()
}

struct Ward {
    loaded: Loaded,
    located: Vec<Located>,
    live: Vec<LiveState>,
    probed: BTreeMap<TargetName, Probed>,
    seen: BTreeMap<TargetName, SeenTarget>,
    due: Vec<Expiring>,
    probing: bool,
    require_all: bool,
    variables: Vec<VarName>,
}

fn live(name: &str, value: &str) -> Live {
    let value = LiveVar::Value(SecretValue::new(value));
    Live {
        vars: [(super::tests::name(name), value)].into(),
        changed_at: BTreeMap::new(),
        completeness: Completeness::Complete,
        version: Version::default(),
        exists: true,
        stored_at: None,
        identity: String::new(),
        taken_over: std::collections::BTreeSet::new(),
        unsettled: None,
        drafts: vec![],
        running: Running::Current,
        notes: vec![],
    }
}

fn unit() -> SystemdUnit {
    SystemdUnit {
        unit: "app.service".to_owned(),
        user: false,
    }
}

impl Ward {
    /// All well, three days after the apply.
    fn new() -> Self {
        let loaded = load::load(MANIFEST).unwrap();
        let surroundings = Surroundings {
            machine: "laptop".to_owned(),
            home: Some(PathBuf::from("/home/me")),
        };
        let specs = loaded.manifest.targets.iter();
        let mut located: Vec<Located> = specs
            .map(|spec| locate(spec, Path::new("/repo/manifests"), &surroundings))
            .collect();
        let vps = &mut located[1].target;
        vps.address = Address::File(FileAddress {
            machine: Machine::Host(HostAddress {
                destination: "deploy@vps.example.com".parse().unwrap(),
                sudo: Sudo::Root,
            }),
            path: "/srv/app/.env".to_owned(),
            format: "portable".to_owned(),
            at: None,
        });
        vps.activation = Some(Activation::Systemd(unit()));
        vps.process = Some(Process::Systemd(unit()));
        Self {
            live: vec![
                LiveState::Read(live("SECRET", "xyz789new")),
                LiveState::Read(live("SECRET", "xyz789new")),
                LiveState::Elsewhere {
                    machine: "mac-mini".to_owned(),
                },
                LiveState::Read(live("TOKEN", "xyz789new")),
            ],
            loaded,
            located,
            probed: BTreeMap::new(),
            seen: BTreeMap::new(),
            due: vec![],
            probing: true,
            require_all: false,
            variables: vec![],
        }
    }

    fn live(&mut self, number: usize) -> &mut Live {
        match &mut self.live[number] {
            LiveState::Read(live) => live,
            LiveState::Unknown { .. } | LiveState::Elsewhere { .. } => panic!("it is not read"),
        }
    }

    fn report(&self) -> DoctorReport {
        let key = || Fingerprinter::new(FingerprintKey::new([7; 32]), vec![]);
        let fingerprinter = key();
        let mut last = BTreeMap::new();
        for located in &self.located {
            let on_target = name(if located.target.name.as_str() == "gateway" {
                "TOKEN"
            } else {
                "SECRET"
            });
            let value = SecretValue::new("xyz789new");
            let applied = at("2026-11-19T03:00:00Z");
            let recorded = Recorded {
                fingerprint: fingerprinter.fingerprint(&located.target.name, &on_target, &value),
                sequence: None,
                sensitivity: Sensitivity::Clear,
                at: applied,
                platform_changed_at: None,
                dropped: false,
            };
            let of = LastApplied {
                recorded: true,
                vars: [(on_target, recorded)].into(),
                comparable: true,
                at: Some(applied),
                ..LastApplied::default()
            };
            last.insert(located.target.name.clone(), of);
        }
        let memory = Memory {
            last,
            ..Memory::default()
        };
        let request = crate::crypto::IdentityRequest::default();
        let mut keyring =
            crate::crypto::Keyring::new(&request, std::sync::Arc::new(crate::crypto::NoPrompt));
        let opening = Opening::Clear;
        let manifest = &self.loaded.manifest;
        let mut opener = Opener {
            opening: &opening,
            keyring: &mut keyring,
        };
        let values = Values::of_targets(manifest, &mut opener, &manifest.targets);
        let connections = Connections::local().with(
            crate::model::PlatformKind::Railway,
            Box::new(crate::platforms::railway::RailwayPlatform::new(
                crate::platforms::railway::RailwaySettings::default(),
            )),
        );
        let pass = Pass {
            loaded: &self.loaded,
            opening: &opening,
            values: &values,
            located: &self.located,
            connections: &connections,
            fingerprinter: Some(&fingerprinter),
            scope: &Scope::default(),
            machine: None,
        };
        let vitals: Vec<Vitals> = self.live.iter().map(Vitals::of).collect();
        let alike = alike(manifest, &self.located, &self.live);
        let plan = pass.plan(self.live.clone(), &memory);
        diagnose(&Chart {
            file: "manifests/production.yaml",
            manifest,
            located: &self.located,
            plan: &plan,
            vitals: &vitals,
            last: &memory.last,
            probed: &self.probed,
            probing: self.probing,
            seen: &self.seen,
            due: &self.due,
            sealed_at: &BTreeMap::new(),
            alike: &alike,
            targets: None::<&BTreeSet<TargetName>>,
            variables: &self.variables,
            require_all: self.require_all,
        })
    }

    fn text(&self) -> String {
        told(&[], &self.report(), Style::plain())
    }

    fn probe(&mut self, on: &str, verdict: Verdict) {
        let what = "GET https://vps.example.com/internal/health".to_owned();
        self.probed.insert(target(on), vec![(what, verdict)]);
    }

    /// The file is right, and its service runs with what was there before.
    fn old_process(&mut self) {
        self.live(1).running = Running::Behind(Behind {
            names: [name("SECRET")].into(),
            since: Some(at("2026-11-22T02:00:00Z")),
            why: "main process 811 of app.service runs since 2026-11-20 08:00 UTC".to_owned(),
            help: None,
            restart_helps: true,
        });
    }
}

fn told(checks: &[Check], report: &DoctorReport, style: Style) -> String {
    let mut out = String::new();
    let reports = std::slice::from_ref(report);
    let diagnosis = Diagnosis {
        checks,
        reports,
        now: now(),
        all: false,
    };
    render_doctor(&mut out, &style, &Invocation::default(), &diagnosis).unwrap();
    out
}

/// An installation whose gateway does not run, or does not take its config over.
#[test]
fn a_gateway_is_restarted_only_where_that_helps() {
    let mut ward = Ward::new();
    let service = crate::model::OpenclawService {
        profile: Some("work".to_owned()),
        ..crate::model::OpenclawService::default()
    };
    let profile = service.profile.clone();
    let gateway = &mut ward.located[3].target;
    gateway.activation = Some(Activation::Openclaw(service));
    gateway.address = Address::Openclaw(crate::model::OpenclawAddress {
        machine: Machine::Named("laptop".to_owned()),
        profile,
        state: None,
        config: None,
        url: None,
        service: None,
    });
    let behind = |restart_helps: bool| {
        Running::Behind(Behind {
            names: [].into(),
            since: None,
            why: "the gateway has another token".to_owned(),
            help: (!restart_helps).then(|| "see its log".to_owned()),
            restart_helps,
        })
    };
    ward.live(3).running = behind(true);
    let text = ward.text();
    assert!(
        text.contains("openclaw --profile work gateway restart"),
        "{text}"
    );
    ward.live(3).running = behind(false);
    let text = ward.text();
    assert!(
        !text.contains("gateway restart") && text.contains("see its log"),
        "{text}"
    );
}

/// The old value on Railway, the new one elsewhere; the file of the VPS is right and its service runs
/// with the old one, so that its probe is refused.
fn incident() -> Ward {
    let mut ward = Ward::new();
    *ward.live(0) = live("SECRET", "abc123old");
    let changed = at("2026-11-22T01:45:00Z");
    ward.live(0).changed_at = [(name("SECRET"), changed)].into();
    ward.old_process();
    ward.probe("vps", Verdict::Unauthorized);
    ward.probe("gateway", Verdict::Works);
    let seen = SeenTarget {
        machine: Some("mac-mini".to_owned()),
        sight: Sight::Seen {
            at: at("2026-11-22T02:56:00Z"),
            freshness: Freshness::Young,
            readable: true,
        },
        vars: [(name("SECRET"), Then::InSync)].into(),
    };
    ward.seen.insert(target("mac-mini"), seen);
    ward
}

#[test]
fn the_incident_on_one_screen() {
    insta::assert_snapshot!(incident().text(), @r#"
    ✗ api  reached ✓  read ✓  stored ✗  running ✓  probe ·  expiry ✓
        SECRET: another value than the manifest and 1 other target (changed outside)
        wrong side: this target, railway aurora/production/api, changed there
          2026-11-22 01:45 UTC (1 h ago); last applied 3 d ago
        SECRET: it holds abc123old, the manifest says xyz789new
        $ driftlock apply --target api
    ✗ vps  reached ✓  read ✓  stored ✓  running ✗  (probe ✗)  expiry ✓
        SECRET: stored as wanted, but not what runs: main process 811 of app.service
          runs since 2026-11-20 08:00 UTC
        wrong side: the running process, file deploy@vps.example.com (as
          root):/srv/app/.env, stored 2026-11-22 02:00 UTC (1 h ago); last applied 3
          d ago
        so GET https://vps.example.com/internal/health answers 401: it does not take
          the credential
        $ ssh deploy@vps.example.com sudo systemctl restart app.service
    · 1 target is elsewhere: mac-mini (in sync, seen 4 min ago by mac-mini)
    ✓ 1 target is well: gateway
    production: 4 targets: 2 wrong, 1 elsewhere, 1 well.
    "#);
}

#[test]
fn the_incident_of_one_variable() {
    let mut ward = incident();
    ward.variables = vec![name("SECRET")];
    insta::assert_snapshot!(ward.text(), @r#"
    SECRET  manifests/production.yaml:4  clear
      ✗ api: another value than the manifest: changed outside, changed there
          2026-11-22 01:45 UTC (1 h ago)
      ! vps: stored as wanted, but not what runs, stored 2026-11-22 02:00 UTC (1 h
          ago)
      · mac-mini: elsewhere, on mac-mini
      ✓ gateway (in the template TOKEN): as wanted
    ✗ api  reached ✓  read ✓  stored ✗  running ✓  probe ·  expiry ✓
        SECRET: another value than the manifest and 1 other target (changed outside)
        wrong side: this target, railway aurora/production/api, changed there
          2026-11-22 01:45 UTC (1 h ago); last applied 3 d ago
        SECRET: it holds abc123old, the manifest says xyz789new
        $ driftlock apply --target api
    ✗ vps  reached ✓  read ✓  stored ✓  running ✗  (probe ✗)  expiry ✓
        SECRET: stored as wanted, but not what runs: main process 811 of app.service
          runs since 2026-11-20 08:00 UTC
        wrong side: the running process, file deploy@vps.example.com (as
          root):/srv/app/.env, stored 2026-11-22 02:00 UTC (1 h ago); last applied 3
          d ago
        so GET https://vps.example.com/internal/health answers 401: it does not take
          the credential
        $ ssh deploy@vps.example.com sudo systemctl restart app.service
    · 1 target is elsewhere: mac-mini (in sync, seen 4 min ago by mac-mini)
    ✓ 1 target is well: gateway
    production: 4 targets: 2 wrong, 1 elsewhere, 1 well.
    "#);
}

#[test]
fn the_first_wrong_stage_is_the_cause() {
    let ward = incident();
    let report = ward.report();
    let causes: Vec<_> = report
        .cases
        .iter()
        .map(|case| (case.targets[0].as_str(), case.stage.unwrap(), case.side))
        .collect();
    assert_eq!(
        causes,
        [
            ("api", Stage::Stored, Side::Target),
            ("vps", Stage::Running, Side::Process)
        ]
    );
    let since = report.cases[0].since.unwrap();
    assert_eq!(
        (since.is, since.at),
        (Moment::ChangedThere, at("2026-11-22T01:45:00Z"))
    );
    // what follows from the cause is still there to see
    assert!(report.patients[1].at(Stage::Probe).is_wrong());
}

#[test]
fn a_probe_that_fails_though_all_is_as_wanted_puts_it_on_the_value() {
    let mut ward = Ward::new();
    ward.probe("gateway", Verdict::Unauthorized);
    let report = ward.report();
    let case = &report.cases[0];
    assert_eq!((case.stage, case.side), (Some(Stage::Probe), Side::Service));
    assert!(case.what.contains("answers 401"), "{}", case.what);
    // where another side of the same value is wrong, that one comes first
    *ward.live(1) = live("SECRET", "abc123old");
    let report = ward.report();
    let Step::Advice(words) = &report.cases[1].next[0] else {
        panic!("{:?}", report.cases[1].next);
    };
    assert!(words.starts_with("put vps right first"), "{words}");
    // and a date that has passed names the variable
    let mut ward = Ward::new();
    ward.probe("gateway", Verdict::Unauthorized);
    let date = "2026-11-01".parse().unwrap();
    ward.due.push(Expiring {
        name: name("SECRET"),
        due: Due::Expired(date),
        past: true,
        fails: false,
        owner: None,
    });
    let report = ward.report();
    let step = &report.cases[0].next[0];
    assert!(
        matches!(step, Step::Driftlock { verb, .. } if verb == "set"),
        "{step:?}"
    );
}

#[test]
fn each_verdict_is_wrong_or_unknown() {
    for (verdict, wrong) in [
        (Verdict::Works, None),
        (Verdict::Open, Some(true)),
        (Verdict::Unauthorized, Some(true)),
        (Verdict::Forbidden, Some(true)),
        (
            Verdict::Unexpected {
                what: "status 302".to_owned(),
            },
            Some(true),
        ),
        (
            Verdict::Unreachable {
                why: "no answer within 10 s".to_owned(),
            },
            Some(false),
        ),
        (
            Verdict::NotTried {
                why: "there is no curl".to_owned(),
            },
            Some(false),
        ),
    ] {
        let mut ward = Ward::new();
        ward.probe("gateway", verdict.clone());
        let report = ward.report();
        let found = (report.has_wrong(), report.has_unknown());
        let wanted = (wrong == Some(true), wrong == Some(false));
        assert_eq!(found, wanted, "{verdict:?}");
    }
    // of several probes, a wrong one says more than an unknown one
    let mut ward = Ward::new();
    ward.probe("gateway", Verdict::Works);
    let more = [Verdict::Forbidden, Verdict::NotTried { why: String::new() }];
    let probed = ward.probed.get_mut("gateway").unwrap();
    probed.extend(more.map(|verdict| ("p".to_owned(), verdict)));
    assert!(ward.report().has_wrong() && !ward.report().has_unknown());
}

#[test]
fn a_process_that_shows_nothing_is_unknown_and_a_target_without_one_is_not() {
    let mut ward = Ward::new();
    ward.live(1).running = Running::Unknown;
    ward.live(3).running = Running::Unknown;
    let report = ward.report();
    assert!(report.has_unknown() && !report.has_wrong());
    assert_eq!(report.cases.len(), 1);
    assert_eq!(report.cases[0].targets, [target("vps")]);
    let gateway = report
        .patients
        .iter()
        .find(|one| one.target == target("gateway"));
    assert_eq!(gateway.unwrap().health, Health::Well);
    assert!(!gateway.unwrap().is_seen_running());
}

#[test]
fn an_unreachable_host_is_unknown_and_its_way_is_the_next_command() {
    let mut ward = Ward::new();
    ward.live[1] = LiveState::Unknown {
        reason: "vps.example.com refused the connection".to_owned(),
        help: Some("is sshd running there?".to_owned()),
    };
    insta::assert_snapshot!(ward.text(), @r#"
    ? vps  reached ?  read ·  stored ·  running ·  probe ·  expiry ✓
        vps.example.com refused the connection
        file deploy@vps.example.com (as root):/srv/app/.env, last applied 3 d ago
        next: is sshd running there?
        $ ssh deploy@vps.example.com true
    · 1 target is elsewhere: mac-mini (on mac-mini, never seen from here)
    ✓ 2 targets are well: api, gateway
    production: 4 targets: 1 unknown, 1 elsewhere, 2 well.
    "#);
    assert_eq!(ward.report().cases[0].severity, Severity::Unknown);
    // no probe is judged by a target that could not be read
    assert_eq!(
        *ward.report().patients[0].at(Stage::Stored),
        Finding::NotApplicable
    );
}

#[test]
fn a_restart_that_cannot_help_is_not_the_next_command() {
    let mut ward = Ward::new();
    ward.live(1).running = Running::Behind(Behind {
        names: [name("SECRET")].into(),
        since: None,
        why: "app.service began after it was stored, and has another one".to_owned(),
        help: Some("look for what else sets it there".to_owned()),
        restart_helps: false,
    });
    let report = ward.report();
    let advice = Step::Advice("look for what else sets it there".to_owned());
    assert_eq!(report.cases[0].next, [advice]);
}

#[test]
fn the_time_of_a_file_counts_where_we_did_not_write_it_last() {
    let mut ward = Ward::new();
    *ward.live(3) = live("TOKEN", "abc123old");
    let since = |ward: &Ward| ward.report().cases[0].since.unwrap();
    assert_eq!(since(&ward).is, Moment::AfterApply);
    let changed = at("2026-11-21T00:00:00Z");
    ward.live(3).stored_at = Some(changed);
    assert_eq!(
        (since(&ward).is, since(&ward).at),
        (Moment::FileChanged, changed)
    );
    ward.live(3).stored_at = Some(at("2026-11-01T00:00:00Z"));
    assert_eq!(since(&ward).is, Moment::AfterApply);
}

#[test]
fn elsewhere_is_no_fault_unless_asked() {
    let mut ward = Ward::new();
    assert!(!ward.report().has_unknown());
    ward.require_all = true;
    let report = ward.report();
    assert!(report.has_unknown());
    assert_eq!(report.cases[0].targets, [target("mac-mini")]);
}

#[test]
fn what_runs_and_was_never_ours_is_not_judged() {
    let mut ward = Ward::new();
    ward.live(0).running = Running::Behind(Behind {
        names: [name("STRANGER")].into(),
        since: None,
        why: "the last deployment is older".to_owned(),
        help: None,
        restart_helps: true,
    });
    assert!(!ward.report().has_wrong());
}

#[test]
fn many_cases_are_folded_and_counted() {
    let mut report = incident().report();
    let case = report.cases[0].clone();
    report.cases = (0..30)
        .map(|number| Case {
            what: format!("case {number}"),
            ..case.clone()
        })
        .collect();
    let text = told(&[], &report, Style::plain());
    assert!(text.lines().count() < 45, "{text}");
    assert!(text.contains("and 17 more: `driftlock doctor --all` shows them"));
}

#[test]
fn control_characters_of_others_do_not_reach_the_terminal() {
    let mut ward = incident();
    ward.live(1).running = Running::Behind(Behind {
        names: [name("SECRET")].into(),
        since: None,
        why: "\u{1b}[2Jwhy".to_owned(),
        help: None,
        restart_helps: true,
    });
    ward.live(3).notes = vec!["\u{1b}]0;note\u{7}".to_owned()];
    ward.probe(
        "gateway",
        Verdict::Unexpected {
            what: "\u{1b}[31m".to_owned(),
        },
    );
    let text = ward.text();
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{7}'),
        "{text:?}"
    );
    for line in text.lines() {
        assert!(line.chars().count() <= 80 || line.contains("$ "), "{line}");
    }
}
