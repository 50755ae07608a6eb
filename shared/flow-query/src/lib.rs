//! CloudWatch Logs Insights QL over flow records: a query text becomes a typed program whose aggregates are kept
//! incrementally and merge.
//!
//! [`Query::parse`] reads the text into a tree, with the place of every error; [`ContinuousQuery::compile`] checks
//! names and types and makes of a detection's query what can be kept over windows:
//!
//! ```
//! use flow_query::{ContinuousQuery, Query};
//!
//! let text = r#"filter action = "REJECT" and dstPort in [22, 3389]
//!               | stats count(*) as attempts by srcAddr
//!               | filter attempts > 100"#;
//! let query = Query::parse(text)?;
//! assert_eq!(query.threshold(), "attempts > 100");
//! assert!(ContinuousQuery::compile(&query)?.is_monotone());
//! # Ok::<(), flow_query::QueryError>(())
//! ```
//!
//! [`Program::compile`] makes of any query what can be asked: each thread has an [`Evaluation`] that observes records, one
//! takes in the others, and the last one tells the answer:
//!
//! ```
//! use flow_enrich::{EnrichedFlow, Origin, Tables};
//! use flow_query::{Program, Query, Settings};
//! use flow_record::RecordFormat;
//!
//! let query = Query::parse("stats sum(bytes) as total by srcAddr | sort total desc | limit 10")?;
//! let program = Program::compile(&query, Settings::default())?;
//! let (format, tables) = (RecordFormat::default(), Tables::default());
//! let mut evaluation = program.start();
//! let line = "2 123456789010 eni-1 10.0.0.5 192.0.2.7 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK";
//! let line = format.parse(line).expect("14 columns that fit");
//! evaluation.observe(&EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables })?;
//! let answer = evaluation.finish()?;
//! assert_eq!(answer.columns[1].show(&answer.rows[0][1]).to_string(), "4249");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The language is that of "CloudWatch Logs Insights query syntax" in the CloudWatch Logs user guide. This crate
//! knows nothing of rules, findings or clocks and does no IO.

mod aggregate;
mod ast;
mod call;
mod compile;
mod condition;
mod console_filters;
mod continuous;
mod deviation;
mod distinct;
mod error;
mod evaluation;
mod exact;
mod extract;
mod filter_pattern;
mod floor;
mod function;
mod group;
mod groups;
mod kept;
mod key_table;
mod lexer;
mod names;
mod operand;
mod order;
mod parser;
mod period;
mod plan;
mod print;
mod program;
mod quantiles;
mod record_filter;
mod row;
mod rows;
mod sieve;
mod stored;
mod time;
mod value;
mod warning;

pub use aggregate::{Aggregate, AggregateFunction, Moment, Sum};
pub use ast::{
    AggregateCall, Arithmetic, Command, CommandKind, Comparison, Expr, ExprKind, Literal, Named, Parse,
    ParsePattern, Pattern, Query, SortKey, Stats,
};
pub use continuous::{ContinuousQuery, MAX_AGGREGATES};
pub use deviation::Deviation;
pub use distinct::{Distinct, EXACT_LIMIT};
pub use error::{Position, QueryError, QueryErrorKind, Span};
pub use evaluation::Evaluation;
pub use exact::Exact;
pub use filter_pattern::{
    FilterPattern, ItemMeaning, MAX_FILTER_PATTERN, MAX_PATTERN_REGEXES, MAX_PATTERN_WILDCARDS,
    PatternMeaning, PatternWarning,
};
pub use floor::Floor;
pub use function::Function;
pub use group::{GroupKey, KeyPart, KeyValues, MAX_GROUP_BY};
pub use key_table::Key;
pub use names::{Source, SystemField, nearest, suggest_name};
pub use period::{Period, TimeUnit};
pub use program::{Answer, AnswerRow, Column, LimitError, Program, Settings};
pub use quantiles::{Buckets, EXACT_VALUES, Percent, Quantiles};
pub use record_filter::RecordFilter;
pub use row::Row;
pub use sieve::{MAX_SIEVED, Sieve};
pub use time::Time;
pub use value::{Number, Type, Value};
pub use warning::{Warning, WarningKind};

/// The most rows that the console gives.
pub const CONSOLE_ROWS: u64 = 10_000;
