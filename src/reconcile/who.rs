//! Who changed what differs: asked of the places themselves, only when somebody wants to know, and
//! never for long.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::connect::Connections;
use super::pass::Memory;
use super::targets::{Located, Visibility};
use crate::model::{Authors, Target, VarName, Who};
use crate::plan::{Change, Class, Plan};
use crate::platforms::Ask;

/// So long for all answers together: an alert does not wait longer.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// So many connections are asked at a time.
const AT_ONCE: usize = 32;

/// A variable that is not as we left it, at a place that can be asked from here.
#[derive(Debug, Clone)]
pub struct Question {
    /// Where.
    pub target: Target,
    /// Its name there.
    pub name: VarName,
    /// When our last apply of it was recorded; `None` if it never was ours.
    pub since: Option<Timestamp>,
    /// The platform's own time stamp of it then.
    pub stamp: Option<Timestamp>,
}

/// Whether somebody else moved it.
pub fn is_worth_asking(change: &Change) -> bool {
    matches!(change.class, Class::Drift | Class::Conflict) && !change.is_left_out()
}

/// What a plan gives to ask: its drift and its conflicts.
pub fn questions(plan: &Plan, located: &[Located], memory: &Memory) -> Vec<Question> {
    let mut all = vec![];
    for target in &plan.targets {
        let here = located
            .iter()
            .find(|one| one.target.name == target.target && one.visibility == Visibility::Here);
        let Some(here) = here else { continue };
        let last = memory.last.get(&target.target);
        for change in target
            .changes
            .iter()
            .filter(|change| is_worth_asking(change))
        {
            let recorded = last.and_then(|last| last.vars.get(&change.name));
            all.push(Question {
                target: here.target.clone(),
                name: change.name.clone(),
                since: recorded.map(|recorded| recorded.at),
                stamp: recorded.and_then(|recorded| recorded.platform_changed_at),
            });
        }
    }
    all
}

/// Asks, each connection once for all of its questions, all of them at the same time, and none for
/// longer than `patience`. One answer for each question, in their order; a failure is an answer too.
pub async fn ask(
    connections: &Connections,
    questions: &[Question],
    patience: Duration,
) -> Vec<Who> {
    let nobody = |question: &Question| {
        Who::unknown(format!(
            "there is no connection to a {} here",
            question.target.address.platform()
        ))
    };
    let mut answers: Vec<Who> = questions.iter().map(nobody).collect();
    let targets: Vec<&Target> = questions.iter().map(|question| &question.target).collect();
    let asked = connections
        .by_connection(&targets)
        .map(|(platform, places)| {
            let asks: Vec<Ask<'_>> = places.iter().map(|place| of(&questions[*place])).collect();
            async move {
                let traces = tokio::time::timeout(patience, platform.traces(&asks)).await;
                (places, traces)
            }
        });
    let mut asked = stream::iter(asked).buffer_unordered(AT_ONCE);
    while let Some((places, traces)) = asked.next().await {
        let mut traces = match traces {
            Ok(traces) => traces.into_iter(),
            Err(_) => {
                let late = format!("there was no answer within {} s", patience.as_secs_f32());
                vec![Err(late); places.len()].into_iter()
            }
        };
        for place in places {
            answers[place] = match traces.next() {
                Some(Ok(who)) => who,
                Some(Err(why)) => Who::unknown(why),
                None => Who::unknown("the platform gave no answer for it"),
            };
        }
    }
    answers
}

fn of(question: &Question) -> Ask<'_> {
    Ask {
        target: &question.target,
        name: &question.name,
        since: question.since,
        stamp: question.stamp,
    }
}

