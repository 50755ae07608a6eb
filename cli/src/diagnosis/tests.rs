#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use flow_record::RecordFormat;

use super::*;

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:alerts";
const ACCOUNT: &str = "123456789012";
const NOW: u64 = 1_700_000_000;

/// One line of a table, in both languages.
fn shown(check: &Check) -> String {
    let line = |language| {
        let advice =
            check.advice.as_ref().map_or_else(String::new, |advice| format!(" -> {}", advice.of(language)));
        format!("{}{advice}", check.found.of(language))
    };
    let (english, japanese) = (line(Language::English), line(Language::Japanese));
    format!("{} {} {}\n  {english}\n  {japanese}\n", check.verdict.name(), check.name, check.about)
}

fn table(checks: impl IntoIterator<Item = Check>) -> String {
    checks.into_iter().map(|check| shown(&check)).collect()
}

fn refused<T>() -> Known<T> {
    Err("Service Call of x: AccessDenied: no".to_owned())
}

fn filter(destination: &str, pattern: &str) -> Filter {
    Filter { name: "mine".to_owned(), destination: destination.to_owned(), pattern: pattern.to_owned() }
}

#[test]
fn of_credentials_and_settings() {
    let who = |account: &str| Ok((account.to_owned(), format!("arn:aws:iam::{account}:user/u")));
    let mut checks: Vec<_> = [who(ACCOUNT), who("210987654321"), refused()]
        .iter()
        .map(|who| credentials(who, "eu-west-1", FUNCTION))
        .collect();
    checks.push(credentials(&who("210987654321"), "eu-west-1", ""));
    checks.extend(
        [Ok(()), Err("STATE_TABLE: expected a name".to_owned())].iter().map(|read| settings("f", read)),
    );
    insta::assert_snapshot!(table(checks));
}

#[test]
fn of_failed_events() {
    let some = |count, is_cut, oldest| Ok(super::FailedEvents { count, is_cut, oldest });
    let cases =
        [some(0, false, 0), some(1, false, 1), some(7, false, 7200), some(1000, true, 3 * 86_400), refused()];
    insta::assert_snapshot!(table(cases.iter().map(|found| failed_events("f", "bucket", found))));
}

#[test]
fn of_subscription_filters() {
    let other = || filter("arn:aws:lambda:eu-west-1:123456789012:function:f2", "");
    let cases = [
        (Ok(vec![filter(FUNCTION, "")]), Ok(None)),
        (Ok(vec![filter(FUNCTION, "")]), refused()),
        (Ok(vec![other(), filter(&format!("{FUNCTION}:live"), " ")]), Ok(Some(5))),
        (Ok(vec![filter(FUNCTION, "REJECT")]), Ok(Some(2))),
        (Ok(Vec::new()), Ok(Some(2))),
        (Ok(vec![other()]), Ok(None)),
        (Ok(vec![other(), other()]), refused()),
        (Ok(vec![other(), other()]), Ok(Some(3))),
        (refused(), Ok(None)),
    ];
    let group = |(filters, slots): &(Known<Vec<Filter>>, _)| {
        subscription(&LogGroup { name: "/vpc", filters, slots }, FUNCTION)
    };
    insta::assert_snapshot!(table(cases.iter().map(group)));
}

#[test]
fn of_log_groups() {
    let cases = [Ok(vec!["/a".to_owned(), "/b".to_owned()]), Ok(Vec::new()), refused()];
    insta::assert_snapshot!(table(cases.iter().map(|groups| log_groups("f", groups))));
}

#[test]
fn of_recursion() {
    let cases: [Known<Vec<Filter>>; 3] =
        [Ok(vec![filter("arn:other", "")]), Ok(vec![filter(FUNCTION, "x")]), refused()];
    let own = |filters| recursion(&LogGroup { name: "/own", filters, slots: &Ok(None) }, FUNCTION);
    insta::assert_snapshot!(table(cases.iter().map(own)));
}

#[test]
fn a_hostile_name_is_one_word_of_the_advised_command() {
    let hostile = Filter { name: "-x'; id; '".to_owned(), ..filter(FUNCTION, "") };
    let check =
        recursion(&LogGroup { name: "/own", filters: &Ok(vec![hostile]), slots: &Ok(None) }, FUNCTION);
    for language in [Language::English, Language::Japanese] {
        assert_eq!(
            check.advice.as_ref().unwrap().of(language),
            r"aws logs delete-subscription-filter --log-group-name='/own' --filter-name='-x'\''; id; '\'''"
        );
    }
}

