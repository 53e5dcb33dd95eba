//! What the manifest says: the reference's own notion of it, simple enough to be believed.

use std::collections::{BTreeMap, BTreeSet};

use super::steps::Keeps;

pub const TARGETS: [&str; 3] = ["api", "vps", "web"];
/// The names that the manifest may declare.
pub const NAMES: [&str; 5] = ["LEVEL", "PASSWORD", "REGION", "TOKEN", "URL"];
/// The names that it never declares.
pub const FOREIGN: [&str; 2] = ["THEIR_KEY", "THEIR_URL"];
/// A part of every secret, and of all that strangers keep under a secret's name or their own.
pub const CANARY: &str = "c4n4ry";
/// How many keys there are to change to.
pub const KEYS: u8 = 6;
/// At most so many deletes of one apply on one target, unless they are allowed.
pub const MOST_DELETES: u32 = 1;

/// A variable of a target.
pub type At = (&'static str, &'static str);
/// All raw values of all targets.
pub type Truth = BTreeMap<At, String>;

pub fn is_secret(name: &str) -> bool {
    !matches!(name, "LEVEL" | "REGION")
}

/// A value that nobody else has.
pub fn text(name: &str, who: &str, number: u32) -> String {
    let kind = if is_secret(name) { CANARY } else { "clear" };
    format!("{kind}-{who}-{number}")
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    /// The number of each declared variable's value.
    pub values: BTreeMap<&'static str, u32>,
    pub uses: BTreeSet<At>,
    pub prune: BTreeSet<&'static str>,
    pub protected: BTreeSet<&'static str>,
    /// Which of the keys the manifest is under, and the former ones that it keeps, newest first.
    pub key: u8,
    pub former: Vec<u8>,
    /// The last number that was given to a value.
    pub last: u32,
}

/// One edit of the manifest.
#[derive(Debug, Clone)]
pub enum Edit {
    Set(&'static str),
    Declare(&'static str, Vec<&'static str>),
    Undeclare(&'static str),
    Use(At),
    Leave(At),
    Prune(&'static str, bool),
    Protect(&'static str, bool),
}

impl Wishes {
    pub fn new(uses: BTreeSet<At>, prune: BTreeSet<&'static str>) -> Self {
        let mut wishes = Self {
            values: BTreeMap::new(),
            uses: BTreeSet::new(),
            prune,
            protected: BTreeSet::new(),
            key: 0,
            former: vec![],
            last: 0,
        };
        for (target, name) in uses {
            wishes.uses.insert((target, name));
            wishes.number(name);
        }
        wishes
    }

    /// Gives a variable a value of its own if it has none.
    fn number(&mut self, name: &'static str) {
        let last = &mut self.last;
        self.values.entry(name).or_insert_with(|| {
            *last += 1;
            *last
        });
    }

    pub fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::Set(name) => {
                if self.values.remove(name).is_some() {
                    self.number(name);
                }
            }
            Edit::Declare(name, targets) => {
                self.uses
                    .extend(targets.iter().map(|target| (*target, *name)));
                self.number(name);
            }
            Edit::Undeclare(name) => self.uses.retain(|(_, used)| used != name),
            Edit::Use(at) => {
                if self.values.contains_key(at.1) {
                    self.uses.insert(*at);
                }
            }
            Edit::Leave(at) => {
                self.uses.remove(at);
            }
            Edit::Prune(target, true) => drop(self.prune.insert(target)),
            Edit::Prune(target, false) => drop(self.prune.remove(target)),
            Edit::Protect(name, true) => drop(self.protected.insert(name)),
            Edit::Protect(name, false) => drop(self.protected.remove(name)),
        }
        // a variable that nobody uses any more is gone altogether
        let used: BTreeSet<&str> = self.uses.iter().map(|(_, name)| *name).collect();
        self.values.retain(|name, _| used.contains(name));
        self.protected.retain(|name| used.contains(name));
    }

    /// Another key for the whole file.
    pub fn rekey(&mut self, keeps: Keeps) {
        if self.key + 1 == KEYS {
            return;
        }
        match keeps {
            Keeps::All => self.former.insert(0, self.key),
            Keeps::Last => self.former = vec![self.key],
            Keeps::None => self.former.clear(),
        }
        self.key += 1;
    }

    /// What a place shall hold; `None` if the manifest does not want it there.
    pub fn at(&self, at: &At) -> Option<String> {
        self.uses
            .contains(at)
            .then(|| text(at.1, "ours", self.values[at.1]))
    }

    /// The targets that shall hold a variable.
    pub fn places_of(&self, name: &str) -> impl Iterator<Item = At> {
        self.uses
            .iter()
            .copied()
            .filter(move |(_, used)| *used == name)
    }
}
