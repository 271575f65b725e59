//! Every exploration of the shipped decisions, and what it comes across.

use model::{Decisions, check, setup};

#[test]
fn the_saga_keeps_its_promises_whatever_happens_in_whatever_order() {
    let explored: Vec<_> = setup::SMALL
        .iter()
        .map(|setup| check::explore(*setup, Decisions::production(), check::threads()))
        .inspect(|explored| println!("{explored}"))
        .collect();
    let states: usize = explored.iter().map(|explored| explored.states).sum();
    println!("{states} states");
    for explored in explored {
        assert!(explored.broken.is_empty() && explored.missed.is_empty(), "{explored}");
    }
    assert!(states > 50_000, "only {states} states were explored");
}
