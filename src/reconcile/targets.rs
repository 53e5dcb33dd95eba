//! Which targets this machine can see, and where exactly they are.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::manifest::TargetSpec;
use crate::model::{Address, FileAddress, Machine, Target};

/// What surrounds a run, as far as addresses depend on it.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// This machine's name.
    pub machine: String,
    /// The user's home, for `~/`.
    pub home: Option<PathBuf>,
}

/// A target with its place.
#[derive(Debug, Clone)]
pub struct Located {
    /// Resolved.
    pub target: Target,
    /// Whether this machine can read it.
    pub visibility: Visibility,
}

/// Whether this machine can read a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// Yes.
    Here,
    /// Only this other machine can.
    Elsewhere(String),
    /// It should be readable here, but its address cannot be resolved; why.
    Unresolvable(String),
}

/// Resolves the address of one target. `folder` is the manifest's, absolute.
pub fn locate(spec: &TargetSpec, folder: &Path, surroundings: &Surroundings) -> Located {
    let (path, place, visibility) = match &spec.address {
        Address::File(file) => locate_file(file, folder, surroundings),
        Address::Railway(_) => (None, format!("railway:{}", spec.address), Visibility::Here),
        Address::Openclaw(openclaw) => locate_on(
            &openclaw.machine,
            &openclaw.state(),
            "openclaw",
            folder,
            surroundings,
        ),
        Address::Memory(name) => (None, format!("memory:{name}"), Visibility::Here),
    };
    Located {
        target: Target {
            name: spec.name.clone(),
            address: spec.address.clone(),
            path,
            place,
            known: String::new(),
            prune: spec.prune,
            rails: spec.rails,
            activation: spec.activation.clone(),
            process: spec.process.clone(),
        },
        visibility,
    }
}

/// Two objects of one file are two places.
fn locate_file(
    file: &FileAddress,
    folder: &Path,
    surroundings: &Surroundings,
) -> (Option<PathBuf>, String, Visibility) {
    let kind = match &file.at {
        Some(at) => format!("file at {at:?}"),
        None => "file".to_owned(),
    };
    locate_on(&file.machine, &file.path, &kind, folder, surroundings)
}

/// What is at a path of a machine.
fn locate_on(
    machine: &Machine,
    spelled: &str,
    kind: &str,
    folder: &Path,
    surroundings: &Surroundings,
) -> (Option<PathBuf>, String, Visibility) {
    let path = match (spelled.strip_prefix("~/"), &surroundings.home) {
        (Some(below), Some(home)) => Some(home.join(below)),
        (Some(_), None) => None,
        (None, _) => Some(normalise(&folder.join(spelled))),
    };
    match machine {
        // its records are shared by name, so its place is what every machine would call it
        Machine::Named(machine) => {
            let place = format!("{kind}:{machine}:{spelled}");
            let here = machine.eq_ignore_ascii_case(&surroundings.machine);
            let visibility = match (&path, here) {
                (_, false) => Visibility::Elsewhere(machine.clone()),
                (None, true) => no_home(),
                (Some(_), true) => Visibility::Here,
            };
            (path.filter(|_| here), place, visibility)
        }
        // the far side has its own home
        Machine::Host(host) => {
            let place = format!("{kind}:ssh {}", host.place(spelled));
            (Some(PathBuf::from(spelled)), place, Visibility::Here)
        }
        Machine::Any => {
            let shown = path.as_ref().map_or_else(
                || spelled.to_owned(),
                |path| path.to_string_lossy().into_owned(),
            );
            let place = format!("{kind}:{}:{shown}", surroundings.machine);
            let visibility = path.as_ref().map_or_else(no_home, |_| Visibility::Here);
            (path, place, visibility)
        }
    }
}

fn no_home() -> Visibility {
    Visibility::Unresolvable("its path begins with ~/ and this user has no home folder".to_owned())
}

