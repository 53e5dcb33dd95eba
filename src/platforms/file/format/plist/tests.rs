//! Readings, refusals and edits of property lists.

use std::collections::BTreeMap;

use plist::{Dictionary, Value};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::Agent;
use crate::model::VarName;
use crate::platforms::file::format::{Edit, EditError, Format, Reading};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n";

fn list(inside: &str) -> String {
    format!("{HEAD}<plist version=\"1.0\">\n<dict>\n{inside}</dict>\n</plist>\n")
}

fn agent(variables: &str) -> String {
    list(&format!(
        "\t<key>Label</key>\n\t<string>a</string>\n\t<key>EnvironmentVariables</key>\n\t<dict>\n{variables}\t</dict>\n"
    ))
}

fn name(text: &str) -> VarName {
    text.parse().unwrap()
}

fn set<'a>(key: &str, value: &'a str) -> Edit<'a> {
    Edit {
        name: name(key),
        value: Some(value),
    }
}

fn delete(key: &str) -> Edit<'static> {
    Edit {
        name: name(key),
        value: None,
    }
}

fn rewrite(text: &str, edits: &[Edit<'_>]) -> String {
    let new = Agent::parse(text.as_bytes())
        .unwrap()
        .rewrite(edits)
        .unwrap();
    String::from_utf8(new).unwrap()
}

fn read(text: &str, key: &str) -> Option<Reading> {
    Agent::parse(text.as_bytes())
        .unwrap()
        .values()
        .remove(&name(key))
}

#[test]
fn texts_are_read() {
    for (inside, value) in [
        ("<string>plain</string>", "plain"),
        ("<string/>", ""),
        ("<string></string>", ""),
        ("<string> a\n\tb </string>", " a\n\tb "),
        ("<string>&amp;&lt;&gt;&quot;&apos;</string>", "&<>\"'"),
        ("<string>&#65;&#x42;&#13;&#x1F600;</string>", "AB\r😀"),
        (
            "<string>a<![CDATA[<&amp;]]>b<![CDATA[]]]]><![CDATA[>]]></string>",
            "a<&amp;b]]>",
        ),
        ("<string>é😀</string>", "é😀"),
    ] {
        let text = agent(&format!("<key>K</key>{inside}\n"));
        assert_eq!(
            read(&text, "K"),
            Some(Reading::Value(value.to_owned())),
            "{inside}"
        );
    }
}

#[test]
fn what_is_no_text_is_unknown() {
    for (inside, why) in [
        (
            "<integer>1</integer>",
            "line 10: a whole number, not a string",
        ),
        ("<real>1.5</real>", "line 10: a number, not a string"),
        ("<true/>", "line 10: true or false, not a string"),
        ("<data>QQ==</data>", "line 10: data, not a string"),
        (
            "<date>2026-01-01T00:00:00Z</date>",
            "line 10: a date, not a string",
        ),
        (
            "<array><string>x</string></array>",
            "line 10: a list, not a string",
        ),
        (
            "<dict><key>x</key><true/></dict>",
            "line 10: a dictionary, not a string",
        ),
        (
            "<string>a\rb</string>",
            "line 10: a text with a bare carriage return, which readers take differently",
        ),
        (
            "<string>a</string><key>K</key><string>b</string>",
            "line 10: there more than once",
        ),
    ] {
        let text = agent(&format!("\n\t\t<key>K</key>{inside}\n"));
        let Some(Reading::Ambiguous { line, why: found }) = read(&text, "K") else {
            panic!("{inside}");
        };
        assert_eq!(format!("line {line}: {found}"), why);
        let refused = Agent::parse(text.as_bytes())
            .unwrap()
            .rewrite(&[set("K", "v")]);
        assert!(
            matches!(refused, Err(EditError::NotReplaced { .. })),
            "{inside}"
        );
    }
}

#[test]
fn what_launchd_might_refuse_is_refused() {
    let label = "<key>Label</key><string>a</string>";
    let deep = |by| {
        format!(
            "{label}<key>x</key>{}{}",
            "<array>".repeat(by),
            "</array>".repeat(by)
        )
    };
    assert!(Agent::parse(list(&deep(62)).as_bytes()).is_ok());
    let bomb = HEAD.replace(
        "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\"",
        "\"x\" [<!ENTITY a \"aaaa\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]",
    );
    for text in [
        String::new(),
        "K=v\n".to_owned(),
        "{ Label = a; }".to_owned(),
        "{\"Label\":\"a\"}".to_owned(),
        list(""),
        list("<key>Label</key><true/>"),
        list(&format!("{label}{label}")),
        list(&format!("{label}<key>EnvironmentVariables</key><array/>")),
        list(&format!(
            "{label}<key>EnvironmentVariables</key><dict/><key>EnvironmentVariables</key><dict/>"
        )),
        list(&format!("{label}<key>x</key>")),
        list(&format!("{label}<string>x</string>")),
        list(&format!("{label}<key>x</key><integer>one</integer>")),
        list(&format!("{label}<key>x</key><date>yesterday</date>")),
        list(&format!("{label}<key>x</key><data>!</data>")),
        list(&format!("{label}<key>x</key><null/>")),
        list(&format!("{label}<key>x</key><string a='b'>x</string>")),
        list(&format!("{label}<key>x</key><string>a<!-- c -->b</string>")),
        list(&format!("{label}<key>x</key><string>a<b/></string>")),
        list(&format!("{label}<key>x</key><string>&nbsp;</string>")),
        list(&format!("{label}<key>x</key><string>&a;</string>")),
        list(&format!("{label}<key>x</key><string>&#0;</string>")),
        list(&format!("{label}<key>x</key><string>&#xD800;</string>")),
        list(&format!("{label}<key>x</key><string>a & b</string>")),
        list(&format!("{label}<key>x</key><string>\u{1}</string>")),
        list(&format!("{label}<key>x</key><string>x</key>")),
        list(&format!("{label}text")),
        list(&format!("{label}<?x y?>")),
        list(&deep(64)),
        list(&deep(40_000)),
        format!("{bomb}<plist><dict>{label}</dict></plist>"),
        format!("<plist><dict>{label}</dict></plist><plist/>"),
        format!("<plist><dict>{label}</dict><dict/></plist>"),
        format!("<plist><dict>{label}</dict>"),
        format!("<plist><array>{label}</array></plist>"),
        format!("<?xml version='1.0' encoding='ISO-8859-1'?><plist><dict>{label}</dict></plist>"),
        format!("<?xml version='1.1'?><plist><dict>{label}</dict></plist>"),
        format!(" <?xml version='1.0'?><plist><dict>{label}</dict></plist>"),
        "bplist00".to_owned(),
        "bplist00".repeat(10),
    ] {
        assert!(Agent::parse(text.as_bytes()).is_err(), "{text:.300}");
    }
    assert!(Agent::parse(b"\xff\xfe<\0p\0").is_err());
    let launchd = Format::new("launchd", None).unwrap();
    assert!(
        launchd.open(None).is_err(),
        "a list without Label is no agent"
    );
}

#[test]
fn one_entry_changes_and_no_other_byte() {
    let before = agent(
        "\t\t<!-- keep -->\n\t\t<key>A</key>\n\t\t<string>old</string> <!-- why -->\n\
         \t\t<key>not-a-name</key>\n\t\t<string>x</string>\n\t\t<key>N</key>\n\t\t<integer>5</integer>\n",
    );
    assert_eq!(rewrite(&before, &[set("A", "old"), delete("Z")]), before);
    assert_eq!(
        rewrite(&before, &[set("A", "a<b>&\"'\r\n")]),
        before.replace("old", "a&lt;b&gt;&amp;\"'&#13;\n")
    );
    assert_eq!(
        rewrite(&before, &[set("Z", "1"), set("Y", "")]),
        before.replace(
            "\t</dict>\n",
            "\t\t<key>Y</key>\n\t\t<string></string>\n\t\t<key>Z</key>\n\t\t<string>1</string>\n\t</dict>\n"
        )
    );
    assert_eq!(
        rewrite(&before, &[delete("A")]),
        before.replace("<key>A</key>\n\t\t<string>old</string> <!--", " <!--")
    );
    let notes = Agent::parse(before.as_bytes()).unwrap().notes();
    assert_eq!(notes, ["1 key is not a name of a variable"]);
}

#[test]
fn whole_lines_go_and_come() {
    let two =
        "\t\t<key>A</key>\n\t\t<string>1</string>\n\t\t<key>B</key>\n\t\t<string>2</string>\n";
    let one = "\t\t<key>B</key>\n\t\t<string>2</string>\n";
    assert_eq!(rewrite(&agent(two), &[delete("A")]), agent(one));
    assert_eq!(rewrite(&agent(two), &[delete("A"), delete("B")]), agent(""));
    assert_eq!(rewrite(&agent(""), &[set("B", "2")]), agent(one));
    assert_eq!(
        rewrite(&agent(two), &[delete("B"), set("C", "3")]),
        agent(
            "\t\t<key>A</key>\n\t\t<string>1</string>\n\t\t<key>C</key>\n\t\t<string>3</string>\n"
        )
    );
}

#[test]
fn the_dictionary_is_made_where_there_is_none() {
    let label = "    <key>Label</key>\n    <string>a</string>\n";
    assert_eq!(
        rewrite(&list(label), &[set("A", "1")]),
        list(&format!(
            "{label}    <key>EnvironmentVariables</key>\n    <dict>\n        <key>A</key>\n        <string>1</string>\n    </dict>\n"
        ))
    );
    let empty = format!("{label}    <key>EnvironmentVariables</key>\n    <dict/>\n");
    assert_eq!(
        rewrite(&list(&empty), &[set("A", "1")]),
        list(&empty.replace(
            "    <dict/>",
            "    <dict>\n        <key>A</key>\n        <string>1</string>\n    </dict>"
        ))
    );
    let flat = "<plist version=\"1.0\"><dict><key>Label</key><string>a</string></dict></plist>";
    assert_eq!(
        rewrite(flat, &[set("A", "1")]),
        flat.replace(
            "</dict>",
            "<key>EnvironmentVariables</key><dict><key>A</key><string>1</string></dict></dict>"
        )
    );
    assert_eq!(rewrite(&list(label), &[delete("A")]), list(label));
}

#[test]
fn windows_lines_and_a_byte_order_mark_stay() {
    let text = format!(
        "\u{feff}{}",
        agent("\t\t<key>A</key>\n\t\t<string>1</string>\n")
    )
    .replace('\n', "\r\n");
    let new = rewrite(&text, &[set("B", "2")]);
    assert_eq!(
        new,
        text.replace(
            "\t</dict>\r\n",
            "\t\t<key>B</key>\r\n\t\t<string>2</string>\r\n\t</dict>\r\n"
        )
    );
    assert_eq!(rewrite(&new, &[delete("B")]), text);
}

#[test]
fn what_xml_cannot_hold_is_refused_before() {
    let launchd = Format::new("launchd", None).unwrap();
    for value in ["a\0b", "\u{1b}[1m", "\u{fffe}", "\u{ffff}", "\u{b}"] {
        let why = launchd.accepts(&name("A"), value).unwrap_err();
        assert!(!why.contains(value), "{why}");
        let text = agent("");
        let refused = Agent::parse(text.as_bytes())
            .unwrap()
            .rewrite(&[set("A", value)]);
        assert!(matches!(refused, Err(EditError::Unfit(_))));
    }
    for value in [
        "",
        " \t\n\r ",
        "\u{7f}\u{85}",
        "\u{fffd}",
        "\u{1fffe}",
        "]]>",
        "<![CDATA[",
    ] {
        assert_eq!(launchd.accepts(&name("A"), value), Ok(()));
        let new = rewrite(&agent(""), &[set("A", value)]);
        assert_eq!(read(&new, "A"), Some(Reading::Value(value.to_owned())));
    }
    assert!(
        launchd
            .accepts(&name("A"), &"x".repeat(128 * 1024))
            .is_err()
    );
}

fn binary(root: &Dictionary) -> Vec<u8> {
    let mut bytes = Vec::new();
    Value::Dictionary(root.clone())
        .to_writer_binary(&mut bytes)
        .unwrap();
    bytes
}

fn sample() -> Dictionary {
    let mut variables = Dictionary::new();
    for (key, value) in [("B", "2"), ("A", "1"), ("C", "é\r\n")] {
        variables.insert(key.to_owned(), value.into());
    }
    variables.insert("N".to_owned(), 5.into());
    let mut root = Dictionary::new();
    root.insert("Label".to_owned(), "a".into());
    root.insert("Data".to_owned(), Value::Data(vec![0, 255]));
    root.insert("EnvironmentVariables".to_owned(), variables.into());
    root.insert("Interval".to_owned(), 300.into());
    root
}

#[test]
fn a_binary_list_is_read_and_written_as_xml() {
    let bytes = binary(&sample());
    let agent = Agent::parse(&bytes).unwrap();
    assert_eq!(
        agent.values()[&name("C")],
        Reading::Value("é\r\n".to_owned())
    );
    assert_eq!(
        format!("{:?}", agent.values()[&name("N")]),
        "Ambiguous(line 0: a whole number, not a string)"
    );
    assert!(agent.notes()[0].contains("XML"));
    let new = agent
        .rewrite(&[set("A", "<new>"), set("D", "4"), delete("B")])
        .unwrap();
    assert!(new.starts_with(b"<?xml"));
    let mut expected = sample();
    let variables = expected
        .get_mut("EnvironmentVariables")
        .and_then(Value::as_dictionary_mut)
        .unwrap();
    variables.insert("A".to_owned(), "<new>".into());
    variables.insert("D".to_owned(), "4".into());
    variables.retain(|key, _| key != "B");
    let after = Value::from_reader_xml(&*new).unwrap();
    assert_eq!(after, Value::Dictionary(expected));
    let keys: Vec<_> = after.as_dictionary().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["Label", "Data", "EnvironmentVariables", "Interval"]);
}

