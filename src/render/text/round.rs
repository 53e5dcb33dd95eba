//! One round of a scheduled run, for people: each target with what came of it, wrong side first, then
//! what was told.

use std::fmt::{self, Write};

use super::command;
use crate::model::AlertEventKind;
use crate::plan::Class;
use crate::reconcile::event::{
    RoundAlert, RoundLook, RoundManifest, RoundReport, RoundSink, RoundTarget,
};
use crate::render::escape;
use crate::render::layout::{Line, truncated, width};
use crate::render::style::{Role, Style};
use crate::render::words::{self, counted};

/// The widest name that the table gives room to.
const NAME: usize = 24;
/// As long as the longest mode.
const MODE: usize = 7;

/// Writes every manifest, every sink that has something to say, and the summary as the last line.
pub fn render_round(out: &mut dyn Write, style: &Style, report: &RoundReport) -> fmt::Result {
    let all = report.manifests.iter().flat_map(|of| &of.targets);
    let names = all.map(|target| width(target.name.as_str()));
    let column = names.max().unwrap_or_default().min(NAME);
    for of in &report.manifests {
        manifest(out, style, of, column)?;
    }
    for of in &report.sinks {
        sink(out, style, of)?;
    }
    summary(out, style, report)
}

fn manifest(out: &mut dyn Write, style: &Style, of: &RoundManifest, column: usize) -> fmt::Result {
    let path = escape::terminal(&of.path);
    let mut line = match &of.name {
        Some(name) => Line::new()
            .then(Role::Heading, name.to_string())
            .then(Role::Dim, format!("  {path}")),
        None => Line::new().then(Role::Heading, path),
    };
    if let Some(revision) = &of.revision {
        let short: String = escape::terminal(revision).chars().take(12).collect();
        line = line.then(Role::Dim, format!(" at {short}"));
    }
    line.write(out, style, 0, 2)?;
    if let Some(why) = &of.broken {
        let why = format!(
            "cannot be used, nothing was written: {}",
            escape::terminal(why)
        );
        Line::new().then(Role::Bad, why).write(out, style, 2, 4)?;
    }
    let mut targets: Vec<&RoundTarget> = of.targets.iter().collect();
    targets.sort_by_key(|target| rank(target));
    for one in targets {
        target(out, style, one, column)?;
    }
    for one in &of.alerts {
        alert(out, style, one)?;
    }
    match &of.alerts_failed {
        Some(why) => {
            let why = format!("alerts could not be kept: {}", escape::terminal(why));
            Line::new().then(Role::Bad, why).write(out, style, 2, 4)
        }
        None => Ok(()),
    }
}

/// Smaller is worse.
fn rank(of: &RoundTarget) -> u8 {
    let has = |class| of.variables.get(&class).is_some_and(|count| *count > 0);
    match of.look {
        RoundLook::Failed { .. } => 0,
        RoundLook::Skipped { .. } => 5,
        RoundLook::Read { .. } if of.failed > 0 || of.trouble.is_some() => 1,
        RoundLook::Read { .. } if of.probes.iter().any(|(_, said)| !said.works()) => 1,
        RoundLook::Read { .. } if has(Class::Unknown) || has(Class::Conflict) => 2,
        RoundLook::Read { .. } if has(Class::Drift) || of.held > 0 => 3,
        RoundLook::Read { .. } if has(Class::Change) => 4,
        RoundLook::Read { .. } => 6,
    }
}

fn target(out: &mut dyn Write, style: &Style, of: &RoundTarget, column: usize) -> fmt::Result {
    let mut line = Line::new()
        .then_whole(Role::Heading, truncated(of.name.as_str(), column, style))
        .pad_to(column + 2)
        .then(Role::Dim, words::mode(of.mode))
        .pad_to(column + 2 + MODE + 2);
    line = match &of.look {
        RoundLook::Failed { why } => line.then(
            Role::Unknown,
            format!("could not be read: {}", escape::terminal(why)),
        ),
        RoundLook::Skipped { why } => line.then(
            Role::Dim,
            format!("not looked at: {}", escape::terminal(why)),
        ),
        RoundLook::Read { .. } => found(line, of),
    };
    if let Some(why) = &of.trouble {
        line = line.then(Role::Bad, format!("; {}", escape::terminal(why)));
    }
    probes(line, of).write(out, style, 2, column + 2 + MODE + 2)
}

