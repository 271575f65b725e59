//! Which of some events may be handled side by side: those of different aggregates. One aggregate's come one after another,
//! so that none is early only since another overtook it; where units of work run side by side, the store keeps no order.

use std::collections::HashMap;

use uuid::Uuid;

/// What arrived, in one lane for each aggregate; each keeps its order.
pub(super) fn lanes<T>(arrived: impl IntoIterator<Item = T>, aggregate: impl Fn(&T) -> Uuid) -> Vec<Vec<T>> {
    let (mut lanes, mut places) = (Vec::<Vec<T>>::new(), HashMap::new());
    for one in arrived {
        let place = *places.entry(aggregate(&one)).or_insert(lanes.len());
        match lanes.get_mut(place) {
            Some(lane) => lane.push(one),
            None => lanes.push(vec![one]),
        }
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_aggregate_has_a_lane_and_its_order() {
        let arrived = [(1, 'a'), (2, 'b'), (1, 'c'), (3, 'd'), (2, 'e'), (1, 'f')];
        let lanes = lanes(arrived, |(aggregate, _)| Uuid::from_u128(*aggregate));
        assert_eq!(lanes, [vec![(1, 'a'), (1, 'c'), (1, 'f')], vec![(2, 'b'), (2, 'e')], vec![(3, 'd')]]);
    }
}
