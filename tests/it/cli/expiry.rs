//! Dates, in every command that tells them: those of the manifest, and those that values say
//! themselves.

use serde_json::Value;

use crate::support::dated::{
    azure_url_for, certificate_for, days, jwt, jwt_for, ssh_certificate_for,
};
use crate::support::rekeyed::{FILE, Keys, Reader};
use crate::support::shop::{MANIFEST, shop};
use crate::support::world::{Run, World};

/// The shop, where the token has another value.
fn with_token(value: &str) -> World {
    let world = shop();
    world.run_with("set API_TOKEN", value).success();
    world
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

/// Values of each kind that end so many days from now.
fn dated(from_now: i64) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("JWT", jwt_for(from_now)),
        (
            "JWT",
            format!("https://x.example.com/?token={}", jwt_for(from_now)),
        ),
        ("certificate", certificate_for(from_now)),
        ("signed URL", azure_url_for(from_now)),
    ];
    all.extend(ssh_certificate_for(from_now).map(|text| ("SSH certificate", text)));
    all
}

#[test]
fn check_tells_the_dates_that_values_have() {
    for (from_now, code) in [(-3, Some("expired")), (9, Some("expires-soon")), (60, None)] {
        for (kind, value) in dated(from_now) {
            let world = with_token(&value);
            let run = world
                .run("check --only expiry")
                .success()
                .hides(value.trim());
            let run = run.hides("canary");
            match code {
                Some(code) => {
                    let day = days(from_now).strftime("%Y-%m-%d").to_string();
                    run.says(&format!("[{code}]"))
                        .says(&format!("its {kind} end"))
                        .says(&day)
                        .says("renew it where it comes from, then driftlock set API_TOKEN");
                    world.run("check --only expiry --strict").exits(2);
                }
                None => {
                    run.says("no problems");
                    world.run("check --only expiry --strict").success();
                }
            }
        }
    }
}