/// What is wrong with the first that does not work; which one it is says its alert.
fn probes(line: Line, of: &RoundTarget) -> Line {
    let mut bad = of.probes.iter().filter(|(_, said)| !said.works());
    let Some((_, said)) = bad.next() else {
        return match of.probes.len() {
            0 => line,
            1 => line.then(Role::Good, "; its probe works"),
            all => line.then(Role::Good, format!("; its {all} probes work")),
        };
    };
    let (role, said) = words::verdict(said);
    let line = line.then(role, format!("; probe: {said}"));
    match bad.count() {
        0 => line,
        more => line.then(role, format!("; {}", counted(more, "more probe"))),
    }
}

/// What was there, then what was done about it.
fn found(line: Line, of: &RoundTarget) -> Line {
    let count = |class| of.variables.get(&class).copied().unwrap_or_default();
    let there = [
        (count(Class::Unknown), Role::Unknown, "unknown"),
        (count(Class::Conflict), Role::Bad, "in conflict"),
        (count(Class::Drift), Role::Drift, "drift"),
        (count(Class::Change), Role::Change, "to change"),
        (count(Class::InSync), Role::Plain, "in sync"),
        (count(Class::Unmanaged), Role::Dim, "unmanaged"),
    ];
    let done = [
        (of.written, Role::Good, "written"),
        (of.healed, Role::Good, "put back"),
        (of.held, Role::Bad, "held"),
        (of.failed, Role::Bad, "failed"),
    ];
    let line = match there.iter().any(|part| part.0 > 0) {
        true => listed(line, &there, ""),
        false => line.then(Role::Dim, "no variables"),
    };
    listed(line, &done, "; ")
}

/// Those that there are, with `before` in front of the first.
fn listed(mut line: Line, parts: &[(u64, Role, &str)], before: &str) -> Line {
    let mut gap = before;
    for (count, role, word) in parts.iter().filter(|part| part.0 > 0) {
        line = line
            .then(Role::Dim, gap)
            .then(*role, format!("{count} {word}"));
        gap = ", ";
    }
    line
}

fn alert(out: &mut dyn Write, style: &Style, of: &RoundAlert) -> fmt::Result {
    let (role, word) = match of.kind {
        AlertEventKind::Opened => (Role::Bad, "alert"),
        AlertEventKind::Changed => (Role::Bad, "alert changed"),
        AlertEventKind::Reminder => (Role::Drift, "alert still open"),
        AlertEventKind::Resolved => (Role::Good, "alert over"),
        AlertEventKind::CouldNotCheck => (Role::Unknown, "alert not checked"),
    };
    let role = if of.urgent || role != Role::Bad {
        role
    } else {
        Role::Change
    };
    let mut about = of.class.word().to_owned();
    if let Some(target) = &of.target {
        about.push_str(&format!(" {target}"));
    }
    if let Some(variable) = &of.variable {
        about.push_str(&format!(" {variable}"));
    }
    let muted = if of.muted { " (muted)" } else { "" };
    Line::new()
        .then(role, word)
        .then(Role::Heading, format!(" {about}"))
        .then(Role::Plain, format!(": {}", escape::terminal(&of.what)))
        .then(Role::Dim, format!("  {}{muted}", escape::terminal(&of.id)))
        .write(out, style, 2, 4)?;
    match of.next.first() {
        Some(next) if of.kind != AlertEventKind::Resolved => command(out, style, 4, next),
        _ => Ok(()),
    }
}

fn sink(out: &mut dyn Write, style: &Style, of: &RoundSink) -> fmt::Result {
    if of.delivered + of.waiting == 0 && of.trouble.is_none() {
        return Ok(());
    }
    let mut line = Line::new()
        .then(Role::Heading, escape::terminal(&of.name))
        .then(Role::Plain, format!(": {} delivered", of.delivered));
    if of.waiting > 0 {
        line = line.then(Role::Change, format!(", {} waiting", of.waiting));
    }
    if let Some(why) = &of.trouble {
        line = line.then(Role::Bad, format!(": {}", escape::terminal(why)));
    }
    line.write(out, style, 0, 4)
}

