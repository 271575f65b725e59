use super::*;

fn policy(allowed: &[&str], private: bool) -> Policy {
    Policy { allowed: allowed.iter().map(|text| text.parse().expect("a pattern")).collect(), private }
}

#[test]
fn without_an_allow_list_nothing_is_allowed() {
    assert_eq!(Policy::default().check("https://example.com/"), Err(NotAllowed::Host));
}

#[test]
fn hosts_and_ports_are_matched_as_urls_have_them() {
    let policy = policy(&["hooks.example.com", "*.shop.kr:8443", "bücher.example"], false);
    for text in [
        "https://hooks.example.com/a?b=c",
        "https://HOOKS.example.com:443/",
        "https://a.shop.kr:8443/",
        "https://a.b.shop.kr:8443/",
        "https://xn--bcher-kva.example/",
    ] {
        assert!(policy.check(text).is_ok(), "{text}");
    }
    for text in [
        "https://hooks.example.com:8443/",
        "https://example.com/",
        "https://hooks.example.com.evil.kr/",
        "https://evilshop.kr:8443/",
        "https://shop.kr:8443/",
        "https://a.shop.kr/",
        "https://hooks.example.com./",
    ] {
        assert_eq!(policy.check(text), Err(NotAllowed::Host), "{text}");
    }
}

#[test]
fn urls_that_could_mislead_are_refused_whoever_is_allowed() {
    let policy = policy(&["*:*"], false);
    let long = format!("https://example.com/{}", "a".repeat(2_000));
    for text in [
        "",
        "example.com",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https:///",
        "https://",
        "https://mina@example.com/",
        "https://mina:pw@example.com/",
        "https://:pw@example.com/",
        "https://example.com/#x",
        "https://example.com/\r\nx: y",
        " https://example.com/",
        "https://exa mple.com/",
        long.as_str(),
    ] {
        assert!(matches!(policy.check(text), Err(NotAllowed::Form(_))), "{text}");
    }
    for text in [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://10.1.2.3:8080/",
        "https://127.1/",
    ] {
        assert_eq!(policy.check(text), Err(NotAllowed::Private), "{text}");
    }
    assert!(policy.check("https://example.com:8443/").is_ok() && policy.check("https://8.8.8.8/").is_ok());
}

#[test]
fn private_addresses_and_http_are_allowed_where_a_setting_says_so() {
    let policy = policy(&["127.0.0.1:*", "[::1]:9000"], true);
    for text in ["http://127.0.0.1:8080/", "https://127.0.0.1/", "http://[::1]:9000/"] {
        assert!(policy.check(text).is_ok(), "{text}");
    }
    assert_eq!(policy.check("http://localhost:8080/"), Err(NotAllowed::Host));
}

#[test]
fn what_is_no_pattern_is_refused() {
    for text in [
        "",
        "*.",
        "*example.com",
        "https://example.com",
        "example.com:",
        "example.com:x",
        "a b",
        "a*b",
        ":443",
        "*.*.com",
    ] {
        assert_eq!(text.parse::<Pattern>(), Err(InvalidPattern), "{text}");
    }
}

#[test]
fn a_list_of_patterns_may_be_empty() {
    assert_eq!(["", " ", ","].map(str::parse), [const { Ok(Patterns(Vec::new())) }; 3]);
    assert_eq!("a.com, *.b.com:*".parse::<Patterns>().map(|patterns| patterns.0.len()), Ok(2));
    assert_eq!("a.com b.com".parse::<Patterns>(), Err(InvalidPattern));
}

#[test]
fn machines_are_told_apart_by_host_and_port() {
    let policy = policy(&["*:*"], false);
    let receiver = |text: &str| policy.endpoint(text).expect("allowed").receiver().to_owned();
    assert_eq!(receiver("https://Example.com/a"), receiver("https://example.com:443/b?c"));
    assert_ne!(receiver("https://example.com/"), receiver("https://example.com:8443/"));
}
