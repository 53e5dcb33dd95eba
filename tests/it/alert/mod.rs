//! Alerts on their way: through the binary (`alert test`) and through the engine, against a Slack, a
//! webhook and a command of the test.

mod arrives;
mod peers;
mod thread;
mod trouble;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::world::World;

/// A world with this `alerts.yaml` in the user's settings.
fn world(alerts: &str) -> World {
    let world = World::new();
    let folder = world.config("driftlock");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("alerts.yaml");
    fs::write(&path, format!("driftlock-alerts: 1\n{alerts}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    world
}

/// A file of the user's settings with a secret in it.
fn secret(world: &World, name: &str, text: &str, mode: u32) {
    let path = world.config("driftlock").join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}
