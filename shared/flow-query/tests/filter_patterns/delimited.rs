//! Space-delimited patterns: which field is whose.

use crate::check;

/// AWS's documented pattern for flow logs in the default format.
const DOCUMENTED: &str = "[version, account, eni, source, destination, srcport, destport=\"22\", protocol=\"6\", \
                          packets, bytes, windowstart, windowend, action=\"REJECT\", flowlogstatus]";
const REJECT: &str =
    "2 123456789012 eni-0a1b2c3d 10.0.1.5 10.0.2.9 49152 22 6 3 180 1700000000 1700000059 REJECT OK";
const ACCEPT: &str =
    "2 123456789012 eni-0a1b2c3d 10.0.1.5 10.0.2.9 49152 80 6 3 4000 1700000000 1700000059 ACCEPT OK";
const NO_DATA: &str = "2 123456789012 eni-0a1b2c3d - - - - - - - 1700000000 1700000059 - NODATA";
const WEB: &str = r#"127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;

#[test]
fn the_documented_patterns_for_flow_logs() {
    let extended = format!("{REJECT} vpc-1 subnet-2 - 2 IPv4");
    check(DOCUMENTED, &[REJECT, &extended], &[ACCEPT, NO_DATA]);
    let seven = "[a, b, c, srcaddr = 10.0.1.*, dstaddr, srcport, dstport = 80 || dstport = 8080, ...]";
    check(seven, &[ACCEPT], &[REJECT, NO_DATA]);
    let bytes = "[a, b, c, d, e, f, g, h, i, bytes >= 400, ...]";
    check(bytes, &[ACCEPT, &ACCEPT.replace(" 4000 ", " 400 ")], &[REJECT, NO_DATA]);
}

#[test]
fn fewer_fields_than_items_never_match() {
    check(DOCUMENTED, &[], &["2 123456789012 eni-0a1b2c3d 10.0.1.5 10.0.2.9 22", ""]);
    check("[w1=ERROR, w2]", &["ERROR a", "ERROR a b c"], &["ERROR", "a ERROR", ""]);
    check("[a]", &["x", "x y"], &["", "  "]);
}

#[test]
fn the_last_item_takes_the_rest() {
    check("[w1=ERROR]", &["ERROR", " ERROR "], &["ERROR a"]);
    check("[a, rest=\"b c\"]", &["a b c", "a  b c\n"], &["a b", "a b  c"]);
    check("[a, rest=\"b \\\"c d\\\"\"]", &["a b \"c d\""], &["a \"b c d\""]);
    check("[a, rest=\"c d\"]", &["a \"c d\"", "a [c d]", "a c d"], &["a \"c d\" e"]);
    // The status of a line with more fields is all that follows.
    let status = "[a, b, c, d, e, f, g, h, i, j, k, l, m, logstatus=OK]";
    check(status, &[REJECT], &[&format!("{REJECT} vpc-1")]);
    check(&status.replace("=OK", "=OK*"), &[REJECT, &format!("{REJECT} vpc-1")], &[NO_DATA]);
}

#[test]
fn an_ellipsis_stands_for_any_number_of_fields() {
    check("[...]", &["", "a", "a b"], &[]);
    check("[]", &["", "a", "a b"], &[]);
    check("[..., action=REJECT, status]", &[REJECT, "REJECT OK"], &[ACCEPT, "REJECT", "REJECT OK x"]);
    check("[version=2, ...]", &[REJECT, "2"], &["3 2", ""]);
    check("[a=1, ..., z=9]", &["1 9", "1 2 9", "1 2 3 9"], &["1", "9", "1 9 2", "19"]);
    check("[a, b, ..., y, z]", &["1 2 3 4", "1 2 3 4 5"], &["1 2 3"]);
}