#[test]
fn of_formats() {
    let found =
        |formats: &[&str]| Ok(formats.iter().map(|format| (*format).to_owned()).collect::<BTreeSet<_>>());
    let (a, b) = ("${version} ${srcaddr}", "${version} ${dstaddr}");
    let cases = [
        (None, found(&[])),
        (Some(a), found(&[])),
        (None, found(&[a])),
        (Some("version srcaddr"), found(&[a])),
        (Some(a), found(&[b])),
        (None, found(&[a, b])),
        (Some(a), found(&[a, b])),
        (None, found(&[a, "version  srcaddr"])),
        (Some(a), refused()),
    ];
    let check = |(chosen, found): (Option<&str>, Known<_>)| {
        format("/vpc", &Formats { chosen: chosen.map(str::to_owned), found })
    };
    insta::assert_snapshot!(table(cases.map(check)));
}

#[test]
fn of_patterns_of_pings() {
    const TEMPLATE: &str = r#"[version, account, eni, source, destination, srcport, destport, protocol="1", packets, bytes, starttime, endtime, action="REJECT", flowlogstatus]"#;
    let default = RecordFormat::default().to_string();
    let other = "${version} ${srcaddr} ${protocol} ${action}";
    let longer = format!("{default} ${{vpc-id}} ${{tcp-flags}}");
    let swapped = default.replace("${action}", "${vpc-id}");
    let cases = [
        (default.as_str(), TEMPLATE),
        (&longer, TEMPLATE),
        (&swapped, TEMPLATE),
        (other, TEMPLATE),
        (other, r#"[version, source, protocol="1", action="REJECT"]"#),
        (other, "[broken"),
    ];
    let check = |(format, pattern): (&str, &str)| {
        ping_pattern("/vpc", &format.parse().unwrap(), &Ok(vec![filter(REFUSED_PINGS, pattern)])).unwrap()
    };
    let mut checks: Vec<_> = cases.into_iter().map(check).collect();
    let format = RecordFormat::default();
    checks.extend(ping_pattern("/vpc", &format, &refused()));
    assert_eq!(ping_pattern("/vpc", &format, &Ok(Vec::new())), None);
    insta::assert_snapshot!(table(checks));
}

#[test]
fn a_format_is_plain_when_it_is_chosen_or_the_only_one() {
    let one = |chosen: Option<&str>, found: &[&str]| {
        let found = Ok(found.iter().map(|format| (*format).to_owned()).collect());
        Formats { chosen: chosen.map(str::to_owned), found }.one().map(|format| format.to_string())
    };
    let (a, b) = ("${version} ${srcaddr}", "${version} ${dstaddr}");
    assert_eq!(one(None, &[a]).as_deref(), Some(a));
    assert_eq!(one(Some(b), &[a]).as_deref(), Some(b));
    assert_eq!(one(None, &[a, "version srcaddr"]).as_deref(), Some(a));
    assert_eq!(one(None, &[]), None);
    assert_eq!(one(None, &[a, b]), None);
}

#[test]
fn of_delivery() {
    let ago = |seconds: u64| Known::Ok(Some(NOW - seconds));
    let cases = [
        (Ok(None), Ok(None)),
        (ago(30), ago(10)),
        (ago(1800), ago(3599)),
        (ago(1801), ago(1801)),
        (ago(3 * 86_400), Ok(None)),
        (ago(60), Ok(None)),
        (ago(60), ago(7200)),
        (refused(), ago(1)),
        (ago(1), refused()),
    ];
    let check = |(read, own)| delivery("/vpc", &Newest { read, own }, NOW);
    insta::assert_snapshot!(table(cases.map(check)));
}

#[test]
fn of_subscribers() {
    let who = |confirmed: &[&str], pending: &[&str]| {
        let [confirmed, pending] =
            [confirmed, pending].map(|list| list.iter().map(|who| (*who).to_owned()).collect());
        Ok(Topic { confirmed, pending })
    };
    let mail = "email ops@example.com";
    let cases = [who(&[], &[]), who(&[mail], &[]), who(&[], &[mail]), who(&[mail], &["sms +1"]), refused()];
    let both =
        cases.iter().flat_map(|topic| [true, false].map(|people| subscribers(TOPIC, topic, people, ACCOUNT)));
    // Of another account, and where nobody knows whose.
    let elsewhere = ["210987654321", ""].map(|account| subscribers(TOPIC, &refused(), true, account));
    insta::assert_snapshot!(table(both.chain(elsewhere)));
}

fn statement(service: &str, actions: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect": "Allow", "Principal": {{"Service": "{service}"}}, "Action": {actions}, "Resource": "*"{condition}}}"#
    )
}

