//! Calls of services of which so little is asked that their SDK crates would be out of proportion: a signed request over the
//! SDK's own HTTP client, and an answer of bounded size.

use std::fmt::{self, Write};
use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_sns::config::http::{HttpRequest, HttpResponse};
use aws_sdk_sns::error::BoxError;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use tokio::time::timeout;

use crate::access::AwsAccess;
use crate::refusal::{Refusal, innermost};
use crate::xml;

/// The most bytes of an answer to a call of a Query or a JSON API.
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
    /// What its signatures are of.
    pub(crate) signing: fn() -> SigningSettings,
}

/// What is asked of a service.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'static str,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
}

/// What it says, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) e_tag: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// An event waits for it.
const SHORT: Duration = Duration::from_secs(2);

/// A person waits for it.
#[cfg(feature = "operate")]
const LONG: Duration = Duration::from_secs(10);

pub(crate) const EC2: Called = Called {
    id: "EC2",
    prefix: "ec2",
    version: "2016-11-15",
    time: SHORT,
    signing: SigningSettings::default,
};
/// One try of several: the SDK gives as long to one of its own.
pub(crate) const S3: Called =
    Called { id: "S3", prefix: "s3", version: "", time: Duration::from_secs(3), signing: s3_signing };
#[cfg(feature = "operate")]
pub(crate) const STS: Called =
    Called { id: "STS", prefix: "sts", version: "2011-06-15", time: LONG, signing: SigningSettings::default };
#[cfg(feature = "operate")]
pub(crate) const CLOUDFORMATION: Called = Called {
    id: "CLOUDFORMATION",
    prefix: "cloudformation",
    version: "2010-05-15",
    time: LONG,
    signing: SigningSettings::default,
};
#[cfg(feature = "operate")]
pub(crate) const LOGS: Called = Called {
    id: "CLOUDWATCH_LOGS",
    prefix: "logs",
    version: "Logs_20140328",
    time: LONG,
    signing: SigningSettings::default,
};
#[cfg(feature = "operate")]
pub(crate) const KMS: Called = Called {
    id: "KMS",
    prefix: "kms",
    version: "TrentService",
    time: LONG,
    signing: SigningSettings::default,
};
#[cfg(feature = "operate")]
pub(crate) const SERVICE_QUOTAS: Called = Called {
    id: "SERVICE_QUOTAS",
    prefix: "servicequotas",
    version: "ServiceQuotasV20190624",
    time: LONG,
    signing: SigningSettings::default,
};

/// A client of one service. Nothing is made before its first call.
#[derive(Debug)]
pub(crate) struct SignedCalls {
    access: AwsAccess,
    called: Called,
    connector: OnceLock<SharedHttpConnector>,
}

impl SignedCalls {
    pub(crate) fn new(access: AwsAccess, called: Called) -> Self {
        SignedCalls { access, called, connector: OnceLock::new() }
    }

    /// The same over another HTTP.
    #[cfg(test)]
    pub(crate) fn over(self, http: impl HttpConnector + 'static) -> Self {
        SignedCalls { connector: OnceLock::from(SharedHttpConnector::new(http)), ..self }
    }

    pub(crate) fn access(&self) -> &AwsAccess {
        &self.access
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
            escape(value, b"", &mut form);
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
        let url = self.access.url(self.called.id, self.called.prefix);
        let request = Request { method: "POST", url: &url, headers, body: body.as_bytes() };
        let Answer { status, body, .. } = self.send(&request, MAX_ANSWER, now).await?;
        Ok((status, String::from_utf8(body).map_err(no_answer)?))
    }

    /// Sends a request, signed at `now` in Unix seconds, and reads an answer of at most `max` bytes.
    pub(crate) async fn send(&self, request: &Request<'_>, max: usize, now: u64) -> Result<Answer, Refusal> {
        match timeout(self.called.time, self.answer(request, max, now)).await {
            Ok(answer) => answer.map_err(|error| no_answer(innermost(&*error))),
            Err(_) => Err(late(self.called.time)),
        }
    }

    async fn answer(&self, request: &Request<'_>, max: usize, now: u64) -> Result<Answer, BoxError> {
        let connector = self.connector.get_or_init(|| self.access.connector(request.url));
        let answer: HttpResponse = connector.call(self.signed(request, now)?).await?;
        let status = answer.status().as_u16();
        let e_tag = answer.headers().get("etag").map(str::to_owned);
        let mut parts = ByteStream::new(answer.into_body());
        let mut body = Vec::new();
        while let Some(part) = parts.next().await {
            let part = part?;
            if body.len() + part.len() > max {
                return Err(format!("expected an answer of at most {max} bytes, found more").into());
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer { status, e_tag, body })
    }

    fn signed(&self, asked: &Request<'_>, now: u64) -> Result<HttpRequest, BoxError> {
        let identity = self.access.credentials().clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.access.region())
            .name(self.called.prefix)
            .time(UNIX_EPOCH + Duration::from_secs(now))
            .settings((self.called.signing)())
            .build()?
            .into();
        let signable = SignableBody::Bytes(asked.body);
        let signable =
            SignableRequest::new(asked.method, asked.url, asked.headers.iter().copied(), signable)?;
        let (signature, _) = sign(signable, &parameters)?.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(asked.body));
        request.set_method(asked.method)?;
        request.set_uri(asked.url)?;
        for (name, value) in asked.headers.iter().copied().chain(signature.headers()) {
            request.headers_mut().try_insert(name.to_owned(), value.to_owned())?;
        }
        Ok(request)
    }
}

/// S3 signs what is sent, and takes a path as it is.
fn s3_signing() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

/// Appends `value` as a form has it: whatever is neither unreserved (RFC 3986) nor in `as_it_is` is escaped.
pub(crate) fn escape(value: &str, as_it_is: &[u8], form: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || as_it_is.contains(&byte) {
            form.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(form, "%{byte:02X}");
        }
    }
}

/// What an answer other than the one asked for says: its own word and sentence, if it has any.
pub(crate) fn refusal(status: u16, said: Option<(String, String)>) -> Refusal {
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

/// No answer came in this time.
pub(crate) fn late(time: Duration) -> Refusal {
    no_answer(format_args!("nothing within {} s", time.as_secs()))
}

fn no_answer(text: impl fmt::Display) -> Refusal {
    Refusal { code: "NoAnswer".to_owned(), text: text.to_string() }
}
