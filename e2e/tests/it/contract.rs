//! The contracts as data: every method with its path, its REST binding and its request, so that none is forgotten.

use prost_reflect::prost::Message;
use prost_reflect::prost::bytes::{Buf, BufMut, Bytes};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};
use reqwest::Method as Verb;
use serde_json::{Map, Value as Json};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status};
use xtask::mesh::Service;

use e2e::grpc::Authorised;

/// One RPC.
pub struct Method {
    /// `/tword.order.v1.OrderService/GetOrder`.
    pub path: String,
    /// Verb and path template of the REST binding; public methods have one.
    pub rest: Option<(Verb, String)>,
    /// Whether its answer is a stream.
    pub streams: bool,
    input: MessageDescriptor,
}

/// A request as REST.
pub struct Rest {
    pub verb: Verb,
    /// Path and query.
    pub path: String,
    pub body: Option<Json>,
}

/// Every method of this system's packages.
pub fn methods() -> Vec<Method> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).expect("descriptors");
    let services = pool.services().filter(|service| service.full_name().starts_with("tword."));
    services
        .flat_map(|service| service.methods().map(|method| Method::new(&pool, &method)).collect::<Vec<_>>())
        .collect()
}

/// The methods that customers, staff and operators may reach.
pub fn public() -> Vec<Method> {
    methods().into_iter().filter(|method| method.rest.is_some()).collect()
}

/// The methods that only services may reach.
pub fn internal() -> Vec<Method> {
    methods().into_iter().filter(|method| method.rest.is_none()).collect()
}

impl Method {
    fn new(pool: &DescriptorPool, method: &MethodDescriptor) -> Self {
        let extension = pool.get_extension_by_name("google.api.http").expect("the extension");
        let options = method.options();
        let rest = options.has_extension(&extension).then(|| binding(&options.get_extension(&extension)));
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        Self { path, rest, streams: method.is_server_streaming(), input: method.input() }
    }

    /// The services that serve it: all of them serve `tword.ops.v1`.
    pub fn served_by(&self) -> Vec<Service> {
        let context = self.path.split('.').nth(1).expect("a package");
        let found: Vec<_> = Service::ALL.into_iter().filter(|service| service.context() == context).collect();
        if found.is_empty() { Service::ALL.to_vec() } else { found }
    }

    /// Whether its request has a field, by its JSON name.
    pub fn has_field(&self, name: &str) -> bool {
        self.input.get_field_by_json_name(name).is_some()
    }

    /// The request by its REST binding with a `1` for each field that the path takes, and nothing else.
    pub fn bare(&self) -> Rest {
        let template = self.rest.as_ref().map_or("", |(_verb, template)| template);
        let taken = self.input.fields().filter(|field| template.contains(&format!("{{{}}}", field.name())));
        self.rest(&taken.map(|field| (field.json_name().to_owned(), Json::from("1"))).collect())
    }

    /// The encoded request.
    pub fn encode(&self, request: &Json) -> Bytes {
        message(&self.input, request).encode_to_vec().into()
    }

    /// The request by its REST binding: what the path does not take goes into the body, or into the query of a GET.
    pub fn rest(&self, request: &Json) -> Rest {
        let (verb, template) = self.rest.clone().expect("a REST binding");
        let mut rest = request.as_object().cloned().unwrap_or_default();
        let mut path = template;
        for field in self.input.fields() {
            let place = format!("{{{}}}", field.name());
            if path.contains(&place) {
                let value = rest.remove(field.json_name()).expect("a value for the path");
                path = path.replace(&place, value.as_str().expect("a text"));
            }
        }
        if verb == Verb::GET {
            return Rest { verb, path: path + &query(&rest), body: None };
        }
        Rest { verb, path, body: Some(Json::Object(rest)) }
    }
}

fn binding(rule: &Value) -> (Verb, String) {
    let rule = rule.as_message().expect("a rule");
    let verbs = [
        ("get", Verb::GET),
        ("post", Verb::POST),
        ("patch", Verb::PATCH),
        ("put", Verb::PUT),
        ("delete", Verb::DELETE),
    ];
    let found = verbs.into_iter().find(|(name, _)| rule.has_field_by_name(name)).expect("a verb");
    let template = rule.get_field_by_name(found.0).expect("a path");
    (found.1, template.as_str().expect("a path").to_owned())
}

fn query(fields: &Map<String, Json>) -> String {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn message(descriptor: &MessageDescriptor, json: &Json) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for (name, value) in json.as_object().expect("an object") {
        let field =
            descriptor.get_field_by_json_name(name).unwrap_or_else(|| panic!("{} has no {name}", descriptor.name()));
        let value = match value {
            Json::Array(items) => Value::List(items.iter().map(|item| scalar(&field, item)).collect()),
            one => scalar(&field, one),
        };
        message.set_field(&field, value);
    }
    message
}

fn scalar(field: &FieldDescriptor, json: &Json) -> Value {
    match field.kind() {
        Kind::String => Value::String(json.as_str().expect("a text").to_owned()),
        Kind::Int32 => Value::I32(json.as_i64().and_then(|number| number.try_into().ok()).expect("a number")),
        Kind::Int64 => Value::I64(json.as_str().and_then(|text| text.parse().ok()).expect("a number in quotes")),
        Kind::Message(descriptor) => Value::Message(message(&descriptor, json)),
        Kind::Enum(_) => Value::EnumNumber(json.as_i64().and_then(|number| number.try_into().ok()).expect("a number")),
        other => panic!("no sample needs {other:?} yet"),
    }
}

/// Calls a method with an encoded request.
pub async fn call(service: Authorised, path: &str, request: Request<Bytes>) -> Result<Bytes, Status> {
    let mut client = Grpc::new(service);
    client.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let path = PathAndQuery::try_from(path).expect("a path");
    client.unary(request, path, Raw).await.map(tonic::Response::into_inner)
}

/// Calls a method that answers a stream with an encoded request: the first message, or why there is none.
pub async fn call_stream(service: Authorised, path: &str, request: Request<Bytes>) -> Result<Bytes, Status> {
    let mut client = Grpc::new(service);
    client.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let path = PathAndQuery::try_from(path).expect("a path");
    let mut answers = client.server_streaming(request, path, Raw).await?.into_inner();
    Ok(answers.message().await?.expect("a message"))
}

/// Messages as bytes.
#[derive(Clone, Copy, Default)]
pub struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length)))
    }
}
