//! Explores, and tells what was found.

use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use crate::{Decisions, Saga, Setup, setup};

/// What an exploration found.
#[derive(Clone, Debug)]
pub struct Explored {
    /// Which one it was.
    pub name: &'static str,
    /// Different states.
    pub states: usize,
    /// States as often as they were come across.
    pub steps: usize,
    /// Steps of the longest of the shortest ways to a state.
    pub depth: usize,
    /// How long it took.
    pub time: Duration,
    /// Properties that do not hold, each with a way to where it does not.
    pub broken: Vec<(&'static str, Vec<String>)>,
    /// What was never come across and should be.
    pub missed: Vec<&'static str>,
}

/// Explores everything within `setup` on so many threads, or until some property is found broken. On one thread the way to
/// it is the shortest.
pub fn explore(setup: Setup, decisions: Decisions, threads: usize) -> Explored {
    let saga = Saga::new(setup, decisions);
    let begun = Instant::now();
    let builder = saga.clone().checker().threads(threads).finish_when(HasDiscoveries::AnyFailures);
    let checker = builder.spawn_bfs().join();
    let found = checker.discoveries();
    let (mut broken, mut missed) = (Vec::new(), Vec::new());
    for property in saga.properties() {
        match (property.expectation.discovery_is_failure(), found.get(property.name)) {
            (true, Some(path)) => {
                let steps = path.clone().into_actions();
                broken.push((property.name, steps.iter().map(ToString::to_string).collect()));
            }
            (false, None) => missed.push(property.name),
            (true, None) | (false, Some(_)) => {}
        }
    }
    Explored {
        name: setup.name,
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth(),
        time: begun.elapsed(),
        broken,
        missed,
    }
}

impl std::fmt::Display for Explored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, states, steps, depth, time, broken, missed } = self;
        write!(f, "{name:<18} {states:>10} states {steps:>11} steps {depth:>4} deep {:>7.1} s", time.as_secs_f64())?;
        for (property, way) in broken {
            write!(f, "\n  broken: {property}")?;
            for (number, step) in way.iter().enumerate() {
                write!(f, "\n  {:>4}. {step}", number + 1)?;
            }
        }
        for property in missed {
            write!(f, "\n  never: {property}")?;
        }
        Ok(())
    }
}

/// Explores everything whose name contains `only`, and prints what it found; whether all holds.
pub fn show(only: &str) -> bool {
    let chosen = setup::SMALL.iter().chain(setup::LARGE).filter(|setup| setup.name.contains(only));
    let mut states = 0;
    let holds = chosen.fold(true, |holds, setup| {
        let explored = explore(*setup, Decisions::production(), threads());
        println!("{explored}");
        states += explored.states;
        holds && explored.broken.is_empty() && explored.missed.is_empty()
    });
    println!("{states} states; {}", if holds { "every property holds" } else { "not everything holds" });
    holds
}

/// One thread for each processor.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
