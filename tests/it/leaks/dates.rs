//! Values that say something of themselves, or are remarkable: what is said is never them.

use super::runs::Leaky;
use crate::support::dated::{azure_url_for, certificate_for, jwt_for};

#[test]
fn what_is_said_of_a_value_is_never_the_value() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut leaky = Leaky::new();
    let values = [
        jwt_for(-2),
        jwt_for(3),
        azure_url_for(-2),
        format!("{}canary-key-of-a-certificate", certificate_for(2)),
        "hunter2canary".to_owned(),
        "'canary-quoted-8c12'".to_owned(),
        "Bearer canary-bearer-55ee".to_owned(),
        "amqp://app:canary/92ab@mq.internal/".to_owned(),
        " canary-blanks-77aa ".to_owned(),
    ];
    for value in values {
        leaky.runs("set TOKEN", &value).success();
        leaky.knows("TOKEN");
        for line in [
            "check",
            "check --json",
            "check --strict -vv",
            "check --report junit",
            "plan",
            "plan --json -vv",
            "plan --markdown",
            "plan --allow expired@local",
            "status",
            "status --json",
            "doctor --no-probe",
            "doctor --no-probe --json",
            "diff",
        ] {
            leaky.runs(line, "");
        }
    }
}
