//! Whom the clients believe over TLS: a server of our own, with a certificate that nobody vouches for.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use flow_aws::{AwsAccess, SnsNotifier, TopicArns};
use flow_output::Message;
use flow_pipeline::{Notifier, Published, Topic};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const ARN: &str = "arn:aws:sns:eu-west-1:123456789012:alerts";

/// Starts an SNS that takes everything; returns its address and its certificate as PEM.
async fn start() -> (String, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not believe us hangs up.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = vec![0; 64 * 1024];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(ANSWER.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (format!("https://{address}"), cert.pem())
}

const ANSWER: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<PublishBatchResponse><PublishBatchResult><Successful>\
    <member><Id>0</Id></member></Successful></PublishBatchResult></PublishBatchResponse>";

/// Publishes one message to the SNS at `endpoint`; tells the error, if any.
async fn publish(endpoint: &str, bundle: Option<&Path>) -> Result<Published, String> {
    let access = AwsAccess::read(|name| match name {
        "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
        "AWS_CA_BUNDLE" => bundle.map(|path| path.to_str().unwrap().to_owned()),
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("x".to_owned()),
        _ => None,
    })
    .unwrap();
    let topics = TopicArns { findings: None, alerts: Some(ARN.to_owned()) };
    let message = Message {
        subject: "subject".to_owned(),
        body: "body".to_owned(),
        is_per_protocol: false,
        attributes: Vec::new(),
    };
    let [outcome] =
        SnsNotifier::new(access, topics).publish(Topic::Alerts, &[message]).await.try_into().unwrap();
    outcome.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_server_of_the_bundle_is_believed() {
    let (endpoint, pem) = start().await;
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("roots.pem");
    std::fs::write(&bundle, pem).unwrap();
    assert_eq!(publish(&endpoint, Some(&bundle)).await, Ok(Published::Sent));
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not() {
    let (endpoint, _) = start().await;
    let error = publish(&endpoint, None).await.unwrap_err();
    assert!(error.contains("invalid peer certificate: UnknownIssuer"), "{error}");
}
