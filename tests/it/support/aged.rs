//! Values that were sealed long ago.

use std::sync::Arc;

use driftlock::crypto::{IdentityRequest, Keyring, NoPrompt};
use driftlock::manifest::{Source, parse};
use driftlock::model::{SecretValue, VarName};
use driftlock::reconcile::load::{Opening, open};
use jiff::{Timestamp, ToSpan};

use super::shop::MANIFEST;
use super::world::World;

impl World {
    /// Seals a variable of the manifest anew, as it would have been so many days ago.
    pub fn age(&self, name: &str, value: &str, days: i64) {
        let text = self.manifest();
        let manifest = parse(&text).unwrap().manifest;
        let request = IdentityRequest {
            explicit: vec![self.config("driftlock/keys.txt")],
            ..IdentityRequest::default()
        };
        let mut keyring = Keyring::new(&request, Arc::new(NoPrompt));
        let Opening::Open(opened) = open(&manifest, &mut keyring) else {
            panic!("the manifest does not open");
        };
        let then = Timestamp::now() - (days * 24).hours();
        let variable = &manifest.variables[&name.parse::<VarName>().unwrap()];
        let Source::Sealed(payload) = &variable.source else {
            panic!("{name} is not sealed");
        };
        let new = opened
            .envelope
            .seal(name, 1, then, &SecretValue::new(value))
            .unwrap();
        self.write(MANIFEST, text.replace(&payload.base64, &new));
    }

    /// Puts lines below a variable's value, each of them one key.
    pub fn say_of(&self, name: &str, lines: &[&str]) {
        let text = self.manifest();
        let mut out = Vec::new();
        let mut inside = false;
        for line in text.lines() {
            out.push(line.to_owned());
            inside |= line == format!("  {name}:");
            if inside && line.starts_with("    age: ") {
                out.extend(lines.iter().map(|line| format!("    {line}")));
                inside = false;
            }
        }
        assert_eq!(out.len(), text.lines().count() + lines.len(), "{name}");
        self.write(MANIFEST, out.join("\n") + "\n");
    }
}
