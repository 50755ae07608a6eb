#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

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
    let cases: [(Known<Vec<Filter>>, Option<u64>); 8] = [
        (Ok(vec![filter(FUNCTION, "")]), None),
        (Ok(vec![other(), filter(&format!("{FUNCTION}:live"), " ")]), Some(5)),
        (Ok(vec![filter(FUNCTION, "REJECT")]), Some(2)),
        (Ok(Vec::new()), Some(2)),
        (Ok(vec![other()]), None),
        (Ok(vec![other(), other()]), None),
        (Ok(vec![other(), other()]), Some(3)),
        (refused(), None),
    ];
    let group = |(filters, slots): &(_, Option<u64>)| {
        subscription(&LogGroup { name: "/vpc", filters, slots: *slots }, FUNCTION)
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
    let own = |filters| recursion(&LogGroup { name: "/own", filters, slots: None }, FUNCTION);
    insta::assert_snapshot!(table(cases.iter().map(own)));
}

#[test]
fn a_hostile_name_is_one_word_of_the_advised_command() {
    let hostile = Filter { name: "-x'; id; '".to_owned(), ..filter(FUNCTION, "") };
    let check = recursion(&LogGroup { name: "/own", filters: &Ok(vec![hostile]), slots: None }, FUNCTION);
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
    let both = cases.iter().flat_map(|topic| [true, false].map(|people| subscribers(TOPIC, topic, people)));
    insta::assert_snapshot!(table(both));
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
    let checks = keys.iter().map(|found| key(TOPIC, Some(("key-1", found)), ACCOUNT));
    insta::assert_snapshot!(table(checks.chain([key(TOPIC, None, ACCOUNT)])));
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
