//! `flowgauge rules`: what there is, what one says, and whether its own tests pass.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use flow_detect::{Rule, RuleSet, RuleTest, show_duration};
use flow_output::{plain, plain_lines};
use flow_query::nearest;

use crate::args::{RulesArgs, RulesCommand};
use crate::failure::{Failure, Outcome};
use crate::{messages, rule_files};

/// Runs the command.
pub(crate) fn run(args: &RulesArgs) -> Result<Outcome, Failure> {
    match &args.command {
        RulesCommand::List { rules } => {
            list(&rule_files::load(rules.as_deref())?)?;
            Ok(Outcome::Fine)
        }
        RulesCommand::Show { id, rules } => {
            let rules = rule_files::load(rules.as_deref())?;
            let rule = rules.find(id).ok_or_else(|| Failure::UnknownRule {
                id: id.clone(),
                suggestion: nearest(id, rules.rules().iter().map(|rule| rule.id.as_str())),
            })?;
            show(rule)?;
            Ok(Outcome::Fine)
        }
        RulesCommand::Test { dir } => test(dir.as_deref()),
    }
}

fn list(rules: &RuleSet) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let width = rules.rules().iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules.rules() {
        let (severity, mode) = (rule.severity.name(), rule.mode.name());
        let window = show_duration(rule.windowing.window);
        let title = plain(&rule.words().title.en);
        writeln!(out, "{:width$}  {severity:13}  {mode:7}  {window:>4}  {title}", rule.id)?;
    }
    out.flush()
}

fn show(rule: &Rule) -> io::Result<()> {
    let windowing = rule.windowing;
    let fires = if rule.query.is_monotone() {
        "as soon as a window passes (monotone)"
    } else {
        "when a window has closed (closing)"
    };
    let state =
        if rule.query.is_local() { "one network interface (local)" } else { "across interfaces (spanning)" };
    let enrichments: Vec<_> = rule.query.enrichments().iter().map(|name| name.insights_name()).collect();
    let portable = match &rule.pattern {
        Some(_) => "no: a query in the CloudWatch console takes no pattern".to_owned(),
        None if enrichments.is_empty() => "yes".to_owned(),
        None => format!("no: the CloudWatch console does not know {}", enrichments.join(", ")),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let rows = [
        ("id", rule.id.clone()),
        ("title", format!("{} / {}", rule.words().title.en, rule.words().title.ja)),
        ("type", rule.finding_type.clone()),
        ("technique", format!("ATT&CK {}", rule.technique)),
        ("severity", rule.severity.to_string()),
        ("mode", rule.mode.to_string()),
        (
            "window",
            format!("{} in panes of {}", show_duration(windowing.window), show_duration(windowing.pane)),
        ),
        ("lateness", show_duration(windowing.lateness)),
        ("repeat", show_duration(rule.repeat)),
        ("fires", fires.to_owned()),
        ("state", state.to_owned()),
        ("portable", portable),
        ("tests", rule.tests().len().to_string()),
        ("file", rule.file.clone()),
    ];
    for (label, text) in rows {
        writeln!(out, "{label:10} {}", plain(&text))?;
    }
    if let Some(pattern) = &rule.pattern {
        writeln!(out, "{:10} {}", "pattern", plain(&pattern.to_string()))?;
    }
    writeln!(out, "\n{}\n", plain_lines(&rule.query_text))?;
    for text in [&rule.words().explain.en, &rule.words().explain.ja] {
        writeln!(out, "{}", plain(&text.to_string()))?;
    }
    for step in rule.words().advice.en.iter().chain(&rule.words().advice.ja) {
        writeln!(out, "- {}", plain(step))?;
    }
    out.flush()
}

/// What the rule's pattern probably does not mean for the lines of a test.
fn warn_of_pattern(rule: &Rule, test: &RuleTest) {
    let meaning = rule.pattern.as_ref().map(|pattern| pattern.meaning(&test.format));
    for warning in meaning.iter().flat_map(|meaning| &meaning.warnings) {
        messages::warning(&format!("{}: {}: {warning}", rule.id, test.name));
    }
}

fn test(dir: Option<&Path>) -> Result<Outcome, Failure> {
    let rules = match dir {
        Some(dir) => rule_files::load_only(dir)?,
        None => RuleSet::defaults(),
    };
    let (mut passed, mut failed) = (0, 0);
    let mut out = BufWriter::new(io::stdout().lock());
    for (index, rule) in rules.rules().iter().enumerate() {
        if rule.tests().is_empty() {
            messages::warning(&format!("rule {} has no tests", rule.id));
        }
        for test in rule.tests().iter() {
            warn_of_pattern(rule, test);
            match test.run(&rules, index) {
                Ok(()) => {
                    passed += 1;
                    writeln!(out, "ok    {}: {}", rule.id, plain(&test.name))?;
                }
                Err(failure) => {
                    failed += 1;
                    let text = format!("FAIL  {}: {}: {failure}", rule.id, test.name);
                    writeln!(out, "{}", plain(&text))?;
                }
            }
        }
    }
    writeln!(out, "{passed} passed, {failed} failed")?;
    out.flush()?;
    Ok(if failed == 0 { Outcome::Fine } else { Outcome::Failed })
}
