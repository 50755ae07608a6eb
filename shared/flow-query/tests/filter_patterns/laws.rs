//! Laws: a pattern prints as itself, and a space-delimited one matches what a naive reading of its rules does.

use flow_query::FilterPattern;
use proptest::prelude::*;
use proptest::sample::select;

use crate::pattern;

/// Constants: their spelling in a pattern.
fn constants() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "22", "-1", "1e3", "0.5", "x", "4*", "*", "10.0.*", "-", "null", "\"\"", "\"null\"", "\"22\""
        ])
        .prop_map(str::to_owned),
        select(vec!["\"a b\"", "\"q\\\"\\\\\"", "\"[x\"", "\"日本\"", "a-b", "+", "%^[0-9]+$%", "%a|b%"])
            .prop_map(str::to_owned),
        "[a-z0-9*.]{1,6}",
    ]
}

fn tests() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (select(vec!["=", "!=", " = "]), constants()).prop_map(|(op, value)| format!("{op}{value}")),
        1 => (select(vec!["<", "<=", ">", ">= "]), select(vec!["0", "1.5", "-2e2"]))
            .prop_map(|(op, value)| format!("{op}{value}")),
    ]
}

fn items() -> impl Strategy<Value = Vec<Option<Vec<(bool, String)>>>> {
    let condition = prop::collection::vec((any::<bool>(), tests()), 0..3);
    let item = prop_oneof![6 => condition.prop_map(Some), 1 => Just(None)];
    prop::collection::vec(item, 0..6)
}

/// The items as a pattern; `None` is an ellipsis.
fn delimited(items: &[Option<Vec<(bool, String)>>]) -> String {
    let item = |(index, item): (usize, &Option<Vec<(bool, String)>>)| {
        let Some(tests) = item else { return "...".to_owned() };
        let joined = |(nth, (is_or, test)): (usize, &(bool, String))| match (nth, is_or) {
            (0, _) => format!("w{index}{test}"),
            (_, true) => format!(" || w{index}{test}"),
            (_, false) => format!("&& w{index}{test}"),
        };
        if tests.is_empty() { format!("w{index}") } else { tests.iter().enumerate().map(joined).collect() }
    };
    format!("[{}]", items.iter().enumerate().map(item).collect::<Vec<_>>().join(", "))
}

fn selectors() -> impl Strategy<Value = String> {
    let steps = select(vec![".a", ".b-c", "[0]", ".['x.y']", ".['it\\'s']", ".[2]", ".d_1"]);
    prop::collection::vec(steps, 1..4).prop_map(|steps| format!("${}", steps.concat()))
}

fn json() -> impl Strategy<Value = String> {
    let wildcard = select(vec!["$.* = 1", "$.a[*].b != x"]).prop_map(str::to_owned);
    let test = (selectors(), tests().prop_filter("refused", |test| !test.ends_with("null")));
    let leaves = prop_oneof![
        8 => test.prop_map(|(selector, test)| selector + &test),
        2 => (selectors(), select(vec![" IS NULL", " IS TRUE", " IS FALSE", " NOT EXISTS"]))
            .prop_map(|(selector, test)| selector + test),
        1 => wildcard,
    ];
    leaves.prop_recursive(4, 8, 2, |inner| {
        (inner.clone(), select(vec![" && ", "||"]), inner, any::<bool>()).prop_map(
            |(left, op, right, grouped)| {
                if grouped { format!("({left}{op}{right})") } else { format!("{left}{op}{right}") }
            },
        )
    })
}

fn terms() -> impl Strategy<Value = String> {
    let needle = prop_oneof![
        "[A-Za-z0-9_]{1,4}",
        select(vec!["\" \"", "\"\"", "\"a-b\"", "\"\\\"\\\\\"", "%a+%", "\"日\""]).prop_map(str::to_owned),
    ];
    let term = (select(vec!["", "-", "?"]), needle).prop_map(|(mode, needle)| format!("{mode}{needle}"));
    prop::collection::vec(term, 0..5).prop_map(|terms| terms.join("  "))
}

fn patterns() -> impl Strategy<Value = String> {
    prop_oneof![
        terms(),
        items().prop_map(|items| delimited(&items)),
        json().prop_map(|json| format!("{{ {json} }}"))
    ]
}

