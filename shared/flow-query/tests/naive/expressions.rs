//! Expressions straight from the tree, over a row that is a map of names.

use std::collections::BTreeMap;

use flow_query::{Arithmetic, Expr, ExprKind, Function, Literal, Pattern, Period, TimeUnit, Value};
use ipnet::IpNet;
use regex::Regex;

use crate::values::{N, V, address, holds, number, of_float, of_number, text};

pub(crate) type NaiveRow = BTreeMap<String, V>;

pub(crate) fn condition(expr: &Expr, row: &NaiveRow) -> bool {
    match &expr.kind {
        ExprKind::And(parts) => parts.iter().all(|part| condition(part, row)),
        ExprKind::Or(parts) => parts.iter().any(|part| condition(part, row)),
        ExprKind::Not(inner) => !condition(inner, row),
        ExprKind::Compare(op, left, right) => holds(&value(left, row), *op, &value(right, row)),
        ExprKind::In { subject, values, negated } => {
            let subject = value(subject, row);
            let equals = |other: &Expr| holds(&subject, flow_query::Comparison::Equal, &value(other, row));
            subject != Value::Absent && values.iter().any(equals) != *negated
        }
        ExprKind::Like { subject, pattern, negated } => {
            let subject = value(subject, row);
            let found = match pattern {
                Pattern::Substring(part) => text(&subject).contains(part),
                Pattern::Regex(regex) => Regex::new(regex).unwrap().is_match(&text(&subject)),
            };
            subject != Value::Absent && found != *negated
        }
        ExprKind::Call(function, arguments) => test(*function, arguments, row).unwrap(),
        other => panic!("no condition: {other:?}"),
    }
}

pub(crate) fn value(expr: &Expr, row: &NaiveRow) -> V {
    match &expr.kind {
        ExprKind::Literal(Literal::Integer(number)) => Value::Integer(*number),
        ExprKind::Literal(Literal::Float(number)) => of_float(*number),
        ExprKind::Literal(Literal::Text(text)) => Value::Text(text.clone().into()),
        ExprKind::Name(name) => row.get(name).cloned().unwrap_or(Value::Absent),
        ExprKind::Negate(inner) => arithmetic(Arithmetic::Subtract, &Value::Integer(0), &value(inner, row)),
        ExprKind::Arithmetic(op, left, right) => arithmetic(*op, &value(left, row), &value(right, row)),
        ExprKind::Call(function, arguments) => match test(*function, arguments, row) {
            Some(answer) => Value::Integer(answer.into()),
            None => call(*function, arguments, row).unwrap_or(Value::Absent),
        },
        ExprKind::Aggregate(_) => panic!("no value: {expr:?}"),
        _ => Value::Integer(condition(expr, row).into()),
    }
}

fn arithmetic(op: Arithmetic, left: &V, right: &V) -> V {
    let (Some(left), Some(right)) = (number(left), number(right)) else { return Value::Absent };
    if let (N::Whole(left), N::Whole(right)) = (left, right) {
        match op {
            Arithmetic::Add => return of_number(N::Whole(left + right)),
            Arithmetic::Subtract => return of_number(N::Whole(left - right)),
            Arithmetic::Multiply => return of_number(N::Whole(left * right)),
            Arithmetic::Remainder if right != 0 => return of_number(N::Whole(left % right)),
            _ => {}
        }
    }
    let (left, right) = (left.float(), right.float());
    of_float(match op {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => left % right,
        Arithmetic::Power => left.powf(right),
    })
}

