use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use age_core::secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use super::*;
use crate::crypto::{NoPrompt, Prompt, Recipient, generate_identity, wrap};

fn quiet() -> SharedPrompt {
    Arc::new(NoPrompt)
}

fn header_for(public: &str) -> Header {
    let key = FileKey::new(Box::new(*b"YELLOW SUBMARINE"));
    wrap(&key, &[Recipient::parse(public).unwrap()], &quiet()).unwrap()
}

/// Private, as key files should be.
fn write(path: &Path, text: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    set_mode(path, 0o600);
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn explicit(path: &Path) -> IdentityRequest {
    IdentityRequest {
        explicit: vec![path.to_owned()],
        ..IdentityRequest::default()
    }
}

fn tried(error: UnlockError) -> (Vec<Tried>, Vec<String>) {
    match error {
        UnlockError::NoIdentity { tried, notes } => (tried, notes),
        other => panic!("{other:?}"),
    }
}

/// Says the same passphrase each time, and counts.
struct Says(&'static str, AtomicUsize);

impl Says {
    fn new(passphrase: &'static str) -> Arc<Self> {
        Arc::new(Self(passphrase, AtomicUsize::new(0)))
    }
}

impl Prompt for Says {
    fn message(&self, _: &str) {}
    fn confirm(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }
    fn ask(&self, _: &str) -> Option<String> {
        None
    }
    fn passphrase(&self, _: &str) -> Option<Zeroizing<String>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Some(Zeroizing::new(self.0.to_owned()))
    }
}

/// All eleven places filled, each with its own identity.
fn everywhere(folder: &TempDir) -> (IdentityRequest, Vec<String>) {
    let mut publics = Vec::new();
    let mut identity = || {
        let (secret, public) = generate_identity();
        publics.push(public);
        secret
    };
    let file = |name: &str, secret: Zeroizing<String>| {
        let path = folder.path().join(name);
        write(&path, secret.as_bytes());
        path
    };
    let request = IdentityRequest {
        explicit: vec![file("one", identity()), file("two", identity())],
        env: IdentityEnv {
            age_key: Some(identity()),
            age_key_file: Some(file("three", identity())),
            sops_age_key: Some(identity()),
            sops_age_key_file: Some(file("four", identity())),
            sops_age_ssh_private_key_file: Some(file("five", identity())),
        },
        config_dir: Some(folder.path().join("config")),
        home: Some(folder.path().join("home")),
    };
    file("config/driftlock/keys.txt", identity());
    file("config/sops/age/keys.txt", identity());
    file("home/.ssh/id_ed25519", identity());
    file("home/.ssh/id_rsa", identity());
    (request, publics)
}

const ORDER: [&str; 11] = [
    "--identity (/one)",
    "--identity (/two)",
    "DRIFTLOCK_AGE_KEY",
    "DRIFTLOCK_AGE_KEY_FILE (/three)",
    "SOPS_AGE_KEY",
    "SOPS_AGE_KEY_FILE (/four)",
    "SOPS_AGE_SSH_PRIVATE_KEY_FILE (/five)",
    "/config/driftlock/keys.txt",
    "/config/sops/age/keys.txt",
    "/home/.ssh/id_ed25519",
    "/home/.ssh/id_rsa",
];

#[test]
fn places_are_tried_in_the_order_of_the_design_and_no_further_than_needed() {
    let folder = TempDir::new().unwrap();
    let (request, publics) = everywhere(&folder);
    let root = folder.path().to_str().unwrap();
    assert_eq!(publics.len(), ORDER.len());
    for (index, public) in publics.iter().enumerate() {
        let unlocked = open_header(&header_for(public), &request, &quiet()).unwrap();
        assert_eq!(
            unlocked.source.replace(root, ""),
            format!("{}, line 1, {public}", ORDER[index])
        );
        assert_eq!(unlocked.file_key.expose_secret(), b"YELLOW SUBMARINE");
        assert_eq!(unlocked.notes, Vec::<String>::new());
    }
    let (_, stranger) = generate_identity();
    let error = open_header(&header_for(&stranger), &request, &quiet()).unwrap_err();
    let (tried, _) = tried(error);
    let places: Vec<String> = tried
        .iter()
        .map(|tried| tried.place.replace(root, ""))
        .collect();
    let expected: Vec<String> = ORDER
        .iter()
        .zip(&publics)
        .map(|(place, public)| format!("{place}, line 1, {public}"))
        .collect();
    assert_eq!(places, expected);
    assert!(
        tried
            .iter()
            .all(|tried| tried.why == "is not a recipient of this header")
    );
}

#[test]
fn a_later_place_is_not_opened_once_one_fits() {
    let folder = TempDir::new().unwrap();
    let (secret, public) = generate_identity();
    let good = folder.path().join("good");
    write(&good, secret.as_bytes());
    let mut request = explicit(&good);
    // Would be a note and a reason if it were read.
    request.env.sops_age_key = Some(Zeroizing::new("rubbish".to_owned()));
    let unlocked = open_header(&header_for(&public), &request, &quiet()).unwrap();
    assert!(unlocked.notes.is_empty());
}

#[test]
fn one_bad_line_does_not_lose_the_others_and_is_not_quoted() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys");
    let (secret, public) = generate_identity();
    let (other, other_public) = generate_identity();
    let mut text = b"\xef\xbb\xbf# a comment\r\n\r\nhunter2\r\n".to_vec();
    text.extend(b"\xff\xfe\r\n");
    text.extend(other_public.as_bytes());
    text.extend(b"\nAGE-SECRET-KEY-1HUNTER2\nAGE-SECRET-KEY-PQ-1HUNTER2\n");
    text.extend(other.as_bytes());
    text.extend(b"\r\n  ");
    text.extend(secret.as_bytes());
    write(&path, &text);
    let unlocked = open_header(&header_for(&public), &explicit(&path), &quiet()).unwrap();
    assert!(unlocked.source.contains("line 9"), "{}", unlocked.source);
    let notes = unlocked.notes.join("\n");
    for (line, why) in [
        (3, "is not an identity"),
        (4, "is not text"),
        (5, "is a public key, not an identity"),
        (6, "is a mistyped or cut off identity"),
        (7, "is a post-quantum identity, which is not supported yet"),
    ] {
        let note = format!("keys:{line} {why}; the line is left out");
        assert!(notes.contains(&note), "{note} in {notes}");
    }
    assert_eq!(unlocked.notes.len(), 5);
    assert!(!notes.to_lowercase().contains("hunter2"));
}

