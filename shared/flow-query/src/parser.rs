//! Tokens to the tree: one function a level of precedence.

use crate::aggregate::AggregateFunction;
use crate::ast::{
    AggregateCall, Arithmetic, Command, Comparison, Expr, ExprKind, Function, GroupBy, Literal, Pattern,
    Query, Stats,
};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::{Lexer, Token, is_plain_name};
use crate::names::nearest;

/// The longest query that is read, in bytes.
const MAX_QUERY: usize = 64 * 1024;

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 64;

/// The most operators of a query that each make its tree deeper: arithmetic, signs and `not`.
const MAX_OPERATORS: usize = 256;

/// The most values in one list.
const MAX_LIST: usize = 1000;

const COMMANDS: &str = "filter, stats";

/// The commands of the language that this program does not run.
const OTHER_COMMANDS: [&str; 14] = [
    "fields",
    "display",
    "sort",
    "limit",
    "parse",
    "dedup",
    "pattern",
    "diff",
    "anomaly",
    "unnest",
    "unmask",
    "lookup",
    "filterIndex",
    "SOURCE",
];

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// With the place, what was expected and what was found.
    pub fn parse(text: &str) -> Result<Query, QueryError> {
        if text.len() > MAX_QUERY {
            let kind =
                QueryErrorKind::TooMany { what: "bytes in a query", max: MAX_QUERY, found: text.len() };
            return Err(QueryError::new(kind, 0..0));
        }
        let mut parser = Parser::new(text)?;
        let mut commands = vec![parser.command()?];
        while parser.take_sign("|")? {
            commands.push(parser.command()?);
        }
        match parser.token {
            Token::End => Ok(Query { commands }),
            _ => Err(parser.expected("`|` or the end of the query")),
        }
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The token that is looked at, and its place.
    token: Token,
    span: Span,
    /// Where the token before it ended.
    last_end: usize,
    depth: usize,
    operators: usize,
}

