//! A Lambda function that is deployed: its environment, and one more event for it.

use std::collections::HashMap;
use std::error::Error;
use std::sync::OnceLock;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::Value;

use crate::access::AwsAccess;
use crate::refusal::Refusal;

/// A function by its name or ARN.
#[derive(Debug)]
pub struct DeployedFunction {
    access: AwsAccess,
    function: String,
    client: OnceLock<Client>,
}

/// What a function was deployed with.
#[derive(Debug, Clone)]
pub struct FunctionConfiguration {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its environment.
    pub environment: HashMap<String, String>,
}

/// Lambda did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Lambda {operation} of {function}: {code}: {text}")]
pub struct DeployedFunctionError {
    /// The call, as AWS names it.
    pub operation: &'static str,
    /// The function.
    pub function: String,
    /// Lambda's word for the reason, such as `ResourceNotFoundException`; `NoAnswer` when it was not reached.
    pub code: String,
    /// The reason in a sentence.
    pub text: String,
}

impl DeployedFunction {
    /// The function of this name or ARN.
    pub fn new(access: AwsAccess, function: String) -> Self {
        DeployedFunction { access, function, client: OnceLock::new() }
    }

    /// What it was deployed with.
    pub async fn configuration(&self) -> Result<FunctionConfiguration, DeployedFunctionError> {
        let call = self.client().get_function_configuration().function_name(&self.function);
        let answer = call.send().await.map_err(|error| self.refused("GetFunctionConfiguration", &error))?;
        Ok(FunctionConfiguration {
            arn: answer.function_arn.unwrap_or_default(),
            name: answer.function_name.unwrap_or_else(|| self.function.clone()),
            environment: answer.environment.and_then(|environment| environment.variables).unwrap_or_default(),
        })
    }

    /// The log groups whose lines CloudWatch Logs may invoke it with, by its policy; a function without one has none.
    pub async fn log_groups(&self) -> Result<Vec<String>, DeployedFunctionError> {
        let call = self.client().get_policy().function_name(&self.function);
        match call.send().await.map_err(|error| self.refused("GetPolicy", &error)) {
            Ok(answer) => Ok(log_groups_of(answer.policy().unwrap_or_default())),
            Err(error) if error.code == "ResourceNotFoundException" => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Hands it one more event, as CloudWatch Logs does: Lambda accepts it, and works through it later.
    pub async fn invoke_later(&self, payload: Vec<u8>) -> Result<(), DeployedFunctionError> {
        let call = self.client().invoke().function_name(&self.function);
        let call = call.invocation_type(InvocationType::Event).payload(Blob::new(payload));
        call.send().await.map_err(|error| self.refused("Invoke", &error))?;
        Ok(())
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| self.access.lambda())
    }

    fn refused<E>(&self, operation: &'static str, error: &SdkError<E>) -> DeployedFunctionError
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let Refusal { code, text } = Refusal::from(error);
        DeployedFunctionError { operation, function: self.function.clone(), code, text }
    }
}

/// The log groups that a function's policy lets CloudWatch Logs speak for: those of `arn:...:log-group:NAME:*`.
fn log_groups_of(policy: &str) -> Vec<String> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    let of_logs = |statement: &&Value| {
        let principal = statement["Principal"]["Service"].as_str().unwrap_or_default();
        principal.starts_with("logs.")
    };
    let mut groups: Vec<String> = statements.iter().filter(of_logs).filter_map(log_group).collect();
    groups.sort();
    groups.dedup();
    groups
}

fn log_group(statement: &Value) -> Option<String> {
    let conditions = statement["Condition"].as_object()?.values();
    // AWS writes the key as it likes.
    let mut arns = conditions.filter_map(Value::as_object).flatten();
    let (_, arn) = arns.find(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn"))?;
    let name = arn.as_str()?.split_once(":log-group:")?.1;
    Some(name.strip_suffix(":*").unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_groups_are_those_of_the_policy() {
        let policy = r#"{"Statement": [
            {"Principal": {"Service": "logs.amazonaws.com"}, "Condition": {
                "StringEquals": {"AWS:SourceAccount": "123456789012"},
                "ArnLike": {"AWS:SourceArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/a:*"}}},
            {"Principal": {"Service": "events.amazonaws.com"}, "Condition": {
                "ArnLike": {"AWS:SourceArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/other:*"}}},
            {"Principal": {"Service": "logs.eu-west-1.amazonaws.com"}, "Condition": {
                "ArnLike": {"aws:SourceArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/b"}}},
            {"Principal": "*"}, 7]}"#;
        assert_eq!(log_groups_of(policy), ["/vpc/a", "/vpc/b"]);
        for none in ["", "{}", "[]", r#"{"Statement": 1}"#] {
            assert_eq!(log_groups_of(none), [""; 0], "{none}");
        }
    }
}
