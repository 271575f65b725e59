//! What a run was like, and whether everything held.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::audit::Audit;
use super::away::ALL_OF_IT;
use super::faults::Tally;
use super::ledger::Counts;
use crate::checker::{Invariant, Violation};

/// Violations that are shown; all of them are counted.
const SHOWN: usize = 20;
/// How soon everything is to have converged after the last fault, and after one that took the broker's store.
pub const AIM: Duration = Duration::from_secs(30);
/// The same after a fault that took the broker's store.
pub const AIM_OF_STORES: Duration = Duration::from_mins(1);

/// What a run was like.
pub struct Report {
    /// What everything followed from.
    pub seed: u64,
    /// What it ran on: database, replicas, brokers.
    pub setting: String,
    /// How long faults were brought about.
    pub lasted: Duration,
    /// The faults.
    pub faults: Tally,
    /// What clients did.
    pub counts: Counts,
    /// What was looked at in the end.
    pub audit: Audit,
    /// How long each heal took.
    pub heals: Vec<Heal>,
    /// Where the faults are logged.
    pub log: PathBuf,
    /// Where everything that there was is kept, because something does not hold.
    pub kept: Option<PathBuf>,
}

/// The time from the end of the last fault until everything written by then had arrived everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Heal {
    /// How long it took.
    pub took: Duration,
    /// Whether the broker had lost its store, or got an old one, since the heal before.
    pub store: bool,
    /// Whether it was the last one: nobody worked any more, and nothing was left under way.
    pub last: bool,
}

impl Heal {
    /// Whether it was as quick as it is to be.
    pub fn in_time(&self) -> bool {
        self.took <= if self.store { AIM_OF_STORES } else { AIM }
    }
}

impl Report {
    /// What does not hold.
    pub fn violations(&self) -> &[Violation] {
        &self.audit.violations
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.lasted.as_secs_f64().max(1.0);
        writeln!(
            out,
            "chaos       seed {}, {}, {:.0} s; faults in {}",
            self.seed,
            self.setting,
            seconds,
            self.log.display()
        )?;
        let (faults, audit, counts) = (&self.faults, &self.audit, &self.counts);
        writeln!(out, "faults      {}: {}", faults.faults(), listed(&faults.kinds))?;
        writeln!(
            out,
            "            processes killed {}, longest freeze {:.0} s; hit: {}",
            faults.kills,
            faults.longest_freeze.as_secs_f32(),
            listed(&faults.parts)
        )?;
        for died in &faults.died {
            writeln!(out, "            ended by itself: {died}")?;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = audit.acknowledged as f64 / seconds;
        writeln!(
            out,
            "orders      {} acknowledged ({rate:.1} a second), lost {}, doubled {}; {}",
            audit.acknowledged,
            audit.lost,
            audit.doubled,
            listed(&audit.statuses)
        )?;
        writeln!(
            out,
            "calls       {} answered, {} tries in vain, {} keys sent several times at once, {} reused and refused, {} worn out",
            counts.calls, counts.tries_in_vain, counts.together, counts.reused, counts.worn_out
        )?;
        let events: BTreeMap<_, _> = audit.events.iter().map(|(service, count)| (service.name(), count)).collect();
        writeln!(out, "events      {}, each at each consumer", listed(&events))?;
        writeln!(out, "messages    {}, one for each change, recipient and channel", audit.messages)?;
        writeln!(out, "units       {} of as many as were registered", audit.units)?;
        writeln!(
            out,
            "my page     {} looks, {} updates of watches, none older than the one before",
            counts.looks, counts.updates
        )?;
        writeln!(out, "keys        {} used again in the end", audit.replayed)?;
        writeln!(out, "taken while away: {}", listed(&counts.while_away))?;
        self.converged(out)?;
        self.verdict(out)
    }
}

impl Report {
    fn converged(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            ("under load", self.heals.iter().filter(|heal| !heal.store && !heal.last).collect::<Vec<_>>()),
            ("under load, after a lost store", self.heals.iter().filter(|heal| heal.store && !heal.last).collect()),
            ("in the end", self.heals.iter().filter(|heal| heal.last).collect()),
        ];
        for (kind, heals) in kinds {
            let mut times: Vec<_> = heals.iter().map(|heal| heal.took).collect();
            times.sort_unstable();
            if let (Some(median), Some(longest)) = (times.get(times.len() / 2), times.last()) {
                let late = heals.iter().filter(|heal| !heal.in_time()).count();
                writeln!(
                    out,
                    "converged   {kind}: {} times, median {:.1} s, longest {:.1} s, later than aimed at {late}",
                    times.len(),
                    median.as_secs_f32(),
                    longest.as_secs_f32()
                )?;
            }
        }
        Ok(())
    }

    fn verdict(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.violations().is_empty() {
            return write!(out, "result      no violation of I1 to I8");
        }
        let mut counts = BTreeMap::<Invariant, usize>::new();
        for violation in self.violations() {
            *counts.entry(violation.invariant).or_default() += 1;
        }
        writeln!(
            out,
            "result      {} VIOLATIONS: {}; again with --seed {}",
            self.violations().len(),
            listed(&counts),
            self.seed
        )?;
        for violation in self.violations().iter().take(SHOWN) {
            writeln!(out, "  {violation}")?;
        }
        self.kept.iter().try_for_each(|kept| writeln!(out, "  databases and logs are kept in {}", kept.display()))
    }
}

/// I8: whatever orders can be taken without was away long enough at some time, and orders were taken.
pub fn taken_while_away(counts: &Counts, chances: &BTreeMap<String, Duration>) -> Vec<Violation> {
    const ENOUGH: Duration = Duration::from_secs(5);
    let missed = chances.iter().filter(|(name, chance)| **chance >= ENOUGH && !counts.while_away.contains_key(*name));
    missed
        .map(|(name, chance)| {
            let away = if name == ALL_OF_IT { "all that orders can be taken without" } else { name };
            Invariant::I8.broken()(format!("no order was taken in the {:.0} s without {away}", chance.as_secs_f32()))
        })
        .collect()
}

fn listed<K: fmt::Display, V: fmt::Display>(counts: &BTreeMap<K, V>) -> String {
    let counts: Vec<_> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    counts.join(", ")
}
