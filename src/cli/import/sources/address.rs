//! Where each source is, as a manifest would address it.

use std::path::{Path, PathBuf};

use super::spelled::{Spelled, What};
use super::{Goal, SourcesArgs};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::manifest::TargetSpec;
use crate::model::{
    Address, FileAddress, Machine, OpenclawAddress, Position, Rails, Reconciling, Target,
    TargetName,
};
use crate::reconcile::targets::{Surroundings, locate};

/// Where the manifest stands.
pub(super) struct Ground {
    /// Its folder, without links.
    folder: PathBuf,
    /// Files below it are addressed from the manifest, others by their whole path.
    root: PathBuf,
    surroundings: Surroundings,
}

impl Ground {
    pub(super) fn of(goal: &Goal, context: &Context) -> Result<Self, CommandError> {
        let folder = match goal {
            Goal::Extend(item) => item.file.folder.clone(),
            Goal::New { .. } => {
                let here = context.folder.canonicalize().map_err(|error| {
                    CommandError::error(format!("this folder cannot be read: {}", error.kind()))
                })?;
                let manifests = here.join("manifests");
                manifests.canonicalize().unwrap_or(manifests)
            }
        };
        let around = folder.parent().unwrap_or(&folder).to_owned();
        let root = context.git().repository_root(&around);
        Ok(Self {
            root: root.unwrap_or(around),
            folder,
            surroundings: Surroundings {
                machine: context.machine(),
                home: context.home.clone(),
            },
        })
    }

    /// From the manifest's folder where the file lies beside it, else the whole path.
    fn spelled(&self, path: &Path) -> Option<(Machine, String)> {
        let whole = path.to_str()?.to_owned();
        let beside = path.starts_with(&self.root) && self.folder.starts_with(&self.root);
        if !beside {
            return Some((Machine::Named(self.surroundings.machine.clone()), whole));
        }
        let mut above = self.folder.as_path();
        let mut up = String::new();
        while let Err(_no_prefix) = path.strip_prefix(above) {
            above = above.parent()?;
            up.push_str("../");
        }
        let below = path.strip_prefix(above).ok()?.to_str()?;
        // a file beside the manifest whose name begins with ~ is not at home
        let dot = if up.is_empty() && below.starts_with('~') {
            "./"
        } else {
            ""
        };
        Some((Machine::Any, format!("{up}{dot}{below}")))
    }

    fn target(&self, address: Address) -> Target {
        let spec = TargetSpec {
            name: TargetName::new("import").expect("the name keeps the rule"),
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
            position: Position::default(),
        };
        locate(&spec, &self.folder, &self.surroundings).target
    }
}

/// A source and its address.
pub(super) struct Place {
    pub(super) spelled: Spelled,
    /// What its target is named after.
    pub(super) label: String,
    /// `None` for standard input. Of a file, its format is not known yet.
    pub(super) target: Option<Target>,
}

impl Place {
    /// The file of this machine that it is, without links.
    pub(super) fn local(&self) -> Option<&Path> {
        match self.spelled.what {
            What::File(_) => self.target.as_ref()?.path.as_deref(),
            _ => None,
        }
    }
}

pub(super) fn places(
    sources: &[Spelled],
    ground: &Ground,
    arguments: &SourcesArgs,
    context: &Context,
) -> Result<Vec<Place>, CommandError> {
    let mut places: Vec<Place> = vec![];
    for spelled in sources {
        let (label, address) = address(spelled, ground, arguments, context)?;
        let target = address.map(|address| ground.target(address));
        let place = Place {
            spelled: spelled.clone(),
            label,
            target,
        };
        if let Some(same) = places.iter().find(|other| is_same(other, &place)) {
            return Err(CommandError::usage(format!(
                "{} and {} are the same place",
                same.spelled.called, place.spelled.called
            ))
            .hint("name it once"));
        }
        places.push(place);
    }
    Ok(places)
}

fn is_same(one: &Place, other: &Place) -> bool {
    let real = |place: &Place| place.local().and_then(|path| path.canonicalize().ok());
    let same_file = real(one).is_some_and(|path| Some(path) == real(other));
    let place = |place: &Place| place.target.as_ref().map(|target| target.place.clone());
    same_file || place(one).is_some_and(|text| Some(text) == place(other))
}

