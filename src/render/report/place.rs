//! Where a file is for others than this machine: below the repository's top folder.

use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// All but what a URI's path may hold as it is.
const NOT_IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// A file as reports name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Below the top folder of the repository, or of the run where there is none.
    Below(PathBuf),
    /// Anywhere else, absolute.
    Absolute(PathBuf),
}

impl Place {
    /// The path as text; what is not UTF-8 in it is replaced.
    pub fn text(&self) -> String {
        let (Self::Below(path) | Self::Absolute(path)) = self;
        path.to_string_lossy().into_owned()
    }

    /// The path as a URI reference, relative where the place is.
    pub fn uri(&self) -> String {
        match self {
            // a first segment with a colon is no scheme: it is encoded
            Self::Below(path) => encoded(path),
            Self::Absolute(path) => format!("file://{}", encoded(path)),
        }
    }
}

fn encoded(path: &std::path::Path) -> String {
    percent_encode(path.as_os_str().as_encoded_bytes(), NOT_IN_PATHS).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_hold_nothing_that_they_may_not() {
        let odd = Place::Below(PathBuf::from("a b/c:d,%0A\n<é>.yaml"));
        assert_eq!(odd.uri(), "a%20b/c%3Ad%2C%250A%0A%3C%C3%A9%3E.yaml");
        let away = Place::Absolute(PathBuf::from("/srv/m.yaml"));
        assert_eq!(away.uri(), "file:///srv/m.yaml");
    }
}
