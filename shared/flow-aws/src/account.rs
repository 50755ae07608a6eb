//! Whose credentials these are, and what a stack is made of.

use crate::access::AwsAccess;
use crate::call_error::CallError;
use crate::refusal::Refusal;
use crate::signed_calls::{CLOUDFORMATION, STS, SignedCalls};
use crate::xml;

/// Account and region, as the credentials open them.
#[derive(Debug)]
pub struct Account {
    sts: SignedCalls,
    cloudformation: SignedCalls,
}

/// Whom AWS takes the caller for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The account, 12 digits.
    pub account: String,
    /// The ARN of the user or role.
    pub arn: String,
}

impl Account {
    /// The account of `access`.
    pub fn new(access: AwsAccess) -> Self {
        Account {
            sts: SignedCalls::new(access.clone(), STS),
            cloudformation: SignedCalls::new(access, CLOUDFORMATION),
        }
    }

    /// Who is calling; `now` is the clock in Unix seconds.
    pub async fn identity(&self, now: u64) -> Result<Identity, CallError> {
        const CALL: &str = "STS GetCallerIdentity";
        let failed = |refusal| CallError::new(CALL, "these credentials", refusal);
        let calls = &self.sts;
        let answer = calls.query("GetCallerIdentity", &[], now).await.map_err(failed)?;
        let mut identity = Identity::default();
        let read = xml::read(&answer, "GetCallerIdentityResponse", |name, element| match name {
            "GetCallerIdentityResult" => xml::each(element, |name, element| {
                match name {
                    "Account" => identity.account = xml::text(element)?,
                    "Arn" => identity.arn = xml::text(element)?,
                    _ => {}
                }
                Ok(())
            }),
            _ => Ok(()),
        });
        read.map_err(|error| failed(Refusal::from(error)))?;
        Ok(identity)
    }

    /// What a resource of a stack is called that the template calls `logical`.
    pub async fn resource(&self, stack: &str, logical: &str, now: u64) -> Result<String, CallError> {
        const CALL: &str = "CloudFormation DescribeStackResource";
        let failed = |refusal| CallError::new(CALL, stack, refusal);
        let parameters = [("StackName", stack), ("LogicalResourceId", logical)];
        let calls = &self.cloudformation;
        let answer = calls.query("DescribeStackResource", &parameters, now).await.map_err(failed)?;
        let mut found = String::new();
        let read = xml::read(&answer, "DescribeStackResourceResponse", |name, element| match name {
            "DescribeStackResourceResult" => xml::each(element, |_, detail| {
                xml::each(detail, |name, element| {
                    if name == "PhysicalResourceId" {
                        found = xml::text(element)?;
                    }
                    Ok(())
                })
            }),
            _ => Ok(()),
        });
        read.map_err(|error| failed(Refusal::from(error)))?;
        if found.is_empty() {
            return Err(CallError::unreadable(
                CALL,
                stack,
                format_args!("no PhysicalResourceId of {logical}"),
            ));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_http;

    #[tokio::test]
    async fn says_who_is_calling() {
        let answer = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/u</Arn>\
            <UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
        let refused =
            "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>old</Message></Error></ErrorResponse>";
        let (access, asked) =
            fake_http::start(vec![(200, answer.to_owned()), (403, refused.to_owned())]).await;
        let account = Account::new(access);
        let arn = "arn:aws:iam::123456789012:user/u".to_owned();
        assert_eq!(account.identity(0).await, Ok(Identity { account: "123456789012".to_owned(), arn }));
        let error = account.identity(0).await.unwrap_err().to_string();
        assert_eq!(error, "STS GetCallerIdentity of these credentials: ExpiredToken: old");
        assert!(asked.all()[0].ends_with("\r\n\r\nAction=GetCallerIdentity&Version=2011-06-15"));
    }

    #[tokio::test]
    async fn finds_what_a_stack_made() {
        let answer = |id: &str| {
            format!(
                "<DescribeStackResourceResponse><DescribeStackResourceResult><StackResourceDetail>\
                 <LogicalResourceId>F</LogicalResourceId>{id}</StackResourceDetail></DescribeStackResourceResult>\
                 </DescribeStackResourceResponse>"
            )
        };
        let found = answer("<PhysicalResourceId>stack-F-1</PhysicalResourceId>");
        let (access, _) = fake_http::start(vec![(200, found), (200, answer(""))]).await;
        let account = Account::new(access);
        assert_eq!(account.resource("stack", "F", 0).await.as_deref(), Ok("stack-F-1"));
        let error = account.resource("stack", "F", 0).await.unwrap_err();
        assert_eq!(error.code, "Unreadable");
    }
}
