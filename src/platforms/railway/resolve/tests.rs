//! What needs no server.

use super::*;

fn environment(services: &[(&str, &str)]) -> Environment {
    let instance = |(id, name): &(&str, &str)| Instance {
        service_id: (*id).to_owned(),
        service_name: (*name).to_owned(),
        deployment: None,
    };
    Environment {
        project_id: "p".to_owned(),
        project_name: "aurora".to_owned(),
        environment_id: "e".to_owned(),
        environment_name: "production".to_owned(),
        workspace_id: None,
        can_access: true,
        is_ephemeral: false,
        unmerged_changes: None,
        instances: services.iter().map(instance).collect(),
        variables: vec![],
    }
}

#[test]
fn ids_are_uuids() {
    for id in [
        "00000000-0000-4000-8000-000000000000",
        "ABCDEF01-2345-4789-abcd-ef0123456789",
    ] {
        assert!(is_id(id), "{id}");
    }
    for name in [
        "",
        "api",
        "00000000-0000-4000-8000-00000000000",
        "00000000-0000-4000-8000-0000000000000",
        "00000000_0000-4000-8000-000000000000",
        "g0000000-0000-4000-8000-000000000000",
        "000000000-000-4000-8000-000000000000",
    ] {
        assert!(!is_id(name), "{name}");
    }
}

#[test]
fn the_id_wins_then_the_name_then_the_letters() {
    // a service that is called like another one's id
    let all = environment(&[
        ("id-1", "id-2"),
        ("id-2", "Web"),
        ("id-3", "web"),
        ("id-4", "Api"),
    ]);
    let find = |wanted: &str| all.service(wanted).map(|one| one.service_id.as_str());
    assert_eq!(find("id-2"), Ok("id-2"));
    assert_eq!(find("ID-1"), Ok("id-1"));
    assert_eq!(find("web"), Ok("id-3"));
    assert_eq!(find("Web"), Ok("id-2"));
    assert_eq!(find("api"), Ok("id-4"));
    assert_eq!(
        find("WEB"),
        Err(ServiceMiss::Several {
            names: vec!["Web".to_owned(), "web".to_owned()]
        })
    );
    assert_eq!(
        find("wep"),
        Err(ServiceMiss::None {
            near: vec!["Web".to_owned(), "web".to_owned()]
        })
    );
    assert!(
        matches!(environment(&[]).service("x"), Err(ServiceMiss::None { near }) if near.is_empty())
    );
}
