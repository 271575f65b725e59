//! My page is built anew from its producers' events while it is served and watched.

use std::collections::HashMap;

use e2e::checker::{self, Placed};
use e2e::db;
use e2e::flow::{self, deliver, reaches};
use e2e::wait::{self, holds};
use e2e::world::{Person, Shop, World};
use futures::future::{join_all, select};
use proto::mypage::v1::watch_my_orders_response::Kind;
use proto::mypage::v1::{GetMyOrderRequest, MyOrder};
use serde_json::{Value, json};
use tokio::sync::watch;
use xtask::mesh::Service;

use crate::watch::{next, watch as watch_orders};

const BUYERS: usize = 6;

/// The last rebuild.
async fn last(world: &World) -> Result<Value, String> {
    let rest = world.rest(&world.operator());
    let answer = rest.call(reqwest::Method::GET, "/v1/ops/mypage/rebuild", None, None).await?;
    if answer.status.is_success() { Ok(answer.body["rebuild"].clone()) } else { Err(answer.to_string()) }
}

async fn done(world: &World, id: &Value) -> Value {
    wait::until("the rebuild to be done", || async {
        let rebuild = last(world).await?;
        holds(rebuild["rebuildId"] == *id && rebuild["status"] == "STATUS_DONE", rebuild.to_string())?;
        Ok(rebuild)
    })
    .await
}

/// What a customer who watches knows: resumed whenever it is cut, and never told of a version that is older.
async fn follow(world: &World, customer: &Person, known: &watch::Sender<HashMap<String, MyOrder>>) {
    let (mut cursor, mut highest, mut as_of) = (String::new(), HashMap::new(), None);
    loop {
        let Ok(mut updates) = watch_orders(world, customer, &cursor).await else {
            tokio::task::yield_now().await;
            continue;
        };
        while let Ok(update) = next(&mut updates).await {
            cursor = update.cursor;
            if let Some(time) = update.as_of_time {
                let time = (time.seconds, time.nanos);
                assert!(as_of.is_none_or(|before| before <= time), "as of {time:?} after {as_of:?}");
                as_of = Some(time);
            }
            match (update.kind == i32::from(Kind::Restart), update.order) {
                (true, _) => drop(known.send_replace(HashMap::new())),
                (false, Some(order)) => {
                    let version = (order.order_version, order.delivery.as_ref().map_or(0, |delivery| delivery.version));
                    let before = highest.insert(order.order_id.clone(), version).unwrap_or_default();
                    assert!(version.0 >= before.0 && version.1 >= before.1, "{version:?} after {before:?}");
                    known.send_modify(|known| drop(known.insert(order.order_id.clone(), order)));
                }
                (false, None) => {}
            }
        }
    }
}

/// A customer who orders, watches, and is shipped to; ends once the watch shows the end.
async fn life(world: &World, shop: &Shop) -> Placed {
    let placed = flow::place(world, shop).await;
    let known = watch::Sender::new(HashMap::new());
    let lived = async {
        reaches(&world.rest(&placed.customer), &placed.order_id, "CONFIRMED").await;
        let staff = world.rest(&shop.staff);
        deliver(&staff, &placed.order_id).await;
        wait::until("the watch to show what my page does", || async {
            let request = GetMyOrderRequest { order_id: placed.order_id.clone() };
            let shown = world.grpc(&placed.customer).mypage().get_my_order(request).await;
            let shown = shown.map_err(|status| status.to_string())?.into_inner().order;
            let known = known.borrow().get(&placed.order_id).cloned();
            let ended = shown.as_ref().is_some_and(|order| order.status().as_str_name() == "STATUS_DELIVERED");
            holds(ended && known == shown, format!("{known:?} is not {shown:?}"))
        })
        .await;
    };
    select(Box::pin(lived), Box::pin(follow(world, &placed.customer, &known))).await;
    placed
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_rebuilt_under_load_and_across_a_crash_and_watchers_end_with_what_there_is() {
    let world = World::start().await;
    let shop = world.shop(1, 50).await;
    assert_eq!(last(&world).await.expect("an answer"), Value::Null);
    let lives = join_all((0..BUYERS).map(|_| life(&world, &shop)));
    let rebuilds = async {
        let operator = world.rest(&world.operator());
        let rebuild = || async { operator.post("/v1/ops/mypage:rebuild", &json!({})).await.ok()["rebuild"].clone() };
        let first = rebuild().await;
        done(&world, &first["rebuildId"]).await;

        // It cannot end without one of its producers, whatever happens to my page itself.
        world.stop(Service::Notify).await;
        let second = rebuild().await;
        assert_ne!(second["rebuildId"], first["rebuildId"]);
        assert_eq!(rebuild().await["rebuildId"], second["rebuildId"], "the one that runs");
        wait::until("some of it to be built", || async {
            let rebuild = last(&world).await?;
            holds(rebuild["progress"].as_array().is_some_and(|progress| progress.len() == 2), rebuild.to_string())
        })
        .await;
        world.kill(Service::MyPage).await;
        world.restart(Service::MyPage).await;
        assert_eq!(last(&world).await.expect("an answer")["status"], "STATUS_RUNNING");
        world.restart(Service::Notify).await;
        done(&world, &second["rebuildId"]).await
    };
    let (orders, rebuilt) = futures::join!(lives, rebuilds);
    for of in rebuilt["progress"].as_array().expect("progress") {
        assert_eq!(of["handled"], of["total"], "{rebuilt}");
    }
    checker::settled(&world, &shop, &orders).await;
    wait::until("the old copies to be cleared", || async {
        let rows = "SELECT count(*) FROM my_order WHERE copy NOT IN (SELECT copy FROM copy WHERE status = 'SERVED')";
        let rows = db::count(&world, Service::MyPage, rows).await?;
        holds(rows == 0, format!("{rows} orders of copies that are served no more"))
    })
    .await;
    let audited = "SELECT count(*) FROM audit WHERE action = 'RebuildMyPage'";
    assert_eq!(db::count(&world, Service::MyPage, audited).await, Ok(2));
}
