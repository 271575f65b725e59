//! Each message and call comes one to five times, shuffled: a delivery ends where its story ends, and no personal data is
//! left of a customer who was erased.
//!
//! `TWORD_SCHEDULES` says how many schedules are played; `TWORD_SCHEDULE_SEED` plays just that one.

use std::{collections::VecDeque, env, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use chassis::{consumer::Failure, idempotency::Keyed};
use delivery_svc::{
    app::{
        ChangeError, Claims,
        ports::{Resolution, Unresolved},
        void_bookings::VoidBookings,
    },
    domain::delivery::{Error, State, Status},
};
use futures::future::join_all;
use proto::order::v1::order::Status as Order;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use uuid::Uuid;

use crate::{
    database::Kept,
    samples::{book_command, cancel_command, order_event, ship_command},
    world::World,
};

const SCHEDULES: u64 = 500;
/// Databases that schedules are played on at once.
const LANES: usize = 4;
/// Schedules that are played on one database.
const PLAYED_ON_ONE: u64 = 100;

/// Something that reaches delivery-svc because of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// order-svc books.
    Book,
    /// order-svc cancels.
    Cancel,
    /// Staff ship it.
    Ship,
    /// Staff complete it.
    Complete,
    /// order-svc is asked whose it is, and says that it is nobody's.
    Void,
    /// An operator erases the customer.
    Erase,
    /// The order's event.
    Order(Order),
}

/// What happens to a delivery in any order, and where that ends.
struct Story {
    steps: &'static [Step],
    end: Status,
}

const STORIES: [Story; 9] = [
    Story { steps: &[Step::Book, Step::Order(Order::Placed)], end: Status::Booked },
    Story { steps: &[Step::Book, Step::Order(Order::Placed), Step::Order(Order::Confirmed)], end: Status::Ready },
    Story { steps: &[Step::Book, Step::Order(Order::Placed), Step::Order(Order::Rejected)], end: Status::Cancelled },
    Story { steps: &[Step::Book, Step::Order(Order::Placed), Step::Order(Order::Cancelled)], end: Status::Cancelled },
    Story {
        steps: &[Step::Book, Step::Cancel, Step::Order(Order::Confirmed), Step::Order(Order::Cancelled)],
        end: Status::Cancelled,
    },
    Story { steps: &[Step::Book, Step::Void], end: Status::Cancelled },
    Story { steps: &[Step::Book, Step::Order(Order::Confirmed), Step::Ship], end: Status::Shipped },
    Story {
        steps: &[Step::Book, Step::Order(Order::Confirmed), Step::Ship, Step::Complete, Step::Order(Order::Shipped)],
        end: Status::Delivered,
    },
    // What a delivery-svc restored from an older copy hears of its orders.
    Story {
        steps: &[Step::Book, Step::Order(Order::Placed), Step::Order(Order::Shipped), Step::Order(Order::Delivered)],
        end: Status::Delivered,
    },
];

struct Schedule {
    id: Uuid,
    story: &'static Story,
    steps: Vec<Step>,
}

fn schedule(seed: u64) -> Schedule {
    let mut random = StdRng::seed_from_u64(seed);
    let story = &STORIES[random.random_range(0..STORIES.len())];
    let erased = random.random_bool(0.5).then_some(Step::Erase);
    let mut steps = Vec::new();
    for step in story.steps.iter().chain(&erased) {
        steps.extend(vec![*step; random.random_range(1..=5)]);
    }
    steps.shuffle(&mut random);
    Schedule { id: Uuid::from_u128(u128::from(seed) + 1), story, steps }
}

/// Says that everything is void.
struct Nobodys;

#[async_trait]
impl Claims for Nobodys {
    async fn resolve(&self, ids: &[Uuid]) -> Result<Vec<Resolution>, Unresolved> {
        Ok(ids.iter().copied().map(Resolution::Void).collect())
    }
}

