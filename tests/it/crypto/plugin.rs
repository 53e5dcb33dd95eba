//! Plugins of age, by a small one of our own (`support/age-plugin-drifttest`).
//!
//! age looks for plugins in `PATH`, which a test cannot change for itself: the first test runs the
//! others again, as a child with the plugin's folder in `PATH`.

use std::process::Command;

use driftlock::crypto::{
    Envelope, Header, IdentityEnv, IdentityRequest, Recipient, UnlockError, WrapError,
    generate_identity, open_header,
};
use zeroize::Zeroizing;

use super::{Says, manifest, quiet};
use crate::support::peers::program;

const PLAIN: &str = "age1drifttest1qyqszqgm7ws9h";
const LABEL: &str = "age1drifttest1qgpqyqsgmrppf";
const REFUSE: &str = "age1drifttest1qvpsxqcfdycp3";
const FORGET: &str = "age1drifttest1qszqgpqmcz692";

#[test]
fn with_the_plugin_in_path() {
    if program("python3").is_none() {
        return;
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support");
    #[expect(
        clippy::disallowed_methods,
        reason = "the child's PATH is this one and a folder"
    )]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder.into()).chain(std::env::split_paths(&path));
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["crypto::plugin::child_", "--ignored", "--nocapture"])
        .env("PATH", std::env::join_paths(all).unwrap())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("6 passed; 0 failed"), "{words}{errors}");
}

fn parse(texts: &[&str]) -> Vec<Recipient> {
    let parsed = texts.iter().map(|text| Recipient::parse(text).unwrap());
    parsed.collect()
}

fn identity() -> IdentityRequest {
    let identity = age::plugin::Identity::default_for_plugin("drifttest").unwrap();
    IdentityRequest {
        env: IdentityEnv {
            age_key: Some(Zeroizing::new(identity.to_string())),
            ..IdentityEnv::default()
        },
        ..IdentityRequest::default()
    }
}

#[test]
#[ignore = "run by with_the_plugin_in_path"]
fn child_a_plugin_recipient_wraps_and_its_identity_unwraps() {
    let (secret, public) = generate_identity();
    let envelope = Envelope::generate(&manifest());
    let shown = Says::new("1234");
    let header = envelope
        .wrap(&parse(&[PLAIN, &public]), &(shown.clone() as _))
        .unwrap();
    assert_eq!(shown.shown(), ["touch [2J the key"]);
    let header = Header::parse(&header.to_text()).unwrap();
    assert_eq!(header.stanza_count(), 2);

    let unlocked = open_header(&header, &identity(), &(shown.clone() as _)).unwrap();
    assert_eq!(
        unlocked.source,
        "DRIFTLOCK_AGE_KEY, line 1, age-plugin-drifttest"
    );
    let again = Envelope::from_file_key(&manifest(), unlocked.file_key);
    assert_eq!(again.key_id(), envelope.key_id());
    assert_eq!(shown.shown().last().unwrap(), "PIN of the  [2Jkey");

    let mut native = identity();
    native.env.age_key = Some(secret);
    assert!(open_header(&header, &native, &quiet()).is_ok());
}

#[test]
#[ignore = "run by with_the_plugin_in_path"]
fn child_a_plugin_that_fails_to_unwrap_is_a_reason() {
    let envelope = Envelope::generate(&manifest());
    let header = envelope.wrap(&parse(&[PLAIN]), &quiet()).unwrap();
    let prompt = Says::new("wrong") as _;
    let error = open_header(&header, &identity(), &prompt).unwrap_err();
    let UnlockError::NoIdentity { tried, .. } = error else {
        panic!("{error:?}");
    };
    assert!(tried[0].why.contains("wrong"), "{}", tried[0].why);
    assert!(!tried[0].why.contains('\u{1b}'));
    assert!(open_header(&header, &identity(), &quiet()).is_err());
}

#[test]
#[ignore = "run by with_the_plugin_in_path"]
fn child_labels_must_agree() {
    let envelope = Envelope::generate(&manifest());
    let (_, public) = generate_identity();
    assert!(envelope.wrap(&parse(&[LABEL]), &quiet()).is_ok());
    assert_eq!(
        envelope
            .wrap(&parse(&[LABEL, &public]), &quiet())
            .unwrap_err(),
        WrapError::Labels {
            first: public,
            second: LABEL.to_owned()
        }
    );
}

#[test]
#[ignore = "run by with_the_plugin_in_path"]
fn child_a_refusal_is_told_without_control_characters() {
    let envelope = Envelope::generate(&manifest());
    let error = envelope.wrap(&parse(&[REFUSE]), &quiet()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("[31mkey  here"), "{text}");
    assert!(!text.chars().any(char::is_control));
}

#[test]
#[ignore = "run by with_the_plugin_in_path"]
fn child_a_forgotten_recipient_is_an_error() {
    let envelope = Envelope::generate(&manifest());
    for list in [&[FORGET][..], &[PLAIN, FORGET]] {
        let error = envelope.wrap(&parse(list), &quiet()).unwrap_err();
        assert!(
            matches!(error, WrapError::BadStanza(_) | WrapError::Plugin { .. }),
            "{error:?}"
        );
    }
}

#[test]
#[ignore = "run by with_the_plugin_in_path"]
fn child_a_missing_plugin_is_named() {
    // Bech32 of eight bytes 07 under `age1demo`.
    let recipients = parse(&["age1demo1qurswpc8qurswr86mpy"]);
    let envelope = Envelope::generate(&manifest());
    assert_eq!(
        envelope.wrap(&recipients, &quiet()).unwrap_err(),
        WrapError::PluginMissing("demo".to_owned())
    );
}
