//! What `ls -lndi` says of one path, on any system.

use rustix::io::Errno;

/// One line of `ls -lndi`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) inode: u64,
    pub(super) kind: Kind,
    /// The permission bits.
    pub(super) mode: u32,
    /// What is behind them: `+` for an access control list, `.`, `@`.
    pub(super) more: String,
    pub(super) links: u64,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// In bytes; of no meaning for a device.
    pub(super) size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    Device,
    Pipe,
    Socket,
    Other,
}

impl Kind {
    fn of(letter: char) -> Self {
        match letter {
            '-' => Self::File,
            'd' => Self::Folder,
            'l' => Self::Link,
            'b' | 'c' => Self::Device,
            'p' => Self::Pipe,
            's' => Self::Socket,
            _ => Self::Other,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Folder => "a directory",
            Self::Link => "a symbolic link",
            Self::Device => "a device",
            Self::Pipe => "a named pipe",
            Self::Socket => "a socket",
            Self::Other => "something else",
        }
    }
}

impl Entry {
    /// Only the fields before the size are looked for: behind it stand a date and the name, which may
    /// hold anything.
    pub(super) fn parse(listing: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(listing);
        let mut fields = text.split_ascii_whitespace();
        let inode = fields.next()?.parse().ok()?;
        let letters = fields.next()?;
        if !letters.is_ascii() || letters.len() < 10 {
            return None;
        }
        let kind = Kind::of(letters.chars().next()?);
        let mode = permissions(&letters[1..10])?;
        let links = fields.next()?.parse().ok()?;
        let uid = fields.next()?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        let size = match kind {
            Kind::Device => 0,
            _ => fields.next()?.parse().ok()?,
        };
        Some(Self {
            inode,
            kind,
            mode,
            more: letters[10..].to_owned(),
            links,
            uid,
            gid,
            size,
        })
    }

    /// Whether an access control list lets others in.
    pub(super) fn has_list(&self) -> bool {
        self.more.contains('+')
    }
}

/// `rwxr-sr-t` as bits.
fn permissions(letters: &str) -> Option<u32> {
    let mut bits = 0;
    for (index, letter) in letters.chars().enumerate() {
        let bit = 0o400 >> index;
        let special = 0o4000 >> (index / 3);
        bits |= match (index % 3, letter) {
            (_, '-') => 0,
            (0, 'r') | (1, 'w') | (2, 'x') => bit,
            (2, 's' | 't') => bit | special,
            (2, 'S' | 'T') => special,
            _ => return None,
        };
    }
    Some(bits)
}

/// The system's code behind what a tool said, where it said one that we know.
pub(super) fn errno(said: &[u8]) -> Option<Errno> {
    const KNOWN: &[(&str, Errno)] = &[
        ("No such file or directory", Errno::NOENT),
        ("Not a directory", Errno::NOTDIR),
        ("Is a directory", Errno::ISDIR),
        ("Permission denied", Errno::ACCESS),
        ("Operation not permitted", Errno::PERM),
        ("No space left on device", Errno::NOSPC),
        ("Disk quota exceeded", Errno::DQUOT),
        ("Disc quota exceeded", Errno::DQUOT),
        ("Read-only file system", Errno::ROFS),
        ("File exists", Errno::EXIST),
        ("File too large", Errno::FBIG),
        ("File name too long", Errno::NAMETOOLONG),
        ("Too many levels of symbolic links", Errno::LOOP),
        ("Input/output error", Errno::IO),
        ("Device or resource busy", Errno::BUSY),
        ("Device busy", Errno::BUSY),
        ("Resource busy", Errno::BUSY),
        ("Text file busy", Errno::TXTBSY),
        ("Stale file handle", Errno::STALE),
        ("Stale NFS file handle", Errno::STALE),
        ("Too many open files", Errno::MFILE),
        ("Cannot allocate memory", Errno::NOMEM),
        ("Operation not supported", Errno::NOTSUP),
    ];
    let text = String::from_utf8_lossy(said);
    // the words stand at the end of a line; before them there is a path, which may hold anything
    let by_end = text.lines().find_map(|line| {
        let found = KNOWN
            .iter()
            .find(|(words, _)| line.trim_end().ends_with(words));
        found.map(|(_, code)| *code)
    });
    by_end.or_else(|| {
        let cannot_enter = text.contains("can't cd to");
        cannot_enter.then_some(Errno::NOENT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_of_four_systems_are_read() {
        for (system, line, expected) in [
            (
                "GNU",
                "393 drwxrwxrwt 9 0 0 220 Nov 22 20:45 /tmp",
                (393, Kind::Folder, 0o1777, 0, 220),
            ),
            (
                "GNU, acl",
                " 12 -rw-rw----+ 1 1000 33 7 Nov 22  2025 /x",
                (12, Kind::File, 0o660, 1000, 7),
            ),
            (
                "busybox",
                "   4026 -rw-r-----    1 0        42             618 Nov 22 20:45 /etc/shadow",
                (4026, Kind::File, 0o640, 0, 618),
            ),
            (
                "macOS",
                "11 lrwxr-xr-x@ 1 0  0  11 Jan  1  2020 /tmp -> private/tmp",
                (11, Kind::Link, 0o755, 0, 11),
            ),
            (
                "FreeBSD",
                "5 crw-rw-rw-  1 0  0  0x1d Nov 22 20:45 /dev/null",
                (5, Kind::Device, 0o666, 0, 0),
            ),
            (
                "setuid",
                "5 -rwsr-S--T 1 0 0 1 Nov 22 20:45 a\nb",
                (5, Kind::File, 0o7740, 0, 1),
            ),
        ] {
            let entry = Entry::parse(line.as_bytes()).expect(system);
            let read = (entry.inode, entry.kind, entry.mode, entry.uid, entry.size);
            assert_eq!(read, expected, "{system}");
        }
        for line in [
            "",
            "x",
            "1 drwx",
            "ls: /x: No such file or directory",
            "1 ?????????? ? ? ? ? ? /x",
        ] {
            assert_eq!(Entry::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn what_tools_say_becomes_a_code() {
        for (said, code) in [
            (
                "ls: cannot access '/x/y': No such file or directory",
                Errno::NOENT,
            ),
            ("ls: /x/y: No such file or directory\n", Errno::NOENT),
            (
                "dd: error writing 'standard output': No space left on device\n0+1 records in",
                Errno::NOSPC,
            ),
            ("sh: 1: cd: can't cd to /x", Errno::NOENT),
            (
                "mkdir: can't create directory '.d': Read-only file system",
                Errno::ROFS,
            ),
        ] {
            assert_eq!(errno(said.as_bytes()), Some(code), "{said}");
        }
        assert_eq!(errno(b"what"), None);
        assert_eq!(errno(b"Permission denied: in a name only"), None);
    }
}
