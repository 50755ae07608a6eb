//! Programs against a second, deliberately naive evaluator, over random queries and random records.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod evaluate;
mod expressions;
mod generate;
#[path = "../support/mod.rs"]
mod support;
mod values;

use flow_generate::Scenario;
use flow_query::{Answer, AnswerRow, Program, Query, Row, Source, SystemField, Value};
use flow_record::{Field, RecordFormat};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::evaluate::is_near;
use crate::expressions::NaiveRow;
use crate::support::{DOCUMENTED, SETTINGS, Traffic, show};

/// Every name of every record.
fn rows(traffic: &Traffic) -> Vec<NaiveRow> {
    let mut rows = Vec::new();
    traffic.for_each(|flow| {
        let fields = Field::ALL.map(|field| (field.insights_name(), Source::Field(field)));
        let system = SystemField::ALL.map(|field| (field.name(), Source::System(field)));
        // The documented queries write it both ways.
        let stream = ("logStream", Source::System(SystemField::LogStream));
        let all = fields.into_iter().chain(system).chain([stream]);
        rows.push(all.map(|(name, source)| (name.to_owned(), flow.value(source).into_owned())).collect());
    });
    rows
}

/// A program, or nothing for the few random queries that make a mistake of types.
fn compile(text: &str) -> Option<(Query, Program)> {
    let query = Query::parse(text).unwrap_or_else(|error| panic!("{error}\n{}", error.show(text)));
    let program = Program::compile(&query, SETTINGS).ok()?;
    Some((query, program))
}

fn check(text: &str, query: &Query, answer: &Answer, traffic: &Traffic) -> Result<(), TestCaseError> {
    let naive = evaluate::evaluate(query, rows(traffic));
    let names: Vec<_> = answer.columns.iter().map(|column| column.name.clone()).collect();
    prop_assert_eq!(&names, &naive.columns, "{}", text);
    let absent = Value::Absent;
    let naive_row = |row: &NaiveRow| -> AnswerRow {
        naive.columns.iter().map(|name| row.get(name).unwrap_or(&absent).clone()).collect()
    };
    let expected: Vec<AnswerRow> = naive.rows.iter().map(naive_row).collect();
    let is_same =
        |(left, right): (&AnswerRow, &AnswerRow)| left.iter().zip(right).all(|(l, r)| is_near(l, r));
    let same = answer.rows.len() == expected.len() && answer.rows.iter().zip(&expected).all(is_same);
    let expected = Answer { rows: expected, ..answer.clone() };
    prop_assert!(same, "{}\nfound\n{}\nexpected\n{}", text, show(answer), show(&expected));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// The answer is that of the naive evaluator.
    #[test]
    fn as_the_naive_evaluator_says(text in generate::queries(), lines in vec(generate::lines(), 0..40)) {
        let Some((query, program)) = compile(&text) else { return Ok(()) };
        let traffic = Traffic::new(lines);
        check(&text, &query, &traffic.answer(&program).unwrap(), &traffic)?;
    }

    /// What one evaluation says of all records, several say of parts of them once they are merged: in the order of
    /// their inputs where nothing sorts the rows, in any order otherwise.
    #[test]
    fn cuts_do_not_matter(text in generate::queries(), lines in vec(generate::lines(), 0..40), cut in 0..40_usize, other in 0..40_usize) {
        let Some((_, program)) = compile(&text) else { return Ok(()) };
        let (from, to) = (cut.min(other).min(lines.len()), cut.max(other).min(lines.len()));
        let parts = [&lines[..from], &lines[from..to], &lines[to..]].map(|part| Traffic::new(part.to_vec()));
        let whole = Traffic::new(lines).answer(&program).unwrap();
        let mut streamed = Vec::new();
        let [first, second, third] = parts.each_ref().map(|part| {
            let mut evaluation = program.start();
            part.for_each(|flow| streamed.extend(evaluation.observe(flow).unwrap()));
            evaluation
        });
        let mut merged = second;
        merged.merge(third).unwrap();
        let mut all = first;
        all.merge(merged).unwrap();
        let mut answer = all.finish().unwrap();
        if let Some(limit) = program.stream_limit() {
            streamed.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            answer.rows = streamed;
        }
        prop_assert_eq!(show(&answer), show(&whole), "{}", text);
    }

    /// Records in another order give the same answer, where nothing depends on their order.
    #[test]
    fn order_does_not_matter(
        text in generate::queries(),
        (lines, shuffled) in vec(generate::lines(), 0..40).prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
    ) {
        let Some((query, program)) = compile(&text) else { return Ok(()) };
        let sorts = |command: &flow_query::Command| matches!(command.kind.name(), "sort" | "stats" | "dedup");
        let limits = |command: &flow_query::Command| command.kind.name() == "limit";
        let first_cut = query.commands.iter().position(|command| sorts(command) || limits(command));
        if first_cut.is_none_or(|cut| limits(&query.commands[cut])) {
            return Ok(());
        }
        let (one, other) = (Traffic::new(lines), Traffic::new(shuffled));
        prop_assert_eq!(show(&one.answer(&program).unwrap()), show(&other.answer(&program).unwrap()), "{}", text);
    }

    /// A random query prints as a text that reads as the same tree.
    #[test]
    fn print_then_parse(text in generate::queries()) {
        let query = Query::parse(&text).unwrap();
        let printed = query.to_string();
        let again = Query::parse(&printed).map_err(|error| TestCaseError::fail(format!("{error}\n{printed}")))?;
        prop_assert_eq!(&again, &query, "{}", printed);
        prop_assert_eq!(again.to_string(), printed);
    }
}

/// The documented queries and the most common ones, over an hour of a network that does not exist.
#[test]
fn documented_queries_over_generated_traffic() {
    let traffic = generated();
    assert!(traffic.lines.len() > 1000, "{}", traffic.lines.len());
    for query in DOCUMENTED {
        // Addresses that are there.
        let query = query.replace("'198.51.'", "'198.18.'");
        let (tree, program) = compile(&query).unwrap_or_else(|| panic!("{query}"));
        let answer = traffic.answer(&program).unwrap();
        assert!(!answer.rows.is_empty(), "nothing to compare: {query}");
        check(&query, &tree, &answer, &traffic).unwrap();
    }
}

/// Every fifth line of half an hour in the network, with someone who is skipped, and with the names that the queries
/// ask for.
fn generated() -> Traffic {
    let scenarios = vec![Scenario::find("skipped-records").unwrap()];
    let settings =
        flow_generate::Settings { duration: Some(1800), scenarios, ..flow_generate::Settings::default() };
    let traffic = flow_generate::Traffic::new(&settings);
    let interface = traffic.interfaces()[0].id.clone();
    let format = RecordFormat::default();
    let lines = traffic.enumerate().map(|(number, record)| (number, record.display(&format).to_string()));
    let lines = lines.filter(|(number, line)| number % 5 == 0 || line.contains("SKIPDATA"));
    Traffic::new(lines.map(|(_, line)| line.replace(&*interface, "eni-0123456789abcdef0")))
}

/// Most random queries compile, or the properties would say nothing.
#[test]
fn random_queries_compile() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let compiled = (0..200).filter(|_| {
        let tree = generate::queries().new_tree(&mut runner).unwrap();
        compile(&proptest::strategy::ValueTree::current(&tree)).is_some()
    });
    let count = compiled.count();
    assert!(count > 150, "{count} of 200");
}
