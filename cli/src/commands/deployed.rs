//! A stack that is deployed: its function and what that was deployed with.

use flow_aws::{
    Account, AwsAccess, AwsAccessError, CallError, DeployedFunction, DeployedFunctionError,
    FunctionConfiguration,
};
use flow_function::config::{Config, ConfigError};
use flow_function::outside::environment;

use crate::clock::now;
use crate::diagnosis::account_of;

/// What the template calls the function that reads the log group.
const FUNCTION: &str = "SubscriptionFunction";

/// What may lie in the function's package, which is not here.
pub(crate) const PACKAGED: [&str; 3] = ["RULES", "NETWORKS", "SUPPRESSIONS"];

/// Why a stack can't be worked with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeployedError {
    /// There are no credentials, or no region.
    #[error("{0}; `eval \"$(aws configure export-credentials --format env)\"` sets those of a profile")]
    Access(#[from] AwsAccessError),
    /// The function can't be asked or invoked.
    #[error(transparent)]
    Function(#[from] DeployedFunctionError),
    /// Neither a function nor a stack has the name.
    #[error("no function and no stack of this name: {function}; {stack}")]
    Nothing {
        /// What Lambda says.
        function: DeployedFunctionError,
        /// What the service of stacks says.
        stack: CallError,
    },
    /// A function of the name may not be looked at, and a stack does not lead to another.
    #[error("neither a function nor a stack of this name can be looked at: {function}; {stack}")]
    Unseen {
        /// What Lambda says.
        function: DeployedFunctionError,
        /// What the service of stacks says.
        stack: CallError,
    },
    /// The function's environment is none of a Flowgauge function.
    #[error("the environment of {function}: {error}")]
    Config {
        /// Its name.
        function: String,
        /// The mistake.
        #[source]
        error: Box<ConfigError>,
    },
}

/// A function and how it is reached.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub(crate) access: AwsAccess,
    pub(crate) function: DeployedFunction,
    pub(crate) configuration: FunctionConfiguration,
}

impl DeployedError {
    /// Neither service led to a function.
    fn of_both(function: DeployedFunctionError, stack: CallError) -> Self {
        if is_denied(&function.code) {
            DeployedError::Unseen { function, stack }
        } else {
            DeployedError::Nothing { function, stack }
        }
    }
}

impl Deployed {
    /// The function of this name or ARN, or that of the stack of this name.
    pub(crate) async fn find(name: &str) -> Result<Self, DeployedError> {
        let access = AwsAccess::read(of_user)?;
        let function = DeployedFunction::new(access.clone(), name.to_owned());
        match function.configuration().await {
            Ok(configuration) => Ok(Deployed { access, function, configuration }),
            Err(error) if may_be_stack(&error.code) => {
                let found = Account::new(access.clone()).resource(name, FUNCTION, now()).await;
                let name = found.map_err(|stack| DeployedError::of_both(error, stack))?;
                let function = DeployedFunction::new(access.clone(), name);
                let configuration = function.configuration().await?;
                Ok(Deployed { access, function, configuration })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The function's name.
    pub(crate) fn name(&self) -> &str {
        &self.configuration.name
    }

    /// The account that it is in.
    pub(crate) fn account(&self) -> &str {
        account_of(&self.configuration.arn).filter(|account| account.len() == 12).unwrap_or("000000000000")
    }

    /// A variable that names something in the function's package, with what it says.
    pub(crate) fn packaged(&self, variable: &str) -> Option<&str> {
        let found = self.configuration.environment.get(variable).map(String::as_str);
        found.filter(|found| PACKAGED.contains(&variable) && !found.is_empty() && !found.starts_with("s3://"))
    }

    /// The function's settings. What lies in its package is where `here` says, or not read.
    pub(crate) fn config(&self, here: impl Fn(&str) -> Option<String>) -> Result<Config, DeployedError> {
        let lookup = |variable: &str| {
            if variable.starts_with("AWS_") && variable != "AWS_LAMBDA_FUNCTION_NAME" {
                return of_user(variable);
            }
            let deployed = || self.configuration.environment.get(variable).cloned();
            here(variable).or_else(|| if self.packaged(variable).is_some() { None } else { deployed() })
        };
        let mistake =
            |error| DeployedError::Config { function: self.name().to_owned(), error: Box::new(error) };
        Config::read(lookup).map_err(mistake)
    }
}

/// Whether what Lambda said of a name leaves open that it is a stack's. Under a policy that names functions AWS refuses to say
/// that there is none of another name, and ARNs of stacks are no names of functions.
fn may_be_stack(code: &str) -> bool {
    is_denied(code) || ["ResourceNotFoundException", "ValidationException"].contains(&code)
}

/// Whether one of AWS's words for a refusal says that the credentials don't permit the call.
pub(crate) fn is_denied(code: &str) -> bool {
    code.starts_with("AccessDenied") || code.starts_with("AuthorizationError")
}

/// The environment of whoever runs this, for what has to do with AWS.
fn of_user(variable: &str) -> Option<String> {
    let region = || environment("AWS_DEFAULT_REGION");
    environment(variable).or_else(|| if variable == "AWS_REGION" { region() } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_looked_for_unless_something_else_is_wrong() {
        for code in
            ["ResourceNotFoundException", "AccessDeniedException", "AccessDenied", "ValidationException"]
        {
            assert!(may_be_stack(code), "{code}");
        }
        for code in ["NoAnswer", "ExpiredTokenException", "TooManyRequestsException", ""] {
            assert!(!may_be_stack(code), "{code}");
        }
    }

    #[test]
    fn both_reasons_are_told_when_neither_is_found() {
        let told = |code: &str| {
            let (code, text) = (code.to_owned(), "no".to_owned());
            let function = DeployedFunctionError {
                operation: "GetFunctionConfiguration",
                function: "x".to_owned(),
                code,
                text,
            };
            let stack = CallError {
                call: "CloudFormation DescribeStackResource",
                about: "x".to_owned(),
                code: "AccessDenied".to_owned(),
                text: "no".to_owned(),
            };
            DeployedError::of_both(function, stack).to_string()
        };
        assert_eq!(
            told("AccessDeniedException"),
            "neither a function nor a stack of this name can be looked at: \
             Lambda GetFunctionConfiguration of x: AccessDeniedException: no; \
             CloudFormation DescribeStackResource of x: AccessDenied: no"
        );
        let nothing = told("ResourceNotFoundException");
        assert!(nothing.starts_with("no function and no stack of this name: Lambda"), "{nothing}");
    }
}
