//! Tokens to the tree: commands here, expressions in `expression`.

use crate::ast::{Command, CommandKind, Expr, Named, Parse, ParsePattern, Query, SortKey, Stats};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::{Lexer, Token, is_plain_name};
use crate::names::nearest;

mod expression;

/// The longest query that is read, in bytes.
const MAX_QUERY: usize = 64 * 1024;

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 64;

/// The most operators of a query that each make its tree deeper: arithmetic, signs and `not`.
const MAX_OPERATORS: usize = 256;

/// The most expressions in one list.
const MAX_LIST: usize = 1000;

/// Most lists are no longer than this.
const USUAL_LIST: usize = 4;

/// The most commands in one query.
const MAX_COMMANDS: usize = 100;

const COMMANDS: [&str; 8] = ["fields", "display", "filter", "stats", "sort", "limit", "parse", "dedup"];

/// The commands of the console that this program does not run, with what to do instead.
const OTHER_COMMANDS: [(&str, &str); 14] = [
    ("addtotals", "add the columns up in `stats` instead"),
    ("countFrequent", "write `stats count(*) as n by ... | sort n desc` instead"),
    ("count_frequent", "write `stats count(*) as n by ... | sort n desc` instead"),
    ("pattern", "group with `stats count(*) by ...` instead"),
    ("diff", "run the query over both times instead"),
    ("anomaly", "a rule tells of what is unusual"),
    ("unnest", "a flow log line holds no lists"),
    ("unmask", "nothing is masked here: use the name itself"),
    ("lookup", "names of networks come from a table of networks"),
    ("join", "one query reads one set of records"),
    ("subqueries", "one query reads one set of records"),
    ("filterIndex", "nothing is indexed here: write `filter`"),
    ("filter_index", "nothing is indexed here: write `filter`"),
    ("SOURCE", "the inputs are those that are named beside the query"),
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
            if commands.len() > MAX_COMMANDS {
                return Err(parser.too_many("commands", MAX_COMMANDS, commands.len()));
            }
        }
        match parser.token {
            Token::End => Ok(Query { commands }),
            _ => Err(parser.expected("`|` or the end of the query")),
        }
    }
}

