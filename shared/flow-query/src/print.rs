//! The text of a tree: what it prints reads as the same tree again.

use std::fmt;

use crate::aggregate::AggregateFunction;
use crate::ast::{
    AggregateCall, Arithmetic, Command, CommandKind, Expr, ExprKind, Literal, Named, Parse, ParsePattern,
    Pattern, Query, SortKey, Stats,
};

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, command) in self.commands.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " | " })?;
            command.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind.name())?;
        match &self.kind {
            CommandKind::Fields(columns) | CommandKind::Display(columns) => list(f, columns),
            CommandKind::Filter(condition) => condition.fmt(f),
            CommandKind::Stats(stats) => stats.fmt(f),
            CommandKind::Sort(keys) => list(f, keys),
            CommandKind::Limit(rows) => rows.fmt(f),
            CommandKind::Parse(parse) => parse.fmt(f),
            CommandKind::Dedup(names) => list(f, names),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, parts: &[impl fmt::Display]) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        part.fmt(f)?;
    }
    Ok(())
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)?;
        self.alias.as_ref().map_or(Ok(()), |alias| write!(f, " as {}", Name(alias)))
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, &self.columns)?;
        if !self.by.is_empty() {
            f.write_str(" by ")?;
        }
        list(f, &self.by)
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.expr, if self.descending { " desc" } else { "" })
    }
}

impl fmt::Display for Parse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(subject) = &self.subject {
            // A text alone would read as the pattern.
            let is_text = matches!(subject.kind, ExprKind::Literal(Literal::Text(_)));
            write!(f, "{} ", Operand(subject, if is_text { ALWAYS } else { PRIMARY }))?;
        }
        match &self.pattern {
            ParsePattern::Regex(text) => regex(f, text),
            ParsePattern::Glob { glob, names } => {
                quoted(f, glob)?;
                f.write_str(" as ")?;
                list(f, &names.iter().map(|name| Name(name)).collect::<Vec<_>>())
            }
        }
    }
}

impl fmt::Display for AggregateCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.function.name();
        let Some(argument) = &self.argument else { return write!(f, "{name}(*)") };
        write!(f, "{name}({argument}")?;
        if let AggregateFunction::Pct(percent) = self.function {
            write!(f, ", {percent}")?;
        }
        f.write_str(")")
    }
}

/// A name, in backticks where it would not read as one.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if crate::lexer::is_plain_name(self.0) {
            return f.write_str(self.0);
        }
        write!(f, "`{}`", self.0.replace('\\', "\\\\").replace('`', "\\`"))
    }
}

/// How tightly an expression binds; an operand that binds less is printed in parentheses.
fn binding(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Or(..) => 1,
        ExprKind::And(..) => 2,
        ExprKind::Not(_) => 3,
        ExprKind::Compare(..) | ExprKind::In { .. } | ExprKind::Like { .. } => 4,
        ExprKind::Arithmetic(Arithmetic::Add | Arithmetic::Subtract, ..) => 5,
        ExprKind::Arithmetic(Arithmetic::Multiply | Arithmetic::Divide | Arithmetic::Remainder, ..) => 6,
        ExprKind::Negate(_) => 7,
        ExprKind::Literal(Literal::Integer(number)) if *number < 0 => 7,
        ExprKind::Literal(Literal::Float(number)) if number.is_sign_negative() => 7,
        ExprKind::Arithmetic(Arithmetic::Power, ..) => 8,
        ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Call(..) | ExprKind::Aggregate(_) => PRIMARY,
    }
}

/// How tightly names, literals and calls bind.
const PRIMARY: u8 = 9;

/// What nothing binds as tightly as.
const ALWAYS: u8 = 10;

/// How tightly a value binds at least; what binds less is a condition.
const VALUE: u8 = 5;

/// An operand where at least this binding is needed.
struct Operand<'a>(&'a Expr, u8);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if binding(&self.0.kind) < self.1 { write!(f, "({})", self.0) } else { self.0.fmt(f) }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = binding(&self.kind);
        match &self.kind {
            ExprKind::Literal(literal) => literal.fmt(f),
            ExprKind::Name(name) => Name(name).fmt(f),
            ExprKind::Not(inner) => write!(f, "not {}", Operand(inner, own)),
            ExprKind::Negate(inner) => write!(f, "-{}", Operand(inner, own)),
            ExprKind::And(parts) => joined(f, parts, " and ", own + 1),
            ExprKind::Or(parts) => joined(f, parts, " or ", own + 1),
            ExprKind::Compare(op, left, right) => {
                write!(f, "{} {} {}", Operand(left, own + 1), op.sign(), Operand(right, own + 1))
            }
            // The power alone binds to the right, and its exponent may have a sign.
            ExprKind::Arithmetic(Arithmetic::Power, base, exponent) => {
                write!(f, "{} ^ {}", Operand(base, own + 1), Operand(exponent, own - 1))
            }
            ExprKind::Arithmetic(op, left, right) => {
                write!(f, "{} {} {}", Operand(left, own), op.sign(), Operand(right, own + 1))
            }
            ExprKind::In { subject, values, negated } => {
                let not = if *negated { "not " } else { "" };
                write!(f, "{} {not}in [{}]", Operand(subject, own + 1), List(values))
            }
            ExprKind::Like { subject, pattern, negated } => {
                let not = if *negated { "not " } else { "" };
                write!(f, "{} {not}like {pattern}", Operand(subject, own + 1))
            }
            ExprKind::Call(function, arguments) => {
                write!(f, "{}(", function.name())?;
                list(f, arguments)?;
                f.write_str(")")
            }
            ExprKind::Aggregate(call) => call.fmt(f),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], between: &str, least: u8) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { between })?;
        write!(f, "{}", Operand(part, least))?;
    }
    Ok(())
}

struct List<'a>(&'a [Expr]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, expr) in self.0.iter().enumerate() {
            let between = if index == 0 { "" } else { ", " };
            write!(f, "{between}{}", Operand(expr, VALUE))?;
        }
        Ok(())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Integer(number) => number.fmt(f),
            // Debug keeps the point or the exponent, so that it reads as a float again.
            Literal::Float(number) => write!(f, "{number:?}"),
            Literal::Text(text) => quoted(f, text),
            Literal::Period(period) => period.fmt(f),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Substring(text) => quoted(f, text),
            Pattern::Regex(text) => regex(f, text),
        }
    }
}

fn regex(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "/{}/", text.replace('/', "\\/"))
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
