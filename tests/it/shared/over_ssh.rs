//! A remote behind a real sshd.

use super::lab::{Team, sure};
use crate::support::sshd::{Far, HOST, Sshd};

#[test]
fn a_journal_behind_ssh() {
    let (Some(team), Some(sshd)) = (Team::new(&[("A", "one")]), Sshd::start(Far::Own)) else {
        return;
    };
    let address = format!("ssh://{HOST}{}", team.remote().display());
    let settings = sshd.connect();
    let ssh = format!("ssh -F {}", settings.config.unwrap().display());
    let mut worlds = [team.clone(), team.clone()];
    for world in &mut worlds {
        sure(&world.path(""), &["remote", "set-url", "origin", &address]);
        world.variable("GIT_SSH_COMMAND", &ssh);
    }
    let [one, two] = worlds;
    one.run("--journal git apply --yes").success();
    two.run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    two.run("history").success().says("1 receipt of dev");
    // a key that the server does not know: nobody is asked for a password
    let mut stranger = team.clone();
    sure(
        &stranger.path(""),
        &["remote", "set-url", "origin", &address],
    );
    stranger.variable(
        "GIT_SSH_COMMAND",
        &format!("{ssh} -o PubkeyAuthentication=no"),
    );
    stranger
        .run("--journal git apply --yes")
        .exits(1)
        .says("it does not take the credentials of this user")
        .says("nothing was written");
}
