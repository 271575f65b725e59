//! Nobody, somebody whose time is over, a service, and people of the wrong role.

use super::{Place, Ways, World, expired, person, roleless, samples};
use tonic::Code::{PermissionDenied, Unauthenticated};
use xtask::mesh::Service;
use xtask::token::Role;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_valid_token_of_a_person_no_method_answers() {
    let world = World::shared().await;
    let place = Place::new(&world).await;
    let before = place.state(&world).await;
    let expired = expired(&world);
    for sample in samples::all(&place) {
        let (ways, request) = (Ways::new(&world, &sample.method), &sample.request);
        ways.refuse(&sample.method, request, "nobody", Unauthenticated, Unauthenticated, 401).await;
        let late = ways.with_token(&expired);
        late.refuse(&sample.method, request, "an expired token", Unauthenticated, Unauthenticated, 401).await;
        for service in Service::ALL {
            let token = world.mesh().keys().mint_service(service).expect("a token");
            let ways = ways.with_token(&token);
            ways.refuse(&sample.method, request, service.name(), Unauthenticated, PermissionDenied, 401).await;
        }
    }
    assert_eq!(place.state(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_a_method_is_not_for_does_not_open_it() {
    let world = World::shared().await;
    let place = Place::new(&world).await;
    let before = place.state(&world).await;
    for sample in samples::all(&place) {
        let ways = Ways::new(&world, &sample.method);
        let wrong = Role::ALL.into_iter().filter(|role| !sample.roles.contains(role));
        let mut tokens: Vec<_> = wrong.map(|role| (role.name(), person(&world, role, &place).token)).collect();
        tokens.push(("a visitor", roleless(&world)));
        for (who, token) in tokens {
            let ways = ways.with_token(&token);
            ways.refuse(&sample.method, &sample.request, who, PermissionDenied, PermissionDenied, 403).await;
        }
    }
    assert_eq!(place.state(&world).await, before);
}
