//! JSON patterns, over messages that are JSON objects.

use crate::check;

const EVENT: &str = r#"{ "type": "Create", "ip": "192.0.2.7", "list": ["a", "b"], "items": [{"n": "x", "id": 1},
    {"n": "y", "id": 2}], "none": null, "dotted.key": "d", "deep": {"er": {"st": 5}}, "grid": [[0, 1], [2, 3]],
    "yes": true, "no": false }"#;

/// An object whose `v` is this.
fn v(value: &str) -> String {
    format!("{{\"v\":{value}}}")
}

/// That the pattern matches objects with these values under `v` and none with those.
fn check_values(pattern: &str, matching: &[&str], others: &[&str]) {
    let objects = |values: &[&str]| values.iter().map(|value| v(value)).collect::<Vec<_>>();
    let (matching, others) = (objects(matching), objects(others));
    let texts =
        |objects: &'_ [String]| objects.iter().map(|text| text.clone().leak() as &str).collect::<Vec<_>>();
    check(pattern, &texts(&matching), &texts(&others));
}

#[test]
fn selectors_lead_to_values() {
    for pattern in [
        "{ $.type = \"Create\" }",
        "{$.type=Create}",
        "{ $.list[1] = b }",
        "{ $.list[*] = b }",
        "{ $.items[1].n = \"y\" }",
        "{ $.items[*].id = 2 }",
        "{ $.['dotted.key'] = d }",
        "{ $['dotted.key'] = d }",
        "{ $.deep.er.st = 5 }",
        "{ $.deep.*.st = 5 }",
        "{ $.deep.[*].st = 5 }",
        "{ $.grid[1][0] = 2 }",
        "{ $.* = 192.0.2.* }",
        "{ $.none IS NULL }",
        "{ $.yes IS TRUE }",
        "{ $.no IS FALSE }",
        "{ $.missing NOT EXISTS }",
        "{ $.list[2] NOT EXISTS }",
        "{ $.type.x NOT EXISTS }",
    ] {
        check(pattern, &[EVENT], &["{\"z\": [1]} x", "no JSON"]);
    }
    for pattern in [
        "{ $.list = a }",
        "{ $.list != a }",
        "{ $.deep != a }",
        "{ $.type[0] = C }",
        "{ $.list.0 = a }",
        "{ $.dotted.key = d }",
        "{ $.missing = 1 }",
        "{ $.missing != 1 }",
        "{ $.none != 1 }",
        "{ $.yes != 1 }",
        "{ $.yes = true }",
        "{ $.type IS NULL }",
        "{ $.none NOT EXISTS }",
        "{ $.* NOT EXISTS }",
        "{ $.missing IS NULL }",
        "{ $.no IS TRUE }",
        "{ $[0] = 1 }",
    ] {
        check(pattern, &[], &[EVENT]);
    }
}