fn messages() -> impl Strategy<Value = String> {
    let field = select(vec![
        "22", "22.0", "-", "x", "REJECT", "a b", "\"a b\"", "[a b]", "\"open", "[x", "\"a\"b", "10.0.2.9",
        "0", "-1", "1000", "\"\"", "日本", "null", "abc",
    ]);
    let space = select(vec![" ", "  ", "\t", " \t "]);
    prop::collection::vec((field, space), 0..8)
        .prop_map(|fields| fields.into_iter().flat_map(|(field, space)| [field, space]).collect())
}

/// The fields of a message, read character by character.
fn naive_fields(message: &str) -> Vec<(usize, String)> {
    let characters: Vec<(usize, char)> = message.char_indices().collect();
    let is_space = |at: usize| characters.get(at).is_none_or(|(_, c)| " \t\r\n".contains(*c));
    let (mut fields, mut at) = (Vec::new(), 0);
    while at < characters.len() {
        if is_space(at) {
            at += 1;
            continue;
        }
        let start = at;
        let closing = match characters[at].1 {
            '[' => Some(']'),
            '"' => Some('"'),
            _ => None,
        };
        let closed = (start + 1..characters.len()).find(|at| Some(characters[*at].1) == closing);
        let text = |from: usize, to: usize| characters[from..to].iter().map(|(_, c)| *c).collect::<String>();
        match closed.filter(|closed| is_space(closed + 1)) {
            Some(closed) => {
                fields.push((characters[start].0, text(start + 1, closed)));
                at = closed + 1;
            }
            None => {
                while !is_space(at) {
                    at += 1;
                }
                fields.push((characters[start].0, text(start, at)));
            }
        }
    }
    fields
}

/// Whether all items hold, by the rules as they are written down: one item's condition is left to a pattern of one
/// item, which sees the value alone, in quotes.
fn naive_match(items: &[Option<Vec<(bool, String)>>], message: &str) -> bool {
    let fields = naive_fields(message);
    let named = items.iter().filter(|item| item.is_some()).count();
    if fields.len() < named {
        return false;
    }
    let ellipsis = items.iter().position(Option::is_none);
    let value = |index: usize| match ellipsis {
        Some(place) if index > place => fields[fields.len() - (items.len() - index)].1.clone(),
        None if index + 1 == items.len() && fields.len() > items.len() => {
            message[fields[index].0..].trim_end_matches([' ', '\t', '\r', '\n']).to_owned()
        }
        _ => fields[index].1.clone(),
    };
    items.iter().enumerate().filter(|(_, item)| item.is_some()).all(|(index, item)| {
        let alone = pattern(&delimited(std::slice::from_ref(item)));
        alone.matches(&as_one_field(&value(index)))
    })
}

/// A message of this one field, however it is written.
fn as_one_field(value: &str) -> String {
    let has_space = value.is_empty() || value.contains(' ') || value.contains('\t');
    match (has_space, value.starts_with(['"', '['])) {
        (false, false) => value.to_owned(),
        _ if !value.contains('"') => format!("\"{value}\""),
        _ if !value.contains(']') => format!("[{value}]"),
        // Several fields, of which a single item takes all as they stand.
        _ => value.to_owned(),
    }
}

proptest! {
    #[test]
    fn a_pattern_prints_as_itself(text in patterns(), message in messages()) {
        // Too many wildcards or regular expressions are refused, and two ellipses.
        let Ok(pattern) = FilterPattern::parse(&text) else { return Ok(()) };
        let printed = pattern.to_string();
        let again = FilterPattern::parse(&printed)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{}", error.show(&printed))))?;
        prop_assert_eq!(again.to_string(), printed, "printing is canonical");
        prop_assert_eq!(again.matches(&message), pattern.matches(&message));
        prop_assert_eq!(again, pattern);
    }

    #[test]
    fn a_delimited_pattern_matches_as_its_rules_say(items in items(), message in messages()) {
        if let Ok(pattern) = FilterPattern::parse(&delimited(&items)) {
            prop_assert_eq!(pattern.matches(&message), naive_match(&items, &message), "{}", pattern);
        }
    }

    #[test]
    fn most_made_up_patterns_are_patterns(terms in terms()) {
        prop_assert!(FilterPattern::parse(&terms).is_ok(), "{terms}");
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,120}|[a-z $(){}\\[\\]\"'|&=<>!~,.*%0-9-]{0,80}", message in ".{0,60}") {
        match FilterPattern::parse(&text) {
            Ok(pattern) => drop(pattern.matches(&message)),
            Err(error) => {
                let place = error.position(&text);
                prop_assert!(place.line >= 1 && place.column >= 1);
                prop_assert!(error.show(&text).contains('^'));
            }
        }
    }
}
