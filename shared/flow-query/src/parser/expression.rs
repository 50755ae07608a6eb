//! Expressions: one function a level of precedence.

use crate::aggregate::{AggregateFunction, Percent};
use crate::ast::{AggregateCall, Arithmetic, Comparison, Expr, ExprKind, Literal, Pattern};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::function::{Function, MAX_ARGUMENTS, MISSING};
use crate::lexer::{Token, is_plain_name};
use crate::names::nearest;
use crate::parser::{MAX_DEPTH, MAX_LIST, MAX_OPERATORS, Parsed, Parser, USUAL_LIST};

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
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
        let mut parts = Vec::with_capacity(USUAL_LIST);
        parts.push(first);
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
        let mut values = Vec::with_capacity(USUAL_LIST);
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
            Token::Text(text) if takes_text => {
                let text = text.to_string();
                self.advance()?;
                Pattern::Substring(text)
            }
            Token::Sign("/") => Pattern::Regex(self.regex()?),
            _ if takes_text => return Err(self.expected("a quoted text or a /regular expression/")),
            _ => return Err(self.expected("a /regular expression/")),
        };
        let span = self.since(subject.span);
        Ok(Expr { span, kind: ExprKind::Like { subject: Box::new(subject), pattern, negated } })
    }

    pub(super) fn additive(&mut self) -> Parsed<Expr> {
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

    pub(super) fn primary(&mut self) -> Parsed<Expr> {
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
                    Token::Word(name) if self.is_sign("(") => return self.call(name, span),
                    Token::Word(name) => ExprKind::Name(name.to_owned()),
                    Token::Quoted(name) => ExprKind::Name(name.into_owned()),
                    Token::Integer(number) => ExprKind::Literal(Literal::Integer(number)),
                    Token::Float(number) => ExprKind::Literal(Literal::Float(number)),
                    Token::Text(text) => ExprKind::Literal(Literal::Text(text.into_owned())),
                    Token::Period(period) => ExprKind::Literal(Literal::Period(period)),
                    Token::Sign(_) | Token::End => return Err(self.expected("a name or a value")),
                };
                Ok(Expr { kind, span })
            }
        }
    }

    fn call(&mut self, name: &str, start: Span) -> Parsed<Expr> {
        if let Some(function) = AggregateFunction::from_name(name) {
            let call = self.deeper(|parser| parser.aggregate(function))?;
            return Ok(Expr { kind: ExprKind::Aggregate(call), span: self.since(start) });
        }
        let Some(function) = Function::from_name(name) else { return Err(no_function(name, start)) };
        self.need_sign("(")?;
        let mut arguments = Vec::new();
        while !self.is_sign(")") {
            arguments.push(self.expr()?);
            if arguments.len() > MAX_ARGUMENTS {
                return Err(self.too_many("arguments", MAX_ARGUMENTS, arguments.len()));
            }
            if !self.take_sign(",")? {
                break;
            }
        }
        self.need_sign(")")?;
        Ok(Expr { kind: ExprKind::Call(function, arguments), span: self.since(start) })
    }

    fn aggregate(&mut self, mut function: AggregateFunction) -> Parsed<AggregateCall> {
        self.need_sign("(")?;
        let argument = self.aggregate_argument(function)?;
        if let AggregateFunction::Pct(percent) = &mut function {
            if !self.take_sign(",")? {
                return Err(self.expected("`,` and a percentage"));
            }
            let found = match self.token {
                Token::Integer(number) => Percent::new(number as f64),
                Token::Float(number) => Percent::new(number),
                _ => None,
            };
            let Some(found) = found else {
                let is_between =
                    matches!(self.token, Token::Float(number) if (0.0..=100.0).contains(&number));
                let decimals = "a percentage with at most six decimal places";
                return Err(self.expected(if is_between { decimals } else { "a percentage from 0 to 100" }));
            };
            *percent = found;
            self.advance()?;
        }
        self.need_sign(")")?;
        Ok(AggregateCall { function, argument: argument.map(Box::new) })
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
        self.expr().map(Some)
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

fn no_function(name: &str, span: Span) -> QueryError {
    let kind = match MISSING.iter().find(|(missing, _)| missing.eq_ignore_ascii_case(name)) {
        Some((_, instead)) => QueryErrorKind::NotHere { name: name.to_owned(), instead },
        None => {
            let aggregates = AggregateFunction::ALL.map(AggregateFunction::name);
            let suggestion = nearest(name, Function::ALL.map(Function::name).into_iter().chain(aggregates));
            QueryErrorKind::UnknownFunction { name: name.to_owned(), suggestion }
        }
    };
    QueryError::new(kind, span)
}