fn address(
    spelled: &Spelled,
    ground: &Ground,
    arguments: &SourcesArgs,
    context: &Context,
) -> Result<(String, Option<Address>), CommandError> {
    let file = |machine, path| {
        Address::File(FileAddress {
            machine,
            path,
            // what the file says decides, once it is read
            format: String::new(),
            at: arguments.at.clone(),
        })
    };
    Ok(match &spelled.what {
        What::Stdin => ("stdin".to_owned(), None),
        What::File(path) => {
            let real = real(&context.absolute(path), spelled)?;
            let (machine, path) = ground.spelled(&real).ok_or_else(|| {
                CommandError::error(format!("the path of {} is not UTF-8", spelled.called))
            })?;
            let below = real.strip_prefix(&ground.root).unwrap_or(&real);
            (
                of_path(below).unwrap_or_else(|| "local".to_owned()),
                Some(file(machine, path)),
            )
        }
        What::Far(host, path) => {
            let name = short(host.destination.host());
            let below = path.trim_start_matches(['~', '/']);
            let label = match of_path(Path::new(below)) {
                Some(part) => format!("{name}-{part}"),
                None => name.to_owned(),
            };
            (label, Some(file(Machine::Host(host.clone()), path.clone())))
        }
        What::Openclaw(host, profile) => {
            let mut label = match host {
                Some(host) => format!("{}-gateway", short(host.destination.host())),
                None => "gateway".to_owned(),
            };
            if let Some(profile) = profile {
                label.push_str(&format!("-{profile}"));
            }
            let machine = match host {
                Some(host) => Machine::Host(host.clone()),
                None => Machine::Named(context.machine()),
            };
            let address = OpenclawAddress {
                machine,
                profile: profile.clone(),
                state: None,
                config: None,
                url: None,
                service: None,
            };
            (label, Some(Address::Openclaw(address)))
        }
    })
}

/// The folder without links, the name as it is: a link at the path itself stays one.
fn real(path: &Path, spelled: &Spelled) -> Result<PathBuf, CommandError> {
    let missing = || {
        CommandError::error(format!(
            "{} does not exist; nothing was written",
            spelled.cautious()
        ))
        .hint("a source is a file, [USER@]HOST:PATH, openclaw, or - for standard input")
    };
    path.symlink_metadata().map_err(|_| missing())?;
    let name = path.file_name().ok_or_else(|| {
        CommandError::error(format!(
            "{} is a directory, not a regular file",
            spelled.called
        ))
    })?;
    let folder = path.parent().ok_or_else(missing)?;
    let folder = folder.canonicalize().map_err(|_| missing())?;
    Ok(folder.join(name))
}

fn short(host: &str) -> &str {
    match host.parse::<core::net::IpAddr>() {
        Ok(_) => host,
        Err(_) => host.split('.').next().unwrap_or(host),
    }
}

/// What is special about a file's name, else the folder that it is in.
fn of_path(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let parts: Vec<&str> = name
        .split('.')
        .filter(|part| {
            !matches!(
                *part,
                "" | "env" | "json" | "json5" | "yaml" | "yml" | "enc" | "sops"
            )
        })
        .collect();
    let own = parts.join("-");
    let folder = || path.parent()?.file_name()?.to_str().map(str::to_owned);
    match own.as_str() {
        "" => folder(),
        _ => Some(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_what_is_special() {
        for (path, expected) in [
            (".env", None),
            ("api/.env", Some("api")),
            (".env.production", Some("production")),
            ("deploy/api.env", Some("api")),
            ("secrets.enc.yaml", Some("secrets")),
            ("a/config.json", Some("config")),
            ("com.example.agent.plist", Some("com-example-agent-plist")),
        ] {
            assert_eq!(of_path(Path::new(path)).as_deref(), expected, "{path}");
        }
        assert_eq!(short("vps.example.com"), "vps");
        assert_eq!(short("10.0.0.7"), "10.0.0.7");
    }

    #[test]
    fn a_path_beside_the_manifest_begins_there() {
        let ground = Ground {
            folder: PathBuf::from("/repo/deploy/manifests"),
            root: PathBuf::from("/repo"),
            surroundings: Surroundings {
                machine: "here".to_owned(),
                home: None,
            },
        };
        let spelled = |path: &str| ground.spelled(Path::new(path)).unwrap();
        let any = |path: &str| (Machine::Any, path.to_owned());
        assert_eq!(spelled("/repo/.env"), any("../../.env"));
        assert_eq!(spelled("/repo/deploy/api/.env"), any("../api/.env"));
        assert_eq!(spelled("/repo/deploy/manifests/x.env"), any("x.env"));
        assert_eq!(spelled("/repo/deploy/manifests/~/x"), any("./~/x"));
        let elsewhere = (Machine::Named("here".to_owned()), "/srv/.env".to_owned());
        assert_eq!(spelled("/srv/.env"), elsewhere);
        for path in ["/repo/.env", "/repo/deploy/api/.env"] {
            let (machine, text) = spelled(path);
            let file = FileAddress {
                machine,
                path: text,
                format: String::new(),
                at: None,
            };
            let target = ground.target(Address::File(file));
            assert_eq!(target.path.as_deref(), Some(Path::new(path)));
        }
    }
}
