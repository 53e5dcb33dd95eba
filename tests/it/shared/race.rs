//! Twenty applies at once through one remote.

use std::process::Stdio;

use super::lab::Team;
use super::lease::{Gated, gated};

#[test]
fn of_twenty_one_writes_and_the_others_name_it() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let mut worlds: Vec<_> = (0..20).map(|_| team.clone()).collect();
    for (number, world) in worlds.iter_mut().enumerate() {
        world.variable("USER", &format!("runner{number}"));
    }
    worlds[0].run("--journal git apply --yes").success();
    gated(&team, &worlds.iter().collect::<Vec<_>>(), "two");
    for pipe in ["gate", "here"] {
        let made = std::process::Command::new("mkfifo")
            .arg(team.file(pipe))
            .status();
        assert!(made.unwrap().success());
    }
    let children: Vec<_> = worlds
        .iter()
        .map(|world| {
            world
                .command("apply --yes --allow authority@app".split_whitespace())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    // whoever holds it waits at its gate until all others have ended
    let (tell, told) = std::sync::mpsc::channel();
    for (number, child) in children.into_iter().enumerate() {
        let tell = tell.clone();
        std::thread::spawn(move || tell.send((number, child.wait_with_output().unwrap())));
    }
    let lost: Vec<_> = (0..19).map(|_| told.recv().unwrap()).collect();
    std::fs::read_to_string(team.file("here")).unwrap();
    std::fs::write(team.file("gate"), "go\n").unwrap();
    let (winner, output) = told.recv().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for (number, output) in lost {
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "runner{number}: {said}");
        assert!(said.contains(&format!("of runner{winner}@here")), "{said}");
    }
    let _used = Gated::command(&team);
    assert_eq!(team.read("app"), "A=two\n");
    worlds[7].run("history").success().says("2 receipts of dev");
}
