//! The parts whose cost grows with the number of values, each alone.
//!
//! `cargo bench --bench parts`.

#![expect(clippy::unwrap_used, reason = "a broken benchmark may panic")]

use std::collections::{BTreeMap, BTreeSet};

use divan::{Bencher, black_box};
use driftlock::crypto::{Envelope, NoPrompt, Recipient, SharedPrompt, generate_identity};
use driftlock::manifest::{self, Editor, Fresh, FreshTarget, Payload, Seal, Source};
use driftlock::model::{
    Address, AuthorityFacts, Completeness, Desired, DesiredVar, FileAddress, FingerprintKey,
    Fingerprinter, LastApplied, Live, LiveVar, Machine, ManifestName, Overrides, Rails, Recorded,
    Running, SecretValue, Sensitivity, Target, Trust, VarName, Version,
};
use driftlock::plan::{self, DesiredState, LiveState, PlanInput, TargetInput};
use driftlock::render::scrub::Scrubber;
use jiff::Timestamp;

const SIZES: [usize; 2] = [1_000, 10_000];

fn main() {
    divan::main();
}

fn names(count: usize) -> impl Iterator<Item = VarName> {
    (0..count).map(|number| VarName::new(format!("VARIABLE_{number:05}")).unwrap())
}

/// 32 characters that share no beginning.
fn value(number: usize) -> SecretValue {
    let number = (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    SecretValue::new(format!("{number:032x}"))
}

fn values(count: usize) -> Vec<SecretValue> {
    (0..count).map(value).collect()
}

fn sealed(envelope: &Envelope, count: usize) -> BTreeMap<VarName, String> {
    let seal = |(number, name): (usize, VarName)| {
        let payload = envelope
            .seal(name.as_str(), 1, Timestamp::UNIX_EPOCH, &value(number))
            .unwrap();
        (name, payload)
    };
    names(count).enumerate().map(seal).collect()
}

fn manifest_name() -> ManifestName {
    "big".parse().unwrap()
}

fn manifest_text(count: usize) -> String {
    let (_, public) = generate_identity();
    let recipients = [Recipient::parse(&public).unwrap()];
    let name = manifest_name();
    let envelope = Envelope::generate(&name);
    let prompt: SharedPrompt = std::sync::Arc::new(NoPrompt);
    let payload = |base64: String| Payload {
        key: envelope.key_id().short(),
        base64,
    };
    let variables: BTreeMap<VarName, Source> = sealed(&envelope, count)
        .into_iter()
        .map(|(name, text)| (name, Source::Sealed(payload(text))))
        .collect();
    let fingerprints = envelope.seal(".fingerprint-key", 1, Timestamp::UNIX_EPOCH, &value(0));
    let seal = Seal {
        key_id: envelope.key_id(),
        recipients_mac: envelope.recipients_mac(&recipients),
        header: envelope.wrap(&recipients, &prompt).unwrap().to_text(),
        fingerprints: Some(payload(fingerprints.unwrap())),
        former_fingerprints: vec![],
    };
    manifest::render_new(&Fresh {
        comment: None,
        name: &name,
        recipients: &[(public, String::new())],
        variables: &variables,
        references: &BTreeSet::new(),
        targets: &[FreshTarget::file(
            "local".parse().unwrap(),
            FileAddress {
                machine: Machine::Any,
                path: "../.env".to_owned(),
                format: "portable".to_owned(),
                at: None,
            },
            variables.keys().cloned().collect(),
        )],
        seal: Some(&seal),
    })
}

#[divan::bench(args = SIZES)]
fn open_payloads(bencher: Bencher<'_, '_>, count: usize) {
    let envelope = Envelope::generate(&manifest_name());
    let payloads = sealed(&envelope, count);
    bencher.bench_local(|| {
        for (name, payload) in &payloads {
            black_box(envelope.open(name.as_str(), payload).unwrap());
        }
    });
}

#[divan::bench(args = SIZES)]
fn parse_manifest(bencher: Bencher<'_, '_>, count: usize) {
    let text = manifest_text(count);
    bencher.bench_local(|| manifest::parse(&text).unwrap());
}

#[divan::bench(args = SIZES)]
fn edit_one_value(bencher: Bencher<'_, '_>, count: usize) {
    let text = manifest_text(count);
    let name = names(count).nth(count / 2).unwrap();
    bencher.bench_local(|| {
        let mut editor = Editor::new(&text).unwrap();
        editor
            .set(&name, &Source::Clear("other".to_owned()))
            .unwrap();
        editor.finish().unwrap()
    });
}

#[divan::bench(args = SIZES)]
fn build_plan(bencher: Bencher<'_, '_>, count: usize) {
    let fingerprinter = Fingerprinter::new(FingerprintKey::new([7; 32]), vec![]);
    let (facts, overrides) = (AuthorityFacts::default(), Overrides::default());
    let target = target_input(count, &fingerprinter);
    let input = || PlanInput {
        manifest: manifest_name(),
        manifest_digest: [0; 32],
        key_id: None,
        fingerprinter: Some(&fingerprinter),
        recipients_authentic: true,
        targets: vec![TargetInput {
            target: target.target.clone(),
            desired: match &target.desired {
                DesiredState::Known(desired) => DesiredState::Known(desired.clone()),
                DesiredState::Unknown(why) => DesiredState::Unknown(why.clone()),
            },
            live: target.live.clone(),
            last: target.last.clone(),
            activates: false,
        }],
        authority: vec![],
        last_facts: None,
        facts: &facts,
        overrides: &overrides,
        only_targets: None,
        only_variables: None,
        undo: None,
        scheduled: None,
        unattended: true,
    };
    bencher.with_inputs(input).bench_local_values(plan::build);
}

/// A target in which nothing differs and everything is recorded.
fn target_input(count: usize, fingerprinter: &Fingerprinter) -> TargetInput {
    let target = Target {
        name: "local".parse().unwrap(),
        address: Address::Memory("local".to_owned()),
        path: None,
        place: "memory:local".to_owned(),
        known: String::new(),
        prune: false,
        rails: Rails::default(),
        activation: None,
        process: None,
    };
    let mut desired = Desired {
        key_trusted: true,
        ..Desired::default()
    };
    let mut last = LastApplied {
        recorded: true,
        comparable: true,
        ..LastApplied::default()
    };
    let mut live = BTreeMap::new();
    for (number, name) in names(count).enumerate() {
        let recorded = Recorded {
            fingerprint: fingerprinter.fingerprint(&target.name, &name, &value(number)),
            sequence: Some(1),
            sensitivity: Sensitivity::Secret,
            at: Timestamp::UNIX_EPOCH,
            platform_changed_at: None,
            dropped: false,
        };
        last.vars.insert(name.clone(), recorded);
        live.insert(name.clone(), LiveVar::Value(value(number)));
        desired
            .vars
            .insert(name.clone(), desired_var(name, value(number)));
    }
    TargetInput {
        target,
        desired: DesiredState::Known(desired),
        live: LiveState::Read(Live {
            vars: live,
            changed_at: BTreeMap::new(),
            completeness: Completeness::Complete,
            version: Version::default(),
            exists: true,
            stored_at: None,
            identity: String::new(),
            taken_over: std::collections::BTreeSet::new(),
            unsettled: None,
            drafts: vec![],
            running: Running::Unknown,
            notes: vec![],
        }),
        last,
        activates: false,
    }
}

fn desired_var(declared: VarName, value: SecretValue) -> DesiredVar {
    DesiredVar {
        declared: Some(declared),
        value,
        sensitivity: Sensitivity::Secret,
        trust: Trust::Authenticated,
        sequence: Some(1),
        protected: false,
        sealed: false,
        refusal: None,
        lints: vec![],
    }
}

/// What every run pays for its first line.
#[divan::bench(args = SIZES)]
fn scrub_one_line(bencher: Bencher<'_, '_>, count: usize) {
    let public: BTreeSet<String> = names(count).map(String::from).collect();
    bencher
        .with_inputs(|| values(count))
        .bench_local_values(|values| {
            let scrubber = Scrubber::new(values, &public);
            scrubber.scrub("1 target, nothing to change").into_owned()
        });
}

/// What each further page costs.
#[divan::bench(args = SIZES)]
fn scrub_a_page(bencher: Bencher<'_, '_>, count: usize) {
    let scrubber = Scrubber::new(values(count), &BTreeSet::new());
    let page: String = names(500)
        .map(|name| format!("  {name}  change  a1b2c3d4 → e5f60718\n"))
        .collect();
    scrubber.scrub(&page);
    bencher.bench_local(|| scrubber.scrub(&page).into_owned());
}
