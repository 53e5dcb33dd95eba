//! Comparisons of clear manifests; what needs keys is tested through the command.

use std::collections::BTreeMap;

use super::{
    Effective, Pair, Review, Side, Sight, State, UseKind, ValueChange, VariableChange, compare,
};
use crate::manifest::{Manifest, parse};
use crate::plan::{AuthorityKind, Glimpse};

const BASE: &str = "\
driftlock: 1
name: production
variables:
  DATABASE_URL:
    template: postgres://app@${HOST|url}/app
  HOST: db.internal
  LEVEL: info
  LICENCE:
    value: the licence of the year
    expires: 2026-12-31
    owner: ada
    protected: true
targets:
  api:
    file: { machine: any, path: ../api.env }
    variables: [DATABASE_URL, LEVEL, LICENCE]
  vps:
    file: { host: vps, path: /srv/app/.env }
    variables: [LEVEL]
";

fn manifest(text: &str) -> Manifest {
    parse(text)
        .unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
        .manifest
}

fn side(manifest: &Manifest) -> Side<'_> {
    let uses = manifest.targets.iter().map(|spec| {
        let uses = spec.uses.iter();
        let uses = uses.map(|one| (one.name.clone(), Effective::Clear));
        (spec.name.clone(), uses.collect())
    });
    Side {
        manifest,
        readers: BTreeMap::new(),
        sight: Sight::Clear,
        recipients_signed: None,
        values: BTreeMap::new(),
        uses: uses.collect(),
    }
}

fn review(base: &str, head: &str) -> Review {
    let (base, head) = (manifest(base), manifest(head));
    compare(&Pair {
        base_path: Some("m.yaml".to_owned()),
        head_path: Some("m.yaml".to_owned()),
        base: Some(side(&base)),
        head: Some(side(&head)),
        vouched: false,
    })
    .unwrap()
}

/// The base with one text in the place of another.
fn edited(edits: &[(&str, &str)]) -> Review {
    let mut text = BASE.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    review(BASE, &text)
}

fn only(review: &Review) -> &VariableChange {
    match &review.variables[..] {
        [one] => one,
        several => panic!("{several:?}"),
    }
}

