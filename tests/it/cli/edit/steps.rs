//! `edit` ended by SIGKILL just before each step that is durable or visible: nothing in clear is left,
//! the manifest is whole, and the edit is either in it or kept.
#![expect(clippy::print_stdout, reason = "the steps that were reached")]

use std::collections::BTreeMap;

use super::killed::{all_gone, fifo, leashed};
use super::stage::{NEW, Stage};
use crate::support::doom::{Doom, KILLED};
use crate::support::shop::{MANIFEST, TOKEN};

#[test]
fn killed_before_each_of_its_own_steps() {
    let Some(doom) = Doom::new() else {
        return;
    };
    let stage = Stage::new();
    let before = stage.manifest();
    let saved = stage.world.root().join("saved");
    let lines = format!("{}; touch {}", Stage::renew(), saved.display());
    let editor = stage.editor(&lines);
    let alive = fifo(stage.world.root(), "alive");
    let run = |step: usize| {
        let place = alive.clone();
        let watcher = std::thread::spawn(move || all_gone(&place));
        let status = doom.run(&leashed(&stage.command("edit", &editor), &alive), step);
        watcher.join().unwrap();
        status.code()
    };
    assert_eq!(run(0), Some(0));
    let steps = doom.steps().len();
    assert!(steps > 10, "an edit has steps: {steps}");
    let mut outcomes = BTreeMap::<&str, usize>::new();
    // the first one is the shell's, which opens the pipe
    for step in 2..=steps {
        stage.world.write(MANIFEST, &before);
        let _not_there = std::fs::remove_file(&saved);
        assert_eq!(run(step), Some(KILLED), "step {step} of {steps}");
        let at = doom.steps().pop().unwrap();
        let when = format!("before step {step} of {steps}, {at}");
        std::fs::remove_file(&alive).unwrap();
        stage.is_clean(&when);
        let edited = saved.exists();
        let outcome = match (stage.drafts().is_empty(), stage.manifest() == before) {
            (true, true) => {
                assert!(!edited, "{when}: the edit is lost");
                assert_eq!(stage.token(), TOKEN, "{when}");
                "before the editor saved"
            }
            (true, false) => {
                assert_eq!(stage.token(), NEW, "{when}");
                "written"
            }
            (false, _) => {
                stage.runs("edit --resume", "true").success();
                assert_eq!(stage.token(), NEW, "{when}");
                "kept"
            }
        };
        *outcomes.entry(outcome).or_default() += 1;
        assert!(stage.drafts().is_empty(), "{when}");
        stage.world.run("check").success();
        let editor_again = stage.editor(&lines);
        assert_eq!(editor_again, editor);
        fifo(stage.world.root(), "alive");
    }
    println!("killed before {steps} steps: {outcomes:?}");
    assert!(
        outcomes.contains_key("kept"),
        "no kill came after the editor: {outcomes:?}"
    );
}
