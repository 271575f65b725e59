//! Who may call each method: tables that the code and its tests read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use prost::Message;
use prost_types::FileDescriptorSet;

use super::Caller;

/// The role of the people who run the system.
pub const OPERATOR: &str = "operator";

/// Who may call one method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The method's path, such as `/tword.order.v1.OrderService/PlaceOrder`.
    pub method: &'static str,
    /// Who may call it.
    pub allow: Allow,
}

/// A kind of caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allow {
    /// Everybody, with or without a token.
    Anyone,
    /// People with one of these roles.
    Roles(&'static [&'static str]),
    /// These services.
    Services(&'static [&'static str]),
    /// Every service of this system.
    AnyService,
}

impl Allow {
    /// Whether it allows a caller whose token is valid.
    pub fn permits(self, caller: &Caller) -> bool {
        match (self, caller) {
            (Self::Anyone, _) | (Self::AnyService, Caller::Service(_)) => true,
            (Self::Roles(roles), Caller::Person(person)) => roles.iter().any(|role| person.has(role)),
            (Self::Services(services), Caller::Service(name)) => services.contains(&name.as_str()),
            (Self::Roles(_), Caller::Service(_)) | (Self::Services(_) | Self::AnyService, Caller::Person(_)) => false,
        }
    }
}