fn names<T: ToString>(list: &[T]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

#[test]
fn the_same_is_nothing() {
    assert!(review(BASE, BASE).is_empty());
    // nor is another order, or another comment
    let other = BASE.replace("  LEVEL: info\n", "  # how much is logged\n  LEVEL: info\n");
    assert!(review(BASE, &other).is_empty());
}

#[test]
fn a_value_changes_where_it_is_used_and_in_templates() {
    let level = edited(&[("LEVEL: info", "LEVEL: debug")]);
    let one = only(&level);
    assert_eq!(one.value, ValueChange::Changed);
    assert_eq!(names(&one.kept), ["api", "vps"]);
    assert_eq!(one.before, Glimpse::Text("info".to_owned()));
    assert_eq!(level.targets.len(), 2);

    let host = edited(&[("HOST: db.internal", "HOST: db.example")]);
    assert_eq!(only(&host).name.as_str(), "HOST");
    let [api] = &host.targets[..] else {
        panic!("{:?}", host.targets)
    };
    let [url] = &api.uses[..] else {
        panic!("{:?}", api.uses)
    };
    assert_eq!(
        (url.name.as_str(), &url.kind),
        ("DATABASE_URL", &UseKind::Changed)
    );
    assert_eq!(names(&url.through), ["HOST"]);
    assert_eq!(
        url.after,
        Glimpse::Text("postgres://app@db.example/app".to_owned())
    );
}

#[test]
fn a_template_that_comes_to_the_same_reaches_nobody() {
    let same = edited(&[("app@${HOST|url}/app", "app@db.internal/app")]);
    let [url, host] = &same.variables[..] else {
        panic!("{same:?}")
    };
    assert_eq!(url.value, ValueChange::Template);
    // it is still declared, and nobody gets it any more
    assert_eq!(
        (host.value, names(&host.lost)),
        (ValueChange::Same, names(&["api"]))
    );
    assert!(same.targets.is_empty(), "{:?}", same.targets);
}

#[test]
fn added_removed_and_renamed_are_told_apart() {
    let renamed = edited(&[("  LICENCE:", "  LICENSE:"), (", LICENCE]", ", LICENSE]")]);
    let one = only(&renamed);
    assert_eq!(one.was.as_ref().unwrap().as_str(), "LICENCE");
    assert_eq!((one.state, one.value), (State::Changed, ValueChange::Same));
    assert_eq!(names(&one.kept), ["api"]);

    // a short text says too little about what it was
    let short = edited(&[
        ("  LEVEL: info", "  LOG: info"),
        ("LEVEL, LICENCE", "LOG, LICENCE"),
        ("[LEVEL]", "[LOG]"),
    ]);
    let states: Vec<State> = short.variables.iter().map(|one| one.state).collect();
    assert_eq!(states, [State::Removed, State::Added]);
}

#[test]
fn a_move_between_targets_is_one_thing() {
    let moved = edited(&[("LEVEL, LICENCE", "LEVEL"), ("[LEVEL]", "[LEVEL, LICENCE]")]);
    // the first edit made two alike: only the VPS's list shall grow
    let one = only(&moved);
    assert_eq!(names(&one.gained), ["vps"]);
    let vps = moved
        .targets
        .iter()
        .find(|one| one.target.as_str() == "vps");
    let [used] = &vps.unwrap().uses[..] else {
        panic!("{moved:?}")
    };
    assert_eq!(used.name.as_str(), "LICENCE");
}

#[test]
fn what_goes_says_whether_apply_deletes_it() {
    for (prune, pruned) in [("", false), ("    prune: true\n", true)] {
        let base = BASE.replace(
            "    variables: [LEVEL]\n",
            &format!("{prune}    variables: [LEVEL]\n"),
        );
        let head = base.replace("variables: [LEVEL]", "variables: []");
        let review = review(&base, &head);
        let [vps] = &review.targets[..] else {
            panic!("{review:?}")
        };
        assert_eq!(vps.uses[0].kind, UseKind::Removed { to: None, pruned });
        assert_eq!(names(&only(&review).lost), ["vps"]);
    }
}

#[test]
fn metadata_has_words() {
    let words = |from: &str, to: &str| -> Vec<String> {
        let review = edited(&[(from, to)]);
        only(&review)
            .meta
            .iter()
            .map(|one| one.what.to_owned())
            .collect()
    };
    assert_eq!(words("2026-12-31", "2027-12-31"), ["expiry extended"]);
    assert_eq!(
        words("2026-12-31", "2026-11-30"),
        ["expiry brought forward"]
    );
    assert_eq!(words("    expires: 2026-12-31\n", ""), ["expiry dropped"]);
    assert_eq!(
        words("    owner: ada\n", "    owner: bob\n    rotate: 90d\n"),
        ["rotation set", "owner changed"]
    );
    assert_eq!(words("    protected: true\n", ""), ["no longer protected"]);
}

#[test]
fn authority_is_told() {
    let kinds = |edits: &[(&str, &str)]| -> Vec<AuthorityKind> {
        edited(edits).authority.iter().map(|one| one.kind).collect()
    };
    assert_eq!(
        kinds(&[("/srv/app/.env", "/srv/other/.env")]),
        [AuthorityKind::DestinationChanged]
    );
    assert_eq!(
        kinds(&[("    protected: true\n", "")]),
        [AuthorityKind::ProtectedDropped]
    );
    let activates = "    variables: [LEVEL]\n    activate: systemctl restart app\n";
    assert_eq!(
        kinds(&[("    variables: [LEVEL]\n", activates)]),
        [AuthorityKind::ActivationChanged]
    );
}

#[test]
fn a_new_manifest_widens_all_of_it() {
    let head = manifest(BASE);
    let pair = |base: bool| Pair {
        base_path: base.then(|| "m.yaml".to_owned()),
        head_path: (!base).then(|| "m.yaml".to_owned()),
        base: base.then(|| side(&head)),
        head: (!base).then(|| side(&head)),
        vouched: false,
    };
    let new = compare(&pair(false)).unwrap();
    assert_eq!(new.state, State::Added);
    assert_eq!(new.authority.len(), 2, "{:?}", new.authority);
    assert_eq!((new.totals().added, new.totals().targets), (4, 2));
    let gone = compare(&pair(true)).unwrap();
    assert_eq!((gone.state, gone.totals().removed), (State::Removed, 4));
    assert!(gone.authority.is_empty());
}

#[test]
fn a_target_under_another_name_is_the_same_place() {
    let renamed = edited(&[("  vps:\n", "  server:\n")]);
    let [one] = &renamed.targets[..] else {
        panic!("{renamed:?}")
    };
    assert_eq!(one.was.as_ref().unwrap().as_str(), "vps");
    assert!(one.uses.is_empty());
}

#[test]
fn what_a_probe_wants_to_hear_counts() {
    let probe = |expect: &str| {
        BASE.replace(
            "    variables: [LEVEL]\n",
            &format!("    variables: [LEVEL]\n    probe: {{ http: 'https://vps.example.com/', expect: {expect} }}\n"),
        )
    };
    let review = review(&probe("200"), &probe("401"));
    let [vps] = &review.targets[..] else {
        panic!("{review:?}")
    };
    assert_eq!(vps.settings.len(), 1);
}
