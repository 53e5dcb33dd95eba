//! Told to stop: the write in flight is finished and recorded, no other begins.

use super::lab::{Lab, code};

#[tokio::test]
async fn before_the_write_nothing_is_done() {
    let mut lab = Lab::new(&[("A", "one")], &["api"]);
    lab.stop.request("a signal");
    let report = lab.apply().await;
    assert_eq!(code(&report), 1, "{report:?}");
    assert!(report.interrupted.is_some());
    assert!(lab.holds("api").is_empty());
    lab.stop = Default::default();
    assert_eq!(code(&lab.apply().await), 0);
    lab.settled().await;
}

#[tokio::test]
async fn during_the_write_it_is_finished_and_recorded() {
    let mut lab = Lab::new(&[("A", "one")], &["api", "vps"]);
    let stop = lab.stop.clone();
    lab.meanwhile = Some(Box::new(move || stop.request("a signal")));
    let report = lab.apply().await;
    assert_eq!(lab.holds("api")["A"], "one");
    assert_eq!(lab.holds("vps")["A"], "one");
    assert!(report.targets.iter().all(|target| target.receipt.is_some()));
    lab.stop = Default::default();
    lab.settled().await;
}