/// Health and reflection need no token.
pub const OPEN: &[Rule] = &[
    Rule { method: "/grpc.health.v1.Health/Check", allow: Allow::Anyone },
    Rule { method: "/grpc.health.v1.Health/Watch", allow: Allow::Anyone },
    Rule { method: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", allow: Allow::Anyone },
    Rule { method: "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", allow: Allow::Anyone },
];

/// Two tables, or one twice, say who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} has more than one rule")]
pub struct DuplicateRule(pub &'static str);

/// All tables of a process.
#[derive(Clone, Debug, Default)]
pub struct Rules(HashMap<&'static str, Allow>);

impl Rules {
    /// Merges tables.
    ///
    /// # Errors
    /// A method has more than one rule.
    pub fn merge(tables: &[&[Rule]]) -> Result<Self, DuplicateRule> {
        let mut rules = HashMap::new();
        for rule in tables.iter().copied().flatten() {
            if rules.insert(rule.method, rule.allow).is_some() {
                return Err(DuplicateRule(rule.method));
            }
        }
        Ok(Self(rules))
    }

    /// Who may call a method; none where no table names it, and then nobody may.
    pub fn get(&self, method: &str) -> Option<Allow> {
        self.0.get(method).copied()
    }
}

/// What the tables lack to be complete, in words: methods of the named proto services that have no rule or more than
/// one, rules that name none of those methods, and services that `descriptors` (an encoded `FileDescriptorSet`) lacks.
/// A test asserts that it is empty.
pub fn unruled(rules: &[&[Rule]], descriptors: &[u8], services: &[&str]) -> Vec<String> {
    let set = match FileDescriptorSet::decode(descriptors) {
        Ok(set) => set,
        Err(error) => return vec![format!("the descriptor set cannot be decoded: {error}")],
    };
    let known = methods(&set);
    let mut found: Vec<String> = Vec::new();
    let mut expected = BTreeSet::new();
    for service in services {
        match known.get(*service) {
            Some(methods) => expected.extend(methods.iter().cloned()),
            None => found.push(format!("{service} is not a service")),
        }
    }
    let mut seen = BTreeSet::new();
    for rule in rules.iter().copied().flatten() {
        if !expected.contains(rule.method) {
            found.push(format!("{} has a rule and is not a method", rule.method));
        }
        if !seen.insert(rule.method) {
            found.push(format!("{} has more than one rule", rule.method));
        }
    }
    found.extend(
        expected.iter().filter(|method| !seen.contains(method.as_str())).map(|method| format!("{method} has no rule")),
    );
    found
}

/// The paths of every service's methods, by the service's full name.
fn methods(set: &FileDescriptorSet) -> BTreeMap<String, Vec<String>> {
    let mut methods = BTreeMap::new();
    for file in &set.file {
        for service in &file.service {
            let name = format!("{}.{}", file.package(), service.name());
            let paths = service.method.iter().map(|method| format!("/{name}/{}", method.name())).collect();
            methods.insert(name, paths);
        }
    }
    methods
}

#[cfg(test)]
mod tests {
    use prost_types::{FileDescriptorProto, MethodDescriptorProto, ServiceDescriptorProto};

    use super::*;
    use crate::auth::Person;

    fn descriptors() -> Vec<u8> {
        let method = |name: &str| MethodDescriptorProto { name: Some(name.to_owned()), ..Default::default() };
        let service = ServiceDescriptorProto {
            name: Some("S".to_owned()),
            method: vec![method("Get"), method("Put")],
            ..Default::default()
        };
        let file =
            FileDescriptorProto { package: Some("p.v1".to_owned()), service: vec![service], ..Default::default() };
        FileDescriptorSet { file: vec![file] }.encode_to_vec()
    }

    const GET: Rule = Rule { method: "/p.v1.S/Get", allow: Allow::Roles(&["reader"]) };
    const PUT: Rule = Rule { method: "/p.v1.S/Put", allow: Allow::Services(&["writer-svc"]) };

    #[test]
    fn a_complete_table_lacks_nothing() {
        assert_eq!(unruled(&[&[GET], &[PUT]], &descriptors(), &["p.v1.S"]), Vec::<String>::new());
    }

    #[test]
    fn what_a_table_lacks_is_named() {
        let table: &[Rule] = &[GET, GET, Rule { method: "/p.v1.S/Gone", allow: Allow::Anyone }];
        let expected = [
            "p.v1.T is not a service",
            "/p.v1.S/Get has more than one rule",
            "/p.v1.S/Gone has a rule and is not a method",
            "/p.v1.S/Put has no rule",
        ];
        assert_eq!(unruled(&[table], &descriptors(), &["p.v1.S", "p.v1.T"]), expected);
        assert_eq!(unruled(&[], &[0xff], &[]).len(), 1);
    }

    #[test]
    fn the_real_descriptors_can_be_read() {
        let missing = unruled(&[], proto::DESCRIPTORS, &["tword.ops.v1.EventLogService"]);
        assert!(missing.contains(&"/tword.ops.v1.EventLogService/ReadEvents has no rule".to_owned()), "{missing:?}");
    }

    #[test]
    fn a_method_has_one_rule() {
        assert_eq!(Rules::merge(&[&[GET], &[PUT, GET]]).err(), Some(DuplicateRule("/p.v1.S/Get")));
        let rules = Rules::merge(&[&[GET], &[PUT]]).expect("rules");
        assert_eq!(rules.get("/p.v1.S/Get"), Some(GET.allow));
        assert_eq!(rules.get("/p.v1.S/get"), None);
    }

    #[test]
    fn roles_are_for_people_and_names_for_services() {
        let person = |role: &str| {
            let roles = BTreeSet::from([role.to_owned()]);
            Caller::Person(Person { issuer: String::new(), subject: "writer-svc".to_owned(), roles, tenant: None })
        };
        let service = |name: &str| Caller::Service(name.to_owned());
        assert!(GET.allow.permits(&person("reader")) && PUT.allow.permits(&service("writer-svc")));
        assert!(Allow::AnyService.permits(&service("other-svc")));
        for (allow, caller) in [
            (Allow::AnyService, person("reader")),
            (GET.allow, person("writer")),
            (GET.allow, service("reader")),
            (PUT.allow, service("other-svc")),
            (PUT.allow, person("writer-svc")),
            (Allow::Roles(&[]), person("reader")),
        ] {
            assert!(!allow.permits(&caller), "{allow:?} {caller:?}");
        }
    }
}
