//! Which service manager has the gateway.

use super::super::deadline::Deadline;
use super::super::failure::{Trouble, of_a_question};
use crate::machine::{Call, Run};
use crate::model::OpenclawService;

/// `$1` the unit, `$2` the label. One word: who has it.
const SCRIPT: &str = r#"
if [ "$(uname -s)" = Darwin ]; then
  [ -f "$HOME/Library/LaunchAgents/$2.plist" ] && echo launchd && exit 0
elif [ "$(systemctl --user --no-pager show -p LoadState -- "$1" 2>/dev/null)" = LoadState=loaded ]; then
  echo systemd
  exit 0
fi
echo nobody
"#;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Installed {
    /// As this unit.
    Systemd(String),
    /// Under this label.
    Launchd(String),
    ByHand,
}

pub(super) async fn installed(
    host: &dyn Run,
    service: &OpenclawService,
    deadline: &Deadline,
) -> Result<Installed, Trouble> {
    let Some((unit, label)) = service.unit().zip(service.label()) else {
        return Ok(Installed::ByHand);
    };
    let call = Call::new("sh", ["-c", SCRIPT, "sh", &unit, &label]).within(deadline.question());
    let ran = host
        .run(&call)
        .await
        .map_err(|error| of_a_question(&error))?;
    match ran.output.trim_ascii() {
        b"systemd" => Ok(Installed::Systemd(unit)),
        b"launchd" => Ok(Installed::Launchd(label)),
        b"nobody" => Ok(Installed::ByHand),
        _ => Err(Trouble::new("the machine's answer cannot be read")),
    }
}
