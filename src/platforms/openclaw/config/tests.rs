use super::*;

fn parse(text: &str) -> Config {
    Config::parse(Some(text)).unwrap()
}

fn gateway(token: &str) -> Input {
    parse(&format!("{{ gateway: {{ auth: {{ token: {token} }} }} }}")).gateway
}

fn text(value: &str) -> Input {
    Input::Text(SecretValue::new(value))
}

fn variable(name: &str) -> Input {
    Input::At(Place::Variable(name.to_owned()))
}

#[test]
fn a_text_is_itself_and_a_reference_is_followed() {
    assert_eq!(gateway("'a b'"), text("a b"));
    assert_eq!(
        gateway(r#""  tok \n""#),
        text("tok"),
        "as the gateway takes it"
    );
    assert_eq!(
        gateway(r#""${OPENCLAW_GATEWAY_TOKEN}""#),
        variable("OPENCLAW_GATEWAY_TOKEN")
    );
    assert_eq!(gateway(r#""$HOME""#), variable("HOME"));
    assert_eq!(gateway(r#""a$b-${lower}""#), text("a$b-${lower}"));
    assert_eq!(gateway(r#""$home""#), text("$home"));
    for mixed in [r#""x-${HOME}""#, r#""$${HOME}x""#] {
        assert!(
            matches!(gateway(mixed), Input::Unknown(why) if why.contains("variables")),
            "{mixed}"
        );
    }
}

#[test]
fn what_is_no_text_is_not_known() {
    for (token, word) in [
        ("12345678", "a number"),
        ("null", "null"),
        ("true", "true or false"),
        ("['a']", "a list"),
        ("'__OPENCLAW_REDACTED__'", "placeholder"),
        ("{ source: 'exec', provider: 'vault', id: 'a/b' }", "exec"),
        ("{ source: 'new', id: 'a' }", "not known"),
        ("{ source: 'env', id: 's3cret-itself' }", "cannot be a name"),
        (
            "{ source: 'store', id: 's3cret-itself' }",
            "cannot be a name",
        ),
        ("{ source: 'store', id: '--value' }", "cannot be a name"),
        (
            "{ source: 'file', provider: 'none', id: 'value' }",
            "secrets.providers",
        ),
    ] {
        let found = gateway(token);
        assert!(
            matches!(&found, Input::Unknown(why) if why.contains(word)),
            "{token}: {found:?}"
        );
    }
    assert_eq!(parse("{}").gateway, Input::Absent);
    assert_eq!(Config::parse(None).unwrap().gateway, Input::Absent);
    let twice = parse("{ gateway: { auth: { token: 'a', token: 'b' } } }").gateway;
    assert!(matches!(twice, Input::Unknown(why) if why.contains("more than once")));
}

#[test]
fn every_source_of_a_secret_ref() {
    let of = |reference: &str| {
        parse(&format!(
            "{{ gateway: {{ auth: {{ token: {reference} }} }},
                secrets: {{ providers: {{
                  one: {{ source: 'file', path: '~/a.txt', mode: 'singleValue' }},
                  many: {{ source: 'file', path: '/srv/a.json' }},
                  other: {{ source: 'exec', command: '/bin/x' }} }} }} }}"
        ))
        .gateway
    };
    let file = |path: &str, at: Option<&str>| {
        Input::At(Place::File {
            path: path.to_owned(),
            at: at.map(|at| at.parse().unwrap()),
        })
    };
    assert_eq!(
        of("{ source: 'env', provider: 'default', id: 'TOKEN' }"),
        variable("TOKEN")
    );
    assert_eq!(of("{ source: 'env', id: 'TOKEN' }"), variable("TOKEN"));
    assert_eq!(
        of("{ source: 'store', provider: 'default', id: 'TOKEN' }"),
        Input::At(Place::Store("TOKEN".to_owned()))
    );
    assert_eq!(
        of("{ source: 'file', provider: 'one', id: 'value' }"),
        file("~/a.txt", None)
    );
    assert_eq!(
        of("{ source: 'file', provider: 'many', id: '/gw/token' }"),
        file("/srv/a.json", Some("gw.token"))
    );
    assert_eq!(
        of("{ source: 'file', provider: 'many', id: '/a~1b/c~0d' }"),
        file("/srv/a.json", Some(r#""a/b"."c~d""#))
    );
    for bad in [
        "{ source: 'file', provider: 'one', id: '/a' }",
        "{ source: 'file', provider: 'many', id: 'value' }",
        "{ source: 'file', provider: 'other', id: 'value' }",
    ] {
        assert!(matches!(of(bad), Input::Unknown(_)), "{bad}");
    }
}

#[test]
fn an_include_may_hold_what_is_missing() {
    for text in [
        "{ $include: './all.json5' }",
        "{ gateway: { $include: './gateway.json5' } }",
        "{ gateway: { auth: { $include: ['./a.json5'] } } }",
    ] {
        assert!(
            matches!(parse(text).gateway, Input::Unknown(why) if why.contains("$include")),
            "{text}"
        );
    }
    let beside = "{ gateway: { $include: './gateway.json5', auth: { token: 'mine' } } }";
    assert_eq!(
        parse(beside).gateway,
        text("mine"),
        "what stands beside wins"
    );
    assert_eq!(
        parse("{ agents: { $include: './a.json5' } }").gateway,
        Input::Absent
    );
}

#[test]
fn settings_are_read_and_what_does_not_fit_is_left_out() {
    let all = parse(
        "{ gateway: { mode: 'remote', port: 19001, auth: { mode: 'none' }, reload: { mode: 'off' }, tls: { enabled: true } },
           hooks: { enabled: true, path: '/h', token: 'k' }, env: { vars: { A: 'x', B: 1 } },
           meta: { lastTouchedVersion: '2026.9.6' } }",
    );
    let settings = &all.settings;
    assert!(settings.is_remote && settings.reload_off && settings.tls && settings.hooks_enabled);
    assert_eq!(
        (settings.port, settings.hooks_path.as_str()),
        (Some(19001), "/h")
    );
    assert_eq!(settings.auth_mode.as_deref(), Some("none"));
    assert_eq!(settings.written_by.as_deref(), Some("2026.9.6"));
    assert_eq!(all.hooks, text("k"));
    assert_eq!(all.variables.keys().collect::<Vec<_>>(), ["A"]);
    let odd = parse(
        "{ gateway: { port: '${PORT}', mode: 7, auth: 'x', reload: [] }, hooks: 'no', meta: 1 }",
    );
    assert_eq!(
        odd.settings,
        Settings {
            hooks_path: "/hooks".to_owned(),
            ..Settings::default()
        }
    );
    let strange = parse("{ gateway: 'all' }");
    assert!(matches!(strange.gateway, Input::Unknown(_)));
}

#[test]
fn texts_that_openclaw_would_read_otherwise() {
    for text in ["${A}", "x${A_B1}y", "$TOKEN", " $TOKEN ", "$${A}"] {
        assert!(refers(text), "{text}");
    }
    for text in [
        "", "a", "$", "${}", "${a}", "$a", "a$TOKEN", "${A", "{A}", "${A-b}",
    ] {
        assert!(!refers(text), "{text}");
    }
}

#[test]
fn what_cannot_be_known_is_said_without_what_stands_there() {
    for token in [
        "{ source: 'env', provider: 's3cret', id: 's3cret' }",
        "{ source: 'store', provider: 's3cret', id: 's3cret' }",
        "{ source: 'file', provider: 's3cret', id: 's3cret' }",
        "{ source: 's3cret', id: 's3cret' }",
        "{ s3cret: 's3cret' }",
        "['s3cret']",
        "'x-${HOME}-s3cret'",
    ] {
        let Input::Unknown(why) = gateway(token) else {
            panic!("{token}");
        };
        assert!(!why.contains("s3cret"), "{why}");
    }
}

#[test]
fn other_comments_and_spellings_are_no_change() {
    let one = "{ a: 'x', b: { c: 1 } }";
    assert!(says_the_same(
        one,
        "// mine\n{\n \"b\": {c: 1,}, \"a\": \"x\" }"
    ));
    assert!(!says_the_same(one, "{ a: 'y', b: { c: 1 } }"));
    assert!(!says_the_same("{ half", "{ half"), "nobody knows");
}