fn summary(out: &mut dyn Write, style: &Style, report: &RoundReport) -> fmt::Result {
    let manifests = &report.manifests;
    let targets: Vec<&RoundTarget> = manifests.iter().flat_map(|of| &of.targets).collect();
    let looks = |test: fn(&RoundLook) -> bool| {
        let those = targets.iter().filter(|of| test(&of.look));
        those.count()
    };
    let class = |class| -> u64 {
        let counts = targets.iter().filter_map(|of| of.variables.get(&class));
        counts.sum()
    };
    let sum = |of: fn(&RoundTarget) -> u64| -> u64 { targets.iter().map(|one| of(one)).sum() };
    let broken = manifests.iter().filter(|of| of.broken.is_some()).count();
    let mut text = format!(
        "{}, {}: {} in sync",
        counted(manifests.len(), "manifest"),
        counted(targets.len(), "target"),
        class(Class::InSync)
    );
    let failed = looks(|look| matches!(look, RoundLook::Failed { .. }));
    let skipped = looks(|look| matches!(look, RoundLook::Skipped { .. }));
    let there = [
        (class(Class::Change), "to change"),
        (class(Class::Drift), "drift"),
        (class(Class::Conflict), "in conflict"),
        (class(Class::Unknown), "unknown"),
    ];
    let done = [
        (sum(|of| of.written), "written"),
        (sum(|of| of.healed), "put back"),
        (sum(|of| of.held), "held"),
        (sum(|of| of.failed), "failed"),
    ];
    for (first, parts) in [(", ", there), ("; ", done)] {
        let mut gap = first;
        for (count, words) in parts.iter().filter(|part| part.0 > 0) {
            text.push_str(&format!("{gap}{count} {words}"));
            gap = ", ";
        }
    }
    let mut gap = "; ";
    for (count, thing, words) in [
        (failed, "target", "could not be read"),
        (skipped, "target", "not looked at"),
        (broken, "manifest", "cannot be used"),
    ] {
        if count > 0 {
            text.push_str(&format!("{gap}{} {words}", counted(count, thing)));
            gap = ", ";
        }
    }
    text.push_str(&format!("; {}.", alerts(manifests)));
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}

/// What nobody could count is not "none".
fn alerts(manifests: &[RoundManifest]) -> String {
    let open: Option<u64> = manifests.iter().map(|of| of.open).sum();
    match open {
        Some(0) => "no alerts".to_owned(),
        Some(open) => {
            let open = usize::try_from(open).unwrap_or(usize::MAX);
            format!("{} open", counted(open, "alert"))
        }
        None => "open alerts unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    fn written(width: usize) -> String {
        let mut out = String::new();
        let style = Style {
            width,
            ..Style::plain()
        };
        render_round(&mut out, &style, &samples::round()).unwrap();
        out
    }

    #[test]
    fn a_round_for_people() {
        insta::assert_snapshot!(written(80), @r"
        production  manifests/production.yaml at 3fa9c1d291bc
          vps       observe  could not be read: the host cannot be reached within 10
                             seconds
          web       observe  3 in sync; probe: 401: the credential is not taken
                             (missing, wrong or expired)
          api       heal     1 drift, 2 to change, 12 in sync; 2 written, 1 put back
          worker    apply    1 drift, 2 to change, 9 in sync; 1 held
          mac-mini  observe  not looked at: it is another machine's
          alert drift api TOKEN: changed outside  a1b2c3d4e5f6
            $ driftlock plan --target api
          alert over expiry api CERT: ended yesterday  a1b2c3d4e5f6
        manifests/staging.yaml
          cannot be used, nothing was written: line 4, column 2: unknown key `targts`
        slack: 1 delivered, 2 waiting: 429, tried again in 30 s
        2 manifests, 5 targets: 24 in sync, 4 to change, 2 drift; 2 written, 1 put back,
          1 held; 1 target could not be read, 1 target not looked at, 1 manifest cannot
          be used; 4 alerts open.
        ");
    }

    #[test]
    fn it_fits_a_narrow_window() {
        let text = written(44);
        for line in text.lines() {
            // a command to paste is never broken
            assert!(
                width(line) <= 44 || line.trim_start().starts_with("$ "),
                "{line}"
            );
        }
        assert!(text.lines().count() > written(80).lines().count());
    }

    #[test]
    fn what_others_said_moves_no_cursor() {
        let mut round = samples::round();
        let manifest = &mut round.manifests[0];
        manifest.targets[1].look = RoundLook::Failed {
            why: "\u{1b}[2Jgone\n\u{202e}".to_owned(),
        };
        manifest.alerts[0].what = "\u{9b}31m".to_owned();
        manifest.alerts[0].next = vec!["driftlock plan \u{1b}".to_owned()];
        round.sinks[0].trouble = Some("a\r\nb".to_owned());
        let mut out = String::new();
        render_round(&mut out, &Style::plain(), &round).unwrap();
        let odd = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
        assert!(!out.contains(odd), "{out:?}");
    }
}