#[test]
fn places_that_cannot_be_used_say_why() {
    let folder = TempDir::new().unwrap();
    let root = folder.path();
    let cases: [(&str, &[u8], &str); 5] = [
        ("empty", b"", "holds no identity"),
        ("comments", b"# only\n", "holds no identity"),
        (
            "damaged",
            b"-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n",
            "is a damaged SSH key",
        ),
        (
            "pkcs8",
            b"-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
            "is not an SSH key in a format that age reads; convert it with `ssh-keygen -p -f`",
        ),
        (
            "age",
            b"age-encryption.org/v1\nhunter2",
            "is a damaged age file",
        ),
    ];
    let mut request = IdentityRequest::default();
    let mut expected = Vec::new();
    for (name, text, why) in cases {
        write(&root.join(name), text);
        request.explicit.push(root.join(name));
        expected.push(why);
    }
    request.explicit.push(root.join("missing"));
    expected.push("does not exist");
    request.explicit.push(root.to_owned());
    expected.push("cannot be read (is a directory)");
    write(&root.join("large"), &vec![b'#'; (1 << 20) + 1]);
    request.explicit.push(root.join("large"));
    expected.push("is larger than 1 MiB, so it is not a key file");
    request.env.age_key = Some(Zeroizing::new(" \n".to_owned()));
    expected.push("is set, but empty");

    let (_, public) = generate_identity();
    let error = open_header(&header_for(&public), &request, &quiet()).unwrap_err();
    let shown = error.to_string();
    let (tried, _) = tried(error);
    let why: Vec<&str> = tried.iter().map(|tried| tried.why.as_str()).collect();
    assert_eq!(why, expected);
    assert!(shown.contains("missing) does not exist"));
    assert!(!shown.contains("hunter2"));
}

