//! The threshold of a detection that fires above a number: what it is compared with, and so what it could be moved to.

use crate::ast::Comparison;
use crate::condition::Condition;
use crate::names::Source;
use crate::operand::Operand;
use crate::row::Row;
use crate::value::Number;

/// The first comparison `alias > number` or `alias >= number` of a closing filter, alone or joined to others by `and`. The
/// others stay as they are.
#[derive(Debug, Clone)]
pub struct Floor {
    /// The column of the aggregate that is compared.
    column: Source,
    is_strict: bool,
    /// What must hold beside it.
    others: Vec<Condition>,
}

impl Floor {
    /// That of a closing filter over `keys` names and then aggregates; none when it is of another shape.
    pub(crate) fn of(closing: &Condition, keys: usize) -> Option<Self> {
        let mut parts = Vec::new();
        closing.conjuncts(&mut |part| parts.push(part));
        let found = parts.iter().enumerate().find_map(|(place, part)| Some((place, compared(part, keys)?)));
        let (place, (column, is_strict)) = found?;
        let mut others: Vec<_> = parts.into_iter().cloned().collect();
        others.remove(place);
        Some(Floor { column, is_strict, others })
    }

    /// What is compared of a group's columns, if all else holds for them: the group passes where the floor is below.
    pub(crate) fn value(&self, columns: &(impl Row + ?Sized)) -> Option<Number> {
        let holds = self.others.iter().all(|condition| condition.holds(columns));
        if holds { columns.value(self.column).number() } else { None }
    }

    /// The lowest floor at which `value` does not pass: itself after `>`, the next whole number after `>=`.
    pub fn above(&self, value: Number) -> Number {
        match value {
            _ if self.is_strict => value,
            Number::Integer(number) => Number::Integer(number.saturating_add(1)),
            Number::Float(number) => Number::Float(number.floor() + 1.0),
        }
    }
}

/// The column of the aggregate that a condition compares with a number, and whether by `>`; else by `>=`.
fn compared(condition: &Condition, keys: usize) -> Option<(Source, bool)> {
    let (source, op) = match condition {
        Condition::Integer { source, op, .. } => (source, op),
        Condition::Compare { op, left: Operand::Source(source), right: Operand::Literal(value) } => {
            value.number()?;
            (source, op)
        }
        _ => return None,
    };
    let is_aggregate = matches!(source, Source::Column(column) if *column >= keys);
    match op {
        Comparison::Greater if is_aggregate => Some((*source, true)),
        Comparison::GreaterOrEqual if is_aggregate => Some((*source, false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::ast::Query;
    use crate::continuous::ContinuousQuery;
    use crate::group::{GroupKey, KeyPart};
    use crate::value::{Number, Value};

    fn query(closing: &str) -> ContinuousQuery {
        let text = format!(
            "filter action = \"REJECT\" | stats count(*) as tries, avg(bytes) as size, sum(bytes) as sent by dstPort \
             | filter {closing}"
        );
        ContinuousQuery::compile(&Query::parse(&text).unwrap()).unwrap()
    }

    #[test]
    fn what_can_be_moved() {
        let five = Number::Integer(5);
        let half = Number::Float(5.5);
        let cases = [
            ("tries > 100", Some((five, half))),
            ("100 < tries", Some((five, half))),
            ("size > 1.5", Some((five, half))),
            ("tries >= 100", Some((Number::Integer(6), Number::Float(6.0)))),
            ("dstPort = 22 and tries > 100", Some((five, half))),
            ("tries > 100 and (sent >= 5 and size > 7)", Some((five, half))),
            ("tries < 100", None),
            ("tries > 100 or sent > 5", None),
            ("tries > 100 and sent < 5", Some((five, half))),
            ("tries > 100 and (sent > 5 or size > 7)", Some((five, half))),
            ("tries > sent", None),
            ("tries + sent > 5", None),
            ("not tries > 100", None),
            ("dstPort = 22", None),
        ];
        for (closing, expected) in cases {
            let floor = query(closing).floor();
            let above = floor.map(|floor| [five, half].map(|value| Value::from(floor.above(value))));
            let expected = expected.map(|(five, half)| [five, half].map(Value::from));
            assert_eq!(above, expected, "{closing}");
        }
    }

    #[test]
    fn what_is_compared_is_seen_where_all_else_holds() {
        let cases = [
            ("tries > 100", true),
            ("tries > 100 and dstPort = 22", true),
            ("tries > 100 and sent > 0", false),
        ];
        for (closing, is_seen) in cases {
            let query = query(closing);
            let key: GroupKey = [KeyPart::Integer(22)].into_iter().collect();
            let value = query.floored(&query.floor().unwrap(), &key, &query.start().collect::<Vec<_>>());
            assert_eq!(value.map(Value::from), is_seen.then_some(Value::Integer(0)), "{closing}");
        }
    }
}
