//! Each message and call comes one to five times, shuffled: an order ends where its story ends, and nothing is left over.
//!
//! `TWORD_SCHEDULES` says how many schedules are played; `TWORD_SCHEDULE_SEED` plays just that one.

use std::{collections::VecDeque, env, path::Path, sync::Arc};

use chassis::{consumer::Taken, idempotency::Keyed, inbox::Event};
use futures::future::join_all;
use order_svc::{
    app::{cancel_order, ports::NoAnswer},
    domain::{Order, Status},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use time::Duration;
use uuid::Uuid;

use crate::{
    database::Kept,
    events,
    world::{CUSTOMER, World, as_customer, command},
};

const SCHEDULES: u64 = 500;
/// Databases that schedules are played on at once.
const LANES: usize = 4;

/// Something that reaches order-svc because of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The customer places it, with its key.
    Place,
    /// The customer cancels it.
    Cancel,
    /// Outstanding bookings are tried.
    Sweep,
    Booked,
    Reserved,
    OutOfStock,
    DeliveryCancelled,
    Started,
    Completed,
}

/// What happens to an order in some order, and which histories that may leave. The first event of a history is the
/// placing; the order ends where it ends.
struct Story {
    steps: &'static [Step],
    histories: &'static [&'static [&'static str]],
}

const CANCELLED: &[&[&str]] = &[&["Placed", "Cancelled"], &["Placed", "Confirmed", "Cancelled"]];

const STORIES: [Story; 6] = [
    Story { steps: &[Step::Booked, Step::Reserved], histories: &[&["Placed", "Confirmed"]] },
    Story { steps: &[Step::Booked, Step::OutOfStock], histories: &[&["Placed", "Rejected"]] },
    Story { steps: &[Step::Booked, Step::Reserved, Step::DeliveryCancelled], histories: CANCELLED },
    Story { steps: &[Step::Booked, Step::Reserved, Step::Cancel], histories: CANCELLED },
    Story { steps: &[Step::Booked, Step::Reserved, Step::Started], histories: &[&["Placed", "Confirmed", "Shipped"]] },
    Story {
        steps: &[Step::Booked, Step::Reserved, Step::Started, Step::Completed],
        histories: &[&["Placed", "Confirmed", "Shipped", "Delivered"]],
    },
];

/// One order's story, as it reaches order-svc.
struct Schedule {
    seed: u64,
    story: &'static Story,
    /// The order is taken while delivery-svc is away.
    unbooked: bool,
    steps: Vec<Step>,
}

fn schedule(seed: u64) -> Schedule {
    let mut random = StdRng::seed_from_u64(seed);
    let story = &STORIES[random.random_range(0..STORIES.len())];
    let unbooked = random.random_bool(0.5);
    let also = if unbooked { Step::Sweep } else { Step::Place };
    let mut steps = Vec::new();
    for step in story.steps.iter().chain([&also]) {
        steps.extend(vec![*step; random.random_range(1..=5)]);
    }
    steps.shuffle(&mut random);
    Schedule { seed, story, unbooked, steps }
}

/// Begins the story: the id of its order, and the order where it is there from the beginning.
async fn begin(world: &World, schedule: &Schedule) -> (Uuid, Option<Order>) {
    let key = key_of(schedule);
    if schedule.unbooked {
        let order = world.unbooked_with(command(Some(&key), 1)).await;
        return (order.id, Some(order));
    }
    // The answer of its booking is lost: the id is known, and whatever comes now may come before the order is there.
    world.bookings.answer([Err(NoAnswer::Unavailable)]);
    world.place().run(command(Some(&key), 1)).await.expect_err("away");
    let id = *world.bookings.ids().last().expect("an id");
    // A cancelled delivery makes the id of no order void, and the key's order another one.
    let early = schedule.story.steps.contains(&Step::DeliveryCancelled);
    let order = if early { Some(world.place().run(command(Some(&key), 1)).await.expect("placed")) } else { None };
    (id, order)
}

fn key_of(schedule: &Schedule) -> String {
    format!("k{}", schedule.seed)
}

/// Whether a step is over; if not, it comes again.
async fn take(world: &World, schedule: &Schedule, id: Uuid, step: Step) -> bool {
    let event = |event: fn(Uuid, u128) -> Event| event(id, (u128::from(schedule.seed) + 1) * 16 + step as u128);
    let heard = match step {
        Step::Place => {
            let placed = world.place().run(command(Some(&key_of(schedule)), 1)).await.expect("placed");
            assert_eq!((placed.id, placed.status), (id, Status::Placed));
            return true;
        }
        Step::Cancel => {
            let command =
                cancel_order::Command { caller: as_customer(CUSTOMER), order_id: id, reason: "changed".to_owned() };
            return match world.cancel().run(command, Keyed::without_key()).await {
                Ok(_) => true,
                Err(cancel_order::Error::NotFound) => false,
                Err(error) => panic!("{error}"),
            };
        }
        Step::Sweep => {
            world.clock.pass(Duration::seconds(2));
            world.book_outstanding().run().await.expect("swept");
            return true;
        }
        Step::Booked => world.hear_delivery(event(events::booked)).await,
        Step::Reserved => world.hear_stock(event(events::reserved)).await,
        Step::OutOfStock => world.hear_stock(event(events::rejected)).await,
        Step::DeliveryCancelled => world.hear_delivery(event(events::cancelled)).await,
        Step::Started => world.hear_delivery(event(events::started)).await,
        Step::Completed => world.hear_delivery(event(events::completed)).await,
    };
    heard == Taken::Done
}

async fn play(world: &World, schedule: &Schedule) {
    let (id, placed) = begin(world, schedule).await;
    let mut steps = VecDeque::from(schedule.steps.clone());
    let mut waiting = 0;
    while let Some(step) = steps.pop_front() {
        if take(world, schedule, id, step).await {
            waiting = 0;
        } else {
            steps.push_back(step);
            waiting += 1;
            assert!(waiting <= steps.len(), "{step:?} never has its turn");
        }
    }
    let written = world.kept.history(id).await;
    let history: Vec<&str> = written.iter().map(|(kind, _)| kind.trim_start_matches("tword.order.v1.Order")).collect();
    assert!(schedule.story.histories.contains(&history.as_slice()), "{history:?} of {:?}", schedule.steps);
    let versions: Vec<i64> = written.iter().map(|(_, version)| *version).collect();
    assert_eq!(versions, (1..=i64::try_from(versions.len()).expect("few")).collect::<Vec<_>>());
    let order = world.order(id).await;
    assert_eq!(history.last().map(|last| last.to_uppercase()).as_deref(), Some(order.status.name()));
    if let Some(placed) = placed {
        assert_eq!(order.as_placed(), placed, "what the customer was told");
    }
    assert_eq!((world.recipients().await, world.reservations().await, world.dead_letters().await), (0, 0, 0));
}

/// A file that no disk slows down, where there is memory for it.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder")
}

async fn play_all(seeds: impl Iterator<Item = u64>) -> u64 {
    let world = Arc::new(World::over_kept(Kept::sqlite_in(folder()).await));
    let mut played = 0;
    for seed in seeds {
        let world = Arc::clone(&world);
        let outcome = tokio::spawn(async move { play(&world, &schedule(seed)).await }).await;
        outcome.unwrap_or_else(|failed| panic!("TWORD_SCHEDULE_SEED={seed} plays what failed: {failed}"));
        played += 1;
    }
    played
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_schedule_ends_where_its_story_ends() {
    if let Some(seed) = number("TWORD_SCHEDULE_SEED") {
        assert_eq!(play_all(std::iter::once(seed)).await, 1);
        return;
    }
    let schedules = number("TWORD_SCHEDULES").unwrap_or(SCHEDULES);
    let lanes = (0..schedules).take(LANES).map(|lane| tokio::spawn(play_all((lane..schedules).step_by(LANES))));
    let played: u64 = join_all(lanes).await.into_iter().map(|lane| lane.expect("no schedule failed")).sum();
    assert_eq!(played, schedules);
}
