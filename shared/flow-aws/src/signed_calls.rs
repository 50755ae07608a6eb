//! Calls of services of which so little is asked that their SDK crates would be out of proportion: a signed request over the
//! SDK's own HTTP client, and an answer of bounded size.

use std::fmt::{self, Write};
use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_sns::config::http::HttpRequest;
use aws_sdk_sns::error::BoxError;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector;
use tokio::time::timeout;

use crate::access::AwsAccess;
use crate::refusal::{Refusal, innermost};
use crate::xml;

/// The most bytes of an answer.
const MAX_ANSWER: usize = 1 << 20;

/// How the body of a Query API's call is written.
const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];

/// A service as far as its calls differ from those of others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called {
    /// Its id in the names of variables.
    pub(crate) id: &'static str,
    /// How its host names begin, and what its signatures are for.
    pub(crate) prefix: &'static str,
    /// The version of a Query API; what stands before the names of a JSON API's operations.
    pub(crate) version: &'static str,
    /// A call ends after so long, whatever happens. It is made once.
    pub(crate) time: Duration,
}

/// An event waits for it.
const SHORT: Duration = Duration::from_secs(2);

/// A person waits for it.
#[cfg(feature = "operate")]
const LONG: Duration = Duration::from_secs(10);

pub(crate) const EC2: Called = Called { id: "EC2", prefix: "ec2", version: "2016-11-15", time: SHORT };
#[cfg(feature = "operate")]
pub(crate) const STS: Called = Called { id: "STS", prefix: "sts", version: "2011-06-15", time: LONG };
#[cfg(feature = "operate")]
pub(crate) const CLOUDFORMATION: Called =
    Called { id: "CLOUDFORMATION", prefix: "cloudformation", version: "2010-05-15", time: LONG };
#[cfg(feature = "operate")]
pub(crate) const LOGS: Called =
    Called { id: "CLOUDWATCH_LOGS", prefix: "logs", version: "Logs_20140328", time: LONG };
#[cfg(feature = "operate")]
pub(crate) const KMS: Called = Called { id: "KMS", prefix: "kms", version: "TrentService", time: LONG };
#[cfg(feature = "operate")]
pub(crate) const SERVICE_QUOTAS: Called =
    Called { id: "SERVICE_QUOTAS", prefix: "servicequotas", version: "ServiceQuotasV20190624", time: LONG };

/// A client of one service. Nothing is made before its first call.
#[derive(Debug)]
pub(crate) struct SignedCalls {
    access: AwsAccess,
    called: Called,
    connector: OnceLock<Connector>,
}

impl SignedCalls {
    pub(crate) fn new(access: AwsAccess, called: Called) -> Self {
        SignedCalls { access, called, connector: OnceLock::new() }
    }

    /// Makes a call of a Query API; `now` is the clock in Unix seconds. Gives the answer, which is XML.
    pub(crate) async fn query(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        now: u64,
    ) -> Result<String, Refusal> {
        let mut form = format!("Action={action}&Version={}", self.called.version);
        for (name, value) in parameters {
            form.push('&');
            form.push_str(name);
            form.push('=');
            escape(value, &mut form);
        }
        let (status, answer) = self.call(&FORM, form, now).await?;
        if status == 200 { Ok(answer) } else { Err(refusal(status, xml::error(&answer))) }
    }

    /// Makes a call of a JSON API; `now` is the clock in Unix seconds.
    #[cfg(feature = "operate")]
    pub(crate) async fn json(
        &self,
        operation: &str,
        body: serde_json::Value,
        now: u64,
    ) -> Result<serde_json::Value, Refusal> {
        let target = format!("{}.{operation}", self.called.version);
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)];
        let (status, answer) = self.call(&headers, body.to_string(), now).await?;
        if status != 200 {
            return Err(refusal(status, json_error(&answer)));
        }
        if answer.is_empty() {
            return Ok(serde_json::Value::Null);
        }
        serde_json::from_str(&answer).map_err(|error| Refusal {
            code: "Unreadable".to_owned(),
            text: format!("expected JSON: {error}"),
        })
    }

    /// The status and the text of an answer to a POST of `body`.
    async fn call(&self, headers: &[(&str, &str)], body: String, now: u64) -> Result<(u16, String), Refusal> {
        match timeout(self.called.time, self.answer(headers, body, now)).await {
            Ok(answer) => answer.map_err(|error| no_answer(innermost(&*error))),
            Err(_) => Err(no_answer(format_args!("nothing within {} s", self.called.time.as_secs()))),
        }
    }

    async fn answer(
        &self,
        headers: &[(&str, &str)],
        body: String,
        now: u64,
    ) -> Result<(u16, String), BoxError> {
        let url = self.access.url(self.called.id, self.called.prefix);
        let connector = self.connector.get_or_init(|| self.access.connector(&url));
        let request = self.signed(&url, headers, body, now)?;
        let answer = connector.call(request).await?;
        let status = answer.status().as_u16();
        let mut body = ByteStream::new(answer.into_body());
        let mut bytes = Vec::new();
        while let Some(part) = body.next().await {
            let part = part?;
            if bytes.len() + part.len() > MAX_ANSWER {
                return Err(format!("expected an answer of at most {MAX_ANSWER} bytes, found more").into());
            }
            bytes.extend_from_slice(&part);
        }
        Ok((status, String::from_utf8(bytes)?))
    }

    fn signed(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
        now: u64,
    ) -> Result<HttpRequest, BoxError> {
        let identity = self.access.credentials().clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.access.region())
            .name(self.called.prefix)
            .time(UNIX_EPOCH + Duration::from_secs(now))
            .settings(SigningSettings::default())
            .build()?
            .into();
        let signable = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new("POST", url, headers.iter().copied(), signable)?;
        let (signature, _) = sign(signable, &parameters)?.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST")?;
        request.set_uri(url)?;
        for (name, value) in headers.iter().copied().chain(signature.headers()) {
            request.headers_mut().try_insert(name.to_owned(), value.to_owned())?;
        }
        Ok(request)
    }
}

/// Appends `value` as a form has it: whatever is not unreserved is escaped (RFC 3986).
fn escape(value: &str, form: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            form.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(form, "%{byte:02X}");
        }
    }
}

/// What an answer other than the one asked for says: its own word and sentence, if it has any.
fn refusal(status: u16, said: Option<(String, String)>) -> Refusal {
    let (code, text) = said.unwrap_or_else(|| (format!("HTTP {status}"), String::new()));
    let text = if text.is_empty() { "no reason given".to_owned() } else { text };
    Refusal { code, text }
}

/// The code and the message of an error of a JSON API: the code may have a namespace before it.
#[cfg(feature = "operate")]
fn json_error(answer: &str) -> Option<(String, String)> {
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    let text = |key: &str| Some(answer.get(key)?.as_str()?.chars().take(500).collect::<String>());
    let code = text("__type")?.rsplit('#').next().map(str::to_owned)?;
    Some((code, text("message").or_else(|| text("Message")).unwrap_or_default()))
}

fn no_answer(text: impl fmt::Display) -> Refusal {
    Refusal { code: "NoAnswer".to_owned(), text: text.to_string() }
}
