//! Which faults come in which order: a deck of all of them, shuffled by the seed, again and again.

use std::time::Duration;

use xtask::mesh::Part;

use super::random::Random;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A process is killed (SIGKILL) and started again some time later.
    Kill(Part),
    /// A process is frozen (SIGSTOP) for some time.
    Freeze(Part),
    /// A process is ended (SIGTERM) and started again.
    Restart(Part),
    /// Everything that orders can be taken without is killed at once.
    Backstage,
    /// The broker is killed and loses its store.
    WipeNats,
    /// The broker is killed and gets an older copy of its store back.
    RestoreNats,
}

/// A fault with its length.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// What goes wrong.
    pub fault: Fault,
    /// How long what it hits is away.
    pub away: Duration,
    /// How long nothing else goes wrong afterwards.
    pub pause: Duration,
}

/// The faults of a run, without an end.
pub struct Plan {
    random: Random,
    parts: Vec<Part>,
    every: Duration,
    deck: Vec<Fault>,
}

/// Cards of each process that kill it; the other kinds have one each.
const KILLS: usize = 4;

impl Plan {
    /// Faults of these processes, one in `every`, as the seed has it.
    pub fn new(seed: u64, parts: Vec<Part>, every: Duration) -> Self {
        Self { random: Random::new(seed, 0), parts, every, deck: Vec::new() }
    }

    /// The next one.
    pub fn next(&mut self) -> Planned {
        let fault = self.deal();
        let away = match fault {
            Fault::Kill(_) if self.random.chance(50) => Duration::ZERO,
            Fault::Kill(Part::Envoy) => self.random.millis(100, 2_000),
            Fault::Kill(_) => self.random.millis(500, 8_000),
            Fault::Freeze(_) => self.frozen(),
            Fault::Restart(_) | Fault::WipeNats | Fault::RestoreNats => self.random.millis(0, 2_000),
            Fault::Backstage => self.random.millis(8_000, 12_000),
        };
        let every = u64::try_from(self.every.as_millis()).unwrap_or(u64::MAX);
        let pause = self.random.millis(every / 2, every + every / 2);
        // Nothing else goes wrong while orders have to do without.
        let pause = if fault == Fault::Backstage { away } else { pause };
        Planned { fault, away, pause }
    }

    /// Mostly seconds, now and then half a minute.
    const fn frozen(&mut self) -> Duration {
        match self.random.between(0, 9) {
            0 => Duration::from_secs(30),
            1 | 2 => self.random.millis(8_000, 20_000),
            _ => self.random.millis(500, 6_000),
        }
    }

    fn deal(&mut self) -> Fault {
        if let Some(fault) = self.deck.pop() {
            return fault;
        }
        self.deck = self.parts.iter().flat_map(|part| [Fault::Freeze(*part), Fault::Restart(*part)]).collect();
        for _ in 0..KILLS {
            self.deck.extend(self.parts.iter().map(|part| Fault::Kill(*part)));
        }
        self.deck.extend([Fault::Backstage, Fault::WipeNats, Fault::RestoreNats]);
        self.random.shuffle(&mut self.deck);
        // What orders can be taken without is missed first, so that a short run sees it too.
        Fault::Backstage
    }
}
