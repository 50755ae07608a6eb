//! The tree to conditions and operands: names resolved, types checked.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::aggregate::AggregateFunction;
use crate::ast::{AggregateCall, Arithmetic, Comparison, Expr, ExprKind, Literal, Pattern, Stats};
use crate::condition::{Condition, Matcher};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::function::Function;
use crate::kept::KeptAggregate;
use crate::names::{Source, SystemField, is_console_name, nearest, suggest_console_name, suggest_name};
use crate::operand::Operand;
use crate::value::{Number, Type, Value};
use crate::warning::{Warning, WarningKind};

mod calls;
mod user_regex;

pub(crate) use user_regex::regex;

pub(crate) type Compiled<T> = Result<T, QueryError>;

/// A column that an earlier command made.
#[derive(Debug, Clone)]
pub(crate) struct NamedColumn {
    /// None of columns that only the program itself reads.
    pub(crate) name: Option<String>,
    pub(crate) kind: Type,
}

/// The names that an expression may use, and what it may do.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    /// Whether those of records are known.
    pub(crate) knows_records: bool,
    /// What earlier commands made; the last one with a name has it.
    pub(crate) columns: Vec<NamedColumn>,
    /// What is known of a query and not of a rule.
    pub(crate) asked: Option<Asked<'a>>,
    /// Where aggregates may stand: what they are worked out from, and those found so far.
    pub(crate) stats: Option<StatsNames<'a>>,
}

/// What whoever asks a query says and is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Unix seconds.
    pub(crate) now: i64,
    /// Whether the console must be able to run it too.
    pub(crate) portable: bool,
    pub(crate) warnings: &'a RefCell<Vec<Warning>>,
}

/// The inside of aggregates.
#[derive(Debug)]
pub(crate) struct StatsNames<'a> {
    pub(crate) inner: &'a Names<'a>,
    /// The column of the first aggregate.
    pub(crate) first: usize,
    pub(crate) found: RefCell<Vec<(KeptAggregate, Type)>>,
}

