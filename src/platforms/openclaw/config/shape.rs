//! The config as far as it is no secret. Whatever does not fit is left out, not refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{DEFAULT_HOOKS, Settings};

/// All of it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Shape {
    gateway: Loose<GatewayShape>,
    hooks: Loose<HooksShape>,
    pub(super) secrets: Secrets,
    meta: Loose<Meta>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GatewayShape {
    mode: Loose<String>,
    port: Loose<u16>,
    auth: Loose<Mode>,
    reload: Loose<Mode>,
    tls: Loose<Switch>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Mode {
    mode: Loose<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Switch {
    enabled: Loose<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HooksShape {
    enabled: Loose<bool>,
    path: Loose<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Secrets {
    providers: BTreeMap<String, Loose<ProviderShape>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProviderShape {
    source: Loose<String>,
    path: Loose<String>,
    mode: Loose<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    last_touched_version: Loose<String>,
}

/// What is there, if it has this form.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose<T> {
    Fits(T),
    Other(IgnoredAny),
}

impl<T> Default for Loose<T> {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl<T> Loose<T> {
    fn get(&self) -> Option<&T> {
        match self {
            Self::Fits(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

/// A provider that reads a file.
pub(super) struct Provider {
    pub(super) path: Option<String>,
    pub(super) mode: Option<String>,
}

impl Secrets {
    pub(super) fn file(&self, name: &str) -> Option<Provider> {
        let shape = self.providers.get(name)?.get()?;
        (shape.source.get()? == "file").then(|| Provider {
            path: shape.path.get().cloned(),
            mode: shape.mode.get().cloned(),
        })
    }
}

/// The text was found to be JSON5 already; a document of another form says nothing.
pub(super) fn shape(text: &str) -> Shape {
    json5::from_str(text.strip_prefix('\u{FEFF}').unwrap_or(text)).unwrap_or_default()
}

impl Shape {
    pub(super) fn settings(&self) -> Settings {
        let gateway = self.gateway.get();
        let mode = |of: Option<&Loose<Mode>>| of?.get()?.mode.get().cloned();
        let hooks = self.hooks.get();
        let path = hooks.and_then(|hooks| hooks.path.get().cloned());
        Settings {
            is_remote: gateway
                .and_then(|gateway| gateway.mode.get())
                .is_some_and(|mode| mode == "remote"),
            auth_mode: mode(gateway.map(|gateway| &gateway.auth)),
            reload_off: mode(gateway.map(|gateway| &gateway.reload))
                .is_some_and(|mode| mode == "off"),
            port: gateway.and_then(|gateway| gateway.port.get().copied()),
            tls: gateway
                .and_then(|gateway| gateway.tls.get()?.enabled.get().copied())
                .unwrap_or(false),
            hooks_path: path
                .filter(|path| path.starts_with('/'))
                .unwrap_or_else(|| DEFAULT_HOOKS.to_owned()),
            hooks_enabled: hooks
                .and_then(|hooks| hooks.enabled.get().copied())
                .unwrap_or(false),
            written_by: self
                .meta
                .get()
                .and_then(|meta| meta.last_touched_version.get().cloned()),
        }
    }
}
