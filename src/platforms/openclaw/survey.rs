//! Everything that one installation's machine says of it, in two goes at the most.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::future::{join_all, join4};
use jiff::Timestamp;

use super::cli;
use super::config::{Config, DEFAULT_PORT, says_the_same};
use super::contents::{in_file, variables};
use super::layers::{Held, Sources, Variables};
use super::live::found;
use super::place::Place;
use crate::activation::openclaw::{self, Gateway};
use crate::machine::{FileError, FileRead, Host, expand};
use crate::model::{Address, OpenclawAddress, OpenclawSecret, SecretValue, Target, VarName};
use crate::platforms::ReadError;

/// The paths of one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paths {
    pub(super) state: PathBuf,
    pub(super) config: PathBuf,
}

impl Paths {
    pub(super) fn dotenv(&self) -> PathBuf {
        self.state.join(".env")
    }

    /// What a running gateway writes once it has taken a changed config over.
    pub(super) fn last_good(&self) -> PathBuf {
        self.beside("last-good")
    }

    /// What was there before a command of OpenClaw's own wrote the config last.
    pub(super) fn backup(&self) -> PathBuf {
        self.beside("bak")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.config.as_os_str().to_owned();
        name.push(".");
        name.push(ending);
        name.into()
    }
}

/// What was read.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) paths: Paths,
    pub(super) config_file: FileRead,
    pub(super) config: Config,
    pub(super) dotenv_file: FileRead,
    pub(super) dotenv: Variables,
    pub(super) fallback: Variables,
    pub(super) gateway: Gateway,
    pub(super) referred: BTreeMap<Place, Held>,
    /// The files behind SecretRefs, by the path that the config spells.
    pub(super) files: BTreeMap<String, (PathBuf, FileRead)>,
    /// Whether the running gateway has the config as it is now; `None` where nothing tells.
    pub(super) taken_over: Option<bool>,
}

/// The address and the state folder of a target, or why it is none of ours.
pub(super) fn place(target: &Target) -> Result<(&OpenclawAddress, &Path), ReadError> {
    let reason = match (&target.address, &target.path) {
        (Address::Openclaw(address), Some(state)) => return Ok((address, state)),
        (Address::Openclaw(_), None) => {
            format!(
                "the state folder of target {} is not known on this machine",
                target.name
            )
        }
        _ => format!("target {} is no OpenClaw installation", target.name),
    };
    Err(not_read(reason, None))
}

fn not_read(reason: String, help: Option<&str>) -> ReadError {
    ReadError {
        reason,
        help: help.map(str::to_owned),
        retry_after: None,
    }
}

/// A path that the manifest or a config spells.
async fn resolved(host: &dyn Host, path: &str) -> Result<PathBuf, ReadError> {
    expand(host, path).await.map_err(|error| ReadError {
        reason: error.to_string(),
        help: error.help(),
        retry_after: None,
    })
}

pub(super) async fn paths(host: &dyn Host, target: &Target) -> Result<Paths, ReadError> {
    let (address, state) = place(target)?;
    // over SSH it is as the manifest spells it
    let state = match state.to_str() {
        Some(state) => resolved(host, state).await?,
        None => state.to_owned(),
    };
    let config = match &address.config {
        Some(config) => resolved(host, config).await?,
        None => state.join("openclaw.json"),
    };
    Ok(Paths { state, config })
}

/// Reads it. A folder that is not there is no empty installation.
pub(super) async fn survey(host: &dyn Host, target: &Target) -> Result<Survey, ReadError> {
    let (address, _) = place(target)?;
    let paths = paths(host, target).await?;
    let (config_file, dotenv_file, fallback_file, gateway) = join4(
        host.read(&paths.config),
        read_dotenv(host, &paths),
        fallback(host, address),
        openclaw::look(
            host,
            &paths.state,
            &address.own_service(),
            address.service.as_ref(),
        ),
    )
    .await;
    let config_file = config_file.map_err(|error| absent(&paths, error))?;
    let config = parse(&paths.config, &config_file)?;
    let (dotenv_file, dotenv) = variables(dotenv_file);
    let (_, fallback) = variables(fallback_file);
    let mut survey = Survey {
        paths,
        config_file,
        config,
        dotenv_file,
        dotenv,
        fallback,
        gateway,
        referred: BTreeMap::new(),
        files: BTreeMap::new(),
        taken_over: None,
    };
    survey.follow(host, address).await?;
    survey.taken_over = survey.was_taken_over(host).await;
    Ok(survey)
}

