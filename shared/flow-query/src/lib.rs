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
//! let query = ContinuousQuery::compile(&Query::parse(text)?)?;
//! assert!(query.is_monotone());
//! assert_eq!(query.threshold(), "attempts > 100");
//! # Ok::<(), flow_query::QueryError>(())
//! ```
//!
//! The language is that of "CloudWatch Logs Insights query syntax" in the CloudWatch Logs user guide. This crate
//! knows nothing of rules, findings or clocks and does no IO.

mod aggregate;
mod ast;
mod compile;
mod condition;
mod continuous;
mod distinct;
mod error;
mod filter_pattern;
mod group;
mod lexer;
mod names;
mod operand;
mod parser;
mod row;
mod value;

pub use aggregate::{Aggregate, AggregateFunction, Sum};
pub use ast::{Arithmetic, Command, Comparison, Expr, ExprKind, Function, Literal, Pattern, Query, Stats};
pub use continuous::{ContinuousQuery, MAX_AGGREGATES};
pub use distinct::{Distinct, EXACT_LIMIT};
pub use error::{Position, QueryError, QueryErrorKind, Span};
pub use filter_pattern::{
    FilterPattern, ItemMeaning, MAX_FILTER_PATTERN, MAX_PATTERN_REGEXES, MAX_PATTERN_WILDCARDS,
    PatternMeaning, PatternWarning,
};
pub use group::{GroupKey, KeyPart, KeyValues, MAX_GROUP_BY};
pub use names::{Source, SystemField, nearest, suggest_name};
pub use row::Row;
pub use value::{Number, Type, Value};
