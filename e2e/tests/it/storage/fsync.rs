//! A sync that fails: what was written may be on the disk or not, and a second try may falsely succeed. So the process
//! acknowledges nothing any more and ends, and the next one recovers from what is on the disk.

use e2e::checker;
use e2e::faults::{Fault, Quarters};
use e2e::wait::{self, holds};
use e2e::world::{Shop, World};
use xtask::mesh::{Service, State};

use super::{Load, Refused, registered, start, start_again};

const UNITS: i32 = 2_000;
/// Writes that are tried after the failure.
const TRIES: usize = 5;

#[tokio::test]
async fn a_failed_sync_ends_the_service_and_nothing_is_acknowledged_after_it() {
    let (world, disks) = start().await;
    let shop = world.shop(1, UNITS).await;
    let load = Load::new(&world, &shop);
    let failing = async {
        let mut orders = Vec::new();
        // What the failed sync was about is gone, or it is there, or half of it.
        for (service, reached) in
            [(Service::Order, Quarters(0)), (Service::Order, Quarters(4)), (Service::Shop, Quarters(2))]
        {
            let disk = &disks[service.index()];
            load.goes_on(8).await;
            disk.switch(Fault::FsyncFails, true);
            let refused = fails(&world, &shop, service, || disk.struck(Fault::FsyncFails)).await;
            disk.switch(Fault::FsyncFails, false);
            disk.cut(world.mesh().database(service).parent().expect("its directory"), reached);
            start_again(&world, &[service]).await;
            orders.extend(refused.succeed().await);
        }
        load.goes_on(8).await;
        orders
    };
    let retried = load.during(failing, |_| true).await;
    registered(&world, &shop, i64::from(UNITS) + i64::try_from(TRIES).expect("few")).await;
    checker::settled(&world, &shop, &[load.acknowledged(), retried].concat()).await;
}

/// The service ends by itself after its first failed sync, says why, and every write from then on is refused.
async fn fails(world: &World, shop: &Shop, service: Service, has_struck: impl Fn() -> bool) -> Refused {
    let before = world.mesh().log(service).expect("its log").len();
    let mut state = world.mesh().watch(service).expect("its state");
    let mut refused = Refused::default();
    // shop-svc syncs when it consumes, too.
    wait::until("a sync to fail", || async { holds(has_struck(), "none") }).await;
    for _ in 0..TRIES {
        refused.expect(world, shop, service).await;
    }
    let died = state.wait_for(|state| matches!(state, State::Died(_)));
    let died = tokio::time::timeout(wait::LIMIT, died).await.expect("it ends").expect("watched").clone();
    assert!(matches!(&died, State::Died(how) if how.starts_with("exited with status 1")), "{died:?}");
    let log = world.mesh().log(service).expect("its log");
    let database = world.mesh().database(service).display().to_string();
    let told = log[before..].lines().find(|line| line.contains("commit failed")).unwrap_or_default();
    assert!(told.contains(&database) && told.contains("start it again"), "{told:?} in {}", &log[before..]);
    refused
}