#[test]
fn quotes_and_brackets_hold_one_field_together() {
    let pattern =
        "[ip, user, name, time=\"10/Oct/2000:13:25:15 -0700\", request=*.html*, status=4*, bytes>1000]";
    check(pattern, &[WEB], &[&WEB.replace("404", "500"), &WEB.replace("1534", "1000")]);
    check("[a, b=\"two words\"]", &["x \"two words\"", "x [two words]", "x two words"], &["x \"two\" words"]);
    check("[a, b=words, ...]", &["x words", "\"x y\" words", "[x \"y] words"], &["x y words"]);
    // What is not closed before a space or the end is ordinary text.
    check("[a, b=\"\\\"open\", c]", &["x \"open end"], &["x open end"]);
    check("[a=\"[b\", c]", &["[b c", "[b d]e"], &["[b c]"]);
    check("[a=\"\\\"b\\\"c\", d]", &["\"b\"c d"], &["\"b\" d"]);
    check("[a=\"\", b]", &["\"\" x", "[] x"], &["x"]);
}

/// Each of these would be looked for to the end of the message, half a million times.
#[test]
fn what_is_never_closed_takes_no_more_time() {
    let many = 1 << 19;
    for open in ["[ ", "[x ", "\"x", "[ \"x"] {
        let message = open.repeat(many);
        check("[..., last = end]", &[&format!("{message} end")], &[&message]);
        check("[..., last = \"]x\"]", &[&format!("{message} ]x")], &[&message]);
    }
}

#[test]
fn fields_are_between_runs_of_spaces_and_tabs() {
    check("[a=1, b=2]", &["1 2", "  1 \t\t 2  ", "1\t2\r\n"], &["1,2", "12"]);
    check("[a=1, b=2, c=3]", &["1 2 3", "1\n2\n3"], &["1 2"]);
}

#[test]
fn numbers_compare_as_numbers_when_both_are() {
    check("[n=22]", &["22", "22.0", "2.2e1", "022", "+22"], &["22x", "23", "-"]);
    check("[n=\"22\"]", &["22"], &["22.0", "022"]);
    check("[n!=22]", &["23", "x", "-"], &["22", "22.0"]);
    check("[n>0]", &["1", "0.1", "1e3"], &["0", "-1", "-", "x", "1x"]);
    check("[n<=1e3]", &["1000", "-5"], &["1000.1", "-"]);
    check("[n >= 1 && n < 10]", &["1", "9.9"], &["0", "10"]);
    check("[n=-1]", &["-1", "-1.0"], &["1"]);
    check("[n=9223372036854775807]", &["9223372036854775807"], &["9223372036854775806"]);
    check("[n=1e999]", &["1e999"], &["inf", "1e998"]);
    check("[n!=-]", &["1", "x"], &["-"]);
}

#[test]
fn stars_stand_for_anything() {
    check("[a=*]", &["", "x", "x y"].map(|m| if m.is_empty() { "z" } else { m }), &[""]);
    check("[a=10.0.2.*]", &["10.0.2.9", "10.0.2."], &["10.0.20.9", "10.0.2"]);
    check("[a=*2*3]", &["23", "123", "1213", "2333"], &["32", "2", "3", "234"]);
    check("[a=\"x*y\"]", &["xy", "x y", "x*y", "xyxy"], &["xyz", "y"]);
    check("[a=a*a]", &["aa", "aba"], &["a"]);
    check("[a!=4*]", &["500"], &["404"]);
    check("[a=**]", &["x"], &[]);
}

#[test]
fn conditions_join_with_and_before_or() {
    check("[a=1 || a=2 && a!=2]", &["1"], &["2", "3"]);
    check("[a=2 && a!=2 || a=1]", &["1"], &["2"]);
    check("[w1!=ERROR && w1!=WARNING, w2]", &["INFO x"], &["ERROR x", "WARNING x"]);
    check("[a=x||a=y&&a=y]", &["x", "y"], &["z"]);
}

#[test]
fn regular_expressions_are_of_the_field() {
    check("[a=%^10\\.%, b!=%^10\\.%]", &["10.1 11.1"], &["10.1 10.2", "11.1 11.2"]);
    check("[url=%/part/[0-9]+$%, t]", &["/x/part/11 1"], &["/x/part/ 1"]);
}

#[test]
fn names_have_letters_digits_hyphens_and_underscores() {
    check("[ account-id , log_status_2=x ]", &["1 x"], &["1 y"]);
}
