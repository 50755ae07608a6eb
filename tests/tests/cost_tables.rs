//! The tables of `docs/cost.md` and its translation are what `flow_cost` works out.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write;
use std::fs;

use flow_cost::{Estimate, Format, Measured, Model, Part, Prices, Volume, Workload};
use flowgauge_tests::{assert_written, root};

/// A language of the documents: where they are, and the words of their tables.
struct Words {
    document: &'static str,
    sizes: [&'static str; 4],
    lines: &'static str,
    batches: &'static str,
    flow_logs: &'static str,
    parts: [(Part, &'static str); 8],
    sum: &'static str,
    own: &'static str,
    a_tb: [&'static str; 9],
}

const ENGLISH: Words = Words {
    document: "docs/cost.md",
    sizes: ["a month", "small: 10 GB", "medium: 500 GB", "large: 10 TB"],
    lines: "lines, million",
    batches: "lines a batch; million invocations",
    flow_logs: "CloudWatch Logs takes the flow logs",
    parts: [
        (Part::Requests, "Lambda requests"),
        (Part::Compute, "Lambda compute"),
        (Part::State, "DynamoDB*"),
        (Part::OwnLogs, "the function's log*"),
        (Part::Ticks, "the tick, once a minute"),
        (Part::Metrics, "the functions' metrics*"),
        (Part::Alarms, "{alarms} alarms* and `TopicKey`*"),
        (Part::Messages, "SNS*: 10 findings and 5 mails a day"),
    ],
    sum: "sum",
    own: "of which Flowgauge",
    a_tb: [
        "format",
        "records a batch",
        "requests",
        "compute, 128 MB",
        "256 MB",
        "512 MB",
        "state",
        "own log",
        "these, 256 MB",
    ],
};

const JAPANESE: Words = Words {
    document: "docs/ja/cost.md",
    sizes: ["1 か月", "小: 10 GB", "中: 500 GB", "大: 10 TB"],
    lines: "行数(100 万行)",
    batches: "1 バッチの行数、呼び出し回数(100 万回)",
    flow_logs: "CloudWatch Logs へのフローログの取り込み",
    parts: [
        (Part::Requests, "Lambda のリクエスト"),
        (Part::Compute, "Lambda の実行時間"),
        (Part::State, "DynamoDB*"),
        (Part::OwnLogs, "関数のログ*"),
        (Part::Ticks, "1 分ごとの tick"),
        (Part::Metrics, "関数のメトリクス*"),
        (Part::Alarms, "アラーム {alarms} 個*と `TopicKey`*"),
        (Part::Messages, "SNS*: 1 日に検知 10 件、メール 5 通"),
    ],
    sum: "合計",
    own: "うち Flowgauge の分",
    a_tb: [
        "形式",
        "1 バッチの行数",
        "リクエスト",
        "実行時間 128 MB",
        "256 MB",
        "512 MB",
        "状態",
        "自分のログ",
        "以上の計(256 MB)",
    ],
};

/// GB a month, and how many lines a batch has.
const SIZES: [(f64, f64); 3] = [(10.0, 50.0), (500.0, 500.0), (10_000.0, 500.0)];

/// Records a batch.
const BATCHES: [f64; 4] = [50.0, 500.0, 5000.0, 10_000.0];

const MEMORIES: [f64; 3] = [128.0, 256.0, 512.0];

/// The memory that the template gives.
const USUAL: usize = 1;

/// A table's row.
fn row<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<_> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn head(cells: &[&str]) -> String {
    format!("{}|{}\n", row(cells), "---|".repeat(cells.len()))
}

fn workload(measured: &Measured, format: &Format, gb: f64, batch: f64) -> Workload {
    Workload { batch, ..Workload::new(Volume::Bytes(gb * 1e9), format, measured) }
}

/// What three sizes cost.
fn sizes(words: &Words, model: &Model<'_>) -> String {
    let default = &model.measured.formats()[0];
    let workloads = SIZES.map(|(gb, batch)| workload(model.measured, default, gb, batch));
    let estimates: Vec<Estimate> = workloads.iter().map(|workload| model.estimate(workload)).collect();
    let dollars = |name: &str, of: &dyn Fn(&Estimate) -> f64, mark: &str| {
        let cells = estimates.iter().map(|estimate| format!("{mark}${:.2}{mark}", of(estimate)));
        row(&[format!("{mark}{name}{mark}")].into_iter().chain(cells).collect::<Vec<_>>())
    };
    let mut table = head(&words.sizes);
    let lines = workloads.iter().map(|workload| format!("{:.0}", workload.lines / 1e6));
    table += &row(&[words.lines.to_owned()].into_iter().chain(lines).collect::<Vec<_>>());
    let batches = workloads.iter().zip(&estimates);
    let batches =
        batches.map(|(workload, estimate)| format!("{}; {:.1}", workload.batch, estimate.invocations / 1e6));
    table += &row(&[words.batches.to_owned()].into_iter().chain(batches).collect::<Vec<_>>());
    table += &dollars(words.flow_logs, &|estimate| estimate.flow_logs, "");
    for (part, name) in words.parts {
        let name = name.replace("{alarms}", &model.measured.alarms().to_string());
        table += &dollars(&name, &|estimate| estimate.dollars(part), "");
    }
    table + &dollars(words.sum, &Estimate::total, "**") + &dollars(words.own, &Estimate::own, "")
}

/// What a TB costs, by format, size of batches and memory, where there is a TB a month.
fn a_tb(words: &Words, model: &Model<'_>) -> String {
    let mut table = head(&words.a_tb);
    for format in model.measured.formats() {
        for batch in BATCHES {
            let workload = workload(model.measured, format, 1000.0, batch);
            let by_memory = MEMORIES.map(|memory| model.estimate(&Workload { memory, ..workload.clone() }));
            let usual = &by_memory[USUAL];
            let compute = by_memory.iter().map(|estimate| {
                format!("{:.2} ({:.1} ms)", estimate.dollars(Part::Compute), estimate.billed_ms)
            });
            let sum =
                [Part::Requests, Part::Compute, Part::State, Part::OwnLogs].map(|part| usual.dollars(part));
            let mut cells = vec![format.name.clone(), batch.to_string()];
            cells.push(format!("{:.2}", usual.dollars(Part::Requests)));
            cells.extend(compute);
            cells.extend([Part::State, Part::OwnLogs].map(|part| format!("{:.2}", usual.dollars(part))));
            cells.push(format!("{:.2}", sum.iter().sum::<f64>()));
            table += &row(&cells);
        }
    }
    table
}

/// The text with the table that begins with this head replaced.
fn with_table(text: &str, cells: &[&str], table: &str) -> String {
    let (before, rest) = text.split_once(&row(cells)).unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let mut text = String::new();
    write!(text, "{before}{table}\n{after}").unwrap();
    text
}

#[test]
fn the_documents_tell_what_is_worked_out() {
    let (prices, measured) = (Prices::built_in(), Measured::built_in());
    let model = Model { prices: &prices, measured: &measured };
    for words in [ENGLISH, JAPANESE] {
        let text = fs::read_to_string(root().join(words.document)).unwrap();
        let text = with_table(&text, &words.sizes, &sizes(&words, &model));
        let text = with_table(&text, &words.a_tb, &a_tb(&words, &model));
        assert_written(words.document, &text, "the model works out");
    }
}

/// No part of a stack without an archive is left out of the first table, but for the dashboard: three are free.
#[test]
fn the_parts_in_the_table_are_those_of_a_stack() {
    let (prices, measured) = (Prices::built_in(), Measured::built_in());
    let model = Model { prices: &prices, measured: &measured };
    let usual = workload(&measured, &measured.formats()[0], 10.0, 50.0);
    let parts: Vec<_> = model.estimate(&usual).parts().map(|(part, _)| part).collect();
    for words in [ENGLISH, JAPANESE] {
        assert_eq!(words.parts.map(|(part, _)| part).to_vec(), parts);
    }
}
