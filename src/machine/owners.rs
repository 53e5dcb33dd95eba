//! Users and groups: names for messages, and who is alone in a group.

use std::fs;
use std::path::Path;

/// The user as people know it, for messages.
pub(super) fn user(uid: u32) -> String {
    named("/etc/passwd", uid).map_or_else(
        || format!("user {uid}"),
        |name| format!("user {name} ({uid})"),
    )
}

/// The group as people know it, for messages.
pub(super) fn group(gid: u32) -> String {
    named("/etc/group", gid).map_or_else(
        || format!("group {gid}"),
        |name| format!("group {name} ({gid})"),
    )
}

fn named(file: &str, id: u32) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    rows(&text)
        .find(|row| row.id == id)
        .map(|row| row.name.to_owned())
}

/// The name of a user in a text like `/etc/passwd`.
pub(super) fn name_in(passwd: &str, uid: u32) -> Option<String> {
    rows(passwd)
        .find(|row| row.id == uid)
        .map(|row| row.name.to_owned())
}

/// Whether nobody but the user is in the group, as far as this machine's own files tell. Many
/// systems give each user such a group and make new folders writable for it.
pub(super) fn is_private_group(gid: u32, uid: u32) -> bool {
    let read = |path: &str| fs::read_to_string(Path::new(path)).ok();
    let (Some(passwd), Some(groups)) = (read("/etc/passwd"), read("/etc/group")) else {
        return false;
    };
    is_private_group_in(&passwd, &groups, gid, uid)
}

pub(super) fn is_private_group_in(passwd: &str, groups: &str, gid: u32, uid: u32) -> bool {
    let Some(owner) = rows(passwd).find(|row| row.id == uid) else {
        return false;
    };
    let Some(group) = rows(groups).find(|row| row.id == gid) else {
        return false;
    };
    let shared_as_main = rows(passwd).any(|row| {
        row.id != uid && row.id != 0 && row.rest.split(':').next() == Some(&gid.to_string())
    });
    let shared_as_member = group
        .rest
        .split(',')
        .any(|member| !member.is_empty() && member != owner.name && member != "root");
    !shared_as_main && !shared_as_member
}

/// One line of either file: `name:x:id:rest`.
struct Row<'a> {
    name: &'a str,
    id: u32,
    rest: &'a str,
}

fn rows(text: &str) -> impl Iterator<Item = Row<'_>> {
    text.lines().filter_map(|line| {
        let mut fields = line.splitn(4, ':');
        Some(Row {
            name: fields.next()?,
            id: fields.nth(1)?.parse().ok()?,
            rest: fields.next().unwrap_or(""),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n\
                          bob:x:1001:1001::/home/bob:/bin/sh\neve:x:1002:100::/home/eve:/bin/sh\n\
                          joe:x:1003:100::/home/joe:/bin/sh\n";
    const GROUPS: &str = "root:x:0:\nusers:x:100:\nann:x:1000:\nbob:x:1001:ann\nweb:x:33:ann,bob\n";

    #[test]
    fn a_group_of_one_is_private() {
        let private = |gid, uid| is_private_group_in(PASSWD, GROUPS, gid, uid);
        assert!(private(1000, 1000));
        assert!(!private(1001, 1001), "ann is a member of bob's group");
        assert!(!private(100, 1002), "two users have it as their main group");
        assert!(!private(33, 1000), "two members");
        assert!(!private(4242, 1000), "an unknown group");
        assert!(!private(1000, 4242), "an unknown user");
        assert!(!private(1000, 1001), "ann's group is not bob's");
    }
}
