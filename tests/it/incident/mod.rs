//! The incident that all of this is for, with the manifest that ships: Railway (a double), a VPS (a real
//! OpenSSH server with a real unit of systemd), files as the Mac Mini, and an OpenClaw gateway on it (a
//! double, too).

mod figures;
mod killed;
mod sides;
mod stage;
mod story;