impl Names<'_> {
    /// Those of records, in a rule.
    pub(crate) fn record() -> Self {
        Names { knows_records: true, ..Names::default() }
    }

    /// The columns that `stats` made, and nothing else.
    pub(crate) fn of_columns(columns: impl IntoIterator<Item = (String, Type)>) -> Self {
        let column = |(name, kind)| NamedColumn { name: Some(name), kind };
        Names { columns: columns.into_iter().map(column).collect(), ..Names::default() }
    }

    /// The column with this name.
    pub(crate) fn column(&self, name: &str) -> Option<(Source, Type)> {
        let place = self.columns.iter().rposition(|column| column.name.as_deref() == Some(name))?;
        Some((Source::Column(place), self.columns[place].kind))
    }

    fn resolve(&self, name: &str, span: Span) -> Compiled<(Operand, Type)> {
        if let Some((source, kind)) = self.column(name).or_else(|| self.made_as(name)) {
            return Ok((Operand::Source(source), kind));
        }
        if let Some(source) = Source::from_name(name).filter(|_| self.knows_records) {
            if matches!(source, Source::Enrichment(_)) && self.is_portable() {
                return Err(QueryError::new(QueryErrorKind::NotPortable { name: name.to_owned() }, span));
            }
            return Ok((Operand::Source(source), source.value_type()));
        }
        if self.knows_records && is_console_name(name) && self.asked.is_some() {
            self.warn(WarningKind::NeverPresent { name: name.to_owned() }, span);
            return Ok((Operand::Literal(Value::Absent), Type::Text));
        }
        if let Some(stats) = &self.stats
            && stats.inner.resolve(name, span).is_ok()
        {
            return Err(QueryError::new(QueryErrorKind::OutsideAggregate { name: name.to_owned() }, span));
        }
        let made = self.columns.iter().filter_map(|column| column.name.as_deref());
        let suggestion = if self.knows_records { self.suggest(name, made) } else { nearest(name, made) };
        Err(unknown(name, suggestion, span))
    }

    fn suggest<'n>(&self, name: &str, made: impl IntoIterator<Item = &'n str>) -> Option<String> {
        if self.is_portable() { suggest_console_name(name, made) } else { suggest_name(name, made) }
    }

    /// Whether the console must be able to run it too.
    pub(crate) fn is_portable(&self) -> bool {
        self.asked.is_some_and(|asked| asked.portable)
    }

    pub(crate) fn warn(&self, kind: WarningKind, span: Span) {
        let Some(asked) = self.asked else { return };
        let warning = Warning { kind, span };
        // What one command reads may be looked up twice.
        if !asked.warnings.borrow().contains(&warning) {
            asked.warnings.borrow_mut().push(warning);
        }
    }

    /// Compiles an expression that must be a condition.
    pub(crate) fn condition(&self, expr: &Expr) -> Compiled<Condition> {
        match &expr.kind {
            ExprKind::And(parts) => self.conditions(parts).map(Condition::All),
            ExprKind::Or(parts) => self.conditions(parts).map(Condition::Any),
            ExprKind::Not(inner) => self.condition(inner).map(|inner| Condition::Not(Box::new(inner))),
            ExprKind::Compare(op, left, right) => self.comparison(*op, left, right),
            ExprKind::In { subject, values, negated } => self.membership(subject, values, *negated),
            ExprKind::Like { subject, pattern, negated } => {
                let place = Span { start: subject.span.end + 1, end: expr.span.end };
                let (subject, _) = self.operand(subject)?;
                Ok(Condition::Like { subject, matcher: matcher(pattern, place)?, negated: *negated })
            }
            ExprKind::Call(function, arguments) if function.is_test() => {
                self.test(*function, arguments, expr.span)
            }
            ExprKind::Call(..)
            | ExprKind::Aggregate(_)
            | ExprKind::Literal(_)
            | ExprKind::Name(_)
            | ExprKind::Arithmetic(..)
            | ExprKind::Negate(_) => {
                let (_, found) = self.operand(expr)?;
                Err(QueryError::new(QueryErrorKind::Type { expected: "a condition", found }, expr.span))
            }
        }
    }

    fn conditions(&self, parts: &[Expr]) -> Compiled<Vec<Condition>> {
        // `collect` would not know how many there are.
        let mut conditions = Vec::with_capacity(parts.len());
        for part in parts {
            conditions.push(self.condition(part)?);
        }
        Ok(conditions)
    }

    /// The column that an earlier `stats` made of just this: `stats sum(bytes) by srcAddr | sort sum(bytes) desc`.
    fn made(&self, expr: &Expr) -> Option<(Source, Type)> {
        let may_be = matches!(expr.kind, ExprKind::Aggregate(_) | ExprKind::Call(Function::Bin, _));
        if may_be && self.stats.is_none() { self.column(&expr.to_string()) } else { None }
    }

    /// The same where it stands in backticks, spelled in whatever way.
    fn made_as(&self, name: &str) -> Option<(Source, Type)> {
        // Most queries never meet this: to read every name as an expression would cost more than to compile them.
        if self.columns.is_empty() { None } else { self.made(&Expr::parse(name).ok()?) }
    }

    /// Compiles an expression that must have a value.
    pub(crate) fn operand(&self, expr: &Expr) -> Compiled<(Operand, Type)> {
        if let Some((source, kind)) = self.made(expr) {
            return Ok((Operand::Source(source), kind));
        }
        match &expr.kind {
            ExprKind::Literal(Literal::Period(period)) => {
                let found = format!("the period {period}");
                let kind = QueryErrorKind::Syntax { expected: "a value", found };
                Err(QueryError::new(kind, expr.span))
            }
            ExprKind::Literal(literal) => Ok((Operand::of_literal(literal), literal_type(literal))),
            ExprKind::Name(name) => self.resolve(name, expr.span),
            ExprKind::Call(function, arguments) if function.is_test() => {
                let condition = self.test(*function, arguments, expr.span)?;
                Ok((Operand::Test(Box::new(condition)), Type::Integer))
            }
            ExprKind::Call(function, arguments) => self.call(*function, arguments, expr.span),
            ExprKind::Aggregate(call) => self.aggregate(call, expr.span),
            ExprKind::Arithmetic(op, left, right) => {
                let (left, left_type) = self.number(left).map_err(|error| self.hyphenated(expr, error))?;
                let (right, right_type) = self.number(right).map_err(|error| self.hyphenated(expr, error))?;
                let is_whole = left_type.is_whole() && right_type.is_whole();
                let stays_whole = !matches!(op, Arithmetic::Divide | Arithmetic::Power);
                let kind = if is_whole && stays_whole { Type::Integer } else { Type::Float };
                Ok((Operand::Arithmetic(*op, Box::new(left), Box::new(right)), kind))
            }
            ExprKind::Negate(inner) => {
                let (inner, kind) = self.number(inner)?;
                let kind = if kind.is_whole() { Type::Integer } else { Type::Float };
                let zero = Operand::Literal(Value::Integer(0));
                Ok((Operand::Arithmetic(Arithmetic::Subtract, Box::new(zero), Box::new(inner)), kind))
            }
            // What is true is 1, as a value, and what is not is 0.
            ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::Compare(..)
            | ExprKind::In { .. }
            | ExprKind::Like { .. } => Ok((Operand::Test(Box::new(self.condition(expr)?)), Type::Integer)),
        }
    }

    /// Compiles an operand of arithmetic: text is allowed, since it may be a number.
    pub(crate) fn number(&self, expr: &Expr) -> Compiled<(Operand, Type)> {
        let (operand, kind) = self.operand(expr)?;
        let is_plain_text = matches!(&operand, Operand::Literal(value) if value.number().is_none());
        if kind == Type::Address || is_plain_text {
            return Err(QueryError::new(
                QueryErrorKind::Type { expected: "a number", found: kind },
                expr.span,
            ));
        }
        Ok((operand, kind))
    }

    /// Compiles an aggregate's argument and tells the type of its result.
    pub(crate) fn argument(&self, call: &AggregateCall, span: Span) -> Compiled<(KeptAggregate, Type)> {
        let function = call.function;
        let (argument, kind) = match call.argument.as_deref() {
            None => (None, Type::Integer),
            Some(argument) => {
                let numeric = function.takes_numbers();
                let (operand, kind) = if numeric { self.number(argument)? } else { self.operand(argument)? };
                if numeric && matches!(&operand, Operand::Source(source) if source.is_never_a_number()) {
                    let kind = QueryErrorKind::Type { expected: "a number", found: kind };
                    return Err(QueryError::new(kind, argument.span));
                }
                (Some(operand), kind)
            }
        };
        let result = match function {
            AggregateFunction::Count | AggregateFunction::CountDistinct => Type::Integer,
            AggregateFunction::Avg | AggregateFunction::StdDev => Type::Float,
            AggregateFunction::Sum if kind == Type::Time => Type::Integer,
            _ if function.takes_numbers() && kind == Type::Text => Type::Float,
            _ => kind,
        };
        let time = if function.needs_time() { Some(self.timestamp(span)?) } else { None };
        Ok((KeptAggregate { function, argument, time }, result))
    }

    /// `@timestamp`, as far as it is known here.
    pub(crate) fn timestamp(&self, span: Span) -> Compiled<Source> {
        let name = SystemField::Timestamp.name();
        let own = self.knows_records.then_some(Source::System(SystemField::Timestamp));
        let known = self.column(name).map(|(source, _)| source).or(own);
        known.ok_or_else(|| QueryError::new(QueryErrorKind::NoTimestamp, span))
    }

    /// An aggregate among the columns of `stats`.
    fn aggregate(&self, call: &AggregateCall, span: Span) -> Compiled<(Operand, Type)> {
        let Some(stats) = &self.stats else {
            let kind = QueryErrorKind::MisplacedAggregate { name: call.function.name() };
            return Err(QueryError::new(kind, span));
        };
        let kept = stats.inner.argument(call, span)?;
        let kind = kept.1;
        let mut found = stats.found.borrow_mut();
        found.push(kept);
        Ok((Operand::Source(Source::Column(stats.first + found.len() - 1)), kind))
    }

    /// `tcp-flags` reads as a subtraction of two unknown names: then a field was meant.
    fn hyphenated(&self, expr: &Expr, error: QueryError) -> QueryError {
        let name = expr.to_string().replace(" - ", "-");
        let is_one_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match self.suggest(&name, []) {
            Some(meant) if is_one_word && matches!(error.kind, QueryErrorKind::UnknownName { .. }) => {
                unknown(&name, Some(meant), expr.span)
            }
            _ => error,
        }
    }

    fn comparison(&self, op: Comparison, left: &Expr, right: &Expr) -> Compiled<Condition> {
        // A literal on the left is the same comparison mirrored.
        if matches!(left.kind, ExprKind::Literal(_)) && !matches!(right.kind, ExprKind::Literal(_)) {
            return self.comparison(op.mirrored(), right, left);
        }
        let (subject, kind) = self.operand(left)?;
        if let Some(condition) = dash(&subject, op, right) {
            return Ok(condition);
        }
        let (value, _) = self.operand(right)?;
        if let ExprKind::Literal(literal) = &right.kind {
            let is_equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
            check_literal(left, kind, literal, right.span, is_equality)?;
        }
        Ok(match (subject, kind, value) {
            (Operand::Source(source), kind, Operand::Literal(Value::Integer(value))) if kind.is_whole() => {
                Condition::Integer { source, op, value }
            }
            (Operand::Source(source), Type::Text, Operand::Literal(Value::Text(text)))
                if Number::of_text(&text).is_none()
                    && matches!(op, Comparison::Equal | Comparison::NotEqual)
                    // Of mixed kinds, what `coalesce` makes is called text and may be an address all the same.
                    && !matches!(source, Source::Column(_)) =>
            {
                Condition::TextIs { source, text: text.as_ref().into(), negated: op == Comparison::NotEqual }
            }
            (Operand::Source(source), Type::Address, Operand::Literal(text)) => {
                let right = text.address().map_or(text, Value::Address);
                Condition::Compare { op, left: Operand::Source(source), right: Operand::Literal(right) }
            }
            (left, _, right) => Condition::Compare { op, left, right },
        })
    }

    fn membership(&self, subject: &Expr, values: &[Expr], negated: bool) -> Compiled<Condition> {
        let (operand, kind) = self.operand(subject)?;
        let mut literals = Vec::with_capacity(values.len());
        for value in values {
            let ExprKind::Literal(literal @ (Literal::Integer(_) | Literal::Float(_) | Literal::Text(_))) =
                &value.kind
            else {
                let found = value.to_string();
                let kind = QueryErrorKind::Syntax { expected: "a number or a quoted text", found };
                return Err(QueryError::new(kind, value.span));
            };
            check_literal(subject, kind, literal, value.span, true)?;
            literals.push(literal);
        }
        if let Operand::Source(source) = operand
            && kind.is_whole()
            && let Some(values) = integers(&literals)
        {
            return Ok(Condition::IntegerIn { source, values, negated });
        }
        let value = |literal: &&Literal| match literal {
            Literal::Text(text) if kind == Type::Address => {
                text.parse().map_or_else(|_| Value::Text(text.clone().into()), Value::Address)
            }
            literal => Value::of_literal(literal),
        };
        Ok(Condition::In { subject: operand, values: literals.iter().map(value).collect(), negated })
    }
}

