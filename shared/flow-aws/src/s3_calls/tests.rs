use super::*;
use crate::fake_http::{self, made_beforehand};

/// What S3 is asked, and what is made of its answers.
fn page(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <Name>b</Name>{body}</ListBucketResult>"
    )
}

const OBJECT: &str = "<Contents><Key>a b/é&amp; .toml</Key><LastModified>2026-11-26T05:00:12.000Z</LastModified>\
                      <ETag>&quot;9b2c&quot;</ETag><Size>42</Size><StorageClass>STANDARD</StorageClass></Contents>";

#[tokio::test]
async fn what_is_listed_is_asked_for_and_read() {
    let whole = page(&format!(
        "<IsTruncated>false</IsTruncated>{OBJECT}<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"
    ));
    let (access, asked) = fake_http::start(vec![(200, whole)]).await;
    let listing = S3Calls::new(access).list("b", "a b/é&", 1_700_000_000).await.unwrap();
    let object =
        ListedObject { key: "a b/é& .toml".to_owned(), e_tag: Some("\"9b2c\"".to_owned()), size: 42 };
    assert_eq!(listing, Listing { objects: vec![object], is_truncated: false });
    let head = &asked.all()[0];
    assert!(
        head.starts_with("GET /b/?list-type=2&delimiter=%2F&prefix=a%20b%2F%C3%A9%26 HTTP/1.1\r\n"),
        "{head}"
    );
    let scope = "authorization: AWS4-HMAC-SHA256 Credential=secret/20231114/eu-west-1/s3/aws4_request, ";
    assert!(head.contains(scope) && head.contains("x-amz-security-token: secret"), "{head}");
}

#[tokio::test]
async fn an_object_is_put_under_its_key_with_its_digest() {
    let (access, asked) = fake_http::start(vec![(200, String::new())]).await;
    S3Calls::new(access).put("b", "a+b/é.json", "application/json", b"{}", 1_700_000_000).await.unwrap();
    let asked = &asked.all()[0];
    assert!(
        asked.starts_with("PUT /b/a%2Bb/%C3%A9.json HTTP/1.1\r\n") && asked.ends_with("\r\n\r\n{}"),
        "{asked}"
    );
    let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    for header in ["content-type: application/json", &format!("x-amz-content-sha256: {digest}")] {
        assert!(asked.contains(header), "{asked}");
    }
    assert!(
        asked
            .contains("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token")
    );
}

/// The status and the body of an answer.
type Said = (u16, &'static str);

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_and_nothing_else() {
    let fine = (200, "text");
    let busy = (503, "<Error><Code>SlowDown</Code></Error>");
    let slow = (400, "<Error><Code>RequestTimeout</Code></Error>");
    let denied = (403, "<Error><Code>AccessDenied</Code></Error>");
    let elsewhere = (307, "<Error><Code>TemporaryRedirect</Code></Error>");
    let cases: [(&[Said], Result<&str, &str>, usize); 6] = [
        (&[busy, (500, ""), fine], Ok("text"), 3),
        (&[slow, fine], Ok("text"), 2),
        (&[(429, ""), (503, ""), busy, fine], Err("SlowDown"), 3),
        (&[denied, fine], Err("AccessDenied"), 1),
        (&[elsewhere, fine], Err("TemporaryRedirect"), 1),
        (&[], Err("NoAnswer"), 0),
    ];
    for (answers, expected, tries) in cases {
        let http = made_beforehand(answers);
        let got = S3Calls::over(http.clone()).get("b", "k", 100, 0).await;
        let got = got.map(|(bytes, _)| String::from_utf8(bytes).unwrap()).map_err(|refusal| refusal.code);
        assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned));
        assert_eq!(http.actual_requests().count(), tries);
    }
}

/// Whatever happens to a listing on its way, nothing panics, and half of one is none.
#[test]
fn any_cut_or_spoilt_listing_is_read_or_refused() {
    let whole = page(&format!("<IsTruncated>true</IsTruncated>{OBJECT}"));
    for place in (0..whole.len()).filter(|place| whole.is_char_boundary(*place)) {
        assert!(listing(&whole[..place]).is_err(), "cut at {place}");
        for byte in ["<", ">", "&", "/", "\"", "]", "\0", "é"] {
            let _ = listing(&format!("{}{byte}{}", &whole[..place], &whole[place..]));
        }
    }
    assert!(listing(&whole).unwrap().is_truncated);
    let negative = page("<Contents><Key>k</Key><Size>-1</Size></Contents>");
    assert_eq!(listing(&negative).unwrap_err().to_string(), "Size: invalid digit found in string");
}