/// Whether a step is over; if not, it comes again.
async fn take(world: &World, id: Uuid, step: Step) -> bool {
    match step {
        Step::Book => world.book().run(book_command(id)).await.map(|_met| true).expect("answered"),
        Step::Cancel => world.cancel().run(cancel_command(id, "changed")).await.map(|_by| true).expect("cancelled"),
        Step::Ship => match world.ship().run(ship_command(id), Keyed::without_key()).await {
            Ok(_) | Err(ChangeError::Refused(Error::AlreadyShipped)) => true,
            Err(ChangeError::NotFound | ChangeError::Refused(Error::NotConfirmed)) => false,
            Err(error) => panic!("{error}"),
        },
        Step::Complete => match world.completed(id).await {
            Ok(_) | Err(ChangeError::Refused(Error::AlreadyDelivered)) => true,
            Err(ChangeError::NotFound | ChangeError::Refused(Error::NotShipped)) => false,
            Err(error) => panic!("{error}"),
        },
        Step::Void => {
            world.clock.pass(time::Duration::seconds(70));
            let (store, clock) = (world.store.clone(), world.clock.clone());
            let sweep = VoidBookings::new(store, Arc::new(Nobodys), clock, Duration::from_mins(1));
            sweep.run().await.expect("swept");
            world.find(id).await.is_some()
        }
        Step::Erase => {
            world.erased().await;
            world.find(id).await.is_some()
        }
        Step::Order(status) => match world.take_in(&order_event(id, status)).await {
            Ok(()) => true,
            Err(Failure::Early(_)) => false,
            Err(failure) => panic!("{status:?}: {failure}"),
        },
    }
}

async fn play(world: &World, schedule: &Schedule) {
    let (id, mut steps) = (schedule.id, VecDeque::from(schedule.steps.clone()));
    let mut waiting = 0;
    while let Some(step) = steps.pop_front() {
        if take(world, id, step).await {
            waiting = 0;
        } else {
            steps.push_back(step);
            waiting += 1;
            assert!(waiting <= steps.len(), "{step:?} never has its turn");
        }
    }
    let found = world.find(id).await.expect("a delivery");
    let delivery = found.delivery;
    assert_eq!(delivery.state.status(), schedule.story.end);
    let claimed = schedule.steps.contains(&Step::Order(Order::Placed));
    if let State::Booked { .. } = delivery.state {
        assert!(claimed, "what nobody claimed was voided");
        // Nobody else's sweep voids it; order-svc says for ever whose it is.
        world.take_in(&order_event(id, Order::Rejected)).await.expect("taken in");
    }
    let versions: Vec<i64> = world.history(id).await.iter().map(|(_, version)| *version).collect();
    assert_eq!(versions, (1..=i64::try_from(versions.len()).expect("few")).collect::<Vec<_>>());
    let kinds = world.kinds(id).await;
    let moved: Vec<&str> = kinds.iter().map(String::as_str).filter(|kind| *kind != "Updated").collect();
    let distinct: std::collections::BTreeSet<_> = moved.iter().collect();
    assert_eq!(distinct.len(), moved.len(), "each state once: {kinds:?}");
    let end = world.find(id).await.expect("a delivery");
    if schedule.steps.contains(&Step::Erase) && matches!(end.delivery.state, State::Delivered(_) | State::Cancelled(_))
    {
        assert_eq!(end.recipient, None, "{:?}", schedule.steps);
        assert!(kinds.iter().filter(|kind| *kind == "Updated").count() <= 1, "it is cleared once: {kinds:?}");
    }
}

/// A file that no disk slows down, where there is memory for it.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder")
}

async fn play_all(seeds: impl Iterator<Item = u64>) -> u64 {
    let mut world = Arc::new(World::over_kept(Kept::sqlite_in(folder()).await));
    let mut played = 0;
    for seed in seeds {
        // All have one customer: who is erased again and again has few deliveries.
        if played % PLAYED_ON_ONE == PLAYED_ON_ONE - 1 {
            world = Arc::new(World::over_kept(Kept::sqlite_in(folder()).await));
        }
        let playing = Arc::clone(&world);
        let outcome = tokio::spawn(async move { play(&playing, &schedule(seed)).await }).await;
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
