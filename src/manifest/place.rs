//! Two targets on one place would undo each other's work for ever.

use std::collections::BTreeMap;

use super::Manifest;
use crate::model::{Address, FileAddress, Machine, ManifestName, RailwayAddress, TargetName};

/// Platform and address as people read them, for example `file vps:/srv/app/.env`. Another text for
/// every other place, and for another token: a move must not go unseen.
pub(super) fn destination(address: &Address) -> String {
    let Address::Railway(railway) = address else {
        return format!("{} {address}", address.platform());
    };
    let token = match &railway.token {
        Some(name) => format!(" with {name}"),
        None => String::new(),
    };
    format!("{} {address}{token}", address.platform())
}

/// The same text for the same place, as far as the manifest's text can tell: `./` and `//` do not
/// count. Relative paths are meant from `folder`, the manifest's own.
pub fn place_key(folder: &str, address: &Address) -> String {
    match address {
        Address::File(file) => {
            let machine = match &file.machine {
                Machine::Any => "*".to_owned(),
                Machine::Named(name) => name.to_ascii_lowercase(),
                Machine::Host(host) => {
                    let place = format!("ssh {}", host.place(&file.path));
                    return file_key(file, &place);
                }
            };
            let rooted = file.path.starts_with('/') || file.path.starts_with("~/");
            let path = if rooted {
                tidy(&file.path)
            } else {
                tidy(&format!("{folder}/{}", file.path))
            };
            file_key(file, &format!("{machine}:{path}"))
        }
        // which token reads it does not make it another place
        Address::Railway(railway) => destination(&Address::Railway(RailwayAddress {
            service: railway.service.as_ref().map(|name| name.to_lowercase()),
            token: None,
            ..railway.clone()
        })),
        // which profile leads to a folder does not make it another one
        Address::Openclaw(openclaw) => {
            let state = openclaw.state();
            match &openclaw.machine {
                Machine::Any => format!("openclaw *:{}", tidy(&state)),
                Machine::Named(name) => {
                    format!("openclaw {}:{}", name.to_ascii_lowercase(), tidy(&state))
                }
                Machine::Host(host) => format!("openclaw ssh {}", host.place(&state)),
            }
        }
        Address::Memory(name) => format!("memory {name}"),
    }
}

/// Two objects of one file are two places.
fn file_key(file: &FileAddress, place: &str) -> String {
    match &file.at {
        Some(at) => format!("file at {at:?} {place}"),
        None => format!("file {place}"),
    }
}

fn tidy(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    format!("{root}{}", parts.join("/"))
}

/// Two targets, of one manifest or of two, that would write to one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedPlace {
    pub first: (ManifestName, TargetName),
    pub second: (ManifestName, TargetName),
}

/// The places that more than one target claims, over several manifests with their folders.
pub fn shared_places(manifests: &[(&str, &Manifest)]) -> Vec<SharedPlace> {
    let mut owners: BTreeMap<String, (ManifestName, TargetName)> = BTreeMap::new();
    let mut shared = Vec::new();
    for (folder, manifest) in manifests {
        for target in &manifest.targets {
            let owner = (manifest.name.clone(), target.name.clone());
            let key = place_key(folder, &target.address);
            if let Some(first) = owners.get(&key) {
                shared.push(SharedPlace {
                    first: first.clone(),
                    second: owner,
                });
            } else {
                owners.insert(key, owner);
            }
        }
    }
    shared
}