/// All of the literals, if they are whole numbers.
fn integers(literals: &[&Literal]) -> Option<Box<[i64]>> {
    let mut integers = Vec::with_capacity(literals.len());
    for literal in literals {
        let Literal::Integer(number) = literal else { return None };
        integers.push(*number);
    }
    Some(integers.into())
}

/// `srcAddr != "-"`: what a record says `-` of is absent here, and a text in the console.
fn dash(subject: &Operand, op: Comparison, right: &Expr) -> Option<Condition> {
    let is_field = matches!(subject, Operand::Source(Source::Field(_)));
    let is_dash = matches!(&right.kind, ExprKind::Literal(Literal::Text(text)) if text == "-");
    let present = Condition::Present(subject.clone());
    match op {
        Comparison::NotEqual if is_field && is_dash => Some(present),
        Comparison::Equal if is_field && is_dash => Some(Condition::Not(Box::new(present))),
        _ => None,
    }
}

/// Refuses `stats` with two columns of one name.
pub(crate) fn check_names(stats: &Stats) -> Compiled<()> {
    let mut names = BTreeSet::new();
    for named in stats.columns.iter().chain(&stats.by) {
        let name = named.name();
        if names.contains(&name) {
            return Err(QueryError::new(QueryErrorKind::DuplicateName { name }, named.span));
        }
        names.insert(name);
    }
    Ok(())
}

