//! `flowgauge detect`: the detections over flow logs, and the alerts.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use flow_detect::{Finding, Language, Mode, Severity};
use flow_enrich::{Networks, Tables};
use flow_envelope::Limits;
use flow_output::{Alert, finding_json, insights_link};
use flow_pipeline::{Detection, DetectionSettings, Report};

use crate::args::{DetectArgs, FindingOutput, LanguageArg, ModeArg, SeverityArg};
use crate::failure::{Failure, Outcome};
use crate::inputs::read_each;
use crate::{messages, rule_files, suppressed};

/// Runs the command.
pub(crate) fn run(args: &DetectArgs) -> Result<Outcome, Failure> {
    let rules = rule_files::load(args.definitions.rules.as_deref())?;
    let tables = Tables { networks: networks(args.definitions.networks.as_deref())? };
    let suppressions = args.suppressions.as_deref().map(|path| suppressed::load(path, &rules)).transpose()?;
    let format = args.input.format();
    messages::unknown_columns(&format);
    let mut detection = Detection::new(DetectionSettings {
        rules: &rules,
        quietest: quietest(args.mode),
        format: &format,
        tables: &tables,
        limits: Limits::default(),
        max_groups: args.max_groups,
    });
    let mut outcome = read_each(&args.input.inputs, |input, source| {
        let read = detection.read(source);
        messages::rejects(input, detection.report());
        Ok(read)
    })?;
    let mut findings = detection.findings();
    let left_out = suppressions.map_or(0, |entries| suppressed::leave_out(&mut findings, &entries));
    // The worst first; those alike stay in the order of rule, group and time.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    print(args, &findings)?;
    let running = rules.rules().iter().filter(|rule| rule.mode <= quietest(args.mode)).count();
    tell_report(detection.report(), running, findings.len(), left_out);
    if detection.report().unusable > 0 {
        outcome = Outcome::Failed;
    }
    let is_reached = args.fail_on.is_some_and(|least| findings.iter().any(|f| f.severity >= severity(least)));
    Ok(if is_reached && outcome == Outcome::Fine { Outcome::SeverityReached } else { outcome })
}

pub(super) fn networks(path: Option<&Path>) -> Result<Networks, Failure> {
    let Some(path) = path else { return Ok(Networks::default()) };
    let text = fs::read_to_string(path).map_err(|error| Failure::Read { path: path.to_owned(), error })?;
    Networks::parse(&text).map_err(|error| Failure::Networks { path: path.to_owned(), error })
}

fn print(args: &DetectArgs, findings: &[Finding<'_>]) -> io::Result<()> {
    let language = language(args.lang);
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout()).lock());
    for (index, finding) in findings.iter().enumerate() {
        let link = insights_link(finding, None);
        match args.output {
            FindingOutput::Json => writeln!(out, "{}", finding_json(finding, link.as_deref()))?,
            FindingOutput::Text => {
                let now = args.suppressions.is_some().then_some(finding.episode.last_seen);
                let alert = Alert::new(finding, language, link.as_deref(), now);
                let style = style(finding.severity);
                let space = if index == 0 { "" } else { "\n" };
                let Alert { heading, body, suppression } = alert;
                write!(out, "{space}{style}{heading}{style:#}\n{body}{suppression}")?;
            }
        }
    }
    out.flush()
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => AnsiColor::Red.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default().bold(),
        Severity::Low | Severity::Informational => Style::new().bold(),
    }
}

/// Rules that can't fire on what was read, or probably not as they should.
pub(super) fn warn_of_unfit(report: &Report) {
    for (id, missing) in &report.not_applicable {
        let fields = missing.join(", ");
        messages::warning(&format!("rule {id} can't fire on a format without {fields}"));
    }
    for (id, warnings) in &report.pattern_warnings {
        warnings.iter().for_each(|text| messages::warning(&format!("the pattern of rule {id}: {text}")));
    }
    if report.without_direction > 0 {
        let records = messages::count(report.without_direction, "IPv6 record", "IPv6 records");
        messages::warning(&format!(
            "{records} of unknown direction: rules that need one passed over them (add flow-direction to the format, or name \
             your own prefix: --networks)"
        ));
    }
}

fn tell_report(report: &Report, rules: usize, findings: usize, suppressed: usize) {
    warn_of_unfit(report);
    if report.refused_panes > 0 {
        let groups = messages::count(report.refused_panes, "group", "groups");
        messages::warning(&format!(
            "no room for {groups}: what they hold was not counted (see --max-groups)"
        ));
    }
    let findings = messages::count(findings as u64, "finding", "findings");
    let rules = messages::count(rules as u64, "rule", "rules");
    let suppressed = if suppressed > 0 { format!(", {suppressed} suppressed,") } else { String::new() };
    messages::summary(&format!("{findings} by {rules}{suppressed} in {}", messages::counts(report)));
}

pub(super) fn quietest(mode: ModeArg) -> Mode {
    match mode {
        ModeArg::Notify => Mode::Notify,
        ModeArg::Observe => Mode::Observe,
        ModeArg::All => Mode::Off,
    }
}

pub(super) fn language(language: LanguageArg) -> Language {
    match language {
        LanguageArg::En => Language::English,
        LanguageArg::Ja => Language::Japanese,
    }
}

pub(super) fn severity(severity: SeverityArg) -> Severity {
    match severity {
        SeverityArg::Informational => Severity::Informational,
        SeverityArg::Low => Severity::Low,
        SeverityArg::Medium => Severity::Medium,
        SeverityArg::High => Severity::High,
        SeverityArg::Critical => Severity::Critical,
    }
}
