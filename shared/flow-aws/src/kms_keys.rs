//! Keys as an operator looks at them.

use serde_json::json;

use crate::access::AwsAccess;
use crate::call_error::CallError;
use crate::signed_calls::{KMS, SignedCalls};

/// KMS, as the credentials open it.
#[derive(Debug)]
pub struct KmsKeys {
    calls: SignedCalls,
}

/// A key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KmsKey {
    /// `Enabled`, or why it can't be used.
    pub state: String,
    /// Whether AWS manages it, so that nobody can change its policy.
    pub is_of_aws: bool,
    /// Its policy, JSON.
    pub policy: String,
}

impl KmsKeys {
    /// Those of the account and region of `access`.
    pub fn new(access: AwsAccess) -> Self {
        KmsKeys { calls: SignedCalls::new(access, KMS) }
    }

    /// A key by its id, ARN or alias; `now` is the clock in Unix seconds.
    pub async fn key(&self, id: &str, now: u64) -> Result<KmsKey, CallError> {
        const DESCRIBE: &str = "KMS DescribeKey";
        let calls = &self.calls;
        let answer = calls.json("DescribeKey", json!({ "KeyId": id }), now).await;
        let answer = answer.map_err(|refusal| CallError::new(DESCRIBE, id, refusal))?;
        let metadata = &answer["KeyMetadata"];
        let (Some(arn), Some(state)) = (metadata["Arn"].as_str(), metadata["KeyState"].as_str()) else {
            return Err(CallError::unreadable(DESCRIBE, id, "no Arn or no KeyState"));
        };
        let policy = calls.json("GetKeyPolicy", json!({ "KeyId": arn, "PolicyName": "default" }), now).await;
        let policy = policy.map_err(|refusal| CallError::new("KMS GetKeyPolicy", id, refusal))?;
        Ok(KmsKey {
            state: state.to_owned(),
            is_of_aws: metadata["KeyManager"] == "AWS",
            policy: policy["Policy"].as_str().unwrap_or_default().to_owned(),
        })
    }
}
