//! A bucket named `definitions`, in memory, behind S3's HTTP: for tests.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use tokio::time::sleep;

use crate::s3_calls::S3Calls;
use crate::s3_files::{S3Files, S3Kind};

#[derive(Debug, Clone, Default)]
pub(crate) struct FakeS3(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, (u32, Vec<u8>)>,
    puts: u32,
    gets: u32,
    asked: u32,
    delay: Duration,
    refusal: Option<&'static str>,
}

impl FakeS3 {
    pub(crate) fn put(&self, key: &str, body: impl AsRef<[u8]>) {
        let mut state = self.0.lock().unwrap();
        state.puts += 1;
        let object = (state.puts, body.as_ref().to_vec());
        state.objects.insert(key.to_owned(), object);
    }

    pub(crate) fn delete(&self, key: &str) {
        self.0.lock().unwrap().objects.remove(key);
    }

    /// From now on every call is answered by this error.
    pub(crate) fn refuse(&self, code: &'static str) {
        self.0.lock().unwrap().refusal = Some(code);
    }

    /// From now on every call is answered after this long.
    pub(crate) fn slow(&self, delay: Duration) {
        self.0.lock().unwrap().delay = delay;
    }

    /// How often anything was asked.
    pub(crate) fn asked(&self) -> u32 {
        self.0.lock().unwrap().asked
    }

    /// How many objects were read.
    pub(crate) fn gets(&self) -> u32 {
        self.0.lock().unwrap().gets
    }

    pub(crate) fn files(&self, uri: &str, kind: S3Kind) -> S3Files {
        S3Files::through(S3Calls::over(self.clone()), uri.parse().unwrap(), kind)
    }
}

impl HttpConnector for FakeS3 {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let s3 = self.clone();
        HttpConnectorFuture::new(async move {
            let delay = s3.0.lock().unwrap().delay;
            sleep(delay).await;
            let (path, query) = request.uri().split_once('?').unwrap_or((request.uri(), ""));
            let answer = s3.0.lock().unwrap().answer(path, query).map(SdkBody::from);
            Ok(HttpResponse::try_from(answer).unwrap())
        })
    }
}

impl State {
    fn answer(&mut self, path: &str, query: &str) -> http::Response<Vec<u8>> {
        self.asked += 1;
        if let Some(code) = self.refusal {
            let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
            return http::Response::builder().status(403).body(body.into_bytes()).unwrap();
        }
        let key = path.strip_prefix("http://x/definitions/").unwrap();
        if query.contains("list-type=2") {
            return http::Response::new(self.listing(query).into_bytes());
        }
        self.gets += 1;
        let (tag, body) = &self.objects[key];
        let answer = http::Response::builder().header("ETag", format!("\"{tag}\""));
        answer.header("Content-Length", body.len()).body(body.clone()).unwrap()
    }

    fn listing(&self, query: &str) -> String {
        assert!(query.contains("delimiter=%2F"), "{query}");
        let prefix = query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default();
        let prefix = prefix.replace("%2F", "/");
        let found = self.objects.iter().filter(|(key, _)| key.starts_with(&prefix));
        let found: Vec<_> = found.filter(|(key, _)| !key[prefix.len()..].contains('/')).collect();
        let is_truncated = found.len() > 1000;
        let mut xml = format!("<ListBucketResult><IsTruncated>{is_truncated}</IsTruncated>");
        for (key, (tag, body)) in found.into_iter().take(1000) {
            let size = body.len();
            write!(xml, "<Contents><Key>{key}</Key><ETag>\"{tag}\"</ETag><Size>{size}</Size></Contents>")
                .unwrap();
        }
        xml + "</ListBucketResult>"
    }
}
