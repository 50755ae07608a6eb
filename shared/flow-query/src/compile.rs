//! The tree to conditions and operands: names resolved, types checked.

use flow_enrich::parse_network;
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};

use crate::aggregate::AggregateFunction;
use crate::ast::{AggregateCall, Arithmetic, Comparison, Expr, ExprKind, Function, Literal, Pattern};
use crate::condition::{Condition, Matcher};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::names::{Source, nearest, suggest_name};
use crate::operand::Operand;
use crate::value::{Number, Type, Value};

/// How large a compiled regular expression may be, in bytes.
const REGEX_SIZE: usize = 256 * 1024;

type Compiled<T> = Result<T, QueryError>;

/// The names that an expression may use.
pub(crate) enum Names<'a> {
    /// Those of records.
    Record,
    /// The columns that `stats` made, and nothing else.
    Columns(&'a [(String, Type)]),
}

impl Names<'_> {
    fn resolve(&self, name: &str, span: Span) -> Compiled<(Source, Type)> {
        let (found, suggestion) = match self {
            Names::Record => {
                let found = Source::from_name(name).map(|source| (source, source.value_type()));
                (found, || suggest_name(name, []))
            }
            Names::Columns(columns) => {
                let place = columns.iter().position(|(column, _)| column == name);
                let found = place.map(|index| (Source::Column(index), columns[index].1));
                return found.ok_or_else(|| {
                    let suggestion = nearest(name, columns.iter().map(|(column, _)| column.as_str()));
                    unknown(name, suggestion, span)
                });
            }
        };
        found.ok_or_else(|| unknown(name, suggestion(), span))
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
                let (subject, _) = self.operand(subject)?;
                Ok(Condition::Like { subject, matcher: matcher(pattern, expr.span)?, negated: *negated })
            }
            ExprKind::Call(function, arguments) => self.call(*function, arguments, expr.span),
            ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Arithmetic(..) | ExprKind::Negate(_) => {
                let (_, found) = self.operand(expr)?;
                Err(QueryError::new(QueryErrorKind::Type { expected: "a condition", found }, expr.span))
            }
        }
    }

    fn conditions(&self, parts: &[Expr]) -> Compiled<Vec<Condition>> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    /// Compiles an expression that must have a value.
    pub(crate) fn operand(&self, expr: &Expr) -> Compiled<(Operand, Type)> {
        match &expr.kind {
            ExprKind::Literal(literal) => Ok((Operand::of_literal(literal), literal_type(literal))),
            ExprKind::Name(name) => {
                self.resolve(name, expr.span).map(|(source, kind)| (Operand::Source(source), kind))
            }
            ExprKind::Arithmetic(op, left, right) => {
                let (left, left_type) = self.number(left).map_err(|error| hyphenated(expr, error))?;
                let (right, right_type) = self.number(right).map_err(|error| hyphenated(expr, error))?;
                let is_whole = left_type == Type::Integer && right_type == Type::Integer;
                let stays_whole = !matches!(op, Arithmetic::Divide | Arithmetic::Power);
                let kind = if is_whole && stays_whole { Type::Integer } else { Type::Float };
                Ok((Operand::Arithmetic(*op, Box::new(left), Box::new(right)), kind))
            }
            ExprKind::Negate(inner) => {
                let (inner, kind) = self.number(inner)?;
                let zero = Operand::Literal(Value::Integer(0));
                Ok((Operand::Arithmetic(Arithmetic::Subtract, Box::new(zero), Box::new(inner)), kind))
            }
            _ => {
                let kind = QueryErrorKind::Type { expected: "a value", found: Type::Boolean };
                Err(QueryError::new(kind, expr.span))
            }
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

    /// Compiles an aggregate's argument.
    pub(crate) fn argument(&self, call: &AggregateCall) -> Compiled<(Option<Operand>, Type)> {
        let Some(argument) = &call.argument else { return Ok((None, Type::Integer)) };
        let (operand, kind) = match call.function {
            AggregateFunction::Count | AggregateFunction::CountDistinct => self.operand(argument)?,
            _ => self.number(argument)?,
        };
        let result = match call.function {
            AggregateFunction::Count | AggregateFunction::CountDistinct => Type::Integer,
            AggregateFunction::Avg => Type::Float,
            _ if kind == Type::Text => Type::Float,
            _ => kind,
        };
        Ok((Some(operand), result))
    }

    fn comparison(&self, op: Comparison, left: &Expr, right: &Expr) -> Compiled<Condition> {
        // A literal on the left is the same comparison mirrored.
        if matches!(left.kind, ExprKind::Literal(_)) && !matches!(right.kind, ExprKind::Literal(_)) {
            return self.comparison(op.mirrored(), right, left);
        }
        let (subject, kind) = self.operand(left)?;
        let (value, _) = self.operand(right)?;
        if let ExprKind::Literal(literal) = &right.kind {
            let is_equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
            check_literal(left, kind, literal, right.span, is_equality)?;
        }
        Ok(match (subject, kind, value) {
            (Operand::Source(source), Type::Integer, Operand::Literal(Value::Integer(value))) => {
                Condition::Integer { source, op, value }
            }
            (Operand::Source(source), Type::Text, Operand::Literal(Value::Text(text)))
                if Number::of_text(&text).is_none()
                    && matches!(op, Comparison::Equal | Comparison::NotEqual) =>
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
        let mut literals = Vec::new();
        for value in values {
            let ExprKind::Literal(literal) = &value.kind else {
                let found = value.to_string();
                let kind = QueryErrorKind::Syntax { expected: "a number or a quoted text", found };
                return Err(QueryError::new(kind, value.span));
            };
            check_literal(subject, kind, literal, value.span, true)?;
            literals.push(literal);
        }
        let integers: Option<Box<[i64]>> = literals
            .iter()
            .map(|literal| if let Literal::Integer(number) = literal { Some(*number) } else { None })
            .collect();
        if let (Operand::Source(source), Type::Integer, Some(values)) = (&operand, kind, integers) {
            return Ok(Condition::IntegerIn { source: *source, values, negated });
        }
        let value = |literal: &&Literal| match literal {
            Literal::Integer(number) => Value::Integer(*number),
            Literal::Float(number) => Value::Float(*number),
            Literal::Text(text) if kind == Type::Address => {
                text.parse().map_or_else(|_| Value::Text(text.clone().into()), Value::Address)
            }
            Literal::Text(text) => Value::Text(text.clone().into()),
        };
        Ok(Condition::In { subject: operand, values: literals.iter().map(value).collect(), negated })
    }

    fn call(&self, function: Function, arguments: &[Expr], span: Span) -> Compiled<Condition> {
        let wrong_arguments = |expected| {
            let found = arguments.len();
            Err(QueryError::new(
                QueryErrorKind::Arguments { function: function.name(), expected, found },
                span,
            ))
        };
        if function == Function::IsPresent {
            let [name] = arguments else { return wrong_arguments("one name") };
            return self.operand(name).map(|(operand, _)| Condition::Present(operand));
        }
        let [address, subnet] = arguments else { return wrong_arguments("an address and a subnet") };
        let (subject, kind) = self.operand(address)?;
        if !matches!(kind, Type::Address | Type::Text) {
            return Err(QueryError::new(
                QueryErrorKind::Type { expected: "an address", found: kind },
                address.span,
            ));
        }
        let network = parse_subnet(function, subnet)?;
        Ok(Condition::InSubnet { subject, network })
    }
}

fn unknown(name: &str, suggestion: Option<String>, span: Span) -> QueryError {
    // A word in capitals is a value whose quotes were forgotten: no name is written so.
    let is_word = name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase());
    let suggestion = if is_word { Some(format!("\"{name}\"")) } else { suggestion };
    QueryError::new(QueryErrorKind::UnknownName { name: name.to_owned(), suggestion }, span)
}

/// `tcp-flags` reads as a subtraction of two unknown names: then a field was meant.
fn hyphenated(expr: &Expr, error: QueryError) -> QueryError {
    let name = expr.to_string().replace(" - ", "-");
    let is_one_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match suggest_name(&name, []) {
        Some(meant) if is_one_word && matches!(error.kind, QueryErrorKind::UnknownName { .. }) => {
            unknown(&name, Some(meant), expr.span)
        }
        _ => error,
    }
}

fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Integer(_) => Type::Integer,
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
        Type::Integer | Type::Float if Number::of_text(text).is_none() => {
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

fn parse_subnet(function: Function, expr: &Expr) -> Compiled<IpNet> {
    let expected = match function {
        Function::IsIpv4InSubnet => "an IPv4 subnet such as \"10.0.0.0/8\"",
        Function::IsIpv6InSubnet => "an IPv6 subnet such as \"2001:db8::/32\"",
        _ => "a subnet such as \"10.0.0.0/8\"",
    };
    let wrong = |found: String| Err(QueryError::new(QueryErrorKind::Subnet { expected, found }, expr.span));
    let ExprKind::Literal(Literal::Text(text)) = &expr.kind else { return wrong(expr.to_string()) };
    match parse_network(text) {
        Some(IpNet::V4(_)) if function == Function::IsIpv6InSubnet => wrong(text.clone()),
        Some(IpNet::V6(_)) if function == Function::IsIpv4InSubnet => wrong(text.clone()),
        Some(network) => Ok(network),
        None => wrong(text.clone()),
    }
}

fn matcher(pattern: &Pattern, span: Span) -> Compiled<Matcher> {
    match pattern {
        Pattern::Substring(text) => Ok(Matcher::Substring(text.as_str().into())),
        Pattern::Regex(text) => regex(text, span).map(|regex| Matcher::Regex(Box::new(regex))),
    }
}

/// A regular expression of bounded size, which stands at `span`.
pub(crate) fn regex(text: &str, span: Span) -> Compiled<Regex> {
    let regex = RegexBuilder::new(text).size_limit(REGEX_SIZE).dfa_size_limit(REGEX_SIZE).build();
    regex.map_err(|error| {
        let detail = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        QueryError::new(QueryErrorKind::Regex { detail }, span)
    })
}
