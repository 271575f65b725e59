//! As much of JSON schema as the document uses; what it uses more is a failure.

use serde_json::Value;

/// Asserts that a value fits a schema, and that the schema names each of its fields.
pub fn assert_fits(document: &Value, schema: &Value, value: &Value) {
    assert!(schema.is_object(), "no schema for {value}");
    let mut faults = Vec::new();
    check(document, schema, value, "$", &mut faults);
    assert!(faults.is_empty(), "{faults:#?}\nin {value}");
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(path) = schema["$ref"].as_str() {
        let found = document.pointer(path.trim_start_matches('#')).unwrap_or_else(|| panic!("{path} leads nowhere"));
        return check(document, found, value, at, faults);
    }
    if let Some(names) = schema["enum"].as_array()
        && !names.contains(value)
    {
        faults.push(format!("{at}: {value} is none of {names:?}"));
    }
    let fits = match schema["type"].as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.as_str().is_some_and(|text| text_fits(schema["format"].as_str(), text)),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        other => panic!("{at}: nobody has thought of {other}"),
    };
    if !fits {
        faults.push(format!("{at}: {value} is no {} {}", schema["type"], schema["format"]));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        check(document, &schema["items"], item, &format!("{at}[{index}]"), faults);
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            faults.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let place = format!("{at}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(true)) => {}
            (Value::Null, Value::Null) => faults.push(format!("{place}: nobody has told of it")),
            (Value::Null, others) => check(document, others, field, &place, faults),
            (own, _) => check(document, own, field, &place, faults),
        }
    }
}

fn text_fits(format: Option<&str>, text: &str) -> bool {
    match format {
        None => true,
        Some("int64") => text.parse::<i64>().is_ok(),
        Some("uint64") => text.parse::<u64>().is_ok(),
        Some("date-time") => text.ends_with('Z') && text.get(10..11) == Some("T"),
        Some(other) => panic!("nobody has thought of {other}"),
    }
}
