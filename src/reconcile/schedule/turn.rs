//! The loop of scheduled runs: starts what is due, hears what ended, and stops when it is told to.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Fuse, FutureExt, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::{Budget, Ended, Entry, Job, Timetable};
use crate::model::PlatformKind;
use crate::reconcile::stop::Stop;

/// What a loop does. The loop only knows when.
#[async_trait(?Send)]
pub trait Work {
    /// Does one job. Told to stop, a look ends at once, and a write ends when it is recorded.
    async fn carry_out(&self, job: &Job, stop: &Stop) -> Ended;

    /// Looks whether the manifests are other ones now; what there is to look at, if so.
    async fn reload(&self) -> Option<Vec<Entry>>;

    /// Takes to the sinks what waits for them. How long until there is something again; `None` until
    /// the next job ends.
    async fn deliver(&self) -> Option<Duration>;

    /// The loop has turned. Called at least once in each [`Settings::beat`].
    fn turned(&self, timetable: &Timetable);
}

/// How a loop goes about it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many requests each platform may be sent.
    pub budgets: BTreeMap<PlatformKind, Budget>,
    /// At most so many jobs at a time.
    pub at_once: usize,
    /// How often it is looked whether the manifests changed.
    pub reload: Duration,
    /// How often the loop turns when nothing happens.
    pub beat: Duration,
    /// How long what goes on may take once it was told to stop.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            budgets: BTreeMap::new(),
            at_once: 32,
            reload: Duration::from_secs(10),
            beat: Duration::from_secs(5),
            grace: Duration::from_secs(4),
        }
    }
}

type Running<'a> = FuturesUnordered<LocalBoxFuture<'a, (Job, Ended)>>;

/// What a loop is made of, between two turns.
struct Loop<'a> {
    work: &'a dyn Work,
    stop: &'a Stop,
    settings: &'a Settings,
    table: Timetable,
    running: Running<'a>,
    begun: Instant,
    jitter: &'a mut dyn FnMut() -> f64,
}

impl<'a> Loop<'a> {
    async fn begin(
        work: &'a dyn Work,
        settings: &'a Settings,
        stop: &'a Stop,
        jitter: &'a mut dyn FnMut() -> f64,
    ) -> Self {
        let mut one = Self {
            work,
            stop,
            settings,
            table: Timetable::new(settings.budgets.clone()),
            running: FuturesUnordered::new(),
            begun: Instant::now(),
            jitter,
        };
        if let Some(entries) = work.reload().await {
            one.table.set(entries, one.now());
        }
        one
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn start_jobs(&mut self) {
        let room = self.settings.at_once.saturating_sub(self.running.len());
        let (work, stop) = (self.work, self.stop);
        for job in self.table.take(self.now(), room) {
            let carried = async move {
                let ended = work.carry_out(&job, stop).await;
                (job, ended)
            };
            self.running.push(carried.boxed_local());
        }
    }

    fn ended(&mut self, job: &Job, ended: &Ended) {
        let jitter = (self.jitter)();
        self.table.ended(job, ended, self.now(), jitter);
    }

    /// Nothing new is begun; what goes on may end.
    async fn finish(mut self) -> Timetable {
        let rest = async { while self.running.next().await.is_some() {} };
        if timeout(self.settings.grace, rest).await.is_err() {
            tracing::warn!("what was going on did not end in time: the next run looks again");
        }
        self.work.turned(&self.table);
        self.table
    }
}

/// Runs until it is told to stop. `jitter` gives a number from -1 to 1 each time.
pub async fn run(
    work: &dyn Work,
    settings: &Settings,
    stop: &Stop,
    jitter: &mut dyn FnMut() -> f64,
) -> Timetable {
    let mut one = Loop::begin(work, settings, stop, jitter).await;
    let mut reload_at = one.now() + settings.reload;
    let mut deliver_at = Some(one.now());
    let mut reloading: Fuse<LocalBoxFuture<'_, Option<Vec<Entry>>>> = Fuse::terminated();
    let mut delivering: Fuse<LocalBoxFuture<'_, Option<Duration>>> = Fuse::terminated();
    let (mut reloads, mut delivers) = (false, false);
    while !stop.is_requested() {
        one.start_jobs();
        work.turned(&one.table);
        let now = one.now();
        if !reloads && reload_at <= now {
            reloading = work.reload().fuse();
            reloads = true;
        }
        if !delivers && deliver_at.is_some_and(|at| at <= now) {
            delivering = work.deliver().fuse();
            (delivers, deliver_at) = (true, None);
        }
        let wake = one.begun + wake(&mut one, now, (!reloads).then_some(reload_at), deliver_at);
        tokio::select! {
            biased;
            () = stop.requested() => break,
            Some((job, ended)) = one.running.next(), if !one.running.is_empty() => {
                one.ended(&job, &ended);
                deliver_at = Some(one.now());
            }
            entries = &mut reloading, if reloads => {
                reloads = false;
                reload_at = one.now() + settings.reload;
                if let Some(entries) = entries {
                    let now = one.now();
                    one.table.set(entries, now);
                    deliver_at = Some(now);
                }
            }
            next = &mut delivering, if delivers => {
                delivers = false;
                let later = next.map(|wait| one.now() + wait);
                deliver_at = match (deliver_at, later) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
            () = sleep_until(wake) => {}
        }
    }
    one.finish().await
}

fn wake(
    one: &mut Loop<'_>,
    now: Duration,
    reload_at: Option<Duration>,
    deliver_at: Option<Duration>,
) -> Duration {
    let beat = now + one.settings.beat;
    // with all hands full nothing is begun before something has ended
    let room = one.running.len() < one.settings.at_once;
    let due = room.then(|| one.table.next(now)).flatten();
    let all = [due, reload_at, deliver_at, Some(beat)];
    let soonest = all.into_iter().flatten().min().unwrap_or(beat);
    // what is due and could not be begun waits for an end, not for the clock
    soonest.max(now + Duration::from_millis(1))
}

/// How long a round waits for sinks that did not take something at once.
const DELIVERY: Duration = Duration::from_secs(10);

/// Looks at everything once, writes what is to be written, takes the news to the sinks, and ends.
pub async fn once(work: &dyn Work, settings: &Settings, stop: &Stop, limit: Duration) -> Timetable {
    let mut even = || 0.0;
    let mut one = Loop::begin(work, settings, stop, &mut even).await;
    let end = one.now() + limit;
    loop {
        one.start_jobs();
        work.turned(&one.table);
        let done = one.running.is_empty() && one.table.is_idle() && one.table.all_seen();
        if done || stop.is_requested() || one.now() >= end {
            break;
        }
        let now = one.now();
        let wake = one.begun + wake(&mut one, now, None, Some(end));
        tokio::select! {
            biased;
            () = stop.requested() => break,
            Some((job, ended)) = one.running.next(), if !one.running.is_empty() => {
                // a round is one look each: nothing is looked at again but as a whole
                let ended = Ended { again: false, ..ended };
                one.ended(&job, &ended);
            }
            () = sleep_until(wake) => {}
        }
    }
    let table = one.finish().await;
    // what does not arrive now is the next run's to deliver
    let until = Instant::now() + DELIVERY;
    while let Some(wait) = work.deliver().await {
        let later = Instant::now() + wait;
        if later > until || stop.is_requested() {
            break;
        }
        tokio::select! {
            () = stop.requested() => break,
            () = sleep_until(later) => {}
        }
    }
    table
}
