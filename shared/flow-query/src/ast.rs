//! The tree of a query as written.

use serde::{Deserialize, Serialize};

use crate::aggregate::AggregateFunction;
use crate::error::Span;
use crate::function::Function;
use crate::period::Period;

/// A query: commands joined by `|`.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The commands in order.
    pub commands: Vec<Command>,
}

/// One command and its place.
#[derive(Debug, Clone)]
pub struct Command {
    /// What it is.
    pub kind: CommandKind,
    /// Where it stands, from its keyword to its end.
    pub span: Span,
}

/// Equal as trees, wherever they stand.
impl PartialEq for Command {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Command {
    /// The place of its keyword.
    pub(crate) fn keyword(&self) -> Span {
        Span { start: self.span.start, end: self.span.start + self.kind.name().len() }
    }
}

/// The kinds of commands.
#[derive(Debug, Clone, PartialEq)]
pub enum CommandKind {
    /// `fields x, y as name`: what to show, and names for later commands.
    Fields(Vec<Named>),
    /// `display x, y`: what to show, and nothing else.
    Display(Vec<Named>),
    /// `filter condition`.
    Filter(Expr),
    /// `stats aggregates by names`.
    Stats(Stats),
    /// `sort x desc, y`.
    Sort(Vec<SortKey>),
    /// `limit n`.
    Limit(u64),
    /// `parse x "glob" as a, b` or `parse x /regex/`.
    Parse(Parse),
    /// `dedup x, y`.
    Dedup(Vec<Expr>),
}

impl CommandKind {
    /// The keyword.
    pub fn name(&self) -> &'static str {
        match self {
            CommandKind::Fields(_) => "fields",
            CommandKind::Display(_) => "display",
            CommandKind::Filter(_) => "filter",
            CommandKind::Stats(_) => "stats",
            CommandKind::Sort(_) => "sort",
            CommandKind::Limit(_) => "limit",
            CommandKind::Parse(_) => "parse",
            CommandKind::Dedup(_) => "dedup",
        }
    }
}

/// `expression as alias`.
#[derive(Debug, Clone)]
pub struct Named {
    /// The expression.
    pub expr: Expr,
    /// The alias, if any.
    pub alias: Option<String>,
    /// Where its name stands: the alias, else the expression.
    pub span: Span,
}

/// Equal as trees, wherever they stand.
impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        (&self.expr, &self.alias) == (&other.expr, &other.alias)
    }
}

impl Named {
    /// The column's name: the alias, the name itself, else the expression as printed.
    pub fn name(&self) -> String {
        match (&self.alias, &self.expr.kind) {
            (Some(alias), _) => alias.clone(),
            (None, ExprKind::Name(name)) => name.clone(),
            (None, _) => self.expr.to_string(),
        }
    }
}

/// A `stats` command.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// What to work out for each group, at least one: expressions over aggregates and earlier aliases.
    pub columns: Vec<Named>,
    /// What to group by; may be empty.
    pub by: Vec<Named>,
}

/// One thing to sort by.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    /// The expression, mostly a name.
    pub expr: Expr,
    /// `desc`.
    pub descending: bool,
}

/// A `parse` command.
#[derive(Debug, Clone, PartialEq)]
pub struct Parse {
    /// What is read; `None` is `@message`.
    pub subject: Option<Expr>,
    /// How.
    pub pattern: ParsePattern,
}

/// How `parse` finds its parts.
#[derive(Debug, Clone, PartialEq)]
pub enum ParsePattern {
    /// A text with a `*` for each part, and their names.
    Glob {
        /// The text.
        glob: String,
        /// As many as there are stars.
        names: Vec<String>,
    },
    /// A regular expression whose named groups are the parts.
    Regex(String),
}

/// `function(argument)` over the records of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateCall {
    /// The function.
    pub function: AggregateFunction,
    /// The argument; `None` is `*`.
    pub argument: Option<Box<Expr>>,
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
    /// `aggregate(argument)`, in `stats` only.
    Aggregate(AggregateCall),
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
    /// A length of time for `bin`, `datefloor` and `dateceil`, such as `5m`.
    Period(Period),
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
