//! Alerts in every form, where every value that there is differs from what it should be.

use super::runs::{LIVE, Leaky, NEXT, SECRET};

impl Leaky {
    pub(super) fn alerts(&mut self) {
        self.world.write("odd.env", format!("TOKEN='{LIVE}'\n"));
        for line in [
            "alert list",
            "alert list --all -vv",
            "alert list manifests/dev.yaml --json",
            "alert list nowhere",
            "alert mute TOKEN@local --reason known --until 3d",
            "alert mute TOKEN@local --reason known --until 3d -f manifests/dev.yaml -vv",
            "alert mute 0123abcd4567 --reason x --until 2999-01-01",
            "alert unmute TOKEN@local",
            "alert unmute TOKEN@local --manifest manifests/dev.yaml -vv",
            "alert release TOKEN@local",
            "alert release TOKEN@local --manifest manifests/dev.yaml -vv",
        ] {
            self.runs(line, "");
        }
        // pasted into the wrong place
        for text in [SECRET, NEXT] {
            for words in [
                vec!["alert", "mute", text, "--reason", "x", "--until", "3d"],
                vec![
                    "alert",
                    "mute",
                    "TOKEN@local",
                    "--reason",
                    "x",
                    "--until",
                    text,
                ],
                vec!["alert", "unmute", text],
            ] {
                let run = crate::support::world::Run::of(self.world.command(words));
                run.exits(64).hides(text);
            }
        }
        std::fs::remove_file(self.world.path("odd.env")).unwrap();
    }
}