/// Questions and answers of a plan, for its report.
pub fn authors(questions: Vec<Question>, answers: Vec<Who>, now: Timestamp) -> Authors {
    let pairs = questions.into_iter().zip(answers);
    Authors {
        asked_at: Some(now),
        of: pairs
            .map(|(question, who)| ((question.target.name, question.name), who))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::model::{Address, Live, PlatformKind, Rails, SecretValue};
    use crate::platforms::{Batch, BatchOutcome, Capabilities, LiveRead, Platform, ReadError};

    /// Answers about `A`, fails about `F`, says nothing at all about `S`, forgets `N`.
    struct Witness {
        calls: Arc<AtomicUsize>,
    }

    #[async_trait]
    impl LiveRead for Witness {
        async fn read(&self, _: &[Target]) -> Vec<Result<Live, ReadError>> {
            vec![]
        }

        fn capabilities(&self, _: &Target) -> Capabilities {
            unimplemented!("nobody writes")
        }

        fn accepts(&self, _: &Target, _: &VarName, _: &SecretValue) -> Result<(), String> {
            Ok(())
        }

        async fn traces(&self, asks: &[Ask<'_>]) -> Vec<Result<Who, String>> {
            self.calls.fetch_add(1, Ordering::Relaxed);
            if asks.iter().any(|ask| ask.name.as_str() == "S") {
                std::future::pending::<()>().await;
            }
            let asks = asks.iter().filter(|ask| ask.name.as_str() != "N");
            asks.map(|ask| match ask.name.as_str() {
                "F" => Err("it failed".to_owned()),
                name => Ok(Who {
                    by: Some(format!("{name} of {}", ask.target.name)),
                    ..Who::default()
                }),
            })
            .collect()
        }
    }

    #[async_trait]
    impl Platform for Witness {
        async fn write(&self, _: &[Batch]) -> Vec<BatchOutcome> {
            vec![]
        }
    }

    fn question(address: Address, target: &str, name: &str) -> Question {
        Question {
            target: Target {
                name: target.parse().unwrap(),
                place: target.to_owned(),
                address,
                path: None,
                known: String::new(),
                prune: false,
                rails: Rails::default(),
                activation: None,
                process: None,
            },
            name: name.parse().unwrap(),
            since: None,
            stamp: None,
        }
    }

    fn memory(target: &str, name: &str) -> Question {
        question(Address::Memory(target.to_owned()), target, name)
    }

    fn witness() -> (Connections, Arc<AtomicUsize>) {
        let calls = Arc::<AtomicUsize>::default();
        let witness = Witness {
            calls: Arc::clone(&calls),
        };
        let connections = Connections::none().with(PlatformKind::Memory, Box::new(witness));
        (connections, calls)
    }

    #[tokio::test]
    async fn one_call_for_a_connection_and_an_answer_for_each_question() {
        let (connections, calls) = witness();
        let railway = crate::model::RailwayAddress {
            project: "p".to_owned(),
            environment: "e".to_owned(),
            service: None,
            token: None,
            sealed: [].into(),
        };
        let asked = [
            memory("one", "A"),
            question(Address::Railway(railway), "r", "A"),
            memory("two", "F"),
            memory("two", "B"),
            memory("two", "N"),
        ];
        let answers = ask(&connections, &asked, PATIENCE).await;
        let said: Vec<&str> = answers
            .iter()
            .map(|who| who.by.as_deref().unwrap_or(&who.source))
            .collect();
        assert_eq!(
            said,
            [
                "A of one",
                "there is no connection to a railway here",
                "it failed",
                "B of two",
                "the platform gave no answer for it",
            ]
        );
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert!(ask(&connections, &[], PATIENCE).await.is_empty());
        assert_eq!(
            calls.load(Ordering::Relaxed),
            1,
            "nothing asked, nobody disturbed"
        );
    }

    #[tokio::test]
    async fn silence_is_an_answer_after_a_while() {
        let (connections, _) = witness();
        let both = [memory("one", "S"), memory("one", "A")];
        // without a limit this would not end
        for who in ask(&connections, &both, Duration::from_millis(20)).await {
            assert_eq!(who, Who::unknown("there was no answer within 0.02 s"));
        }
    }
}
