//! The calls of S3 that functions make: list a folder, read an object, put one.
//!
//! `aws-sdk-s3` was a sixth of a function's package: most of it tables of checksums that these calls need none of. Each
//! request is signed with the digest of what it holds, which S3 compares.

use std::time::Duration;

use aws_smithy_xml::decode::ScopedDecoder;
use tokio::time::{sleep, timeout};

use crate::access::AwsAccess;
use crate::refusal::Refusal;
use crate::signed_calls::{Answer, Request, S3, SignedCalls, escape, late, refusal};
use crate::wait::wait_before;
use crate::xml::{self, XmlError};

/// The most bytes of a listing: a thousand keys of a kilobyte, each byte of it escaped.
const MAX_LISTING: usize = 8 << 20;

/// The most bytes of an answer that nothing is read from but an error.
const MAX_ANSWER: usize = 1 << 20;

/// How often a request is sent, the first time included, and the time of all tries: as the SDK calls other services.
const TRIES: u32 = 3;
const TIME: Duration = Duration::from_secs(8);

/// A client of S3. Nothing is made before its first call.
#[derive(Debug)]
pub(crate) struct S3Calls {
    calls: SignedCalls,
}

/// The objects directly in a folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) objects: Vec<ListedObject>,
    /// Whether there are more.
    pub(crate) is_truncated: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ListedObject {
    pub(crate) key: String,
    pub(crate) e_tag: Option<String>,
    /// Bytes.
    pub(crate) size: u64,
}

impl S3Calls {
    pub(crate) fn new(access: AwsAccess) -> Self {
        S3Calls { calls: SignedCalls::new(access, S3) }
    }

    /// Those over another HTTP.
    #[cfg(test)]
    pub(crate) fn over(http: impl aws_smithy_runtime_api::client::http::HttpConnector + 'static) -> Self {
        S3Calls { calls: SignedCalls::new(AwsAccess::for_tests(), S3).over(http) }
    }

    /// The first thousand objects whose keys begin with `prefix` and have no `/` after it (`ListObjectsV2`); `now` is the
    /// clock in Unix seconds, as everywhere here.
    pub(crate) async fn list(&self, bucket: &str, prefix: &str, now: u64) -> Result<Listing, Refusal> {
        let mut query = "?list-type=2&delimiter=%2F&prefix=".to_owned();
        escape(prefix, b"", &mut query);
        let url = self.calls.access().s3_url(bucket, &query);
        let request = Request { method: "GET", url: &url, headers: &[], body: &[] };
        let answer = self.send(&request, MAX_LISTING, now).await?;
        let document = String::from_utf8_lossy(&answer.body);
        Ok(listing(&document)?)
    }

    /// The bytes of an object, at most `max`, and its entity tag (`GetObject`).
    pub(crate) async fn get(
        &self,
        bucket: &str,
        key: &str,
        max: usize,
        now: u64,
    ) -> Result<(Vec<u8>, Option<String>), Refusal> {
        let url = self.object(bucket, key);
        let request = Request { method: "GET", url: &url, headers: &[], body: &[] };
        let answer = self.send(&request, max, now).await?;
        Ok((answer.body, answer.e_tag))
    }

    /// Puts an object (`PutObject`).
    pub(crate) async fn put(
        &self,
        bucket: &str,
        key: &str,
        content_type: &str,
        body: &[u8],
        now: u64,
    ) -> Result<(), Refusal> {
        let url = self.object(bucket, key);
        let headers = [("content-type", content_type)];
        let request = Request { method: "PUT", url: &url, headers: &headers, body };
        self.send(&request, MAX_ANSWER, now).await.map(drop)
    }

    fn object(&self, bucket: &str, key: &str) -> String {
        let mut path = String::with_capacity(key.len());
        escape(key, b"/", &mut path);
        self.calls.access().s3_url(bucket, &path)
    }

    async fn send(&self, request: &Request<'_>, max: usize, now: u64) -> Result<Answer, Refusal> {
        timeout(TIME, self.tried(request, max, now)).await.unwrap_or_else(|_| Err(late(TIME)))
    }

    /// The answer if all is well; what may be so the next time is tried again.
    async fn tried(&self, request: &Request<'_>, max: usize, now: u64) -> Result<Answer, Refusal> {
        let mut tries = 1;
        loop {
            let (refusal, is_passing) = match self.calls.send(request, max, now).await {
                Ok(answer) if answer.status == 200 => return Ok(answer),
                Ok(Answer { status, body, .. }) => {
                    let refusal = refusal(status, xml::error(&String::from_utf8_lossy(&body)));
                    let is_passing = status >= 500 || status == 429 || refusal.code == "RequestTimeout";
                    (refusal, is_passing)
                }
                Err(refusal) => (refusal, true),
            };
            if !is_passing || tries == TRIES {
                return Err(refusal);
            }
            sleep(wait_before(tries)).await;
            tries += 1;
        }
    }
}

/// Reads a `ListBucketResult`.
fn listing(document: &str) -> Result<Listing, XmlError> {
    let mut listing = Listing::default();
    xml::read(document, "ListBucketResult", |name, element| {
        match name {
            "IsTruncated" => listing.is_truncated = xml::text(element)? == "true",
            "Contents" => listing.objects.push(object(element)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(listing)
}

fn object(element: &mut ScopedDecoder<'_, '_>) -> Result<ListedObject, XmlError> {
    let mut object = ListedObject::default();
    xml::each(element, |name, child| {
        match name {
            "Key" => object.key = xml::whole_text(child)?,
            "ETag" => object.e_tag = Some(xml::text(child)?),
            "Size" => {
                let size = xml::text(child)?;
                object.size = size.parse().map_err(|error| XmlError::new("Size", error))?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(object)
}

#[cfg(test)]
mod tests;
