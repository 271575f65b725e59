//! A model that no wrong decision breaks proves nothing.

use std::collections::BTreeSet;

use model::{check, mutants, properties, setup};

#[test]
fn every_wrong_decision_is_found() {
    let mut missed = Vec::new();
    for mutant in mutants::ALL {
        let setup = setup::SMALL.iter().find(|setup| setup.name == mutant.setup).expect("its exploration");
        let explored = check::explore(*setup, (mutant.decisions)(), 1);
        let broken: Vec<_> = explored.broken.iter().map(|(property, _)| *property).collect();
        println!("{:<62} {:>8} states  {}", mutant.name, explored.states, broken.join("; "));
        missed.extend((!broken.contains(&mutant.breaks)).then(|| format!("{}\n{explored}", mutant.name)));
    }
    assert!(missed.is_empty(), "not found, or by something else than it should be:\n{}", missed.join("\n"));
}

#[test]
fn every_promise_is_broken_by_some_wrong_decision() {
    let broken: BTreeSet<_> = mutants::ALL.iter().map(|mutant| mutant.breaks).collect();
    let whole: Vec<_> = properties::all().into_iter().map(|property| property.name).collect();
    let whole: Vec<_> = whole.into_iter().filter(|name| !broken.contains(name)).collect();
    // No decision forgets an order; the store's own tests see to that.
    assert_eq!(whole, [properties::KEPT]);
}