fn policy(statements: &[String]) -> String {
    let root = r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}"#;
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#,
        [&[root.to_owned()], statements].concat().join(",")
    )
}

#[test]
fn of_keys() {
    let alarms = "cloudwatch.amazonaws.com";
    let both = r#"["kms:GenerateDataKey*", "kms:Decrypt"]"#;
    let of =
        |account: &str| format!(r#", "Condition": {{"StringEquals": {{"aws:SourceAccount": "{account}"}}}}"#);
    let policies = [
        policy(&[statement(alarms, both, "")]),
        policy(&[statement(alarms, both, &of(ACCOUNT))]),
        policy(&[statement(alarms, both, &of("210987654321"))]),
        policy(&[statement("sns.amazonaws.com", both, "")]),
        policy(&[statement(alarms, r#""kms:decrypt""#, "")]),
        policy(&[statement(alarms, both, ""), statement(alarms, r#""kms:*""#, "").replace("Allow", "Deny")]),
        "no JSON".to_owned(),
    ];
    let known = |state: &str, is_of_aws, policy: &str| {
        Ok(Key { state: state.to_owned(), is_of_aws, policy: policy.to_owned() })
    };
    let mut keys: Vec<Known<Key>> = policies.iter().map(|policy| known("Enabled", false, policy)).collect();
    keys.extend([
        known("Enabled", true, &policies[3]),
        known("PendingDeletion", false, &policies[0]),
        refused(),
    ]);
    let used = |service| KeyUse { about: TOPIC, service, account: ACCOUNT };
    let found = |key: Known<Key>| UsedKey::Ok(Some(("key-1".to_owned(), key)));
    let mut checks: Vec<_> = keys.into_iter().map(|key| topic_key(used(Some(alarms)), &found(key))).collect();
    // Of a topic for programs, which alarms do not use.
    let disabled = known("Disabled", false, &policies[0]);
    checks.extend(
        [known("Enabled", false, &policies[3]), disabled].map(|key| topic_key(used(None), &found(key))),
    );
    let elsewhere = KeyUse { account: "210987654321", ..used(Some(alarms)) };
    checks.extend([used(None), elsewhere].map(|used| topic_key(used, &refused())));
    checks.push(topic_key(used(Some(alarms)), &Ok(None)));
    insta::assert_snapshot!(table(checks));
}

#[test]
fn of_keys_of_log_groups() {
    let logs = "logs.eu-west-1.amazonaws.com";
    let all =
        r#"["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]"#;
    let here = r#", "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:123456789012:log-group:*"}}"#;
    let key = |state: &str, service: &str, actions: &str| {
        let (state, policy) = (state.to_owned(), policy(&[statement(service, actions, here)]));
        Ok(Key { state, is_of_aws: false, policy })
    };
    let arn = |account: &str| format!("arn:aws:kms:eu-west-1:{account}:key/1");
    let cases: [UsedKey; 8] = [
        Ok(Some((arn(ACCOUNT), key("Enabled", logs, all)))),
        Ok(Some((arn(ACCOUNT), key("Enabled", "logs.us-east-1.amazonaws.com", all)))),
        Ok(Some((arn(ACCOUNT), key("Enabled", logs, r#"["kms:Encrypt", "kms:Decrypt"]"#)))),
        Ok(Some((arn(ACCOUNT), key("PendingDeletion", logs, all)))),
        Ok(Some((arn(ACCOUNT), refused()))),
        Ok(Some((arn("210987654321"), refused()))),
        refused(),
        Ok(None),
    ];
    let used = KeyUse { about: "/vpc", service: Some(logs), account: ACCOUNT };
    let checks: Vec<_> = cases.iter().filter_map(|key| log_key(used, key)).collect();
    assert_eq!(checks.len(), 7);
    insta::assert_snapshot!(table(checks));
}

#[test]
fn programs_get_the_same() {
    let check = settings("f", &Err("why".to_owned()));
    assert_eq!(
        check.json(Language::English).to_string(),
        r#"{"check":"settings","about":"f","verdict":"failed","found":"it can't start: why","advice":"mend the parameter behind it and deploy again"}"#
    );
    assert_eq!(settings("f", &Ok(())).json(Language::Japanese)["advice"], Value::Null);
}