#[test]
fn only_whole_objects_are_looked_at() {
    check(
        "{ $.a NOT EXISTS }",
        &["{}", " {\"b\":1} \n"],
        &["", "[]", "[{}]", "null", "{} {}", "{", "{\"b\":}", "x {}"],
    );
    check("{ $.b = 1 }", &[" {\"b\":1} \n", "\t{ \"b\" : 1 }"], &[" \"b\":1", "\u{a0}{\"b\":2}"]);
    let deep = format!("{{\"b\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    check("{ $.a NOT EXISTS }", &[&deep], &[&deep[..deep.len() - 2]]);
}

#[test]
fn numbers_compare_as_numbers_and_keep_their_spelling() {
    check_values(
        "{ $.v = 1 }",
        &["1", "1.0", "1e0", "\"1\"", "10e-1"],
        &["\"1.0\"", "2", "true", "[1]", "\"x\""],
    );
    check_values("{ $.v = \"1\" }", &["1", "\"1\""], &["1.0", "1e0"]);
    check_values(
        "{ $.v != 1 }",
        &["0", "\"1.0\"", "\"x\"", "\"\""],
        &["1.0", "\"1\"", "null", "true", "{}", "[2]"],
    );
    check_values("{ $.v > 1 }", &["1.5", "10"], &["1", "\"10\"", "-2", "null"]);
    check_values("{ $.v <= -1.5e1 }", &["-15", "-16"], &["-14", "\"-15\""]);
    check_values(
        "{ $.v = 4* }",
        &["404", "4", "\"4x\""],
        &["40e1x", "504"].map(|x| if x == "504" { x } else { "54" }),
    );
    check_values("{ $.v = 9007199254740993 }", &["9007199254740993"], &["9007199254740992"]);
}

#[test]
fn texts_compare_as_written() {
    check_values("{ $.v = \"Alpha*\" }", &["\"Alpha\"", "\"Alphabet\""], &["\"alpha\"", "\"xAlpha\""]);
    check_values("{ $.v = \"a?b\" }", &["\"a?b\""], &["\"axb\""]);
    check_values("{ $.v = \"\" }", &["\"\""], &["\"x\"", "null"]);
    check_values("{ $.v = * }", &["\"\"", "1", "\"x\""], &["null", "true", "[]", "{}"]);
    check_values("{ $.v = \"null\" }", &["\"null\""], &["null"]);
    check_values("{ $.v = \"日\\\"本\" }", &["\"日\\\"本\"", "\"\\u65e5\\u0022本\""], &["\"日本\""]);
    check_values("{ $.v = %^Al.*a$% }", &["\"Alpha\""], &["\"xAlpha\"", "[\"Alpha\"]"]);
    check_values("{ $.v != %^4\\d\\d$% }", &["500", "\"4000\""], &["404", "null"]);
    check_values("{ $.v = \"x\" }", &[], &["\"\\ud800\""]);
}

#[test]
fn keys_may_have_escapes_and_the_last_of_several_counts() {
    check("{ $.key = 1 }", &["{\"k\\u0065y\":1}", "{\"key\":2,\"key\":1}"], &["{\"key\":1,\"key\":2}"]);
    check("{ $.['a\\'b\\\\c'] = 1 }", &["{\"a'b\\\\c\":1}"], &["{\"ab\":1}"]);
    check("{ $.a-b_c = 1 }", &["{\"a-b_c\":1}"], &["{\"a\":1}"]);
}

/// As AWS's `TestMetricFilter` answers.
#[test]
fn a_null_in_an_array_is_null_enough() {
    check_values(
        "{ $.v IS NULL }",
        &["null", "[1, null]"],
        &["\"null\"", "[]", "[[null]]", "{\"x\":null}", "0"],
    );
}

#[test]
fn a_wildcard_takes_elements_and_members() {
    check(
        "{ $.v[*] = 1 }",
        &["{\"v\":[2,1]}", "{\"v\":{\"x\":1}}"],
        &["{\"v\":1}", "{\"v\":[[1]]}", "{\"v\":[]}"],
    );
    let both = "{ $.v[*].a = 1 && $.v[*].b = 2 }";
    check(both, &["{\"v\":[{\"a\":1},{\"b\":2}]}", "{\"v\":[{\"a\":1,\"b\":2}]}"], &["{\"v\":[{\"a\":1}]}"]);
}

#[test]
fn parentheses_bind_before_and_before_or() {
    let object = |a, b, c| format!("{{\"a\":{a},\"b\":{b},\"c\":{c}}}");
    let only_a = object(1, 0, 0);
    let a_and_c = object(1, 0, 3);
    check("{ $.a = 1 || $.b = 2 && $.c = 3 }", &[&only_a, &a_and_c, &object(0, 2, 3)], &[&object(0, 2, 0)]);
    check("{ ($.a = 1 || $.b = 2) && $.c = 3 }", &[&a_and_c, &object(0, 2, 3)], &[&only_a]);
    check("{ (($.a = 1)) && ($.c=3&&$.b!=2) }", &[&a_and_c], &[&only_a, &object(1, 2, 3)]);
    check("{ $.a = 1 || ($.b = 2 || $.c = 3) }", &[&only_a, &object(0, 0, 3)], &[&object(0, 0, 0)]);
}
