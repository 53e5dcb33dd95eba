//! Two targets on one place would undo each other's work for ever.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Manifest;
use crate::model::{
    Address, FileAddress, Machine, ManifestName, OpenclawAddress, RailwayAddress, TargetName,
};

/// Platform and address as people read them, for example `file vps:/srv/app/.env`. Another text for
/// every other place, and for another token: a move must not go unseen.
pub(super) fn destination(address: &Address) -> String {
    let place = match address {
        Address::File(file) => {
            let at = file.at.as_ref();
            let at = at.map_or_else(String::new, |at| format!(" at {at}"));
            format!("{}{at}", on(&file.machine, &file.path))
        }
        Address::Railway(RailwayAddress {
            token: Some(name), ..
        }) => format!("{address} with {name}"),
        Address::Openclaw(openclaw) => installation(openclaw),
        Address::Railway(_) | Address::Memory(_) => address.to_string(),
    };
    format!("{} {place}", address.platform())
}

/// A profile is more than its folder: its service is looked at, and its name is given to OpenClaw.
fn installation(openclaw: &OpenclawAddress) -> String {
    let usual = OpenclawAddress {
        state: None,
        ..openclaw.clone()
    };
    let state = openclaw.state();
    let how = match (&openclaw.profile, &openclaw.state) {
        (Some(profile), _) => format!(" (profile {profile})"),
        (None, Some(state)) if *state == usual.state() => " (no default)".to_owned(),
        (None, _) => String::new(),
    };
    let config = openclaw.config.as_ref();
    let config = config.map_or_else(String::new, |path| format!(" with {}", framed(path)));
    format!("{}{how}{config}", on(&openclaw.machine, &state))
}

/// A path of a machine. A bare host of SSH would read like the name of a machine.
fn on(machine: &Machine, path: &str) -> String {
    let path = framed(path);
    match machine {
        Machine::Host(host) => {
            let spelled = host.to_string();
            let ssh = if spelled.contains(['@', ':', ' ']) {
                ""
            } else {
                "ssh "
            };
            format!("{ssh}{spelled}:{path}")
        }
        Machine::Any | Machine::Named(_) => format!("{machine}{path}"),
    }
}

/// In quotes if it holds what stands around a path.
fn framed(path: &str) -> Cow<'_, str> {
    let rooted = path.starts_with('/') || path.starts_with("~/");
    let odd = [" at ", " with ", " (", "\""]
        .iter()
        .any(|part| path.contains(part));
    if odd || (!rooted && path.contains(':')) {
        format!("{path:?}").into()
    } else {
        path.into()
    }
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
