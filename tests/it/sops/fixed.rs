//! One file that the real program wrote once, for where it is not installed.

use super::lab::{keyring, ours};

#[test]
fn a_file_of_the_real_program() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.txt");
    std::fs::write(&keys, include_str!("../../fixtures/sops/keys.txt")).unwrap();
    for text in [
        include_str!("../../fixtures/sops/all.yaml"),
        include_str!("../../fixtures/sops/all.json"),
        include_str!("../../fixtures/sops/all.env"),
    ] {
        let found = ours(text, &mut keyring(&keys), &[]).unwrap();
        let texts: Vec<(&str, &str)> = found
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            texts,
            [
                ("EMPTY", ""),
                ("LINES", "one\ntwo"),
                ("OPEN_unencrypted", "plain"),
                ("PORT", "8080"),
                ("TOKEN", "not-a-secret ü"),
            ]
        );
        let changed = text.replacen("type:str", "type:int", 1);
        assert!(ours(&changed, &mut keyring(&keys), &[]).is_err());
    }
}
