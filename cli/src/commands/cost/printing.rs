//! An estimate as a table, as JSON, as CSV.

use std::io::{self, Write};

use flow_cost::{Advice, Estimate, Measured, Prices, Workload};
use flow_detect::Language;
use flow_output::{group_digits, plain};
use serde_json::{Value, json};

use super::texts::{self, Texts};
use crate::table::{widths, write_cells};

/// What was asked, and the answer.
pub(super) struct Answer<'a> {
    pub(super) workload: Workload,
    pub(super) estimate: Estimate,
    pub(super) advice: Vec<Advice>,
    pub(super) prices: &'a Prices,
    pub(super) measured: &'a Measured,
}

/// What the sums are called among the parts.
const SUMS: [&str; 3] = ["flowgauge", "flow_logs", "together"];

impl Answer<'_> {
    /// For people.
    pub(super) fn table(&self, out: &mut impl Write, language: Language) -> io::Result<()> {
        let texts = Texts { answer: self, language };
        for line in texts.asked() {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
        let mut rows = vec![texts.columns().map(str::to_owned).to_vec()];
        let own = self.estimate.own();
        rows.extend(self.estimate.parts().map(|(part, dollars)| {
            self.row(texts.part(part), dollars, &format!("{:.0} %", dollars / own * 100.0))
        }));
        let sums = self.sums().into_iter().zip(texts.sums());
        let sums: Vec<_> = sums.map(|((_, dollars), name)| self.row(name, dollars, "")).collect();
        rows.extend(sums);
        let widths = widths(&rows);
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        rows.insert(rows.len() - SUMS.len(), rule.clone());
        rows.insert(1, rule);
        for row in &rows {
            write_cells(out, row, &widths, |place| place > 0)?;
        }
        writeln!(out)?;
        for line in texts.conclusions() {
            writeln!(out, "{}", plain(&line))?;
        }
        out.flush()
    }

    fn row(&self, name: &str, dollars: f64, share: &str) -> Vec<String> {
        vec![name.to_owned(), show(dollars), show(self.a_tb(dollars)), share.to_owned()]
    }

    fn a_tb(&self, dollars: f64) -> f64 {
        dollars / (self.workload.bytes() / 1e12)
    }

    fn sums(&self) -> [(&'static str, f64); 3] {
        let estimate = &self.estimate;
        let [own, flow_logs, together] = SUMS;
        [(own, estimate.own()), (flow_logs, estimate.flow_logs), (together, estimate.total())]
    }

    /// The parts and the sums, by their names for programs.
    fn named(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.estimate.parts().map(|(part, dollars)| (part.name(), dollars)).chain(self.sums())
    }

    /// One object.
    pub(super) fn json(&self, out: &mut impl Write) -> io::Result<()> {
        let dollars = |(name, dollars): (&str, f64)| (name.to_owned(), json!(rounded(dollars)));
        let advice =
            |advice: &Advice| json!({ "change": advice.change.name(), "saves": rounded(advice.saves) });
        let answer = json!({
            "asked": self.asked(),
            "invocations": rounded(self.estimate.invocations),
            "billed_ms": rounded(self.estimate.billed_ms),
            "dollars_a_month": self.named().map(dollars).collect::<serde_json::Map<_, _>>(),
            "advice": self.advice.iter().map(advice).collect::<Vec<_>>(),
            "prices": { "region": self.prices.region, "date": self.prices.date },
            "measured": self.measured.date,
        });
        writeln!(out, "{answer}")
    }

    fn asked(&self) -> Value {
        let workload = &self.workload;
        json!({
            "bytes": rounded(workload.bytes()),
            "records": rounded(workload.lines),
            "format": workload.format.name,
            "batch": workload.batch,
            "memory": workload.memory,
            "architecture": texts::architecture(workload.architecture),
            "findings_a_day": workload.findings_a_day,
            "alerts_a_day": workload.alerts_a_day,
            "archive_days": workload.archive_days,
            "dashboard": workload.has_dashboard,
        })
    }

    /// One header, then one line a part.
    pub(super) fn csv(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "part,dollars_a_month,dollars_a_tb")?;
        for (name, dollars) in self.named() {
            writeln!(out, "{name},{dollars:.4},{:.4}", self.a_tb(dollars))?;
        }
        out.flush()
    }
}

/// To a hundredth of a cent: what is more precise than its inputs only looks so.
fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

/// Dollars and cents.
pub(super) fn show(dollars: f64) -> String {
    let text = format!("{dollars:.2}");
    match text.split_once('.') {
        Some((whole, cents)) => match whole.parse::<i128>() {
            Ok(whole) => format!("{}.{cents}", group_digits(whole)),
            Err(_) => text,
        },
        None => text,
    }
}
