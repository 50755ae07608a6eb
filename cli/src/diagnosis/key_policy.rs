//! Whom the policy of a KMS key lets use it.

use serde_json::Value;

/// Whether `policy` lets a service do `action` for `account`. Conditions other than on the account are taken to hold.
pub(super) fn permits(policy: &Value, service: &str, action: &str, account: &str) -> bool {
    let about = |effect: Effect| {
        let concerns = |statement: &Value| {
            statement["Effect"] == effect.name()
                && effect.is_on_service(&statement["Principal"], service)
                && texts(&statement["Action"]).iter().any(|pattern| is_like(pattern, action))
                && is_of_account(&statement["Condition"], account)
        };
        statements(policy).iter().any(concerns)
    };
    about(Effect::Allow) && !about(Effect::Deny)
}

/// The statements of a policy: a list, or one that stands alone.
fn statements(policy: &Value) -> &[Value] {
    match &policy["Statement"] {
        Value::Array(statements) => statements,
        Value::Null => &[],
        alone => std::slice::from_ref(alone),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
}

impl Effect {
    fn name(self) -> &'static str {
        match self {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        }
    }

    /// Whether a statement of this effect is about a service. `*` under `AWS` is what keys of AWS's own have, for callers of
    /// an account through a service: it lets no other service in. It keeps all out where it denies.
    fn is_on_service(self, principal: &Value, service: &str) -> bool {
        principal == "*"
            || texts(&principal["Service"]).contains(&service)
            || (self == Effect::Deny && texts(&principal["AWS"]).contains(&"*"))
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SERVICE: &str = "cloudwatch.amazonaws.com";

    fn statement(effect: &str, principal: &Value) -> Value {
        json!({ "Effect": effect, "Principal": principal, "Action": "kms:Decrypt", "Resource": "*" })
    }

    #[test]
    fn a_service_is_named_as_a_service() {
        let service = json!({ "Service": [SERVICE, "sns.amazonaws.com"] });
        let root = json!({ "AWS": "arn:aws:iam::123456789012:root" });
        let allow = |principal: &Value| statement("Allow", principal);
        let cases = [
            (json!([allow(&service)]), true),
            (json!([allow(&json!({ "Service": SERVICE }))]), true),
            (json!([allow(&json!("*"))]), true),
            (json!([allow(&json!({ "AWS": "*" }))]), false),
            (json!([allow(&json!({ "AWS": ["*"] }))]), false),
            (json!([allow(&json!({ "AWS": SERVICE }))]), false),
            (json!([allow(&root)]), false),
            (json!([allow(&service), statement("Deny", &json!({ "AWS": "*" }))]), false),
            (json!([allow(&service), statement("Deny", &json!("*"))]), false),
            (json!([allow(&service), statement("Deny", &root)]), true),
            // One that stands alone.
            (allow(&service), true),
            (allow(&root), false),
            (json!([]), false),
            (json!(7), false),
            (Value::Null, false),
        ];
        for (statements, expected) in cases {
            let policy = json!({ "Version": "2012-10-17", "Statement": statements });
            assert_eq!(permits(&policy, SERVICE, "kms:Decrypt", ""), expected, "{policy}");
        }
    }

    #[test]
    fn the_key_that_aws_gives_sns_lets_no_alarm_in() {
        let policy = json!({ "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": "*" }, "Resource": "*",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"],
            "Condition": { "StringEquals": {
                "kms:ViaService": "sns.eu-west-1.amazonaws.com", "kms:CallerAccount": "123456789012"
            } },
        }] });
        assert!(!permits(&policy, SERVICE, "kms:Decrypt", "123456789012"));
    }
}
