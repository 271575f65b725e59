//! What the wrong requests are about: it exists, so that nothing but what is wrong with them refuses them.

use e2e::flow::{self, order_of};
use e2e::world::{Person, Shop, World};
use serde_json::Value;

/// Two shops, a customer with two orders, and what its people see of them.
pub struct Place {
    pub shop: Shop,
    pub customer: Person,
    pub operator: Person,
    /// A key that placed the first order.
    pub used_key: String,
    pub order_id: String,
    /// A serial that the shop has.
    pub serial: String,
    /// A token of the customer's list of orders.
    pub orders_token: String,
    /// A token of the list of shops.
    pub shops_token: String,
    pub before: Vec<Value>,
}

impl Place {
    pub async fn new(world: &World) -> Self {
        let (shop, _other) = (world.shop(1, 10).await, world.shop(1, 1).await);
        let (customer, operator) = (world.customer(), world.operator());
        let rest = world.rest(&customer);
        let used_key = flow::key();
        let body = order_of(&shop, &shop.phones[0], 1);
        let mut orders = Vec::new();
        for key in [used_key.clone(), flow::key()] {
            orders.push(flow::order_id(&rest.persist("/v1/orders", &key, &body).await.ok()));
        }
        for order_id in &orders {
            flow::reaches(&rest, order_id, "CONFIRMED").await;
            flow::delivery_reaches(&world.rest(&shop.staff), order_id, "READY").await;
        }
        let token = async |path: &str| rest.get(path).await.ok()["nextPageToken"].as_str().expect("a token").to_owned();
        let (orders_token, shops_token) = (token("/v1/orders?pageSize=1").await, token("/v1/shops?pageSize=1").await);
        assert!(!orders_token.is_empty() && !shops_token.is_empty(), "there is a second page");
        let units =
            world.rest(&shop.staff).get(&format!("/v1/shops/{}/phones/{}/units", shop.id, shop.phones[0])).await.ok();
        let serial = units["units"][0]["serial"].as_str().expect("a serial").to_owned();
        let order_id = orders.swap_remove(0);
        let mut place = Self {
            shop,
            customer,
            operator,
            used_key,
            order_id,
            serial,
            orders_token,
            shops_token,
            before: Vec::new(),
        };
        place.before = place.state(world).await;
        place
    }

    /// Everything that people see.
    pub async fn state(&self, world: &World) -> Vec<Value> {
        let (rest, staff) = (world.rest(&self.customer), world.rest(&self.shop.staff));
        let shop = &self.shop.id;
        let mut state = vec![rest.get("/v1/shops").await.ok(), rest.get("/v1/orders").await.ok()];
        for path in ["phones".to_owned(), format!("phones/{}/units", self.shop.phones[0]), "orders".to_owned()] {
            state.push(staff.get(&format!("/v1/shops/{shop}/{path}")).await.ok());
        }
        state.push(staff.get("/v1/deliveries").await.ok());
        state
    }

    /// The path of the shop, of its phone and of the customer's order and delivery.
    pub fn paths(&self) -> [String; 4] {
        let shop = format!("/v1/shops/{}", self.shop.id);
        let phone = format!("{shop}/phones/{}", self.shop.phones[0]);
        [shop, phone, format!("/v1/orders/{}", self.order_id), format!("/v1/deliveries/{}", self.order_id)]
    }
}