#[test]
fn a_binary_list_that_would_not_change_stays() {
    let bytes = binary(&sample());
    let format = Format::new("launchd", None).unwrap();
    let same = format
        .open(Some(&bytes))
        .unwrap()
        .rewrite(&[set("A", "1"), delete("Z")]);
    assert_eq!(*same.unwrap(), bytes);
}

#[test]
fn a_binary_bomb_is_refused() {
    // 40 lists, each of which holds the next one twice
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for next in 1..=40_u8 {
        offsets.push(u8::try_from(bytes.len()).unwrap());
        bytes.extend([0xA2, next, next]);
    }
    offsets.push(u8::try_from(bytes.len()).unwrap());
    bytes.push(0x09);
    let table = bytes.len() as u64;
    bytes.extend(&offsets);
    bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
    bytes.extend((offsets.len() as u64).to_be_bytes());
    bytes.extend(0_u64.to_be_bytes());
    bytes.extend(table.to_be_bytes());
    let error = Agent::parse(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a property list that unfolds to too much"
    );
}

fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        3 => proptest::char::range('\u{20}', '\u{7e}'),
        2 => proptest::sample::select(vec!['&', '<', '>', ']', '"', '\'', '\n', '\r', '\t', ';', '#']),
        1 => proptest::char::any().prop_filter("XML has it", |c| super::is_xml(*c)),
    ]
}

