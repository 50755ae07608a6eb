//! Checks JSON against a list of a schema's attributes: which there are, of what type, which must be there, and which
//! values they may have.

use serde_json::Value;

/// A schema: one attribute a line, `path type`, then `required` if it must be there wherever its object is, then the values
/// that it may have, if they are enumerated. What is `open` holds anything.
pub(crate) struct Schema(pub(crate) &'static str);

struct Attribute {
    path: &'static str,
    kind: &'static str,
    is_required: bool,
    allowed: Vec<&'static str>,
}

impl Schema {
    fn attributes(&self) -> impl Iterator<Item = Attribute> {
        self.0.lines().filter(|line| !line.trim().is_empty()).map(|line| {
            let mut words = line.split_whitespace().peekable();
            let (path, kind) = (words.next().unwrap(), words.next().unwrap());
            let is_required = words.next_if_eq(&"required").is_some();
            Attribute { path, kind, is_required, allowed: words.collect() }
        })
    }

    /// What is wrong with `json`.
    pub(crate) fn faults(&self, json: &Value) -> Vec<String> {
        let attributes: Vec<_> = self.attributes().collect();
        let mut faults = Vec::new();
        leaves(json, "", &mut |path, value| {
            let is_in =
                |open: &&Attribute| path.strip_prefix(open.path).is_some_and(|rest| rest.starts_with('.'));
            if attributes.iter().filter(|attribute| attribute.kind == "open").any(|open| is_in(&open)) {
                return;
            }
            match attributes.iter().find(|attribute| attribute.path == path) {
                Some(attribute) => faults.extend(attribute.fault(value)),
                None => faults.push(format!("{path} is no attribute")),
            }
        });
        for attribute in attributes.iter().filter(|attribute| attribute.is_required) {
            let (parent, key) = attribute.path.rsplit_once('.').unwrap_or(("", attribute.path));
            if at(json, parent).is_some_and(|parent| parent.get(key).is_none()) {
                faults.push(format!("{} is required", attribute.path));
            }
        }
        faults
    }
}

impl Attribute {
    fn fault(&self, value: &Value) -> Option<String> {
        let is_kind = |value: &Value| match self.kind.trim_end_matches("[]") {
            "text" => value.is_string(),
            "integer" => value.as_i64().is_some(),
            "boolean" => value.is_boolean(),
            "ip" => value.as_str().is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok()),
            "time" => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
            _ => false,
        };
        let is_allowed = |value: &Value| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.allowed.is_empty() || self.allowed.contains(&text.as_str())
        };
        let values = match value {
            Value::Array(values) if self.kind.ends_with("[]") => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        let is_one = value.is_array() == self.kind.ends_with("[]");
        let is_good = is_one && values.iter().all(|value| is_kind(value) && is_allowed(value));
        (!is_good).then(|| format!("{} = {value}: expected {} of {:?}", self.path, self.kind, self.allowed))
    }
}

/// What stands at a path; at an empty one the whole.
pub(crate) fn at<'v>(json: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').filter(|key| !key.is_empty()).try_fold(json, |value, key| value.get(key))
}

/// Visits every value that is no object, with its path.
pub(crate) fn leaves(json: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    let Value::Object(members) = json else { return visit(path, json) };
    assert!(!members.is_empty() || path.is_empty(), "{path} is an empty object");
    for (key, value) in members {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        leaves(value, &path, visit);
    }
}

#[test]
fn the_checker_bites() {
    const SCHEMA: Schema = Schema("a integer required 1 2\nb.c text\nb.d text[] required x y\ne open\nf ip");
    let faults = |text: &str| SCHEMA.faults(&serde_json::from_str(text).unwrap());
    assert_eq!(faults(r#"{"a":1,"b":{"c":"","d":["x"]},"e":{"g":{"h":null}},"f":"::1"}"#), [""; 0]);
    assert_eq!(faults("{}"), ["a is required"]);
    assert_eq!(faults(r#"{"a":3}"#), ["a = 3: expected integer of [\"1\", \"2\"]"]);
    assert_eq!(faults(r#"{"a":1,"b":{"c":""}}"#), ["b.d is required"]);
    assert_eq!(faults(r#"{"a":1,"f":"x","g":1}"#).len(), 2);
    assert_eq!(faults(r#"{"a":1,"b":{"d":"x"}}"#).len(), 1);
}
