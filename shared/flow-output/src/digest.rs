//! Many findings in one text: what people read when there were too many to tell one by one.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use flow_detect::{Finding, Language, Severity};

use crate::alert::{Alert, about, severity_word, show_values};
use crate::number::group_digits;
use crate::plain::{cut, plain};
use crate::time::show_time;

/// The most rules with a paragraph of their own; the rest is counted in one line.
const MAX_RULES: usize = 20;
/// The most findings shown of one rule; the rest is counted in one line.
const MAX_SHOWN: usize = 5;
/// The most bytes of one title, of what one finding is about, and of its values.
const MAX_TITLE: usize = 200;
const MAX_ABOUT: usize = 120;
const MAX_VALUES: usize = 100;

/// Findings that people were not told one by one.
#[derive(Debug)]
pub struct Digest<'a, 'r> {
    /// They, in any order.
    findings: &'a [Finding<'r>],
    /// How many others were told one by one before, at most.
    told: u64,
}

/// The words of one language.
struct Words {
    /// Of those told one by one, and those that are not.
    heading: fn(u64, u64) -> String,
    why: &'static str,
    told: &'static str,
    listed: &'static str,
    when: &'static str,
    to: &'static str,
    count: fn(u64) -> String,
    more: fn(u64) -> String,
    other_rules: fn(u64) -> String,
}

const ENGLISH: Words = Words {
    heading: |told, listed| {
        let findings = if listed == 1 { "finding" } else { "findings" };
        let [told, listed] = [told, listed].map(group_digits);
        if told == "0" {
            return format!("{listed} {findings} listed here");
        }
        format!("{listed} {findings} listed here, at most {told} more told one by one")
    },
    why: "There were more findings than anyone reads one by one.",
    told: "Told one by one, at most",
    listed: "Listed here             ",
    when: "When                    ",
    to: " to ",
    count: group_digits,
    more: |count| format!("... and {} more", group_digits(count)),
    other_rules: |rules| format!("{} other rules", group_digits(rules)),
};

const JAPANESE: Words = Words {
    heading: |told, listed| {
        let [told, listed] = [told, listed].map(group_digits);
        if told == "0" {
            return format!("検知 {listed} 件の一覧");
        }
        format!("検知 {listed} 件の一覧(このほか個別通知は最大 {told} 件)")
    },
    why: "検知が多いため、個別に通知せず一覧にまとめました。",
    told: "個別に通知済み(最大)",
    listed: "この一覧のみ",
    when: "日時",
    to: " 〜 ",
    count: |count| format!("{} 件", group_digits(count)),
    more: |count| format!("... 他 {} 件", group_digits(count)),
    other_rules: |rules| format!("その他 {} 個のルール", group_digits(rules)),
};

impl Words {
    fn of(language: Language) -> &'static Words {
        match language {
            Language::English => &ENGLISH,
            Language::Japanese => &JAPANESE,
        }
    }
}

impl<'a, 'r> Digest<'a, 'r> {
    /// A digest of `findings`, after at most `told` others were told one by one: what was about to be told when someone died
    /// is among them.
    pub fn new(findings: &'a [Finding<'r>], told: u64) -> Self {
        Digest { findings, told }
    }

    /// Its text in `language`. Every finding is in one of its counts, and however many there are it stays below
    /// 32,000 bytes: 20 rules, the worst first, with 5 findings each, the largest first.
    pub fn text(&self, language: Language) -> Alert {
        Alert { heading: self.heading(language), body: self.body(language), suppression: String::new() }
    }

    /// The heading alone: `[HIGH] 117 findings listed here, at most 20 more told one by one`.
    pub(crate) fn heading(&self, language: Language) -> String {
        let listed = self.findings.len() as u64;
        let text = (Words::of(language).heading)(self.told, listed);
        format!("[{}] {text}", severity_word(self.worst(), language))
    }

    /// The worst severity of its findings.
    pub(crate) fn worst(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Informational)
    }

    fn body(&self, language: Language) -> String {
        let words = Words::of(language);
        let mut text = String::new();
        let mut add = |line: &str| {
            text.push_str("  ");
            text.push_str(line);
            text.push('\n');
        };
        add(words.why);
        add(&format!("{}  {}", words.told, (words.count)(self.told)));
        add(&format!("{}  {}", words.listed, (words.count)(self.findings.len() as u64)));
        if let Some((first, last)) = self.span() {
            add(&format!("{}  {}{}{}", words.when, show_time(first), words.to, show_time(last)));
        }
        let rules = self.by_rule();
        for findings in rules.iter().take(MAX_RULES) {
            let Some(worst) = findings.first() else { continue };
            let (severity, title) = (worst.severity, plain(worst.rule.words().title.get(language)));
            let (title, count) = (cut(&title, MAX_TITLE), (words.count)(findings.len() as u64));
            add(&format!("[{}] {title} ({}): {count}", severity_word(severity, language), worst.rule.id));
            findings.iter().take(MAX_SHOWN).for_each(|finding| add(&format!("  {}", line(finding))));
            if let Some(more @ [_, ..]) = findings.get(MAX_SHOWN..) {
                add(&format!("  {}", (words.more)(more.len() as u64)));
            }
        }
        if let Some(others @ [_, ..]) = rules.get(MAX_RULES..) {
            let findings = others.iter().map(Vec::len).sum::<usize>() as u64;
            add(&format!("{}: {}", (words.other_rules)(others.len() as u64), (words.count)(findings)));
        }
        text
    }

    /// From the first to the last second that any of them was seen.
    fn span(&self) -> Option<(u64, u64)> {
        let first = self.findings.iter().map(|finding| finding.episode.first_seen).min()?;
        let last = self.findings.iter().map(|finding| finding.episode.last_seen).max()?;
        Some((first, last))
    }

    /// The findings of each rule: the worst and most frequent rule first, of each the worst and largest finding.
    fn by_rule(&self) -> Vec<Vec<&'a Finding<'r>>> {
        let mut rules: BTreeMap<&str, Vec<&Finding<'r>>> = BTreeMap::new();
        for finding in self.findings {
            rules.entry(&finding.rule.id).or_default().push(finding);
        }
        let mut rules: Vec<_> = rules.into_values().collect();
        for findings in &mut rules {
            findings.sort_by(|left, right| {
                let by_severity = right.severity.cmp(&left.severity);
                by_severity.then_with(|| larger_first(left, right)).then_with(|| left.id.cmp(&right.id))
            });
        }
        let worst = |findings: &[&Finding<'_>]| findings.first().map(|finding| finding.severity);
        // The sort is stable: what is alike stays in the order of rule ids.
        rules.sort_by_key(|findings| Reverse((worst(findings), findings.len())));
        rules
    }
}

fn larger_first(left: &Finding<'_>, right: &Finding<'_>) -> Ordering {
    let first = |finding: &Finding<'_>| finding.episode.values.first().and_then(|value| value.number());
    match (first(left), first(right)) {
        (Some(left), Some(right)) => right.compare(left),
        (left, right) => right.is_some().cmp(&left.is_some()),
    }
}

/// `198.51.100.7: attempts = 120, ports = 1`.
fn line(finding: &Finding<'_>) -> String {
    let (about, values) = (about(finding), show_values(finding));
    format!("{}: {}", cut(&plain(&about), MAX_ABOUT), cut(&plain(&values), MAX_VALUES))
}
