//! The faults that meet one request, taken from the queue.

use std::time::Duration;

use super::execute::Fail;
use super::faults::{Act, At, Fault, Moment, Rule};
use super::switches::Switches;
use super::world::World;

/// A root field's fault in a document at work.
#[derive(Debug, Clone)]
pub struct FieldFault {
    pub at: At,
    pub fail: Fail,
    pub moment: Moment,
}

/// The faults of one request.
#[derive(Debug, Default)]
pub struct Hit {
    /// At most one takes the answer's place.
    pub answer: Option<(Fault, Moment)>,
    pub fields: Vec<FieldFault>,
    pub beside: Vec<(Fault, Moment)>,
}

/// Takes the faults that meet this request from the list.
pub fn take(rules: &mut Vec<Rule>, mutation: bool, roots: &[String]) -> Hit {
    let mut hit = Hit::default();
    for rule in rules.iter_mut().filter(|rule| rule.meets(mutation, roots)) {
        if rule.skip > 0 {
            rule.skip -= 1;
            continue;
        }
        match &rule.fault {
            Fault::Field(at, fail) => hit.fields.push(FieldFault {
                at: at.clone(),
                fail: fail.clone(),
                moment: rule.moment,
            }),
            fault if fault.is_beside() => hit.beside.push((fault.clone(), rule.moment)),
            // another has taken the answer's place: this one waits for its turn
            _ if hit.answer.is_some() => continue,
            fault => hit.answer = Some((fault.clone(), rule.moment)),
        }
        rule.times -= 1;
    }
    rules.retain(|rule| rule.times > 0);
    hit
}

impl Hit {
    pub fn delay(&self) -> Duration {
        let delays = self.beside.iter().map(|(fault, _)| match fault {
            Fault::Slow(delay) => *delay,
            _ => Duration::ZERO,
        });
        delays.sum()
    }

    pub fn answer_at(&self, moment: Moment) -> Option<&Fault> {
        self.answer
            .as_ref()
            .filter(|(_, at)| *at == moment)
            .map(|(fault, _)| fault)
    }

    /// What others do at this moment.
    pub fn meddle(&self, world: &mut World, switches: &Switches, moment: Moment) {
        for (fault, _) in self.beside.iter().filter(|(_, at)| *at == moment) {
            match fault {
                Fault::Draft {
                    environment,
                    patch,
                    author,
                } => {
                    world.stage(environment, patch, author, true);
                }
                Fault::Act(Act(act)) => act(world, switches),
                Fault::Write {
                    environment,
                    service,
                    name,
                    value,
                } => {
                    let service = service.as_deref();
                    match value {
                        Some(value) => world.put(switches, environment, service, name, value),
                        None => {
                            world.remove(environment, service, name);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
