//! The calls beyond the eight requirements as REST.

use std::time::Duration;

use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::json;

use super::{Rest, failure};
use crate::demo::api::{Answer, As};
use crate::demo::things::{Delivery, Phone};
use crate::demo::trust::Trust;
use crate::demo::trust::things::{Consumer, Contact, Rebuild, Record, Stuck, Unit, UnitEvent, Update, Updates};

/// The longest that the walk watches.
const WATCH: Duration = Duration::from_mins(2);

impl Trust for Rest {
    async fn set_language(&self, who: As<'_>, language: &str) -> Answer<Contact> {
        let body = json!({ "language": language });
        self.call(Method::PATCH, who, "/v1/contact", Some(&body), "contact").await
    }

    async fn watch(&self, who: As<'_>) -> Answer<Updates> {
        const CALL: &str = "GET /v1/mypage/orders:watch";
        let lost = |error: reqwest::Error| failure(CALL, "nothing", &json!({ "message": error.to_string() }));
        let request = self.client.get(format!("{}/v1/mypage/orders:watch", self.edge)).bearer_auth(who.token);
        let response = request.timeout(WATCH).send().await.map_err(lost)?;
        let status = response.status();
        if !status.is_success() {
            let text = response.text().await.map_err(lost)?;
            let answer = serde_json::from_str(&text).unwrap_or_else(|_| json!({ "message": text }));
            return Err(failure(CALL, &format!("HTTP {}", status.as_u16()), &answer));
        }
        let chunks = response.bytes_stream().map(move |chunk| chunk.map(|bytes| bytes.to_vec()).map_err(lost)).boxed();
        let updates = stream::try_unfold((chunks, Vec::new()), |(mut chunks, mut text)| async move {
            loop {
                if let Some(update) = event(&mut text) {
                    let read = serde_json::from_slice::<Update>(&update);
                    let update =
                        read.map_err(|error| failure(CALL, "HTTP 200", &json!({ "message": error.to_string() })))?;
                    return Ok(Some((update, (chunks, text))));
                }
                match chunks.next().await {
                    Some(chunk) => text.extend(chunk?),
                    None => return Ok(None),
                }
            }
        });
        Ok(updates.boxed())
    }

    async fn available_units(&self, who: As<'_>, shop_id: &str, phone_id: &str) -> Answer<Vec<Unit>> {
        self.get(who, &format!("/v1/shops/{shop_id}/phones/{phone_id}/units"), "units").await
    }

    async fn withdraw(&self, who: As<'_>, shop_id: &str, phone_id: &str, serials: &[&str]) -> Answer<Phone> {
        let path = format!("/v1/shops/{shop_id}/phones/{phone_id}/units:withdraw");
        self.post(who, &path, &json!({ "serials": serials }), "phone").await
    }

    async fn history(&self, who: As<'_>, shop_id: &str, serial: &str) -> Answer<Vec<UnitEvent>> {
        self.get(who, &format!("/v1/shops/{shop_id}/units/{serial}"), "events").await
    }

    async fn correct_recipient(&self, who: As<'_>, delivery_id: &str, to: [&str; 3]) -> Answer<Delivery> {
        let [name, phone_number, address] = to;
        let body = json!({ "recipient": { "name": name, "phoneNumber": phone_number, "address": address } });
        self.post(who, &format!("/v1/deliveries/{delivery_id}:correctRecipient"), &body, "delivery").await
    }

    async fn correct_tracking_number(&self, who: As<'_>, delivery_id: &str, number: &str) -> Answer<Delivery> {
        let body = json!({ "trackingNumber": number });
        self.post(who, &format!("/v1/deliveries/{delivery_id}:correctTrackingNumber"), &body, "delivery").await
    }

    async fn stuck_orders(&self, who: As<'_>) -> Answer<Vec<Stuck>> {
        self.get(who, "/v1/ops/stuckOrders", "orders").await
    }

    async fn consumers(&self, who: As<'_>) -> Answer<Vec<Consumer>> {
        self.get(who, "/v1/ops/consumers", "consumers").await
    }

    async fn audit(&self, who: As<'_>, subject_id: &str) -> Answer<Vec<Record>> {
        self.get(who, &format!("/v1/ops/auditRecords?subjectId={subject_id}"), "records").await
    }

    async fn rebuild(&self, who: As<'_>) -> Answer<Rebuild> {
        self.post(who, "/v1/ops/mypage:rebuild", &json!({}), "rebuild").await
    }

    async fn last_rebuild(&self, who: As<'_>) -> Answer<Rebuild> {
        self.get(who, "/v1/ops/mypage/rebuild", "rebuild").await
    }
}

/// Takes the first whole server-sent event off the text and answers its data.
fn event(text: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = text.windows(2).position(|pair| pair == b"\n\n")?;
    let event: Vec<u8> = text.drain(..end + 2).collect();
    Some(event.strip_prefix(b"data:").unwrap_or(&event).to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::event;

    #[test]
    fn events_are_taken_one_by_one_and_only_when_they_are_whole() {
        let mut text = b"data: {\"a\":1}\n\ndata: {\"a\":2}\n".to_vec();
        let read = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).expect("JSON")["a"].as_i64();
        assert_eq!(event(&mut text).map(read), Some(Some(1)));
        assert_eq!(event(&mut text), None);
        text.push(b'\n');
        assert_eq!(event(&mut text).map(read), Some(Some(2)));
    }
}
