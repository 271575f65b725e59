//! Contacts as their owners set and read them.

use std::time::Duration;

use chassis::store::Database;
use notify_svc::adapters::grpc::Notify;
use proto::notify::v1::{
    Contact, GetContactRequest, LogTarget, RotateWebhookSecretRequest, RotateWebhookSecretResponse, SmtpTarget,
    UpdateContactRequest, UpdateContactResponse, WebhookTarget, contact, message::RecipientKind,
    notify_service_server::NotifyService, update_contact_request::Target,
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::support::{OVERLAP, On, World, call, on_both};

const SHOP: Uuid = Uuid::from_u128(7);

/// Someone who calls: subject, roles, shop.
type Someone = (&'static str, &'static [&'static str], Option<Uuid>);

const MINA: Someone = ("mina", &["customer"], None);
const MINSU: Someone = ("minsu", &["customer"], None);
const STAFF: Someone = ("staff-1", &["staff"], Some(SHOP));
const MANAGER: Someone = ("manager-1", &["manager", "staff"], Some(SHOP));
const OTHER_STAFF: Someone = ("staff-2", &["staff"], Some(Uuid::from_u128(8)));
const SHOPLESS: Someone = ("staff-3", &["staff"], None);
const BOTH: Someone = ("mina", &["customer", "staff"], Some(SHOP));

fn by<M>(who: Someone, message: M) -> Request<M> {
    call(message, who.0, who.1, who.2)
}

fn keyed<M>(key: &str, mut request: Request<M>) -> Request<M> {
    request.metadata_mut().insert("idempotency-key", key.parse().expect("a key"));
    request
}

async fn read(service: &Notify, who: Someone) -> Contact {
    let answer = service.get_contact(by(who, GetContactRequest::default())).await;
    answer.expect("a contact").into_inner().contact.expect("a contact")
}

fn wanted(target: Target) -> UpdateContactRequest {
    UpdateContactRequest { target: Some(target), ..Default::default() }
}

fn webhook(path: &str) -> UpdateContactRequest {
    let url = format!("https://hooks.example.com/{path}");
    wanted(Target::Webhook(WebhookTarget { url, ..Default::default() }))
}

fn mailbox(address: &str) -> UpdateContactRequest {
    wanted(Target::Smtp(SmtpTarget { address: address.to_owned() }))
}

async fn set(service: &Notify, who: Someone, request: UpdateContactRequest) -> UpdateContactResponse {
    service.update_contact(by(who, request)).await.expect("set").into_inner()
}

async fn rotate(service: &Notify, who: Someone) -> RotateWebhookSecretResponse {
    let request = by(who, RotateWebhookSecretRequest::default());
    service.rotate_webhook_secret(request).await.expect("rotated").into_inner()
}

fn refusal(status: &Status) -> (Code, String, Vec<String>) {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let violations = details.bad_request().map(|wrong| wrong.field_violations.clone()).unwrap_or_default();
    (status.code(), reason, violations.into_iter().map(|violation| violation.field).collect())
}

async fn a_contact_is_its_owners(on: On) {
    let world = World::on(on).await;
    let service = world.service();
    let unset = read(&service, MINA).await;
    assert_eq!(
        (unset.contact_id.as_str(), unset.owner_kind(), unset.owner_id.as_str()),
        ("", RecipientKind::Customer, "mina")
    );
    assert_eq!(
        (unset.language.as_str(), unset.target, unset.update_time),
        ("en", Some(contact::Target::Log(LogTarget {})), None)
    );

    let english = UpdateContactRequest { language: Some("ko".to_owned()), ..mailbox("mina@example.com") };
    let set_now = set(&service, MINA, english).await;
    let contact = set_now.contact.expect("a contact");
    assert_eq!(set_now.webhook_secret, "");
    assert_eq!(contact.target, Some(contact::Target::Smtp(SmtpTarget { address: "mina@example.com".to_owned() })));
    assert_eq!((contact.language.as_str(), read(&service, MINA).await), ("ko", contact.clone()));
    assert!(contact.update_time.is_some() && !contact.contact_id.is_empty());
    assert_eq!(read(&service, MINSU).await.contact_id, "");

    set(&service, MANAGER, webhook("shop")).await;
    let shops = read(&service, STAFF).await;
    assert_eq!((shops.owner_kind(), shops.owner_id), (RecipientKind::Shop, SHOP.to_string()));
    assert_eq!((read(&service, OTHER_STAFF).await.contact_id.as_str(), read(&service, MINA).await), ("", contact));
}

async fn who_is_two_says_whose_contact_is_meant_and_nobody_means_anothers(on: On) {
    let world = World::on(on).await;
    let service = world.service();
    let asked = |who: Someone, kind: i32| {
        let request = by(who, GetContactRequest { owner_kind: kind });
        let service = &service;
        async move { service.get_contact(request).await.map(|answer| answer.into_inner().contact.expect("one").owner_id) }
    };
    let (customer, shop) = (RecipientKind::Customer.into(), RecipientKind::Shop.into());
    assert_eq!(asked(BOTH, customer).await.expect("a contact"), "mina");
    assert_eq!(asked(BOTH, shop).await.expect("a contact"), SHOP.to_string());
    let refused = [asked(BOTH, 0).await, asked(BOTH, 3).await, asked(MINA, -1).await];
    for status in refused.map(|answer| answer.expect_err("refused")) {
        let expected = (Code::InvalidArgument, "INVALID_REQUEST".to_owned(), vec!["owner_kind".to_owned()]);
        assert_eq!(refusal(&status), expected);
    }
    for answer in [asked(MINA, shop).await, asked(STAFF, customer).await, asked(SHOPLESS, 0).await] {
        assert_eq!(refusal(&answer.expect_err("refused")).0, Code::NotFound);
    }
    let request = UpdateContactRequest { owner_kind: shop, ..webhook("a") };
    let status = service.update_contact(by(MINA, request)).await.expect_err("refused");
    assert_eq!(refusal(&status).0, Code::NotFound);
}

async fn wrong_fields_are_all_named_and_change_nothing(on: On) {
    let world = World::on(on).await;
    let service = world.service();
    set(&service, MINA, mailbox("mina@example.com")).await;
    let before = read(&service, MINA).await;
    let language = |request, code: &str| UpdateContactRequest { language: Some(code.to_owned()), ..request };
    let url = |url: &str| wanted(Target::Webhook(WebhookTarget { url: url.to_owned(), ..Default::default() }));
    for (request, fields) in [
        (UpdateContactRequest::default(), vec!["language"]),
        (language(UpdateContactRequest::default(), ""), vec!["language"]),
        (language(mailbox("mina"), "fr"), vec!["language", "smtp.address"]),
        (language(url(""), "EN"), vec!["language", "webhook.url"]),
        (url("https://mina:pw@hooks.example.com/"), vec!["webhook.url"]),
        (url("ftp://hooks.example.com/"), vec!["webhook.url"]),
        (mailbox(""), vec!["smtp.address"]),
    ] {
        let status = service.update_contact(by(MINA, request)).await.expect_err("refused");
        let fields = fields.into_iter().map(str::to_owned).collect();
        assert_eq!(refusal(&status), (Code::InvalidArgument, "INVALID_REQUEST".to_owned(), fields));
    }
    for target in ["https://example.com/", "https://hooks.example.com:8443/", "https://localhost/"] {
        let status = service.update_contact(by(MINA, url(target))).await.expect_err("refused");
        assert_eq!(refusal(&status), (Code::FailedPrecondition, "TARGET_NOT_ALLOWED".to_owned(), vec![]), "{target}");
    }
    let status = service.rotate_webhook_secret(by(MINA, RotateWebhookSecretRequest::default())).await;
    assert_eq!(refusal(&status.expect_err("refused")).1, "NO_WEBHOOK");
    assert_eq!(read(&service, MINA).await, before);
    assert_eq!(world.audited().await.len(), 1);
}

async fn a_secret_is_told_once_and_rotated_with_overlap(on: On) {
    let world = World::on(on).await;
    let service = world.service();
    let first = set(&service, STAFF, webhook("a")).await.webhook_secret;
    assert!(first.starts_with("whsec_") && first.len() == "whsec_".len() + 44, "{first}");
    assert_eq!(set(&service, STAFF, webhook("a")).await.webhook_secret, "", "the same webhook is not set anew");

    let rotated = rotate(&service, STAFF).await;
    assert!(rotated.webhook_secret.starts_with("whsec_") && rotated.webhook_secret != first);
    let expires = |contact: Option<Contact>| match contact.and_then(|contact| contact.target) {
        Some(contact::Target::Webhook(webhook)) => webhook.previous_secret_expire_time,
        other => panic!("{other:?}"),
    };
    assert!(expires(rotated.contact).is_some());
    world.clock.advance(OVERLAP + Duration::from_secs(1));
    assert_eq!(expires(Some(read(&service, STAFF).await)), None);
    let moved = set(&service, STAFF, webhook("b")).await.webhook_secret;
    assert!(moved.starts_with("whsec_") && moved != rotated.webhook_secret);
}

async fn a_repeated_call_has_one_effect_and_the_same_answer(on: On) {
    let world = World::on(on).await;
    let service = world.service();
    let update = |key: &'static str, request: UpdateContactRequest| {
        let service = &service;
        async move { service.update_contact(keyed(key, by(MINA, request))).await.map(tonic::Response::into_inner) }
    };
    let first = update("a", webhook("a")).await.expect("set");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(update("a", webhook("a")).await.expect("replayed"), first);
    let reused = update("a", webhook("b")).await.expect_err("refused");
    assert_eq!(refusal(&reused).1, "IDEMPOTENCY_KEY_REUSED");

    let rotation = || keyed("r", by(MINA, RotateWebhookSecretRequest::default()));
    let rotated = service.rotate_webhook_secret(rotation()).await.expect("rotated").into_inner();
    assert_eq!(service.rotate_webhook_secret(rotation()).await.expect("replayed").into_inner(), rotated);
    let stale = update("a", webhook("a")).await.expect("replayed");
    assert_eq!(stale.webhook_secret, "", "this secret is not the current one any more");

    update("b", mailbox("mina@example.com")).await.expect("set");
    let gone = update("a", webhook("a")).await.expect("replayed");
    assert_eq!(gone.contact.expect("one").target, Some(contact::Target::Webhook(WebhookTarget::default())));
    assert_eq!(
        read(&service, MINA).await.target,
        Some(contact::Target::Smtp(SmtpTarget { address: "mina@example.com".to_owned() }))
    );
    assert_eq!(world.audited().await.len(), 3);
}

async fn neither_answers_nor_the_audit_keep_addresses_or_secrets(on: On) {
    let world = World::on(on).await;
    let service = world.service();
    let request = keyed("a", by(MINA, webhook("token-of-mina")));
    let secret = service.update_contact(request).await.expect("set").into_inner().webhook_secret;
    let request = keyed("b", by(MINA, RotateWebhookSecretRequest::default()));
    let rotated = service.rotate_webhook_secret(request).await.expect("rotated").into_inner().webhook_secret;
    let request = keyed("c", by(MINA, mailbox("mina@example.com")));
    service.update_contact(request).await.expect("set");

    let kept = "SELECT answer FROM answer UNION ALL SELECT changes FROM audit";
    let kept: Vec<Vec<u8>> = match &world.database {
        Database::Sqlite(sqlite) => sqlx::query_scalar(kept).fetch_all(&sqlite.reads()).await,
        Database::Postgres(postgres) => sqlx::query_scalar(kept).fetch_all(&postgres.reads()).await,
    }
    .expect("what is kept");
    assert_eq!(kept.len(), 6);
    for bytes in kept {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for personal in ["token-of-mina", "hooks.example", "mina@example.com", &secret[6..], &rotated[6..]] {
            assert!(!text.contains(personal), "{personal} in {text:?}");
        }
    }
    let audited = world.audited().await;
    let said: Vec<_> = audited.iter().map(|record| (record.actor.as_str(), record.action.as_str())).collect();
    assert_eq!(
        said,
        [
            ("CUSTOMER mina", "UpdateContact"),
            ("CUSTOMER mina", "RotateWebhookSecret"),
            ("CUSTOMER mina", "UpdateContact")
        ]
    );
    let id = read(&service, MINA).await.contact_id;
    assert!(audited.iter().all(|record| record.subject == format!("contact {id}")));
    let fields = |index: usize| audited[index].changes.iter().map(|change| change.name.as_str()).collect::<Vec<_>>();
    assert_eq!(fields(0), ["owner_kind", "owner_id", "language", "channel", "webhook.url", "webhook.secret_time"]);
    assert_eq!(fields(1), ["webhook.secret_time"]);
    assert_eq!(fields(2), ["channel", "webhook.url", "webhook.secret_time", "smtp.address"]);
}

on_both! {
    a_contact_is_its_owners,
    who_is_two_says_whose_contact_is_meant_and_nobody_means_anothers,
    wrong_fields_are_all_named_and_change_nothing,
    a_secret_is_told_once_and_rotated_with_overlap,
    a_repeated_call_has_one_effect_and_the_same_answer,
    neither_answers_nor_the_audit_keep_addresses_or_secrets,
}
