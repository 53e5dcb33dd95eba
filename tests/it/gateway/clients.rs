//! Installations that have no gateway of their own to ask.

use super::lab::{BOTH, HERE, Lab, NEW, OLD};

#[test]
fn a_client_of_a_gateway_elsewhere_shows_another_token() {
    let lab = Lab::of(HERE);
    // of all places, the one that counts for a client
    let text = format!(
        "// a laptop\n{{\n  gateway: {{\n    mode: 'remote',\n    auth: {{ token: '{OLD}-own' }},\n    remote: {{ url: 'wss://gateway.example.com', token: '{OLD}' }},\n  }},\n}}\n"
    );
    lab.config(&text);
    lab.run("plan")
        .says("1 to change")
        .hides("restart the OpenClaw");
    lab.take_over()
        .success()
        .says("a client of a gateway elsewhere");
    let after = lab.text("openclaw.json");
    assert_eq!(
        after,
        text.replace(&format!("'{OLD}' }}"), &format!("\"{NEW}\" }}"))
    );
    lab.in_sync();
    lab.run("doctor --probe").success();
}

#[test]
fn a_client_without_a_token_gets_it_where_clients_have_it() {
    let lab = Lab::of(HERE);
    lab.config("{ gateway: { mode: 'remote', remote: { url: 'wss://gateway.example.com' } } }\n");
    lab.take_over().success();
    let text = lab.text("openclaw.json");
    assert!(
        text.contains("url: 'wss://gateway.example.com', \"token\""),
        "{text}"
    );
    lab.in_sync();
}

#[test]
fn hooks_that_are_switched_off_are_stored_and_not_asked() {
    let lab = Lab::of(HERE);
    lab.target(HERE, BOTH, "");
    lab.config(&format!(
        "{{ gateway: {{ mode: 'remote', remote: {{ token: '{NEW}' }} }}, hooks: {{ enabled: false }} }}\n"
    ));
    lab.take_over()
        .success()
        .says("OPENCLAW_HOOKS_TOKEN created");
    lab.in_sync();
    lab.run("doctor --probe").success();
}