fn absent(paths: &Paths, error: FileError) -> ReadError {
    match error {
        FileError::MissingFolder { folder } if folder == paths.state => not_read(
            format!(
                "there is no OpenClaw there: {} does not exist",
                folder.display()
            ),
            Some(
                "set it up there (`openclaw onboard`), or name its folder with `state` or `profile`",
            ),
        ),
        other => other.into(),
    }
}

fn parse(path: &Path, file: &FileRead) -> Result<Config, ReadError> {
    let text = text(path, file)?;
    Config::parse(text).map_err(|error| {
        not_read(
            format!("{} cannot be read as JSON5: {error}", path.display()),
            Some("mend it: `openclaw config validate` says what is wrong with it"),
        )
    })
}

fn text<'f>(path: &Path, file: &'f FileRead) -> Result<Option<&'f str>, ReadError> {
    let Some(bytes) = &file.content else {
        return Ok(None);
    };
    std::str::from_utf8(bytes).map(Some).map_err(|error| {
        FileError::NotText {
            path: path.to_owned(),
            at: error.valid_up_to() + 1,
        }
        .into()
    })
}

async fn read_dotenv(host: &dyn Host, paths: &Paths) -> Result<FileRead, FileError> {
    host.read(&paths.dotenv()).await
}

/// Only the default installation has it.
async fn fallback(host: &dyn Host, address: &OpenclawAddress) -> Result<FileRead, FileError> {
    let nothing = FileRead {
        content: None,
        link_to: None,
        changed_at: None,
    };
    if address.state.is_some() || address.profile.is_some() {
        return Ok(nothing);
    }
    let Ok(path) = resolved(host, "~/.config/openclaw/gateway.env").await else {
        return Ok(nothing);
    };
    match host.read(&path).await {
        Err(FileError::MissingFolder { .. }) => Ok(nothing),
        read => read,
    }
}