/// Puts `.` and `..` in, by text: the file need not exist.
fn normalise(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// Two targets, of one manifest or of several, that are one place: `(first, second)` as
/// `manifest/target`.
pub fn shared_place<'a>(
    located: impl IntoIterator<Item = (String, &'a Located)>,
) -> Option<(String, String)> {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for (name, located) in located {
        if let Some(first) = seen.insert(&located.target.place, name.clone()) {
            return Some((first, name));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{OpenclawAddress, Rails, Reconciling};

    fn located(machine: Machine, path: &str, here: &str) -> Located {
        let address = Address::File(FileAddress {
            machine,
            path: path.to_owned(),
            format: "portable".to_owned(),
            at: None,
        });
        at(address, here)
    }

    fn installation(machine: Machine, profile: Option<&str>, state: Option<&str>) -> Located {
        let address = Address::Openclaw(OpenclawAddress {
            machine,
            profile: profile.map(str::to_owned),
            state: state.map(str::to_owned),
            config: None,
            url: None,
            service: None,
        });
        at(address, "here")
    }

    fn at(address: Address, here: &str) -> Located {
        let spec = TargetSpec {
            name: "t".parse().unwrap(),
            address,
            uses: vec![],
            prune: false,
            stale_after: None,
            reconciling: Reconciling::default(),
            rails: Rails::default(),
            protected: std::collections::BTreeSet::new(),
            activation: None,
            activation_limit: None,
            process: None,
            probes: vec![],
            position: crate::model::Position::default(),
        };
        let surroundings = Surroundings {
            machine: here.to_owned(),
            home: Some(PathBuf::from("/home/me")),
        };
        locate(&spec, Path::new("/repo/manifests"), &surroundings)
    }

    #[test]
    fn a_relative_path_begins_at_the_manifest() {
        let found = located(Machine::Any, "../.env", "here");
        assert_eq!(found.target.path, Some(PathBuf::from("/repo/.env")));
        assert_eq!(found.target.place, "file:here:/repo/.env");
        assert_eq!(found.visibility, Visibility::Here);
    }

    #[test]
    fn two_objects_of_one_file_are_two_places() {
        let place = |at: Option<&str>| {
            let address = FileAddress {
                machine: Machine::Any,
                path: "/srv/config.json".to_owned(),
                format: "json".to_owned(),
                at: at.map(|at| at.parse().unwrap()),
            };
            let surroundings = Surroundings {
                machine: "here".to_owned(),
                home: None,
            };
            locate_file(&address, Path::new("/repo"), &surroundings).1
        };
        assert_eq!(place(None), "file:here:/srv/config.json");
        assert_ne!(place(Some("a")), place(None));
        assert_ne!(place(Some("a.b")), place(Some("\"a.b\"")));
        assert_eq!(place(Some("a.b")), place(Some("a.\"b\"")));
    }

    #[test]
    fn a_named_machine_has_one_place_wherever_it_is_looked_at_from() {
        let named = || Machine::Named("mac-mini".to_owned());
        let there = located(named(), "~/app/.env", "laptop");
        let here = located(named(), "~/app/.env", "Mac-Mini");
        assert_eq!(
            there.visibility,
            Visibility::Elsewhere("mac-mini".to_owned())
        );
        assert_eq!(there.target.path, None);
        assert_eq!(here.visibility, Visibility::Here);
        assert_eq!(here.target.path, Some(PathBuf::from("/home/me/app/.env")));
        assert_eq!(here.target.place, there.target.place);
    }

    #[test]
    fn a_host_has_one_place_whoever_works_there() {
        let on = |text: &str, path: &str| {
            let host = crate::model::HostAddress {
                destination: text.parse().unwrap(),
                sudo: crate::model::Sudo::No,
            };
            located(Machine::Host(host), path, "here")
        };
        let (one, other) = (on("a@vps", "/srv/.env"), on("b@VPS", "/srv/./.env"));
        assert_eq!(one.visibility, Visibility::Here);
        assert_eq!(one.target.path, Some(PathBuf::from("/srv/.env")));
        assert_eq!(one.target.place, "file:ssh vps:/srv/.env");
        assert_eq!(one.target.place, other.target.place);
        assert_ne!(one.target.place, on("vps:23", "/srv/.env").target.place);
        assert_ne!(
            on("a@vps", "~/.env").target.place,
            on("b@vps", "~/.env").target.place
        );
    }

    #[test]
    fn an_installation_is_where_its_state_folder_is() {
        let named = |name: &str| Machine::Named(name.to_owned());
        let usual = installation(named("here"), None, None);
        assert_eq!(usual.target.path, Some(PathBuf::from("/home/me/.openclaw")));
        assert_eq!(usual.target.place, "openclaw:here:~/.openclaw");
        let (profile, state) = (
            installation(named("here"), Some("work"), None),
            installation(named("here"), None, Some("~/.openclaw-work")),
        );
        assert_eq!(profile.target.place, state.target.place);
        assert_ne!(profile.target.place, usual.target.place);
        let there = installation(named("mini"), None, None);
        assert_eq!(there.visibility, Visibility::Elsewhere("mini".to_owned()));
        assert_eq!(there.target.path, None);
        let any = installation(Machine::Any, None, Some("/srv/./claw"));
        assert_eq!(any.target.place, "openclaw:here:/srv/claw");
        // its config is another place than the file, which a file target may be
        let file = located(Machine::Any, "/srv/claw", "here");
        assert_ne!(any.target.place, file.target.place);
        let host = crate::model::HostAddress {
            destination: "claw@vps".parse().unwrap(),
            sudo: crate::model::Sudo::No,
        };
        let far = installation(Machine::Host(host), None, None);
        assert_eq!(far.target.path, Some(PathBuf::from("~/.openclaw")));
        assert!(
            far.target.place.starts_with("openclaw:ssh "),
            "{}",
            far.target.place
        );
    }

    #[test]
    fn two_spellings_of_one_path_are_one_place() {
        let (one, other) = (
            located(Machine::Any, "../.env", "here"),
            located(Machine::Any, "./x/../../.env", "here"),
        );
        let shared = shared_place([("a/t".to_owned(), &one), ("b/t".to_owned(), &other)]);
        assert_eq!(shared, Some(("a/t".to_owned(), "b/t".to_owned())));
    }
}
