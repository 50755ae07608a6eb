//! The tree of a query as written, and its text again.

use std::fmt;

use crate::aggregate::AggregateFunction;
use crate::error::Span;

/// A query: commands joined by `|`.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The commands in order.
    pub commands: Vec<Command>,
}

/// One command.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `filter condition`.
    Filter(Expr),
    /// `stats aggregates by names`.
    Stats(Stats),
}

/// A `stats` command.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// The aggregates, at least one.
    pub aggregates: Vec<AggregateCall>,
    /// What to group by; may be empty.
    pub by: Vec<GroupBy>,
    /// The whole command.
    pub span: Span,
}

/// `function(argument) as alias`.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateCall {
    /// The function.
    pub function: AggregateFunction,
    /// The argument; `None` is `*`.
    pub argument: Option<Expr>,
    /// The alias, if any.
    pub alias: Option<String>,
    /// The call and its alias.
    pub span: Span,
}

impl AggregateCall {
    /// The column's name: the alias, else the call as printed.
    pub fn name(&self) -> String {
        self.alias.clone().unwrap_or_else(|| self.call())
    }

    fn call(&self) -> String {
        match &self.argument {
            Some(argument) => format!("{}({})", self.function.name(), Operand(argument, VALUE)),
            None => format!("{}(*)", self.function.name()),
        }
    }
}

/// One thing to group by.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupBy {
    /// The expression, mostly a name.
    pub expr: Expr,
    /// The alias, if any.
    pub alias: Option<String>,
}

impl GroupBy {
    /// The column's name: the alias, the name itself, else the expression as printed.
    pub fn name(&self) -> String {
        match (&self.alias, &self.expr.kind) {
            (Some(alias), _) => alias.clone(),
            (None, ExprKind::Name(name)) => name.clone(),
            (None, _) => self.expr.to_string(),
        }
    }
}

/// An expression and its place.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// Equal as trees, wherever they stand.
impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// The kinds of expressions.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number or a text.
    Literal(Literal),
    /// A field, an enrichment or an alias.
    Name(String),
    /// `not x`.
    Not(Box<Expr>),
    /// `x and y and z`: two or more.
    And(Vec<Expr>),
    /// `x or y or z`: two or more.
    Or(Vec<Expr>),
    /// `x op y`, true or false.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `x op y`, a number.
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// `-x`.
    Negate(Box<Expr>),
    /// `x in [..]` or `x not in [..]`.
    In {
        /// What is looked for.
        subject: Box<Expr>,
        /// Where.
        values: Vec<Expr>,
        /// `not in`.
        negated: bool,
    },
    /// `x like pattern`, `x not like pattern` or `x =~ /pattern/`.
    Like {
        /// What is searched.
        subject: Box<Expr>,
        /// What for.
        pattern: Pattern,
        /// `not like`.
        negated: bool,
    },
    /// `function(arguments)`.
    Call(Function, Vec<Expr>),
}

/// A literal value.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// A quoted text.
    Text(String),
}

/// What `like` looks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    /// A part of the text, case-sensitive.
    Substring(String),
    /// A regular expression, unanchored.
    Regex(String),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// All comparisons.
    pub const ALL: [Comparison; 6] = [
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];

    /// Its sign.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }

    /// Whether it holds between two values of which the first compares to the second as `ordering` says.
    #[inline]
    pub fn accepts(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Comparison::Equal => ordering.is_eq(),
            Comparison::NotEqual => ordering.is_ne(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
        }
    }

    /// The comparison that holds when the two sides change places.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
            same => same,
        }
    }
}

/// An arithmetic operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `^`
    Power,
}

impl Arithmetic {
    /// Its sign.
    pub fn sign(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Remainder => "%",
            Arithmetic::Power => "^",
        }
    }
}

/// A function of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `isIpInSubnet(address, "cidr")`
    IsIpInSubnet,
    /// `isIpv4InSubnet(address, "cidr")`
    IsIpv4InSubnet,
    /// `isIpv6InSubnet(address, "cidr")`
    IsIpv6InSubnet,
    /// `ispresent(name)`
    IsPresent,
}

impl Function {
    /// All functions.
    pub const ALL: [Function; 4] =
        [Function::IsIpInSubnet, Function::IsIpv4InSubnet, Function::IsIpv6InSubnet, Function::IsPresent];

    /// The name, as AWS spells it.
    pub fn name(self) -> &'static str {
        match self {
            Function::IsIpInSubnet => "isIpInSubnet",
            Function::IsIpv4InSubnet => "isIpv4InSubnet",
            Function::IsIpv6InSubnet => "isIpv6InSubnet",
            Function::IsPresent => "ispresent",
        }
    }
}

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
        match self {
            Command::Filter(condition) => write!(f, "filter {condition}"),
            Command::Stats(stats) => stats.fmt(f),
        }
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stats ")?;
        for (index, call) in self.aggregates.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            write!(f, "{}{}", call.call(), As(call.alias.as_deref()))?;
        }
        for (index, group) in self.by.iter().enumerate() {
            f.write_str(if index == 0 { " by " } else { ", " })?;
            write!(f, "{}{}", Operand(&group.expr, VALUE), As(group.alias.as_deref()))?;
        }
        Ok(())
    }
}

struct As<'a>(Option<&'a str>);

impl fmt::Display for As<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |alias| write!(f, " as {}", Named(alias)))
    }
}

/// A name, in backticks where it would not read as one.
struct Named<'a>(&'a str);

impl fmt::Display for Named<'_> {
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
        ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Call(..) => 9,
    }
}

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
            ExprKind::Name(name) => Named(name).fmt(f),
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
            ExprKind::Call(function, arguments) => write!(f, "{}({})", function.name(), List(arguments)),
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
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Substring(text) => quoted(f, text),
            Pattern::Regex(text) => write!(f, "/{}/", text.replace('/', "\\/")),
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
