//! Calls of functions: their arguments checked, their results' types.

use flow_enrich::parse_network;
use ipnet::IpNet;

use crate::ast::{Expr, ExprKind, Literal};
use crate::compile::{Compiled, Names};
use crate::condition::{Condition, Family};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::function::Function;
use crate::names::{Source, SystemField};
use crate::operand::Operand;
use crate::period::Period;
use crate::value::{Type, Value};
use crate::warning::WarningKind;

impl Names<'_> {
    /// Compiles a call that answers yes or no.
    pub(super) fn test(&self, function: Function, arguments: &[Expr], span: Span) -> Compiled<Condition> {
        check_count(function, arguments.len(), span)?;
        let (subject, kind) = self.operand(&arguments[0])?;
        Ok(match function {
            Function::IsPresent => {
                if self.knows_records && self.is_portable() {
                    self.warn(WarningKind::PresentDash, span);
                }
                Condition::Present(subject)
            }
            Function::IsEmpty | Function::IsBlank => {
                Condition::Empty { subject, or_blank: function == Function::IsBlank }
            }
            Function::StrContains => Condition::Contains { subject, part: self.operand(&arguments[1])?.0 },
            Function::IsValidIp => Condition::ValidAddress { subject, family: Family::Any },
            Function::IsValidIpV4 => Condition::ValidAddress { subject, family: Family::V4 },
            Function::IsValidIpV6 => Condition::ValidAddress { subject, family: Family::V6 },
            _ if !matches!(kind, Type::Address | Type::Text) => {
                let kind = QueryErrorKind::Type { expected: "an address", found: kind };
                return Err(QueryError::new(kind, arguments[0].span));
            }
            _ => Condition::InSubnet { subject, network: parse_subnet(function, &arguments[1])? },
        })
    }

    /// Compiles a call that has a value.
    pub(super) fn call(
        &self,
        function: Function,
        arguments: &[Expr],
        span: Span,
    ) -> Compiled<(Operand, Type)> {
        check_count(function, arguments.len(), span)?;
        match function {
            Function::Bin => {
                let time = Operand::Source(self.bin_time(span)?);
                self.round(time, &arguments[0], false)
            }
            Function::DateFloor | Function::DateCeil => {
                let (time, _) = self.number(&arguments[0])?;
                self.round(time, &arguments[1], function == Function::DateCeil)
            }
            Function::Now => {
                let asked = self.asked.ok_or_else(|| {
                    let instead = "a rule judges records by their own times";
                    QueryError::new(QueryErrorKind::NotHere { name: "now".to_owned(), instead }, span)
                })?;
                Ok((Operand::Literal(Value::Integer(asked.now)), Type::Integer))
            }
            _ => {
                let mut kinds = Vec::new();
                let mut operands = Vec::new();
                for (index, argument) in arguments.iter().enumerate() {
                    let numeric = takes_number(function, index);
                    let (operand, kind) =
                        if numeric { self.number(argument)? } else { self.operand(argument)? };
                    operands.push(operand);
                    kinds.push(kind);
                }
                Ok((Operand::Call(function, operands.into()), result(function, &kinds)))
            }
        }
    }

    /// `bin` always means `@timestamp` itself.
    fn bin_time(&self, span: Span) -> Compiled<Source> {
        if self.knows_records { Ok(Source::System(SystemField::Timestamp)) } else { self.timestamp(span) }
    }

    fn round(&self, time: Operand, period: &Expr, up: bool) -> Compiled<(Operand, Type)> {
        let period = self.period(period)?;
        Ok((Operand::Round { time: Box::new(time), period, up }, Type::Time))
    }

    fn period(&self, expr: &Expr) -> Compiled<Period> {
        let period = match &expr.kind {
            ExprKind::Literal(Literal::Period(period)) if period.amount > 0 => *period,
            _ => {
                let expected = "a period such as 30s, 5m, 1h or 1d";
                let kind = QueryErrorKind::Syntax { expected, found: format!("`{expr}`") };
                return Err(QueryError::new(kind, expr.span));
            }
        };
        let capped = period.capped();
        if capped != period && self.asked.is_none() {
            // Nobody reads the warnings of a rule.
            let expected = "a period that CloudWatch does not cap: at most 1000ms, 60s, 60m or 24h";
            let kind = QueryErrorKind::Syntax { expected, found: period.to_string() };
            return Err(QueryError::new(kind, expr.span));
        }
        if capped != period {
            let meant = period.in_larger_unit();
            self.warn(WarningKind::Capped { period, capped, meant }, expr.span);
        }
        Ok(capped)
    }
}

fn check_count(function: Function, found: usize, span: Span) -> Compiled<()> {
    let arity = function.arity();
    if (arity.least..=arity.most).contains(&found) {
        return Ok(());
    }
    let kind = QueryErrorKind::Arguments { function: function.name(), expected: arity.takes, found };
    Err(QueryError::new(kind, span))
}

/// Whether the argument at `index` must be a number.
fn takes_number(function: Function, index: usize) -> bool {
    match function {
        Function::Abs
        | Function::Ceil
        | Function::Floor
        | Function::Greatest
        | Function::Least
        | Function::Log
        | Function::Sqrt
        | Function::FromMillis
        | Function::ToMillis => true,
        Function::SubStr => index > 0,
        _ => false,
    }
}

fn result(function: Function, arguments: &[Type]) -> Type {
    let is_whole = arguments.iter().all(|kind| kind.is_whole());
    match function {
        Function::Ceil | Function::Floor | Function::ToMillis | Function::StrLen => Type::Integer,
        Function::Abs if is_whole => Type::Integer,
        Function::Abs | Function::Log | Function::Sqrt => Type::Float,
        Function::FromMillis => Type::Time,
        Function::Greatest | Function::Least | Function::Coalesce => shared(arguments),
        _ => Type::Text,
    }
}

/// The type of a value that is one of several.
fn shared(kinds: &[Type]) -> Type {
    let all = |accepts: fn(Type) -> bool| kinds.iter().all(|kind| accepts(*kind));
    match kinds.first() {
        Some(first) if kinds.iter().all(|kind| kind == first) => *first,
        _ if all(Type::is_whole) => Type::Integer,
        _ if all(|kind| kind.is_whole() || kind == Type::Float) => Type::Float,
        _ => Type::Text,
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
