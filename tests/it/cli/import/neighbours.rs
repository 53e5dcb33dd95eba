//! Railway's own configuration files beside the manifests.

use super::Aurora;

const CODE: &str = ".railway/railway.ts manages variables too";

#[test]
fn code_that_manages_variables_is_named_once_by_every_command_that_looks() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    aurora.world.write(
        ".railway/railway.ts",
        "service('api', { env: { A: 'canary' } })",
    );
    aurora.run("import railway --yes").success().says(CODE);
    for line in ["plan", "check", "apply --yes"] {
        let run = aurora
            .run(line)
            .success()
            .says(CODE)
            .says("`railway config apply`")
            .says("let one of the two own each variable");
        assert_eq!(
            run.stderr.matches(".railway/railway.ts").count(),
            1,
            "{line}"
        );
        assert!(!run.stdout.contains("railway.ts"));
    }
}

#[test]
fn files_without_variables_are_only_noted() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    aurora.world.write("railway.json", "{ \"build\": {} }");
    aurora.run("import railway --yes").success();
    let plan = aurora.run("plan").success();
    assert!(!plan.all().contains("railway.json"));
    aurora.run("plan -vv").success().says("railway.json");
    aurora.world.write("railway.toml", "[variables]");
    aurora
        .run("plan")
        .success()
        .says("railway.toml mentions variables");
}

#[test]
fn manifests_without_railway_targets_do_not_care() {
    let world = crate::support::shop::shop();
    world.write(".railway/railway.ts", "env: {}");
    let plan = world.run("plan");
    assert!(!plan.all().contains("railway.ts"), "{}", plan.all());
}
