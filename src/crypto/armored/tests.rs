use std::sync::Arc;

use super::*;
use crate::crypto::{IdentityEnv, IdentityRequest, NoPrompt, generate_identity};

struct World {
    recipient: Recipient,
    keyring: Keyring,
    manifest: ManifestName,
}

fn world() -> World {
    let (secret, public) = generate_identity();
    let request = IdentityRequest {
        env: IdentityEnv {
            age_key: Some(secret),
            ..IdentityEnv::default()
        },
        ..IdentityRequest::default()
    };
    World {
        recipient: Recipient::parse(&public).unwrap(),
        keyring: Keyring::new(&request, Arc::new(NoPrompt)),
        manifest: ManifestName::new("production").unwrap(),
    }
}

impl World {
    fn seal(&self, entry: &str, value: &str) -> String {
        seal_armored(
            std::slice::from_ref(&self.recipient),
            &self.manifest,
            entry,
            4,
            Timestamp::UNIX_EPOCH,
            &SecretValue::new(value),
            &(Arc::new(NoPrompt) as SharedPrompt),
        )
        .unwrap()
    }

    fn open(&mut self, entry: &str, text: &str) -> Result<OpenedArmored, OpenArmoredError> {
        open_armored(text, &self.manifest, entry, &mut self.keyring)
    }
}

#[test]
fn what_is_written_without_an_identity_opens_with_one() {
    let mut world = world();
    for value in ["", "v", "two\nlines", &"x".repeat(200_000)] {
        let text = world.seal("TOKEN", value);
        for text in [text.as_str(), text.trim_end()] {
            let OpenedArmored { opened, source } = world.open("TOKEN", text).unwrap();
            assert_eq!(opened.value.expose(), value);
            assert_eq!(opened.sequence, 4);
            assert!(source.starts_with("DRIFTLOCK_AGE_KEY, line 1, age1"));
        }
    }
}

#[test]
fn it_stays_where_it_was_sealed() {
    let mut world = world();
    let text = world.seal("TOKEN", "v");
    assert_eq!(
        world.open("OTHER", &text).unwrap_err(),
        OpenArmoredError::Open(OpenError::OtherName("TOKEN".to_owned()))
    );
    world.manifest = ManifestName::new("staging").unwrap();
    assert_eq!(
        world.open("TOKEN", &text).unwrap_err(),
        OpenArmoredError::Open(OpenError::OtherManifest("production".to_owned()))
    );
}

#[test]
fn one_text_for_one_file_and_no_changed_character_opens() {
    let mut world = world();
    let good = world.seal("TOKEN", "v");
    for at in 0..good.trim_end().len() {
        for with in ["B", "\n", "=", " "] {
            let mut changed = good.clone();
            changed.replace_range(at..=at, with);
            if changed != good {
                assert!(world.open("TOKEN", &changed).is_err(), "{at} {with:?}");
            }
        }
    }
    for bad in [
        good.replace('\n', "\r\n"),
        format!("\n{good}"),
        format!("{good}\n"),
        String::new(),
        "-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----".to_owned(),
    ] {
        assert!(world.open("TOKEN", &bad).is_err());
    }
}

#[test]
fn a_file_for_others_says_which_identity_was_tried() {
    let text = world().seal("TOKEN", "v");
    let mut reader = world();
    let error = reader.open("TOKEN", &text).unwrap_err();
    assert!(matches!(
        error,
        OpenArmoredError::Unlock(UnlockError::NoIdentity { .. })
    ));
    assert!(error.to_string().contains("is not a recipient"));
}
