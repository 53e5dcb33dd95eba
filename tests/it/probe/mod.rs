//! Probes against real servers, curls and shells.

mod answers;
mod certificates;
mod commands;
mod gateway;
mod hidden;
mod local;
mod negative;
pub mod server;
mod troubles;

use std::sync::Arc;
use std::time::Duration;

use driftlock::model::{SecretValue, Verdict};
use driftlock::probe::{HttpProbe, Probe, Prober, Without};

use crate::support::peers;
use local::Local;

const CANARY: &str = "c4nary-\"quo\\te\"-'$HOME'-%7B{[ü]}";

fn prober() -> Prober {
    Prober::new(Arc::new(Local::default()))
}

fn secret(text: &str) -> SecretValue {
    SecretValue::new(text)
}

/// A request with a credential that wants a 200.
fn asking(url: &str) -> HttpProbe {
    HttpProbe {
        method: "GET".into(),
        url: secret(url),
        headers: vec![("X-Auth".into(), secret(CANARY))],
        body: None,
        expect: vec![(200, 200)],
        content_type: None,
        limit: Duration::from_secs(10),
        without: None,
    }
}

/// The same, which must be refused without the credential.
fn guarded(url: &str) -> HttpProbe {
    HttpProbe {
        without: Some(Without {
            url: secret(url),
            headers: vec![],
            body: None,
        }),
        ..asking(url)
    }
}

/// By our own client, and by curl if it is there. No text may hold what is secret.
async fn both(probe: HttpProbe) -> Vec<Verdict> {
    let probe = Probe::Http(probe);
    let prober = prober();
    let mut all = vec![prober.run(&probe, None).await];
    if peers::program("curl").is_some() {
        all.push(prober.run(&probe, Some(&Local::default())).await);
    }
    let text = format!("{probe:?} {probe} {prober:?} {all:?}");
    assert!(!text.contains("c4nary"), "{text}");
    all
}

/// The one verdict of both ways.
async fn verdict(probe: HttpProbe) -> Verdict {
    let mut all = both(probe).await;
    all.dedup();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// The words of both ways, which need not be the same.
async fn unreachable(probe: HttpProbe) -> Vec<String> {
    both(probe)
        .await
        .into_iter()
        .map(|verdict| match verdict {
            Verdict::Unreachable { why } => why,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// How many ways there are.
fn ways() -> usize {
    if peers::program("curl").is_some() {
        2
    } else {
        1
    }
}
