//! What is answered.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::Watched;
use crate::reconcile::event::Vitals;
use crate::render::escape;
use crate::render::metrics::{self, Lifespan, render_metrics};

/// How often the lock of the vitals is tried for, with a pause between: longer than any write takes.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);

/// Whoever looks at them for longer has stopped with the lock in hand.
const HELD: &str = "the loop holds its state and does not let it go";

/// Knows the answers.
pub(super) struct Answers {
    watched: Watched,
    pulse: Mutex<Pulse>,
}

/// The newest beat that was seen, and when it was seen first.
struct Pulse {
    beat: Option<Timestamp>,
    since: Instant,
}

impl Answers {
    pub(super) fn new(watched: Watched) -> Self {
        let pulse = Pulse {
            beat: None,
            since: Instant::now(),
        };
        Self {
            watched,
            pulse: Mutex::new(pulse),
        }
    }

    pub(super) async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let text = "only GET and HEAD are answered\n".to_owned();
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, text);
            let allowed = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(ALLOW, allowed);
            return answer;
        }
        match request.uri().path() {
            "/metrics" => self.metrics().await,
            "/healthz" => verdict(self.health().await),
            "/readyz" => verdict(self.readiness().await),
            _ => plain(
                StatusCode::NOT_FOUND,
                "there are /metrics, /healthz and /readyz\n".to_owned(),
            ),
        }
    }

    async fn metrics(&self) -> Response<Full<Bytes>> {
        let Some(vitals) = self.vitals().await else {
            return verdict(Err(HELD.to_owned()));
        };
        let mut text = String::new();
        match render_metrics(&mut text, &vitals, self.watched.version, Lifespan::Loop) {
            Ok(()) => typed(StatusCode::OK, metrics::CONTENT_TYPE, text),
            Err(_) => plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the metrics could not be written\n".to_owned(),
            ),
        }
    }

    async fn health(&self) -> Result<(), String> {
        let vitals = self.vitals().await.ok_or(HELD)?;
        let unmoved = self.unmoved(vitals.beat_at);
        vitals.alive((self.watched.clock)(), unmoved, self.watched.patience)
    }

    async fn readiness(&self) -> Result<(), String> {
        self.vitals().await.ok_or(HELD)?.ready()
    }

    /// How long this beat is known to be the newest one.
    fn unmoved(&self, beat: Option<Timestamp>) -> Duration {
        let mut pulse = unpoisoned(self.pulse.lock());
        if pulse.beat != beat {
            *pulse = Pulse {
                beat,
                since: Instant::now(),
            };
        }
        pulse.since.elapsed()
    }

    /// A copy, so that the loop waits for nobody who reads; `None` where the loop does not let go.
    async fn vitals(&self) -> Option<Vitals> {
        for _ in 0..TRIES {
            match self.watched.vitals.try_lock() {
                Ok(vitals) => return Some(vitals.clone()),
                // plain data: what a loop that panicked left is as true as before
                Err(TryLockError::Poisoned(vitals)) => return Some(vitals.into_inner().clone()),
                Err(TryLockError::WouldBlock) => {}
            }
            sleep(PAUSE).await;
        }
        None
    }
}

fn unpoisoned<'l, T>(
    lock: Result<MutexGuard<'l, T>, PoisonError<MutexGuard<'l, T>>>,
) -> MutexGuard<'l, T> {
    lock.unwrap_or_else(PoisonError::into_inner)
}

fn verdict(verdict: Result<(), String>) -> Response<Full<Bytes>> {
    match verdict {
        Ok(()) => plain(StatusCode::OK, "ok\n".to_owned()),
        Err(why) => plain(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{}\n", escape::terminal(&why)),
        ),
    }
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    typed(status, "text/plain; charset=utf-8", text)
}

fn typed(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}