/// The answer of a function that is a test.
fn test(function: Function, arguments: &[Expr], row: &NaiveRow) -> Option<bool> {
    let argument = |index: usize| value(&arguments[index], row);
    let in_subnet = || {
        let network: IpNet = text(&argument(1)).parse().unwrap();
        address(&argument(0)).is_some_and(|address| network.contains(&address))
    };
    Some(match function {
        Function::IsPresent => argument(0) != Value::Absent,
        Function::IsEmpty => text(&argument(0)).is_empty(),
        Function::IsBlank => text(&argument(0)).trim().is_empty(),
        Function::StrContains => {
            let (whole, part) = (argument(0), argument(1));
            whole != Value::Absent && part != Value::Absent && text(&whole).contains(&text(&part))
        }
        Function::IsValidIp => address(&argument(0)).is_some(),
        Function::IsValidIpV4 => address(&argument(0)).is_some_and(|address| address.is_ipv4()),
        Function::IsValidIpV6 => address(&argument(0)).is_some_and(|address| address.is_ipv6()),
        Function::IsIpInSubnet | Function::IsIpv4InSubnet | Function::IsIpv6InSubnet => in_subnet(),
        _ => return None,
    })
}

fn call(function: Function, arguments: &[Expr], row: &NaiveRow) -> Option<V> {
    if let Function::Bin | Function::DateFloor | Function::DateCeil = function {
        let ExprKind::Literal(Literal::Period(period)) = arguments.last()?.kind else { panic!("no period") };
        let bin = function == Function::Bin;
        let time = if bin { row.get("@timestamp").cloned()? } else { value(&arguments[0], row) };
        let N::Whole(time) = number(&time)? else { return None };
        return Some(of_number(N::Whole(rounded(time, period, function == Function::DateCeil))));
    }
    let values: Vec<V> = arguments.iter().map(|argument| value(argument, row)).collect();
    if function == Function::Coalesce {
        return values.into_iter().find(|value| *value != Value::Absent);
    }
    let numbers = || values.iter().map(number).collect::<Option<Vec<N>>>();
    let string = |index: usize| values.get(index).filter(|value| **value != Value::Absent).map(text);
    let made = |text: String| Value::Text(text.into());
    Some(match function {
        Function::Abs => of_float(numbers()?[0].float().abs()),
        Function::Ceil => of_float(numbers()?[0].float().ceil()),
        Function::Floor => of_float(numbers()?[0].float().floor()),
        Function::Sqrt => of_float(numbers()?[0].float().sqrt()),
        Function::Log => of_float(numbers()?[0].float().ln()),
        Function::Greatest => of_number(numbers()?.into_iter().max_by(|a, b| a.order(*b))?),
        Function::Least => of_number(numbers()?.into_iter().min_by(|a, b| a.order(*b))?),
        Function::FromMillis | Function::ToMillis => of_float(numbers()?[0].float().trunc()),
        Function::StrLen => Value::Integer(i64::try_from(string(0)?.chars().count()).ok()?),
        Function::ToUpper => made(string(0)?.to_uppercase()),
        Function::ToLower => made(string(0)?.to_lowercase()),
        Function::Trim => made(string(0)?.trim().to_owned()),
        Function::Concat => made((0..values.len()).map(string).collect::<Option<Vec<_>>>()?.concat()),
        Function::Replace => made(string(0)?.replace(&string(1)?, &string(2)?)),
        Function::SubStr => {
            let ends = numbers_at(&values[1..])?;
            let length = ends.get(1).copied().unwrap_or(usize::MAX);
            made(string(0)?.chars().skip(ends[0]).take(length).collect())
        }
        other => panic!("not here: {other:?}"),
    })
}

fn numbers_at(values: &[V]) -> Option<Vec<usize>> {
    let whole = |value| match number(value)? {
        N::Whole(number) => usize::try_from(number).ok(),
        N::Part(_) => None,
    };
    values.iter().map(whole).collect()
}

/// Down or up to a multiple of a period that is always as long; a step at a time would be too naive.
fn rounded(time: i128, period: Period, up: bool) -> i128 {
    let unit = match period.unit {
        TimeUnit::Second => 1000,
        TimeUnit::Minute => 60_000,
        TimeUnit::Hour => 3_600_000,
        other => panic!("not here: {other:?}"),
    };
    let length = unit * i128::from(period.amount);
    let more = if up && time % length != 0 { length } else { 0 };
    time - time.rem_euclid(length) + more
}