fn unknown(name: &str, suggestion: Option<String>, span: Span) -> QueryError {
    // A word in capitals is a value whose quotes were forgotten: no name is written so.
    let is_word = name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_name = suggestion.as_ref().is_some_and(|suggestion| suggestion.eq_ignore_ascii_case(name));
    let suggestion = if is_word && !is_name { Some(format!("\"{name}\"")) } else { suggestion };
    QueryError::new(QueryErrorKind::UnknownName { name: name.to_owned(), suggestion }, span)
}

fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Integer(_) | Literal::Period(_) => Type::Integer,
        Literal::Float(_) => Type::Float,
        Literal::Text(_) => Type::Text,
    }
}

/// Refuses a literal that the subject's type can never equal: that would be a test that silently never holds.
fn check_literal(
    subject: &Expr,
    kind: Type,
    literal: &Literal,
    span: Span,
    is_equality: bool,
) -> Compiled<()> {
    let Literal::Text(text) = literal else {
        if kind == Type::Address {
            let found = literal_type(literal);
            return Err(QueryError::new(
                QueryErrorKind::Type { expected: "an address in quotes", found },
                span,
            ));
        }
        return Ok(());
    };
    match kind {
        Type::Integer | Type::Float | Type::Time if Number::of_text(text).is_none() => {
            let kind = QueryErrorKind::NotANumber { name: subject.to_string(), found: literal.to_string() };
            Err(QueryError::new(kind, span))
        }
        Type::Address if is_equality && text.parse::<std::net::IpAddr>().is_err() => {
            let expected = "an address, or `like` for a part of one";
            Err(QueryError::new(QueryErrorKind::Type { expected, found: Type::Text }, span))
        }
        _ => Ok(()),
    }
}

fn matcher(pattern: &Pattern, span: Span) -> Compiled<Matcher> {
    match pattern {
        Pattern::Substring(text) => Ok(Matcher::Substring(text.as_str().into())),
        Pattern::Regex(text) => match user_regex::prefix(text) {
            Some(prefix) => Ok(Matcher::Prefix(prefix.into())),
            None => regex(text, span).map(|regex| Matcher::Regex(Box::new(regex))),
        },
    }
}
