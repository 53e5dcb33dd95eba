//! What a schedule draws: the manifest and its edits, strangers and colleagues.

use rand::Rng;
use rand::seq::{IteratorRandom, SliceRandom};
use serde_json::{Value, json};

use super::desk::{CANARY, Declared};
use super::story::Story;
use super::truth::{At, TARGETS};

/// Names that strangers own on every place.
pub const FOREIGN: [&str; 2] = ["FOREIGN_KEY", "THEIR_URL"];

pub const SERVICES: [&str; 3] = ["api", "web", "worker"];

impl Story<'_> {
    pub fn chance(&mut self, percent: u32) -> bool {
        self.random.gen_range(0..100) < percent
    }

    /// A text that nobody else has; of a secret if it may hold the canary.
    fn fresh(&mut self, who: &str, secret: bool) -> String {
        const ODD: [&str; 5] = ["", " two words", "\nline", "'\"\\", " é😀"];
        self.counter += 1;
        let odd = *ODD.choose(&mut self.random).unwrap();
        let canary = if secret { CANARY } else { "clear" };
        format!("{canary}-{who}-{}{odd}", self.counter)
    }

    fn declared(&mut self, secret: bool) -> Declared {
        let empty = !secret && self.chance(8);
        let value = match empty {
            true => String::new(),
            false => self.fresh("ours", secret),
        };
        Declared {
            value,
            secret,
            reference: false,
            sequence: self.counter as u64 + 1,
        }
    }

    /// The manifest and the environment of the beginning.
    pub fn begin(&mut self) {
        let layout: [(&str, bool, &[&'static str]); 8] = [
            ("LOG_LEVEL", false, &["api", "web", "worker"]),
            ("TOKEN", true, &["api", "worker"]),
            ("PASSWORD", true, &["api"]),
            ("REGION", false, &["shared"]),
            ("SHARED_KEY", true, &["shared", "web"]),
            ("CERT", true, &["worker"]),
            ("PIN", true, &["api", "worker"]),
            ("OLD", false, &["web", "shared"]),
        ];
        for (name, secret, targets) in layout {
            let declared = self.declared(secret);
            self.lab.wishes.add(name, declared, targets);
        }
        let mut reference = self.declared(true);
        reference.reference = true;
        reference.value = format!("${{{{shared.SHARED_KEY}}}}-{}", reference.value);
        self.lab.wishes.add("REF", reference, &["web"]);
        for place in TARGETS.into_iter().chain(["db"]) {
            for name in FOREIGN {
                let value = self.fresh("foreign", true);
                let at = (place, name.to_owned());
                self.lab.places.set(&at, Some(&value));
                self.foreign.insert(at, value);
            }
        }
        // something is there already, under a name that the manifest wants
        if self.chance(30) {
            let value = self.fresh("earlier", false);
            self.by_stranger(("api", "LOG_LEVEL".to_owned()), Some(value));
        }
    }

    /// One edit of the manifest.
    pub fn edit(&mut self) {
        let names: Vec<String> = self.lab.wishes.variables.keys().cloned().collect();
        let Some(name) = names.choose(&mut self.random).cloned() else {
            return;
        };
        let said = match self.random.gen_range(0..10) {
            0..=4 => {
                let old = self.lab.wishes.variables[&name].clone();
                let mut new = self.declared(old.secret);
                if old.reference {
                    new.reference = true;
                    new.value = format!("${{{{shared.SHARED_KEY}}}}-{}", new.value);
                }
                self.lab.wishes.variables.insert(name.clone(), new);
                format!("{name} gets a new value")
            }
            5 | 6 => {
                let secret = self.chance(50);
                let declared = self.declared(secret);
                let name = format!("NEW_{}", self.counter);
                let count = self.random.gen_range(1..=3);
                let on = TARGETS.choose_multiple(&mut self.random, count);
                let on: Vec<&'static str> = on.copied().collect();
                self.lab.wishes.add(&name, declared, &on);
                format!("{name} is new on {on:?}")
            }
            7 => {
                for uses in self.lab.wishes.uses.values_mut() {
                    uses.remove(&name);
                }
                format!("{name} is no longer declared")
            }
            8 => {
                let on = *TARGETS.choose(&mut self.random).unwrap();
                let uses = self.lab.wishes.uses.get_mut(on);
                let gone = uses.is_some_and(|uses| uses.remove(&name));
                format!("{name} is no longer used on {on}: {gone}")
            }
            _ => {
                let on = *TARGETS.choose(&mut self.random).unwrap();
                let uses = self.lab.wishes.uses.entry(on).or_default();
                uses.insert(name.clone());
                format!("{name} is used on {on}, too")
            }
        };
        self.lab.wishes.tidy();
        self.say(format!("manifest: {said}"));
    }

    fn place_of_stranger(&mut self) -> At {
        let wishes = &self.lab.wishes;
        let managed = TARGETS
            .iter()
            .flat_map(|target| wishes.of(target).into_keys().map(|name| (*target, name)));
        if self.random.gen_range(0..100) < 75
            && let Some(at) = managed.choose(&mut self.random)
        {
            return at;
        }
        let place = *TARGETS.choose(&mut self.random).unwrap();
        (
            place,
            (*FOREIGN.choose(&mut self.random).unwrap()).to_owned(),
        )
    }

    /// What a stranger does to one variable.
    pub fn stranger(&mut self) -> (At, Option<String>) {
        let at = self.place_of_stranger();
        let clear = self.lab.wishes.variables.get(&at.1);
        let secret = clear.is_none_or(|known| known.secret);
        let value = (!self.chance(25)).then(|| self.fresh("stranger", secret));
        (at, value)
    }

    /// A colleague's draft of one variable of their own.
    pub fn draft(&mut self) -> Value {
        let value = self.fresh("draft", true);
        let name = format!("COLLEAGUE_{}", self.counter);
        let variables = json!({ name: { "value": value } });
        match SERVICES
            .choose(&mut self.random)
            .filter(|_| !self.counter.is_multiple_of(4))
        {
            Some(service) => {
                let id = self.lab.places.all[service].id();
                json!({ "services": { id: { "variables": variables } } })
            }
            None => json!({ "sharedVariables": variables }),
        }
    }
}
