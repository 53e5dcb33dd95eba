//! Compose projects and containers, by docker's own command line.
//!
//! `up -d` makes those containers anew whose configuration changed, their environment included, and
//! leaves the others alone. Where docker has no `compose` of its own, `docker-compose` is taken, as
//! Debian has it: it reads the same file and does the same.

mod inspect;
mod say;

use std::time::Duration;

use super::deadline::{Deadline, WATCH};
use super::failure::{Trouble, of_a_question, of_a_step};
use super::look::Look;
use crate::machine::{Call, Run};
use crate::model::{Activated, ComposeProject};
use inspect::Container;

/// `$1` the compose file; `$c` becomes what to call it with.
const COMPOSE: &str = r#"
f=$1
shift
case $f in "~/"*) f=$HOME/${f#"~/"} ;; esac
[ -f "$f" ] || exit 97
command -v docker >/dev/null || command -v docker-compose >/dev/null || exit 127
if docker compose version >/dev/null 2>&1; then
  compose() { docker compose -f "$f" "$@"; }
elif command -v docker-compose >/dev/null; then
  compose() { docker-compose -f "$f" "$@"; }
else
  exit 98
fi
"#;

const UP: &str = r#"compose up -d "$@""#;

/// Those that ended, too: a container that should run and does not is what people look for.
const PS: &str = r#"
i=$(compose ps -a -q "$@") || exit
[ -n "$i" ] || { echo "[]"; exit 0; }
docker inspect --type container $i
"#;

const LIMIT: Duration = Duration::from_secs(20);

pub(super) async fn activate(
    host: &dyn Run,
    project: &ComposeProject,
    deadline: &Deadline,
) -> Activated {
    let up = match call(project, UP) {
        Ok(call) => call.within(deadline.limit()),
        Err(trouble) => return trouble.into(),
    };
    match host.run(&up).await {
        Ok(ran) if ran.succeeded() => watch(host, project, deadline).await,
        Ok(ran) => say::refusal(&ran, &project.file).into(),
        Err(error) => of_a_step(&error),
    }
}

pub(super) async fn look(host: &dyn Run, project: &ComposeProject) -> Look {
    match containers(host, project, LIMIT).await {
        Ok(containers) => inspect::look(&containers, &project.to_string(), &refresh(project)),
        Err(trouble) => Look::unknown(trouble.why, trouble.help),
    }
}

/// Containers by name or id, in one call.
pub(super) async fn look_at_containers(host: &dyn Run, names: &[&str]) -> Vec<Look> {
    let mut arguments = vec!["inspect", "--type", "container", "--"];
    arguments.extend(names);
    let ran = match host
        .run(&Call::new("docker", arguments).within(LIMIT))
        .await
    {
        Ok(ran) => ran,
        Err(error) => {
            let trouble = say::not_run(&error);
            return vec![Look::unknown(trouble.why, trouble.help); names.len()];
        }
    };
    // some may be there although others are not
    let found = inspect::read(&ran.output).unwrap_or_default();
    let of = |name: &&str| {
        let named: Vec<Container> = found.iter().filter(|it| it.is(name)).cloned().collect();
        if !named.is_empty() {
            let refresh = format!("make container {name} anew: a restart keeps its environment");
            return inspect::look(&named, &format!("container {name}"), &refresh);
        }
        match say::sort(&ran.errors) {
            Some(trouble) => Look::unknown(trouble.why, trouble.help),
            None if ran.succeeded() => Look::unknown("docker's answer cannot be read", None),
            None => {
                let trouble = say::refusal(&ran, name);
                Look::unknown(trouble.why, trouble.help)
            }
        }
        .or_missing(&ran.errors, name)
    };
    names.iter().map(of).collect()
}

impl Look {
    /// That a container is not there is a finding, not a lack of one.
    fn or_missing(self, errors: &[u8], name: &str) -> Self {
        if !say::is_missing(errors, name) {
            return self;
        }
        Self::Stopped {
            why: format!("there is no container {name}"),
            idle: false,
            help: Some("see: docker ps -a".to_owned()),
        }
    }
}

fn refresh(project: &ComposeProject) -> String {
    let mut line = format!("docker compose -f {} up -d", project.file);
    for service in &project.services {
        line.push(' ');
        line.push_str(service);
    }
    line
}

fn call(project: &ComposeProject, then: &str) -> Result<Call, Trouble> {
    // compose has no word that ends its options in all versions
    if let Some(option) = project.services.iter().find(|name| name.starts_with('-')) {
        return Err(Trouble::new(format!("{option:?} is no name of a service")));
    }
    let script = format!("{COMPOSE}{then}");
    let mut arguments = vec!["-c", &script, "sh", &project.file];
    arguments.extend(project.services.iter().map(String::as_str));
    Ok(Call::new("sh", arguments))
}

async fn containers(
    host: &dyn Run,
    project: &ComposeProject,
    limit: Duration,
) -> Result<Vec<Container>, Trouble> {
    let call = call(project, PS)?.within(limit);
    let ran = host
        .run(&call)
        .await
        .map_err(|error| of_a_question(&error))?;
    if !ran.succeeded() {
        return Err(say::refusal(&ran, &project.file));
    }
    inspect::read(&ran.output).ok_or_else(|| Trouble::new("docker's answer cannot be read"))
}

/// `up -d` does not wait to see whether a container lives.
async fn watch(host: &dyn Run, project: &ComposeProject, deadline: &Deadline) -> Activated {
    let mut pauses = WATCH.into_iter();
    let mut restarts = None;
    loop {
        let containers = match containers(host, project, deadline.question()).await {
            Ok(containers) => containers,
            Err(trouble) => {
                return Activated::InDoubt {
                    why: format!("{project} was brought up, and then: {}", trouble.why),
                };
            }
        };
        if containers.is_empty() {
            return Trouble::new(format!("{project} was brought up, and has no container")).into();
        }
        let before = *restarts.get_or_insert_with(|| inspect::restarts(&containers));
        let down = containers.iter().find_map(|it| Some((it, it.down()?)));
        if let Some((container, why)) = down {
            let help = format!("see: docker logs --tail 20 {}", container.name());
            return Trouble::helped(
                format!("container {} does not run: {why}", container.name()),
                help,
            )
            .into();
        }
        if inspect::restarts(&containers) > before {
            let help = format!("see: docker compose -f {} ps", project.file);
            return Trouble::helped(
                format!("a container of {project} falls over and is started again"),
                help,
            )
            .into();
        }
        match pauses.next() {
            Some(pause) if deadline.pause(pause).await => {}
            _ => return Activated::Done,
        }
    }
}
