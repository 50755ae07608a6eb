//! A service of AWS as far as a test needs one: on a port of this machine, with its answers made beforehand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::access::AwsAccess;

/// What it was asked: head and body of each request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// The same without a port, where waits are to pass at once.
pub(crate) fn made_beforehand(answers: &[(u16, &str)]) -> StaticReplayClient {
    let event = |(status, body): &(u16, &str)| {
        let answer = http::Response::builder().status(*status).body(SdkBody::from(*body)).unwrap();
        ReplayEvent::new(http::Request::new(SdkBody::empty()), answer)
    };
    StaticReplayClient::new(answers.iter().map(event).collect())
}

/// Starts a service that gives `answers` one after the other, each a status and a body, and then hangs up on everybody.
pub(crate) async fn start(answers: Vec<(u16, String)>) -> (AwsAccess, Asked) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let (noted, mut answers) = (asked.clone(), VecDeque::from(answers));
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = request(&mut stream).await;
            noted.0.lock().unwrap().push(request);
            let Some((status, body)) = answers.pop_front() else { continue };
            let head =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            // Whoever has heard enough hangs up.
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    let access = AwsAccess::read(|name| match name {
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => Some("secret".to_owned()),
        _ => None,
    });
    (access.unwrap(), asked)
}

/// Head and body of a request, which says how long its body is.
async fn request(stream: &mut TcpStream) -> String {
    let (mut text, mut part) = (String::new(), [0; 4096]);
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let is_length = |name: &str| name.eq_ignore_ascii_case("content-length");
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            let length =
                lines.find(|(name, _)| is_length(name)).map_or(0, |(_, length)| length.parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut part).await.unwrap() {
            0 => return text,
            read => text.push_str(std::str::from_utf8(&part[..read]).unwrap()),
        }
    }
}
