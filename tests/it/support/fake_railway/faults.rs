//! Faults: what goes wrong, in which requests, and whether before or after the effect.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::execute::Fail;
use super::switches::Switches;
use super::world::World;

/// Before or after the request took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Before,
    After,
}

#[derive(Debug, Clone)]
pub enum Fault {
    // instead of the answer
    /// The API's 429.
    Limited(RetryAfter),
    /// The edge's 429: plain text, or a page of HTML.
    EdgeLimited { html: bool },
    /// A gateway's 502, 503 or 504, in HTML.
    Gateway(u16),
    /// The connection is reset.
    Reset,
    /// No answer until the client gives up.
    Hang,
    /// The answer breaks off in the middle.
    HalfBody,
    /// HTTP 200 with a page of HTML.
    Html,
    /// HTTP 200 with `data: null` and this error, which has no path.
    NullData(Fail),
    /// HTTP 200 with neither `data` nor `errors`.
    Nothing,
    /// A body of so many bytes, sent until the client hangs up.
    Endless(u64),

    // within the answer
    /// One root field fails; in a mutation those before it took effect.
    Field(At, Fail),

    // beside the answer
    /// The answer takes longer.
    Slow(Duration),
    /// A colleague's draft appears.
    Draft {
        environment: String,
        patch: Value,
        author: String,
    },
    /// Anything else that may happen meanwhile.
    Act(Act),
    /// Somebody sets a variable, or deletes it.
    Write {
        environment: String,
        service: Option<String>,
        name: String,
        value: Option<String>,
    },
}

type Deed = dyn Fn(&mut World, &Switches) + Send + Sync;

/// Something done to the world by others.
#[derive(Clone)]
pub struct Act(Arc<Deed>);

impl fmt::Debug for Act {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Act")
    }
}

/// Which root field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    Every,
    Alias(String),
    Named(String),
    /// By position, from 0.
    Number(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    Seconds(u64),
    /// An HTTP date so many seconds from now.
    Date(u64),
    Absent,
}

/// Which requests a fault meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    Any,
    Queries,
    Mutations,
    /// Those with a root field of this name.
    With(String),
}

/// A fault with the requests that it meets. Without more it meets the next request, before its
/// effect.
#[derive(Debug, Clone)]
pub struct Rule {
    pub fault: Fault,
    pub which: Which,
    pub skip: usize,
    pub times: usize,
    pub moment: Moment,
}

/// A root field's fault in a document at work.
#[derive(Debug, Clone)]
pub struct FieldFault {
    pub at: At,
    pub fail: Fail,
    pub moment: Moment,
}

impl Fault {
    pub fn problem() -> Self {
        Self::NullData(Fail::problem())
    }

    pub fn deployments_limited() -> Self {
        Self::Field(
            At::Every,
            Fail::new("Service deployment rate limit exceeded"),
        )
    }

    pub fn too_quickly() -> Self {
        let message = "Whoa there pal! You're doing that too quickly. Try again in a sec";
        Self::NullData(Fail::new(message))
    }

    pub fn two_factor(workspace: &str) -> Self {
        let mut fail = Fail::new("Two Factor Authentication Required");
        fail.extensions
            .push(("workspaceName", workspace.to_owned()));
        Self::NullData(fail)
    }

    /// Whatever a test wants to happen between, before or after requests.
    pub fn act(act: impl Fn(&mut World, &Switches) + Send + Sync + 'static) -> Self {
        Self::Act(Act(Arc::new(act)))
    }

    pub fn stale_base() -> Self {
        let message = "The environment has changed";
        Self::Field(At::Every, Fail::coded(message, "STALE_ENVIRONMENT_BASE"))
    }

    /// Only the next request with this number, counted from 1.
    pub fn nth(self, number: usize) -> Rule {
        Rule {
            skip: number.saturating_sub(1),
            ..self.into()
        }
    }

    pub fn times(self, times: usize) -> Rule {
        Rule {
            times,
            ..self.into()
        }
    }

    pub fn after_effect(self) -> Rule {
        Rule::from(self).after_effect()
    }

    pub fn on(self, which: Which) -> Rule {
        Rule::from(self).on(which)
    }

    /// Whether it leaves the answer as it is.
    fn is_beside(&self) -> bool {
        matches!(
            self,
            Self::Slow(_) | Self::Draft { .. } | Self::Write { .. } | Self::Act(_)
        )
    }
}

impl From<Fault> for Rule {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            which: Which::Any,
            skip: 0,
            times: 1,
            moment: Moment::Before,
        }
    }
}

impl Rule {
    pub fn on(self, which: Which) -> Self {
        Self { which, ..self }
    }

    /// Counts only requests that `which` means.
    pub fn nth(self, number: usize) -> Self {
        Self {
            skip: number.saturating_sub(1),
            ..self
        }
    }

    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    pub fn after_effect(self) -> Self {
        Self {
            moment: Moment::After,
            ..self
        }
    }

    fn meets(&self, mutation: bool, roots: &[String]) -> bool {
        match &self.which {
            Which::Any => true,
            Which::Queries => !mutation,
            Which::Mutations => mutation,
            Which::With(name) => roots.contains(name),
        }
    }
}

/// What somebody else did while a request was served.
#[derive(Debug, Clone)]
pub struct Meddled {
    /// The number of the request.
    pub request: usize,
    pub moment: Moment,
    /// A [`Fault::Draft`] or a [`Fault::Write`].
    pub fault: Fault,
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