#[test]
fn no_place_at_all_says_what_to_do() {
    let (_, public) = generate_identity();
    let error = open_header(&header_for(&public), &IdentityRequest::default(), &quiet());
    assert!(error.unwrap_err().to_string().contains("--identity"));
}

#[test]
fn a_key_file_open_to_others_is_a_note() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys");
    let (secret, public) = generate_identity();
    write(&path, secret.as_bytes());
    for (mode, notes) in [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1)] {
        set_mode(&path, mode);
        let unlocked = open_header(&header_for(&public), &explicit(&path), &quiet()).unwrap();
        assert_eq!(unlocked.notes.len(), notes, "{mode:o}");
    }
}

#[test]
fn a_changed_header_stops_the_search_and_names_the_identity() {
    let (secret, public) = generate_identity();
    let good = header_for(&public).to_text();
    let extra = header_for(&generate_identity().1).to_text();
    let stanza: Vec<&str> = extra.lines().skip(1).take(2).collect();
    let forged = good.replacen("---", &format!("{}\n---", stanza.join("\n")), 1);
    let request = IdentityRequest {
        env: IdentityEnv {
            age_key: Some(secret),
            ..IdentityEnv::default()
        },
        ..IdentityRequest::default()
    };
    let error = open_header(&Header::parse(&forged).unwrap(), &request, &quiet());
    match error.unwrap_err() {
        UnlockError::Tampered { source_identity } => assert!(source_identity.contains(&public)),
        other => panic!("{other:?}"),
    }
}

/// A key file under a passphrase, armored or not, made by the age crate with little work.
fn encrypted(secret: &str, armored: bool) -> Vec<u8> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from("correct horse"));
    recipient.set_work_factor(4);
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            .unwrap();
    let mut file = Vec::new();
    let format = if armored {
        age::armor::Format::AsciiArmor
    } else {
        age::armor::Format::Binary
    };
    let output = age::armor::ArmoredWriter::wrap_output(&mut file, format).unwrap();
    let mut stream = encryptor.wrap_output(output).unwrap();
    stream.write_all(secret.as_bytes()).unwrap();
    stream.finish().unwrap().finish().unwrap();
    file
}

#[test]
fn a_key_file_under_a_passphrase_asks_once_for_many_headers() {
    let folder = TempDir::new().unwrap();
    let (secret, public) = generate_identity();
    for armored in [true, false] {
        let path = folder.path().join(format!("keys-{armored}"));
        write(&path, &encrypted(&secret, armored));
        let asked = Says::new("correct horse");
        let mut keyring = Keyring::new(&explicit(&path), asked.clone());
        for _ in 0..3 {
            assert!(keyring.open(&header_for(&public)).is_ok());
        }
        assert_eq!(asked.1.load(Ordering::Relaxed), 1);

        for (prompt, why) in [
            (
                Says::new("hunter2") as SharedPrompt,
                "does not open with this passphrase",
            ),
            (quiet(), "needs a passphrase, and nobody can be asked"),
        ] {
            let error = open_header(&header_for(&public), &explicit(&path), &prompt);
            let (tried, _) = tried(error.unwrap_err());
            assert_eq!(tried.len(), 1);
            assert_eq!(tried[0].why, why);
        }
    }
}

#[test]
fn debug_shows_no_key() {
    let (secret, _) = generate_identity();
    let request = IdentityRequest {
        env: IdentityEnv {
            age_key: Some(secret.clone()),
            sops_age_key: Some(secret.clone()),
            ..IdentityEnv::default()
        },
        ..IdentityRequest::default()
    };
    let keyring = Keyring::new(&request, quiet());
    assert!(!format!("{request:?} {keyring:?}").contains("SECRET-KEY"));
}