#[test]
fn what_begins_later_is_told_too() {
    let later = days(2).as_second();
    let world = with_token(&jwt(&format!(r#"{{"nbf":{later}}}"#)));
    world
        .run("check --only expiry")
        .success()
        .says("[not-yet-valid]")
        .says("API_TOKEN is not valid yet: its JWT begins")
        .hides("eyJ");
    world.run("doctor").exits(2).says("is not valid yet");
}

#[test]
fn a_policy_decides_how_early_and_whether_it_fails() {
    let world = with_token(&jwt_for(20));
    world.run("check --strict").success();
    world.write(
        "manifests/rails.yaml",
        "driftlock-rails: 1\nexpiry: { warn: 30d }\n",
    );
    world.run("check").success().says("[expires-soon]");
    world.run_with("set API_TOKEN", &jwt_for(-1)).success();
    world.run("check").success().says("[expired]");
    world.write(
        "manifests/rails.yaml",
        "driftlock-rails: 1\nexpiry: { past: fail }\n",
    );
    let run = world.run("check --json").exits(1);
    let found = &json(&run)["files"][0]["diagnostics"][0];
    assert_eq!(
        (&found["code"], &found["severity"]),
        (&"expired".into(), &"error".into())
    );
    world.run("check --report junit").exits(1).says("<failure");
    world.run("check --skip expiry --strict").success();
    // a manifest may say so by itself, and cannot take it back
    let own = world
        .manifest()
        .replace("\nname: dev\n", "\nname: dev\nexpiry: { past: warn }\n");
    world.write(MANIFEST, &own);
    world.run("check").exits(1);
    std::fs::remove_file(world.path("manifests/rails.yaml")).unwrap();
    world.run("check").success();
    world.write(MANIFEST, own.replace("past: warn", "past: fail"));
    world.run("check").exits(1);
    // a plan has to bring the new value: it only tells
    world.run("plan").success().says("Expiry");
    let plan = json(&world.run("plan --json").success());
    assert_eq!(plan["plans"][0]["expiry"][0]["fails"], true);
}

#[test]
fn a_sealed_value_has_no_date_that_anybody_knows() {
    let world = with_token(&jwt_for(-3));
    world.hide_identity();
    let run = world.run("check --only expiry --json").success();
    let file = &json(&run)["files"][0];
    assert_eq!(file["skipped"][0]["kind"], "expiry");
    let codes: Vec<_> = file["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert_eq!(codes, ["sealed"]);
    let plan = json(&world.run("plan --json").exits(1));
    assert_eq!(plan["plans"][0]["expiry"], Value::Array(vec![]));
}

#[test]
fn plan_and_status_tell_dates_and_nothing_depends_on_them() {
    let value = jwt_for(5);
    let world = with_token(&value);
    let text = world.manifest().replace(
        "  API_TOKEN:\n",
        "  API_TOKEN:\n    owner: \"ops\\e[31m <b>@team\"\n",
    );
    world.write(MANIFEST, text);
    world
        .run("plan")
        .success()
        .says("Expiry")
        .says("! API_TOKEN expires soon: its JWT ends")
        .says("(ask ops")
        .says("$ driftlock set API_TOKEN")
        .hides("\u{1b}[31m <b>")
        .hides(&value);
    world
        .run("apply --yes --take-over local")
        .success()
        .says("Expiry");
    // in sync is in sync
    world
        .run("plan --detailed-exitcode")
        .success()
        .says("Expiry")
        .says("No changes.");
    let run = world.run("plan --json").success().hides(&value);
    let plan = crate::cli::fits_schema(&run, "plan");
    let told = &plan["plans"][0]["expiry"][0];
    assert_eq!(told["variable"], "API_TOKEN");
    assert_eq!(
        (&told["code"], &told["past"]),
        (&"expires-soon".into(), &false.into())
    );
    world
        .run("plan --markdown")
        .success()
        .says("Expiry")
        .says("expires soon: its JWT ends")
        // in a code span nothing of it is markup
        .says("ask `ops")
        .hides(&value);
    let run = world.run("status --json").success().hides(&value);
    let status = crate::cli::fits_schema(&run, "status");
    assert_eq!(status["manifests"][0]["expiry"][0]["code"], "expires-soon");
    world
        .run("status")
        .success()
        .says("! API_TOKEN expires soon")
        .says("equal everywhere, 1 date near");
    world
        .run("status --only LOG_LEVEL")
        .success()
        .says("equal everywhere.");
    // a plan that is kept tells nothing of the time
    world.run("plan --out kept.json").success();
    assert!(!world.read("kept.json").contains("expir"));
}

#[test]
fn the_same_plan_has_the_same_id_whatever_the_dates() {
    let world = with_token(&jwt_for(60));
    let id = |world: &World| json(&world.run("plan --json").success())["plans"][0]["id"].clone();
    let before = id(&world);
    world.write(
        "manifests/rails.yaml",
        "driftlock-rails: 1\nexpiry: { warn: 90d, past: fail }\n",
    );
    let told = json(&world.run("plan --json").success());
    assert_eq!(told["plans"][0]["expiry"][0]["code"], "expires-soon");
    assert_eq!(told["plans"][0]["id"], before);
}

#[test]
fn a_value_that_has_ended_is_not_written_unless_somebody_says_so() {
    let world = shop();
    world.run("apply --yes").success();
    let env = world.read(".env");
    let value = jwt_for(-1);
    world.run_with("set API_TOKEN", &value).success();
    world
        .run("plan")
        .success()
        .says("held by expired: the new value of API_TOKEN says itself that it has expired")
        .says("--allow expired@local");
    world.run("apply --yes").exits(3).hides(&value);
    assert_eq!(world.read(".env"), env);
    world
        .run("apply --yes --allow expired@local")
        .success()
        .hides(&value);
    assert!(world.read(".env").contains(&value));
    // it is there now: nothing is to be written, and drift is put back
    world.run("plan --detailed-exitcode").success();
    world.write(".env", world.read(".env").replace(&value, "canary-other"));
    world.run("apply --yes").success();
    assert!(world.read(".env").contains(&value));
}

#[test]
fn doctor_knows_what_has_ended_and_advises_of_what_ends() {
    let value = jwt_for(-2);
    let world = with_token(&value);
    world
        .run("apply --yes --take-over local --allow expired@local")
        .success();
    let run = world.run("doctor").exits(2).hides(&value);
    run.says("API_TOKEN has expired: its JWT ended")
        .says("driftlock set API_TOKEN")
        .says("1 variable expired");
    world.run_with("set API_TOKEN", &jwt_for(3)).success();
    world.run("apply --yes").success();
    world
        .run("doctor")
        .success()
        .says("! API_TOKEN expires soon: its JWT ends");
    world.run("doctor --json").success().says("expires soon");
}

/// A manifest of one secret that was sealed so many days from now, and that rotates every 90 days.
fn sealed(from_now: i64) -> World {
    let world = World::new();
    let reader = Reader::new();
    let keys = Keys::new(&[&reader], 1);
    let name = "SIGNING_KEY".parse().unwrap();
    let value = "c4nary9f31b7e2d84a6650c1";
    let source = keys.value_at(&name, (1, days(from_now)), value);
    let text = keys.manifest(&[(name, source)].into());
    let text = text.replace("  SIGNING_KEY:\n", "  SIGNING_KEY:\n    rotate: 90d\n");
    world.write(FILE, text);
    let config = world.config("driftlock/keys.txt");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(config, reader.identity).unwrap();
    world
}

#[test]
fn rotation_counts_from_the_day_that_was_sealed_with_the_value() {
    for (from_now, code, words) in [
        (-91, "rotation-due", "is due for rotation since"),
        (-80, "rotation-soon", "is due for rotation on"),
        (2, "sealed-ahead", "was sealed in the future"),
    ] {
        let world = sealed(from_now);
        world
            .run("check --only expiry")
            .success()
            .says(&format!("[{code}]"))
            .says(&format!("SIGNING_KEY {words}"))
            .says("driftlock rotate SIGNING_KEY")
            .hides("c4nary");
        world.run("plan").success().says(words).hides("c4nary");
        world.run("status").success().says(words).hides("c4nary");
        // what works today is advice
        world.run("doctor").says(words).hides("c4nary");
    }
    sealed(-10).run("check --only expiry --strict").success();
}

#[test]
fn dates_that_make_no_sense_are_no_dates() {
    let long = "x".repeat(100_000);
    for claims in [
        r#"{"exp":-5}"#.to_owned(),
        r#"{"exp":1e308}"#.to_owned(),
        r#"{"exp":"tomorrow"}"#.to_owned(),
        r#"{"exp":9999999999999}"#.to_owned(),
        "{}".to_owned(),
        format!(r#"{{"fill":"{long}"}}"#),
    ] {
        let world = with_token(&jwt(&claims));
        world.run("check --only expiry --strict").success();
        world.run("plan").success();
    }
}

#[test]
fn a_policy_that_moves_is_seen_in_a_review() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = shop();
    let git = |arguments: &[&str]| {
        let done = std::process::Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@t"])
            .args(arguments)
            .current_dir(world.path(""))
            .output()
            .unwrap();
        assert!(done.status.success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "manifests"]);
    git(&["commit", "-qm", "x"]);
    let text = world
        .manifest()
        .replace("\nname: dev\n", "\nname: dev\nexpiry: { warn: 3d }\n")
        .replace(
            "  API_TOKEN:\n",
            "  API_TOKEN:\n    lint_ok: [weak, short]\n",
        );
    world.write(MANIFEST, text);
    world
        .run("diff")
        .success()
        .says("dates are told 3d ahead, past ones warn; it was 14d ahead, past ones warn")
        .says("findings that are meant: short, weak");
}
