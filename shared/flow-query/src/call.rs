//! What functions of one record give.

use std::borrow::Cow;

use crate::function::Function;
use crate::operand::Operand;
use crate::row::Row;
use crate::value::{Number, Value};

/// The longest text that a function makes, in bytes; what is longer is cut there. Texts in records are shorter, and
/// replacements within replacements grow without end.
pub(crate) const MAX_TEXT: usize = 64 * 1024;

/// The value of a call; absent when an argument that it needs is absent or no number where one is needed.
pub(crate) fn value<'r, R: Row + ?Sized>(
    function: Function,
    arguments: &'r [Operand],
    row: &'r R,
) -> Value<'r> {
    match function {
        Function::Coalesce => {
            let values = arguments.iter().map(|argument| argument.value(row));
            values.into_iter().find(|value| !matches!(value, Value::Absent)).unwrap_or(Value::Absent)
        }
        Function::FromMillis | Function::ToMillis => {
            numbers(arguments, row).next().flatten().map_or(Value::Absent, |number| match number {
                Number::Integer(_) => number.into(),
                Number::Float(number) => Value::of_float(number.trunc()),
            })
        }
        Function::Abs
        | Function::Ceil
        | Function::Floor
        | Function::Log
        | Function::Sqrt
        | Function::Greatest
        | Function::Least => numeric(function, arguments, row),
        _ => text(function, arguments, row).unwrap_or(Value::Absent),
    }
}

fn numbers<'r, R: Row + ?Sized>(
    arguments: &'r [Operand],
    row: &'r R,
) -> impl Iterator<Item = Option<Number>> {
    arguments.iter().map(move |argument| argument.value(row).number())
}

fn numeric<R: Row + ?Sized>(function: Function, arguments: &[Operand], row: &R) -> Value<'static> {
    let mut all = numbers(arguments, row);
    let Some(Some(first)) = all.next() else { return Value::Absent };
    match (function, first) {
        (Function::Greatest | Function::Least, _) => {
            let is_better = |number: Number, kept: Number| match function {
                Function::Greatest => number.compare(kept).is_gt(),
                _ => number.compare(kept).is_lt(),
            };
            let kept = all.try_fold(first, |kept, number| {
                number.map(|number| if is_better(number, kept) { number } else { kept })
            });
            kept.map_or(Value::Absent, Value::from)
        }
        (Function::Abs, Number::Integer(number)) if number != i64::MIN => Value::Integer(number.abs()),
        (Function::Ceil | Function::Floor, Number::Integer(number)) => Value::Integer(number),
        (_, number) => {
            let number = number.to_float();
            Value::of_float(match function {
                Function::Abs => number.abs(),
                Function::Ceil => number.ceil(),
                Function::Floor => number.floor(),
                Function::Log => number.ln(),
                _ => number.sqrt(),
            })
        }
    }
}

fn text<'r, R: Row + ?Sized>(function: Function, arguments: &'r [Operand], row: &'r R) -> Option<Value<'r>> {
    let argument = |index: usize| arguments.get(index).and_then(|argument| argument.text(row));
    let first = argument(0)?;
    Some(match function {
        Function::StrLen => Value::Integer(i64::try_from(first.chars().count()).unwrap_or(i64::MAX)),
        Function::ToUpper => owned(first.to_uppercase()),
        Function::ToLower => owned(first.to_lowercase()),
        Function::Trim | Function::LTrim | Function::RTrim => {
            let removed = if arguments.len() > 1 { Some(argument(1)?) } else { None };
            Value::Text(part(first, |text| trim(function, text, removed.as_deref())))
        }
        Function::Concat => {
            let mut joined = first.into_owned();
            for argument in &arguments[1..] {
                joined.push_str(&argument.text(row)?);
                if joined.len() > MAX_TEXT {
                    break;
                }
            }
            owned(joined)
        }
        Function::Replace => owned(replace(&first, &argument(1)?, &argument(2)?)),
        Function::SubStr => {
            let mut ends = arguments[1..].iter().map(|end| index(&end.value(row)));
            let start = ends.next().flatten()?;
            let length = ends.next().map_or(Some(usize::MAX), |length| length)?;
            Value::Text(part(first, |text| substring(text, start, length)))
        }
        _ => return None,
    })
}

fn owned(mut text: String) -> Value<'static> {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
    }
    Value::Text(Cow::Owned(text))
}

/// A part of `text`, borrowed where `text` is.
fn part(text: Cow<'_, str>, choose: impl Fn(&str) -> &str) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(choose(text)),
        Cow::Owned(text) => Cow::Owned(choose(&text).to_owned()),
    }
}

fn trim<'t>(function: Function, text: &'t str, removed: Option<&str>) -> &'t str {
    let goes = |c: char| removed.map_or_else(|| c.is_whitespace(), |removed| removed.contains(c));
    match function {
        Function::LTrim => text.trim_start_matches(goes),
        Function::RTrim => text.trim_end_matches(goes),
        _ => text.trim_matches(goes),
    }
}

/// Every occurrence of `found` replaced, until the text is too long. An empty text is found nowhere.
fn replace(text: &str, found: &str, by: &str) -> String {
    if found.is_empty() {
        return text.to_owned();
    }
    let mut replaced = String::new();
    let mut parts = text.split(found);
    replaced.push_str(parts.next().unwrap_or_default());
    for part in parts {
        replaced.push_str(by);
        replaced.push_str(part);
        if replaced.len() > MAX_TEXT {
            break;
        }
    }
    replaced
}

/// A number of characters: none below 0.
fn index(value: &Value<'_>) -> Option<usize> {
    match value.number()? {
        Number::Integer(number) => usize::try_from(number).ok(),
        Number::Float(_) => None,
    }
}

fn substring(text: &str, start: usize, length: usize) -> &str {
    let place =
        |text: &str, characters: usize| text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
    let rest = &text[place(text, start)..];
    &rest[..place(rest, length)]
}
