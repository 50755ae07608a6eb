//! A Lambda function that is deployed: its environment, and one more event for it.

use std::collections::HashMap;
use std::error::Error;
use std::sync::OnceLock;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;

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
            name: answer.function_name.unwrap_or_else(|| self.function.clone()),
            environment: answer.environment.and_then(|environment| environment.variables).unwrap_or_default(),
        })
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
