//! Every mistake says where it is, what was expected and what was found.

use flow_query::{FilterPattern, MAX_FILTER_PATTERN};

/// The mistake as a user sees it.
fn mistake(text: &str) -> String {
    let Err(error) = FilterPattern::parse(text) else { panic!("{text} is a pattern") };
    let place = error.position(text);
    format!("{}:{}: {error}\n{}", place.line, place.column, error.show(text))
}

/// One a line: terms, regular expressions, space-delimited patterns, JSON patterns.
const MISTAKES: &str = r#"ERROR:
hello-world
"ERROR
ERROR - x
?
ERR*
"a"b
&& x
日本
%something!%
%(ab)+%
%café%
%abc
%%
%\p%
%\(a\)%
%a\%
%\x4%
%[abc%
%a{3,%
%[a--b]%
%a{1000}{1000}%
[a = %x!%]
[a, b
[a, b] c
[a, a]
[1a]
[a = ]
[a = 1 ||]
[a = 1 || b = 2]
[a, ..., b, ...]
[a, b=4*,]
[a,,b]
[a b]
[a == 1]
[a > x]
[a > "1"]
[a = x/y]
[a = (a = 1)]
[a = 1 && (a = 2)]
[a=%x%, b=%y%, c=%z%]
[a = "x]
{ $.a = 1
{ $.a = 1 } x
{}
{ a = 1 }
{ $.a }
{ $.a = }
{ $.a == 1 }
{ $.a = 1 && }
{ ($.a = 1 }
{ $.a EXISTS }
{ $.a IS NOT NULL }
{ $.a IS null }
{ $.a NOT NULL }
{ $ = 1 }
{ $..a = 1 }
{ $.a[-1] = 1 }
{ $.a[0:2] = 1 }
{ $.a[x] = 1 }
{ $.a[99999999999] = 1 }
{ $.['a] = 1 }
{ $.a = null }
{ $.a > "Alpha" }
{ $.a > 0 AND $.b = 1 }
{ !($.a = 1) }
{ $.a[*].* = 1 }
{ $.a[*]=1 || $.b[*]=1 || $.c[*]=1 || $.* = 1 }
{ $.a=%x% || $.a=%y% || $.a=%z% }
{ "v": [1] }"#;

#[test]
fn mistakes_are_pointed_at() {
    let report: Vec<_> = MISTAKES.lines().map(mistake).collect();
    insta::assert_snapshot!(report.join("\n\n"));
}

#[test]
fn length_and_depth_are_bounded() {
    let longest = format!("\"{}\"", "é".repeat(MAX_FILTER_PATTERN - 2));
    assert!(FilterPattern::parse(&longest).is_ok());
    let long = "a".repeat(MAX_FILTER_PATTERN + 1);
    assert!(
        mistake(&long).starts_with("1:1: expected at most 1024 characters in a filter pattern, found 1025\n")
    );
    let nested = |depth| format!("{{ {}$.a = 1{} }}", "(".repeat(depth), ")".repeat(depth));
    assert!(FilterPattern::parse(&nested(32)).is_ok());
    assert!(mistake(&nested(33)).starts_with("1:35: expressions nest more than 32 deep\n"));
}
