//! A query that only filters: which records it would answer with.

use flow_enrich::Enrichment;
use flow_record::{Field, RecordFormat};

use crate::ast::{CommandKind, Query};
use crate::compile::Names;
use crate::condition::Condition;
use crate::error::{QueryError, QueryErrorKind};
use crate::names::{enrichments, has_source, missing_fields};
use crate::row::Row;

/// One or more `filter`, ready to be asked of records.
///
/// ```
/// use flow_enrich::{EnrichedFlow, Origin, Tables};
/// use flow_query::{Query, RecordFilter};
/// use flow_record::RecordFormat;
///
/// let filter = RecordFilter::compile(&Query::parse("filter dstPort = 22 and action = 'REJECT'")?)?;
/// let (format, tables) = (RecordFormat::default(), Tables::default());
/// let line = "2 123456789010 eni-1 10.0.0.5 192.0.2.7 20641 22 6 20 4249 1418530010 1418530070 REJECT OK";
/// let line = format.parse(line).expect("14 columns that fit");
/// assert!(filter.holds(&EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables }));
/// # Ok::<(), flow_query::QueryError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RecordFilter(Condition);

impl RecordFilter {
    /// Compiles a query of nothing but `filter`.
    ///
    /// # Errors
    /// When there is another command, or a filter names something unknown or compares what can't be compared.
    pub fn compile(query: &Query) -> Result<Self, QueryError> {
        let names = Names::record();
        let mut conditions = Vec::new();
        for command in &query.commands {
            let CommandKind::Filter(condition) = &command.kind else {
                let name = command.kind.name().to_owned();
                let kind = QueryErrorKind::UnsupportedCommand { name, expected: "filter" };
                return Err(QueryError::new(kind, command.keyword()));
            };
            conditions.push(names.condition(condition)?);
        }
        Ok(RecordFilter(Condition::All(conditions)))
    }

    /// Whether all filters hold for `row`.
    pub fn holds(&self, row: &impl Row) -> bool {
        self.0.holds(row)
    }

    /// Whether all filters can hold for some record of `format`.
    pub fn is_possible_with(&self, format: &RecordFormat) -> bool {
        self.0.is_possible(&|source| has_source(format, source))
    }

    /// The fields that it reads and `format` lacks, enrichments' included.
    pub fn missing_fields(&self, format: &RecordFormat) -> Vec<Field> {
        missing_fields(format, |visit| self.0.sources(visit))
    }

    /// The enrichments that it reads.
    pub fn enrichments(&self) -> Vec<Enrichment> {
        enrichments(|visit| self.0.sources(visit))
    }
}