fn text() -> impl Strategy<Value = String> {
    vec(character(), 0..20).prop_map(|chars| chars.into_iter().collect())
}

/// How an entry stands in the file: what before, between and after.
fn layout() -> impl Strategy<Value = (String, String, String)> {
    let blank = || {
        proptest::sample::select(vec![
            "",
            " ",
            "\n\t\t",
            "\n",
            "\r\n  ",
            "<!-- a < b -->",
            "\n\t\t<!-- x -->\n\t\t",
            "<!--y-->",
        ])
        .prop_map(str::to_owned)
    };
    (blank(), blank(), blank())
}

fn foreign() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "<key>n-a</key><string>x</string>",
        "<key>I</key><integer>1</integer>",
        "<key>L</key><array><string>a</string><dict/></array>",
        "<key>E</key>\n\t\t<dict>\n<key>A</key><string>inner</string></dict>",
    ])
    .prop_map(str::to_owned)
}

const KEYS: [&str; 4] = ["A", "B_1", "c", "D"];

proptest! {
    #[test]
    fn the_edits_are_read_back_and_all_else_stays(
        there in btree_map(0..KEYS.len(), (text(), layout()), 0..4),
        more in foreign(),
        edits in btree_map(0..KEYS.len(), proptest::option::of(text()), 0..4),
    ) {
        let mut inside = String::new();
        for (key, (value, (lead, between, after))) in &there {
            let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;");
            inside.push_str(&format!("{lead}<key>{}</key>{between}<string>{value}</string>{after}", KEYS[*key]));
        }
        inside.push_str(&more);
        let before = agent(&format!("{inside}\n"));
        let list: Vec<Edit<'_>> = edits
            .iter()
            .map(|(key, value)| Edit { name: name(KEYS[*key]), value: value.as_deref() })
            .collect();
        let after = rewrite(&before, &list);

        let mut expected: BTreeMap<usize, String> =
            there.iter().map(|(key, (value, _))| (*key, value.clone())).collect();
        for (key, value) in &edits {
            match value {
                Some(value) => { expected.insert(*key, value.clone()); }
                None => { expected.remove(key); }
            }
        }
        let values = Agent::parse(after.as_bytes()).unwrap().values();
        for (number, key) in KEYS.iter().enumerate() {
            let wanted = expected.get(&number).cloned().map(Reading::Value);
            prop_assert_eq!(values.get(&name(key)).cloned(), wanted);
        }
        // an independent reader agrees
        let stranger = Value::from_reader_xml(after.as_bytes()).unwrap();
        let variables = stranger.as_dictionary().unwrap()["EnvironmentVariables"].as_dictionary().unwrap();
        for (number, value) in &expected {
            prop_assert_eq!(variables[KEYS[*number]].as_string(), Some(value.as_str()));
        }
        prop_assert!(after.contains(&more));
        for (_, (lead, between, end)) in there.values() {
            for part in [lead, between, end] {
                if part.contains("<!--") { prop_assert!(after.contains(part.trim())); }
            }
        }
        prop_assert_eq!(rewrite(&after, &list), after);
    }

    #[test]
    fn random_bytes_never_panic(bytes: Vec<u8>) {
        let _ = Agent::parse(&bytes).is_ok();
    }

    #[test]
    fn damaged_lists_never_panic(at: proptest::sample::Index, byte: u8, cut: bool) {
        for whole in [binary(&sample()), agent("\t\t<key>A</key>\n\t\t<string>&amp;1</string>\n").into_bytes()] {
            let mut bytes = whole;
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at); } else { bytes[at] = byte; }
            if let Ok(agent) = Agent::parse(&bytes) {
                let _ = agent.rewrite(&[set("A", "new"), delete("B")]).is_ok();
            }
        }
    }
}
