//! A name that an apply may have written, and that nobody wants any more.

use driftlock::platforms::memory::Fault;

use super::lab::{Lab, code};

#[tokio::test]
async fn a_name_that_is_neither_wanted_nor_there_is_doubted_no_longer() {
    let mut lab = Lab::new(&[("A", "one")], &["api"]);
    lab.apply().await;
    lab.declare(&[("A", "one"), ("B", "two")], &["api"]);
    lab.store("api").fault(Fault::TimesOutBefore(1));
    assert_eq!(code(&lab.apply().await), 4);
    lab.declare(&[("A", "one")], &["api"]);
    assert!(!lab.plan().await.targets[0].notes.is_empty());
    assert_eq!(code(&lab.apply().await), 0);
    assert!(lab.plan().await.targets[0].notes.is_empty());
    lab.settled().await;
}