impl Expr {
    /// Reads an expression alone.
    pub(crate) fn parse(text: &str) -> Result<Expr, QueryError> {
        let mut parser = Parser::new(text)?;
        let expr = parser.expr()?;
        if parser.token == Token::End { Ok(expr) } else { Err(parser.expected("the end of the expression")) }
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The token that is looked at, and its place.
    token: Token<'t>,
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

    fn advance(&mut self) -> Parsed<Token<'t>> {
        let (token, span) = self.lexer.token()?;
        self.last_end = self.span.end;
        self.span = span;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn expected(&self, expected: &'static str) -> QueryError {
        let found = self.token.describe(self.lexer.written(self.span));
        QueryError::new(QueryErrorKind::Syntax { expected, found }, self.span)
    }

    fn since(&self, start: Span) -> Span {
        Span { start: start.start, end: self.last_end }
    }

    #[inline]
    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(found) if found == sign)
    }

    fn is_word(&self, keyword: &str) -> bool {
        matches!(&self.token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    #[inline]
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

    fn too_many(&self, what: &'static str, max: usize, found: usize) -> QueryError {
        QueryError::new(QueryErrorKind::TooMany { what, max, found }, self.span)
    }

    fn command(&mut self) -> Parsed<Command> {
        let Token::Word(word) = &self.token else {
            return Err(self.expected("a command such as filter or stats"));
        };
        let (word, start) = (*word, self.span);
        // Another name of the same command.
        let meant = if word.eq_ignore_ascii_case("where") { "filter" } else { word };
        let Some(name) = COMMANDS.into_iter().find(|name| name.eq_ignore_ascii_case(meant)) else {
            return Err(no_command(word.to_owned(), start));
        };
        self.advance()?;
        let kind = match name {
            "fields" => CommandKind::Fields(self.list(Self::named)?),
            "display" => CommandKind::Display(self.list(Self::named)?),
            "filter" => CommandKind::Filter(self.expr()?),
            "stats" => CommandKind::Stats(self.stats()?),
            "sort" => {
                // AWS's own samples write it both ways.
                self.take_word("by")?;
                CommandKind::Sort(self.list(Self::sort_key)?)
            }
            "limit" => CommandKind::Limit(self.limit()?),
            "parse" => CommandKind::Parse(self.parse()?),
            _ => CommandKind::Dedup(self.list(Self::expr)?),
        };
        Ok(Command { kind, span: self.since(start) })
    }

    /// One part or more, with commas between them.
    fn list<T>(&mut self, part: fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut parts = Vec::with_capacity(USUAL_LIST);
        parts.push(part(self)?);
        while self.take_sign(",")? {
            parts.push(part(self)?);
            if parts.len() > MAX_LIST {
                return Err(self.too_many("expressions in a list", MAX_LIST, parts.len()));
            }
        }
        Ok(parts)
    }

    fn named(&mut self) -> Parsed<Named> {
        let expr = self.expr()?;
        if !self.take_word("as")? {
            return Ok(Named { span: expr.span, expr, alias: None });
        }
        let span = self.span;
        Ok(Named { expr, alias: Some(self.name()?), span })
    }

    fn stats(&mut self) -> Parsed<Stats> {
        let columns = self.list(Self::named)?;
        let by = if self.take_word("by")? { self.list(Self::named)? } else { Vec::new() };
        Ok(Stats { columns, by })
    }

    fn sort_key(&mut self) -> Parsed<SortKey> {
        let expr = self.expr()?;
        let descending = self.take_word("desc")?;
        if !descending {
            self.take_word("asc")?;
        }
        Ok(SortKey { expr, descending })
    }

    fn limit(&mut self) -> Parsed<u64> {
        match self.token {
            Token::Integer(rows) if rows > 0 => {
                self.advance()?;
                Ok(rows.unsigned_abs())
            }
            Token::Float(rows) if rows > 1e18 => {
                Err(self.expected("a number of rows, at most 9223372036854775807"))
            }
            _ => Err(self.expected("a number of rows, at least 1")),
        }
    }

    /// What follows `parse`. A slash after the subject begins a regular expression, so the subject is a name, a call, or
    /// in parentheses.
    fn parse(&mut self) -> Parsed<Parse> {
        let is_pattern = matches!(self.token, Token::Text(_) | Token::Sign("/"));
        let subject = if is_pattern { None } else { Some(self.primary()?) };
        let pattern = match &self.token {
            Token::Text(glob) => {
                let glob = glob.to_string();
                self.advance()?;
                if !self.is_word("as") {
                    return Err(self.expected("`as` and a name for each `*`"));
                }
                self.advance()?;
                ParsePattern::Glob { glob, names: self.list(Self::name)? }
            }
            Token::Sign("/") => ParsePattern::Regex(self.regex()?),
            _ => return Err(self.expected("a quoted text with `*` or a /regular expression/")),
        };
        Ok(Parse { subject, pattern })
    }

    /// The regular expression that the slash looked at begins.
    fn regex(&mut self) -> Parsed<String> {
        let (regex, span) = self.lexer.regex(self.span.start)?;
        self.span = span;
        self.advance()?;
        Ok(regex.into_owned())
    }

    fn name(&mut self) -> Parsed<String> {
        match &self.token {
            Token::Word(word) if is_plain_name(word) => {}
            Token::Quoted(name) if !name.is_empty() => {}
            _ => return Err(self.expected("a name after `as`")),
        }
        match self.advance()? {
            Token::Word(name) => Ok(name.to_owned()),
            Token::Quoted(name) => Ok(name.into_owned()),
            _ => Err(self.expected("a name after `as`")),
        }
    }
}

fn no_command(name: String, span: Span) -> QueryError {
    let other = OTHER_COMMANDS.iter().find(|(other, _)| other.eq_ignore_ascii_case(&name));
    let kind = match other {
        Some((_, instead)) => QueryErrorKind::NotHere { name, instead },
        None => {
            let suggestion = nearest(&name, COMMANDS);
            QueryErrorKind::UnknownCommand { name, suggestion }
        }
    };
    QueryError::new(kind, span)
}
