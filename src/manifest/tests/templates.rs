use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::manifest::{ExpandError, Manifest, Template, TemplateError, parse};
use crate::model::{SecretValue, VarName};

fn manifest(variables: &str) -> Manifest {
    let text = format!("driftlock: 1\nname: test\nvariables:\n{variables}");
    parse(&text)
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .manifest
}

fn expand(variables: &str, name: &str) -> Result<String, ExpandError> {
    let name = VarName::new(name).unwrap();
    let value = manifest(variables).expand(&name, |_| None)?;
    Ok(value.expose().to_owned())
}

#[test]
fn filters_chain_from_left_to_right() {
    let variables = "  P: \"a b'\\\"&\"\n  T: { template: \"[${P|url}|${P|json}|${P|shell}|${P|base64}|${P|url|base64}]\" }\n";
    assert_eq!(
        expand(variables, "T").unwrap(),
        r#"[a%20b%27%22%26|a b'\"&|'a b'\''"&'|YSBiJyIm|YSUyMGIlMjclMjIlMjY=]"#
    );
}

#[test]
fn dollars_are_themselves_but_for_an_escape() {
    let variables = "  A: x\n  T: { template: \"$5 $A $${A} ${A}$ $$\" }\n";
    assert_eq!(expand(variables, "T").unwrap(), "$5 $A ${A} x$ $$");
}

#[test]
fn what_was_put_in_is_not_scanned_again() {
    let variables = "  A: \"${B}\"\n  B: secret\n  T: { template: \"<${A}>\" }\n";
    assert_eq!(expand(variables, "T").unwrap(), "<${B}>");
}

#[test]
fn mistakes_have_their_own_word() {
    for (text, error) in [
        ("${A", TemplateError::Unclosed),
        ("${}", TemplateError::BadName),
        ("${a b}", TemplateError::BadName),
        ("${{Postgres.URL}}", TemplateError::BadName),
        ("${A|uri}", TemplateError::UnknownFilter),
        ("${A|}", TemplateError::UnknownFilter),
    ] {
        assert_eq!(Template::parse(text), Err(error), "{text}");
    }
}

#[test]
fn doubling_templates_end_at_a_mebibyte() {
    let mut variables = "  T0: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n".to_owned();
    for level in 1..16 {
        let below = level - 1;
        variables.push_str(&format!(
            "  T{level}: {{ template: \"${{T{below}}}${{T{below}}}\" }}\n"
        ));
    }
    assert!(expand(&variables, "T3").is_ok());
    assert_eq!(expand(&variables, "T15"), Err(ExpandError::TooLong));
}

#[test]
fn an_encrypted_value_comes_from_the_lookup_and_taints() {
    let sealed = crate::manifest::fresh::payload_text(&super::payload(7));
    let seal = super::seal(1);
    let mac = "01".repeat(32);
    let text = format!(
        "driftlock: 1\nname: test\nrecipients: [age1x]\nvariables:\n  S: {{ age: {sealed} }}\n  \
         C: x\n  T: {{ template: \"${{S|url}}\" }}\n  U: {{ template: \"${{T}}\" }}\n  \
         V: {{ template: \"${{C}}\" }}\nkey: {}.{mac}\nage: |\n  {}",
        seal.key_id,
        seal.header.trim_end().replace('\n', "\n  ")
    );
    let manifest = parse(&text).unwrap().manifest;
    let name = |text: &str| VarName::new(text).unwrap();
    let value = SecretValue::new("a/b");
    let lookup = |one: &VarName| (one.as_str() == "S").then_some(&value);
    assert_eq!(
        manifest.expand(&name("U"), lookup).unwrap().expose(),
        "a%2Fb"
    );
    let secret: BTreeMap<&str, bool> = ["S", "C", "T", "U", "V", "GONE"]
        .map(|one| (one, manifest.is_secret(&name(one))))
        .into();
    let expected = [
        ("S", true),
        ("C", false),
        ("T", true),
        ("U", true),
        ("V", false),
        ("GONE", true),
    ];
    assert_eq!(secret, expected.into());
    assert_eq!(
        manifest.expand(&name("S"), |_| None),
        Err(ExpandError::Unavailable(name("S")))
    );
}

proptest! {
    #[test]
    fn any_text_without_a_dollar_brace_is_itself(text in "[^{]*") {
        let template = Template::parse(&text).unwrap();
        prop_assert_eq!(template.to_source(), text);
    }

    #[test]
    fn a_template_writes_itself_back(text in "([$a]|\\$\\{A\\}|\\$\\$\\{|\\$\\{B\\|url\\|json\\})*") {
        if let Ok(template) = Template::parse(&text) {
            prop_assert_eq!(template.to_source(), text.clone());
            prop_assert_eq!(Template::parse(&template.to_source()), Ok(template));
        }
    }

    #[test]
    fn json_is_the_inside_of_a_json_string(value in any::<String>()) {
        let value = value.replace('\0', "");
        let name = VarName::new("T").unwrap();
        let mut variables = BTreeMap::new();
        let source = crate::manifest::Source::Clear(value.clone());
        let fresh = |source| crate::manifest::Variable {
            source,
            metadata: crate::manifest::Metadata::default(),
            position: crate::model::Position::default(),
        };
        variables.insert(VarName::new("A").unwrap(), fresh(source));
        let template = Template::parse("\"${A|json}\"").unwrap();
        variables.insert(name.clone(), fresh(crate::manifest::Source::Template(template)));
        let lookup = |_: &VarName| None;
        let made = crate::manifest::template::Expander::new(&variables, &lookup)
            .variable(&name)
            .unwrap();
        let read: String = serde_json::from_str(made.expose()).unwrap();
        prop_assert_eq!(read, value);
    }
}
