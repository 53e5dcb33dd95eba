//! Adversarial values, and a file of many of them written by us.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use driftlock::model::VarName;
use driftlock::platforms::file::format::{Dialect, Edit};

use super::cases;

pub(crate) const SEED: u64 = 20_261_122;
const RANDOM: usize = 1_000;

/// A small generator (splitmix64), so that a failure can be had again from the seed alone.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        usize::try_from(z % limit as u64).expect("it is below a usize")
    }

    pub(super) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// A value of up to 15 parts; every second one of a tamer alphabet, so that not most are
    /// refused.
    pub(crate) fn value(&mut self) -> String {
        const TAME: [&str; 22] = [
            "a", "Z9", " ", "  ", "#", " #", "=", ":", ":=", "~", "*", "!", ";", "&", "|", "é",
            "漢", "\u{a0}", "\n", "$", "(", "`",
        ];
        const WILD: [&str; 30] = [
            "'", "\"", "`", "$", "${", "${A}", "$(id)", "$A", "}", "\\", "\\\\", "\\n", "\\'",
            "\n", "\n\n", "\r", "\r\n", "#", " # ", "\t", "export ", "B=2", "\u{FEFF}", "😀",
            "{a,b}", "<<E", "^", "%s", "a", "/",
        ];
        let tame = self.below(2) == 0;
        (0..self.below(16))
            .map(|_| {
                if tame {
                    self.pick(&TAME)
                } else {
                    self.pick(&WILD)
                }
            })
            .collect()
    }
}

/// A file in one dialect, and what it says.
pub(super) struct Written {
    pub(super) dialect: Dialect,
    pub(super) text: String,
    pub(super) values: BTreeMap<String, String>,
    pub(super) refused: usize,
    /// Of these, those that have a text alone, but none in the company of the others.
    pub(super) in_company: usize,
}

/// The sheet's cases and 1,000 random values, written one after the other. `None` without the sheet.
pub(super) fn write(dialect: Dialect) -> Option<Written> {
    let mut random = Random::new(SEED);
    let mut all: Vec<String> = cases::load()?.into_iter().map(|case| case.value).collect();
    all.extend((0..RANDOM).map(|_| random.value()));
    let mut written = Written {
        dialect,
        text: String::new(),
        values: BTreeMap::new(),
        refused: 0,
        in_company: 0,
    };
    let named: Vec<(String, String)> = all
        .into_iter()
        .enumerate()
        .map(|(index, value)| (format!("DL_{index:04}"), value))
        .filter(|(name, value)| {
            let fits = dialect.encode(&name.parse().unwrap(), value).is_ok();
            written.refused += usize::from(!fits);
            fits
        })
        .collect();
    for chunk in named.chunks(100) {
        if written.add(chunk).is_none() {
            for one in chunk.chunks(1) {
                let refused = usize::from(written.add(one).is_none());
                written.refused += refused;
                written.in_company += refused;
            }
        }
    }
    Some(written)
}

impl Written {
    fn add(&mut self, named: &[(String, String)]) -> Option<()> {
        let edits: Vec<Edit<'_>> = named
            .iter()
            .map(|(name, value)| Edit {
                name: VarName::new(name.as_str()).unwrap(),
                value: Some(value),
            })
            .collect();
        let document = self
            .dialect
            .parse(&self.text)
            .expect("our own file is read");
        self.text = document.rewrite(&edits).ok()?;
        self.values.extend(named.iter().cloned());
        Some(())
    }

    /// Holds what a reader took from the file against what was written.
    pub(super) fn check(&self, reader: &str, taken: &BTreeMap<String, String>) {
        let mut wrong = String::new();
        for (name, value) in &self.values {
            if taken.get(name) != Some(value) {
                let got = taken.get(name);
                writeln!(wrong, "{name}: wrote {value:?}, {reader} took {got:?}").unwrap();
            }
        }
        let ours = taken.keys().filter(|name| name.starts_with("DL_"));
        assert!(
            wrong.is_empty(),
            "seed {SEED}, format {}:\n{wrong}",
            self.dialect
        );
        assert_eq!(
            ours.count(),
            self.values.len(),
            "{reader} took names that we did not write"
        );
        println!(
            "{reader}: format {}, {} values read back exactly, {} refused, {} of them for their neighbours",
            self.dialect,
            self.values.len(),
            self.refused,
            self.in_company
        );
    }
}
