//! Whom the policy of a KMS key lets use it.

use serde_json::Value;

/// Whether `policy` lets a service do `action` for `account`. Conditions other than on the account are taken to hold.
pub(super) fn permits(policy: &Value, service: &str, action: &str, account: &str) -> bool {
    let empty = Vec::new();
    let statements = policy["Statement"].as_array().unwrap_or(&empty);
    let about = |effect: &str| {
        let concerns = |statement: &&Value| {
            statement["Effect"] == effect
                && names_service(&statement["Principal"], service)
                && texts(&statement["Action"]).iter().any(|pattern| is_like(pattern, action))
                && is_of_account(&statement["Condition"], account)
        };
        statements.iter().any(|statement| concerns(&statement))
    };
    about("Allow") && !about("Deny")
}

fn names_service(principal: &Value, service: &str) -> bool {
    principal == "*"
        || texts(&principal["Service"]).contains(&service)
        || texts(&principal["AWS"]).contains(&"*")
}

/// Whether no condition asks for another account's use.
fn is_of_account(condition: &Value, account: &str) -> bool {
    let operators = condition.as_object().into_iter().flatten();
    let asked = operators.filter(|(operator, _)| operator.starts_with("StringEquals"));
    let mut accounts = asked
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceAccount"));
    account.is_empty() || accounts.all(|(_, value)| texts(value).contains(&account))
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether an action's name is like a pattern: `*` at its end stands for anything, and case does not matter.
fn is_like(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    match pattern.strip_suffix('*') {
        Some(start) => action.starts_with(start),
        None => pattern == action,
    }
}
