use super::*;
use crate::fake_http::{self, Asked};

const GROUP: &str = "/vpc/flow-logs";

fn item(log_group: &str, format: &str) -> String {
    format!(
        "<item><flowLogId>fl-1</flowLogId><logGroupName>{log_group}</logGroupName><tagSet><item><key>k</key></item></tagSet>\
         <logFormat>{format}</logFormat></item>"
    )
}

fn page(items: &[String], next: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeFlowLogsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>r</requestId><flowLogSet>{}</flowLogSet>{next}</DescribeFlowLogsResponse>",
        items.concat()
    )
}

/// What is found when EC2 gives these answers, and what it was asked.
async fn formats(answers: Vec<(u16, String)>) -> (Result<BTreeSet<String>, FlowLogsError>, Asked) {
    let (access, asked) = fake_http::start(answers).await;
    (AccountFlowLogs::new(access).formats(GROUP, 1_700_000_000).await, asked)
}

#[tokio::test]
async fn all_pages_are_read_and_other_log_groups_left_out() {
    let first = page(
        &[item(GROUP, "${version} ${end}"), item("/other", "${start}")],
        "<nextToken>a+b/c=</nextToken>",
    );
    let second =
        page(&[item(GROUP, "${version}  ${end}"), item(GROUP, " ${version} ${end}\n")], "<nextToken/>");
    let (found, asked) = formats(vec![(200, first), (200, second)]).await;
    assert_eq!(found.unwrap(), ["${version} ${end}".to_owned(), "${version}  ${end}".to_owned()].into());
    let asked = asked.all();
    let (heads, bodies): (Vec<_>, Vec<_>) =
        asked.iter().map(|one| one.split_once("\r\n\r\n").unwrap()).unzip();
    let common = "Action=DescribeFlowLogs&Version=2016-11-15&Filter.1.Name=log-group-name\
                  &Filter.1.Value.1=%2Fvpc%2Fflow-logs&MaxResults=200";
    assert_eq!(bodies, [common.to_owned(), format!("{common}&NextToken=a%2Bb%2Fc%3D")]);
    for head in heads {
        assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{head}");
        let scope = "authorization: AWS4-HMAC-SHA256 Credential=secret/20231114/eu-west-1/ec2/aws4_request, ";
        assert!(head.contains(scope) && head.contains("x-amz-security-token: secret"), "{head}");
    }
}

#[tokio::test]
async fn what_ec2_leaves_out_is_the_default_format() {
    let none = "<item><logGroupName>/vpc/flow-logs</logGroupName></item>".to_owned();
    let (found, _) = formats(vec![(200, page(&[none, item(GROUP, "")], ""))]).await;
    assert_eq!(found.unwrap(), [DEFAULT_FORMAT.to_owned()].into());
    let (found, _) = formats(vec![(200, page(&[], ""))]).await;
    assert_eq!(found.unwrap(), BTreeSet::new());
    let default: flow_record::RecordFormat = DEFAULT_FORMAT.parse().unwrap();
    assert_eq!(default, flow_record::RecordFormat::default());
}

#[tokio::test]
async fn refusals_and_what_is_no_answer_are_told() {
    let refused = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized. Encoded \
                   authorization failure message: 8sdf7</Message></Error></Errors></Response>";
    let deep = format!("<DescribeFlowLogsResponse>{}</DescribeFlowLogsResponse>", "<item>".repeat(100_000));
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaa\">]><DescribeFlowLogsResponse><flowLogSet><item><logGroupName>&a;</logGroupName>\
                </item></flowLogSet></DescribeFlowLogsResponse>";
    let cases = [
        (403, refused.to_owned(), "UnauthorizedOperation: You are not authorized."),
        (503, String::new(), "HTTP 503: no reason given"),
        (
            200,
            "<html><body>proxy</body></html>".to_owned(),
            "the answer can't be read: DescribeFlowLogsResponse: expected its end, found ",
        ),
        (200, bomb.to_owned(), "the answer can't be read: logGroupName: "),
        (
            200,
            page(&[item(GROUP, &"x".repeat(8193))], ""),
            "the answer can't be read: logFormat: expected at most 8192 bytes, found 8193",
        ),
        (200, "x".repeat(2 << 20), "NoAnswer: expected an answer of at most 1048576 bytes, found more"),
    ];
    for (status, body, expected) in cases {
        let error = formats(vec![(status, body)]).await.0.unwrap_err().to_string();
        assert!(error.starts_with(&format!("EC2 DescribeFlowLogs: {expected}")), "{error}");
    }
    assert_eq!(formats(vec![(200, deep)]).await.0.unwrap(), BTreeSet::new());
    let error = formats(Vec::new()).await.0.unwrap_err().to_string();
    assert!(error.starts_with("EC2 DescribeFlowLogs: NoAnswer: "), "{error}");
}

/// Whatever happens to an answer on its way, nothing panics, and half a format is none.
#[test]
fn any_cut_or_spoilt_answer_is_read_or_refused() {
    let whole = page(&[item(GROUP, "${version} ${end}")], "<nextToken>t</nextToken>");
    for place in 0..whole.len() {
        assert!(read(&whole[..place], GROUP).is_err(), "cut at {place}");
        for byte in ["<", ">", "&", "/", "\"", "]", "\0", "é"] {
            let spoilt = format!("{}{byte}{}", &whole[..place], &whole[place + 1..]);
            let _ = read(&spoilt, GROUP);
        }
    }
    assert!(read(&whole, GROUP).is_ok());
}

#[tokio::test]
async fn pages_without_end_are_given_up() {
    let endless = || (200, page(&[], "<nextToken>again</nextToken>"));
    let (found, asked) = formats(std::iter::repeat_with(endless).take(30).collect()).await;
    assert_eq!(found, Err(FlowLogsError::TooMany));
    assert_eq!(asked.all().len(), MAX_PAGES);
}

#[tokio::test]
async fn too_many_formats_are_enough() {
    let items: Vec<_> = (0..200).map(|n| item(GROUP, &format!("${{version}} ${{x{n}}}"))).collect();
    let (found, asked) = formats(vec![(200, page(&items, "<nextToken>more</nextToken>"))]).await;
    assert_eq!((found.unwrap().len(), asked.all().len()), (MAX_FORMATS, 1));
}

#[tokio::test]
async fn what_is_no_name_of_a_log_group_is_not_asked() {
    let (access, asked) = fake_http::start(Vec::new()).await;
    for name in ["", "*", "/vpc/?", "a b", "é"] {
        assert_eq!(
            AccountFlowLogs::new(access.clone()).formats(name, 0).await,
            Ok(BTreeSet::new()),
            "{name}"
        );
    }
    assert_eq!(asked.all().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_not_waited_for() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let access = AwsAccess::read(|name| match name {
        "AWS_ENDPOINT_URL_EC2" => Some(endpoint.clone()),
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("x".to_owned()),
        _ => None,
    });
    let error = AccountFlowLogs::new(access.unwrap()).formats(GROUP, 0).await.unwrap_err();
    assert!(error.to_string().contains("within 2 s"), "{error}");
}