type Parsed<T> = Result<T, QueryError>;

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Parsed<Self> {
        let mut lexer = Lexer::new(text);
        let (token, span) = lexer.token()?;
        Ok(Parser { lexer, token, span, last_end: 0, depth: 0, operators: 0 })
    }

    fn advance(&mut self) -> Parsed<Token> {
        let (token, span) = self.lexer.token()?;
        self.last_end = self.span.end;
        self.span = span;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn expected(&self, expected: &'static str) -> QueryError {
        QueryError::new(QueryErrorKind::Syntax { expected, found: self.token.describe() }, self.span)
    }

    fn since(&self, start: Span) -> Span {
        Span { start: start.start, end: self.last_end }
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(found) if found == sign)
    }

    fn is_word(&self, keyword: &str) -> bool {
        matches!(&self.token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn take_sign(&mut self, sign: &str) -> Parsed<bool> {
        let found = self.is_sign(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn take_word(&mut self, keyword: &str) -> Parsed<bool> {
        let found = self.is_word(keyword);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn need_sign(&mut self, sign: &'static str) -> Parsed<()> {
        if self.take_sign(sign)? {
            return Ok(());
        }
        Err(self.expected(match sign {
            "(" => "`(`",
            ")" => "`)`",
            "[" => "`[`",
            _ => "`]`",
        }))
    }

    fn command(&mut self) -> Parsed<Command> {
        let Token::Word(word) = &self.token else { return Err(self.expected("a command: filter or stats")) };
        let (word, span) = (word.clone(), self.span);
        match word.to_ascii_lowercase().as_str() {
            "filter" => {
                self.advance()?;
                self.expr().map(Command::Filter)
            }
            "stats" => {
                self.advance()?;
                self.stats(span).map(Command::Stats)
            }
            _ if OTHER_COMMANDS.iter().any(|other| other.eq_ignore_ascii_case(&word)) => {
                let kind = QueryErrorKind::UnsupportedCommand { name: word, expected: COMMANDS };
                Err(QueryError::new(kind, span))
            }
            _ => {
                let suggestion = nearest(&word, ["filter", "stats"]);
                Err(QueryError::new(QueryErrorKind::UnknownCommand { name: word, suggestion }, span))
            }
        }
    }

    fn stats(&mut self, start: Span) -> Parsed<Stats> {
        let mut aggregates = vec![self.aggregate()?];
        while self.take_sign(",")? {
            aggregates.push(self.aggregate()?);
        }
        let mut by = Vec::new();
        if self.take_word("by")? {
            by.push(self.group_by()?);
            while self.take_sign(",")? {
                by.push(self.group_by()?);
            }
        }
        Ok(Stats { aggregates, by, span: self.since(start) })
    }

    fn aggregate(&mut self) -> Parsed<AggregateCall> {
        let start = self.span;
        let Token::Word(name) = &self.token else {
            return Err(self.expected("an aggregate such as count(*) or sum(bytes)"));
        };
        let Some(function) = AggregateFunction::from_name(name) else {
            let suggestion = nearest(name, AggregateFunction::ALL.map(AggregateFunction::name));
            let kind = QueryErrorKind::UnknownFunction { name: name.clone(), suggestion };
            return Err(QueryError::new(kind, start));
        };
        self.advance()?;
        self.need_sign("(")?;
        let argument = self.aggregate_argument(function)?;
        self.need_sign(")")?;
        let alias = self.alias()?;
        Ok(AggregateCall { function, argument, alias, span: self.since(start) })
    }

    /// `*` and nothing are the same, and only `count` takes them.
    fn aggregate_argument(&mut self, function: AggregateFunction) -> Parsed<Option<Expr>> {
        let is_star = self.is_sign("*");
        if is_star || self.is_sign(")") {
            if function != AggregateFunction::Count {
                return Err(self.expected("a name or an expression"));
            }
            if is_star {
                self.advance()?;
            }
            return Ok(None);
        }
        self.additive().map(Some)
    }

    fn group_by(&mut self) -> Parsed<GroupBy> {
        let expr = self.additive()?;
        Ok(GroupBy { expr, alias: self.alias()? })
    }

    fn alias(&mut self) -> Parsed<Option<String>> {
        if !self.take_word("as")? {
            return Ok(None);
        }
        match &self.token {
            Token::Word(word) if is_plain_name(word) => {}
            Token::Quoted(name) if !name.is_empty() => {}
            _ => return Err(self.expected("a name after `as`")),
        }
        match self.advance()? {
            Token::Word(name) | Token::Quoted(name) => Ok(Some(name)),
            _ => Ok(None),
        }
    }

    fn expr(&mut self) -> Parsed<Expr> {
        self.deeper(|parser| parser.chain("or", Self::conjunction, ExprKind::Or))
    }

    fn conjunction(&mut self) -> Parsed<Expr> {
        self.chain("and", Self::negation, ExprKind::And)
    }

    /// Parts joined by `keyword`; one part alone stays itself.
    fn chain(
        &mut self,
        keyword: &str,
        part: fn(&mut Self) -> Parsed<Expr>,
        kind: fn(Vec<Expr>) -> ExprKind,
    ) -> Parsed<Expr> {
        let first = part(self)?;
        if !self.is_word(keyword) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take_word(keyword)? {
            parts.push(part(self)?);
        }
        let span = self.since(parts[0].span);
        Ok(Expr { kind: kind(parts), span })
    }

    fn negation(&mut self) -> Parsed<Expr> {
        let start = self.span;
        if !self.take_word("not")? {
            return self.comparison();
        }
        self.operator()?;
        let inner = self.negation()?;
        Ok(Expr { span: start.to(inner.span), kind: ExprKind::Not(Box::new(inner)) })
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let left = self.additive()?;
        if let Token::Sign(sign) = self.token
            && let Some(op) = Comparison::ALL.into_iter().find(|op| op.sign() == sign)
        {
            self.advance()?;
            let right = self.additive()?;
            return Ok(join(left, right, |left, right| ExprKind::Compare(op, left, right)));
        }
        if self.is_sign("=~") {
            return self.like(left, false);
        }
        let negated = self.take_word("not")?;
        if self.is_word("in") {
            return self.membership(left, negated);
        }
        if self.is_word("like") {
            return self.like(left, negated);
        }
        if negated {
            return Err(self.expected("`in` or `like` after `not`"));
        }
        Ok(left)
    }

    fn membership(&mut self, subject: Expr, negated: bool) -> Parsed<Expr> {
        self.advance()?;
        self.need_sign("[")?;
        let mut values = Vec::new();
        while !self.is_sign("]") {
            values.push(self.additive()?);
            if !self.take_sign(",")? {
                break;
            }
        }
        if values.is_empty() {
            return Err(self.expected("a value"));
        }
        self.need_sign("]")?;
        let span = self.since(subject.span);
        if values.len() > MAX_LIST {
            let kind =
                QueryErrorKind::TooMany { what: "values in a list", max: MAX_LIST, found: values.len() };
            return Err(QueryError::new(kind, span));
        }
        Ok(Expr { span, kind: ExprKind::In { subject: Box::new(subject), values, negated } })
    }

    fn like(&mut self, subject: Expr, negated: bool) -> Parsed<Expr> {
        // `like` or `=~` is looked at; the token after it may be a slash that begins a regular expression.
        let takes_text = self.is_word("like");
        self.advance()?;
        let pattern = match &self.token {
            Token::Text(text) if takes_text => Pattern::Substring(text.clone()),
            Token::Sign("/") => {
                let (regex, span) = self.lexer.regex(self.span.start)?;
                self.span = span;
                Pattern::Regex(regex)
            }
            _ if takes_text => return Err(self.expected("a quoted text or a /regular expression/")),
            _ => return Err(self.expected("a /regular expression/")),
        };
        self.advance()?;
        let span = self.since(subject.span);
        Ok(Expr { span, kind: ExprKind::Like { subject: Box::new(subject), pattern, negated } })
    }

    fn additive(&mut self) -> Parsed<Expr> {
        self.arithmetic(&[Arithmetic::Add, Arithmetic::Subtract], Self::multiplicative)
    }

    fn multiplicative(&mut self) -> Parsed<Expr> {
        self.arithmetic(&[Arithmetic::Multiply, Arithmetic::Divide, Arithmetic::Remainder], Self::signed)
    }

    /// Operands joined by any of `operations`, from the left.
    fn arithmetic(
        &mut self,
        operations: &[Arithmetic],
        operand: fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        let mut left = operand(self)?;
        while let Token::Sign(sign) = self.token
            && let Some(op) = operations.iter().find(|op| op.sign() == sign)
        {
            self.operator()?;
            self.advance()?;
            let right = operand(self)?;
            left = join(left, right, |left, right| ExprKind::Arithmetic(*op, left, right));
        }
        Ok(left)
    }

    fn signed(&mut self) -> Parsed<Expr> {
        let start = self.span;
        if !self.take_sign("-")? {
            return self.power();
        }
        self.operator()?;
        let inner = self.signed()?;
        let span = start.to(inner.span);
        let kind = match inner.kind {
            ExprKind::Literal(Literal::Integer(number)) if number >= 0 => {
                ExprKind::Literal(Literal::Integer(-number))
            }
            ExprKind::Literal(Literal::Float(number)) if number >= 0.0 => {
                ExprKind::Literal(Literal::Float(-number))
            }
            _ => ExprKind::Negate(Box::new(inner)),
        };
        Ok(Expr { kind, span })
    }

    fn power(&mut self) -> Parsed<Expr> {
        let base = self.primary()?;
        if !self.take_sign("^")? {
            return Ok(base);
        }
        self.operator()?;
        let exponent = self.signed()?;
        Ok(join(base, exponent, |left, right| ExprKind::Arithmetic(Arithmetic::Power, left, right)))
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let span = self.span;
        match &self.token {
            Token::Word(word) if !is_plain_name(word) => Err(self.expected("a name or a value")),
            Token::Sign("(") => {
                self.advance()?;
                let inner = self.expr()?;
                self.need_sign(")")?;
                Ok(Expr { span: self.since(span), ..inner })
            }
            Token::Sign(_) | Token::End => Err(self.expected("a name or a value")),
            _ => {
                let kind = match self.advance()? {
                    Token::Word(name) if self.is_sign("(") => return self.call(&name, span),
                    Token::Word(name) | Token::Quoted(name) => ExprKind::Name(name),
                    Token::Integer(number) => ExprKind::Literal(Literal::Integer(number)),
                    Token::Float(number) => ExprKind::Literal(Literal::Float(number)),
                    Token::Text(text) => ExprKind::Literal(Literal::Text(text)),
                    Token::Sign(_) | Token::End => return Err(self.expected("a name or a value")),
                };
                Ok(Expr { kind, span })
            }
        }
    }

    fn call(&mut self, name: &str, start: Span) -> Parsed<Expr> {
        let Some(function) = Function::ALL.into_iter().find(|f| f.name().eq_ignore_ascii_case(name)) else {
            let suggestion = nearest(name, Function::ALL.map(Function::name));
            let kind = QueryErrorKind::UnknownFunction { name: name.to_owned(), suggestion };
            return Err(QueryError::new(kind, start));
        };
        self.need_sign("(")?;
        let mut arguments = Vec::new();
        while !self.is_sign(")") {
            arguments.push(self.deeper(Self::additive)?);
            if !self.take_sign(",")? {
                break;
            }
        }
        self.need_sign(")")?;
        Ok(Expr { kind: ExprKind::Call(function, arguments), span: self.since(start) })
    }

    /// Counts an operator that makes the tree deeper, so that no tree is too deep for what walks it.
    fn operator(&mut self) -> Parsed<()> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            return Err(QueryError::new(QueryErrorKind::TooDeep { max: MAX_OPERATORS }, self.span));
        }
        Ok(())
    }

    /// Runs `parse` one level deeper, so that no text overflows the stack.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_DEPTH {
            return Err(QueryError::new(QueryErrorKind::TooDeep { max: MAX_DEPTH }, self.span));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }
}

fn join(left: Expr, right: Expr, kind: impl FnOnce(Box<Expr>, Box<Expr>) -> ExprKind) -> Expr {
    let span = left.span.to(right.span);
    Expr { kind: kind(Box::new(left), Box::new(right)), span }
}