impl Survey {
    pub(super) fn sources(&self) -> Sources<'_> {
        Sources {
            config: &self.config,
            dotenv: &self.dotenv,
            fallback: &self.fallback,
            gateway: &self.gateway,
            referred: &self.referred,
        }
    }

    /// Where the gateway listens: by its own word, or by what tells it that, highest first.
    pub(super) fn port(&self) -> u16 {
        let name = VarName::new("OPENCLAW_GATEWAY_PORT").expect("it is a name");
        let process = self.gateway.process();
        let number = |value: &SecretValue| value.expose().trim().parse().ok();
        let started_with = process.and_then(|process| process.environment.as_ref());
        let listens = process.and_then(|process| process.port);
        listens
            .or(self.gateway.port)
            .or_else(|| started_with?.get(&name).and_then(number))
            .or_else(|| self.dotenv.get(&name)?.as_ref().ok().and_then(number))
            .or(self.config.settings.port)
            .unwrap_or(DEFAULT_PORT)
    }

    /// A path below the home that the gateway itself was started with.
    fn in_its_home(&self, path: &str) -> Option<PathBuf> {
        let below = path.strip_prefix("~/")?;
        let environment = self.gateway.process()?.environment.as_ref()?;
        let of = |name| environment.get(&VarName::new(name).ok()?);
        let home = of("OPENCLAW_HOME").or_else(|| of("HOME"))?;
        let home = Path::new(home.expose());
        home.is_absolute().then(|| home.join(below))
    }

    /// Reads what the config refers to.
    async fn follow(
        &mut self,
        host: &dyn Host,
        address: &OpenclawAddress,
    ) -> Result<(), ReadError> {
        let places: Vec<Place> = self.config.places().cloned().collect();
        for place in &places {
            if let Place::File { path, .. } = place
                && !self.files.contains_key(path)
            {
                let resolved = match self.in_its_home(path) {
                    Some(path) => path,
                    None => resolved(host, path).await?,
                };
                self.files.insert(path.clone(), (resolved, unread()));
            }
        }
        let reads = join_all(
            self.files
                .iter()
                .map(|(spelled, (path, _))| async { (spelled.clone(), host.read(path).await) }),
        );
        let mut failed = BTreeMap::new();
        for (spelled, read) in reads.await {
            match read {
                Ok(read) => {
                    if let Some((_, file)) = self.files.get_mut(&spelled) {
                        *file = read;
                    }
                }
                Err(error) => {
                    failed.insert(spelled, error.to_string());
                }
            }
        }
        let mut store = None;
        for place in places {
            let held = match &place {
                Place::File { path, at } => match failed.get(path) {
                    Some(why) => Held::Unknown(why.clone()),
                    None => in_file(path, at.as_ref(), &self.files[path].1),
                },
                Place::Store(name) => {
                    if store.is_none() {
                        store = Some(cli::stored(host, address).await);
                    }
                    match store.as_ref().expect("it was asked") {
                        Err(why) => Held::Unknown(why.clone()),
                        Ok(times) => times
                            .get(name)
                            .map_or(Held::Nothing, |at| Held::Sealed(*at)),
                    }
                }
                _ => continue,
            };
            self.referred.insert(place, held);
        }
        Ok(())
    }

    /// A gateway that runs longer than the config is as it is has taken that over if it has kept a
    /// copy of it: it writes one after each change that it accepted.
    async fn was_taken_over(&self, host: &dyn Host) -> Option<bool> {
        let since = self.gateway.process()?.since?;
        let changed = self.config_file.changed_at?;
        if changed <= since {
            return Some(true);
        }
        if self.config.settings.reload_off {
            return None;
        }
        let kept = host.read(&self.paths.last_good()).await.ok()?;
        Some(kept.version() == self.config_file.version() || alike(&kept, &self.config_file))
    }

    /// The file that a secret counts in, where it is one, or why there is none to look at.
    pub(super) fn file_of(&self, name: &VarName) -> Result<PathBuf, String> {
        let secret = OpenclawSecret::of(name).ok_or_else(|| format!("it has no {name}"))?;
        let place = found(secret, &self.sources()).place;
        match &place {
            Place::Config(_) => Ok(self.paths.config.clone()),
            Place::Dotenv(_) => Ok(self.paths.dotenv()),
            Place::File { path, .. } => match self.files.get(path) {
                Some((resolved, _)) => Ok(resolved.clone()),
                None => Err(format!("{path} was not read")),
            },
            Place::Store(_)
            | Place::Flag
            | Place::Variable(_)
            | Place::Environment(_)
            | Place::Fallback(_)
            | Place::Generated => Err(format!(
                "it comes from {place}, and nothing there says who changes it"
            )),
        }
    }

    /// When a place was last written, as far as anybody knows.
    pub(super) fn written_at(&self, place: &Place) -> Option<Timestamp> {
        match place {
            Place::Config(_) => self.config_file.changed_at,
            Place::Dotenv(_) => self.dotenv_file.changed_at,
            Place::File { path, .. } => self.files.get(path)?.1.changed_at,
            Place::Store(_) => match self.referred.get(place) {
                Some(Held::Sealed(at)) => *at,
                _ => None,
            },
            Place::Flag
            | Place::Variable(_)
            | Place::Environment(_)
            | Place::Fallback(_)
            | Place::Generated => None,
        }
    }
}

fn alike(one: &FileRead, other: &FileRead) -> bool {
    let text = |file| text(Path::new(""), file).ok().flatten();
    let both = text(one).zip(text(other));
    both.is_some_and(|(one, other)| says_the_same(one, other))
}

fn unread() -> FileRead {
    FileRead {
        content: None,
        link_to: None,
        changed_at: None,
    }
}
