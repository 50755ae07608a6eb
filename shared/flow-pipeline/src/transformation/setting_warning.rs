//! Settings that do nothing, or not what they seem to: told before records are delivered by them for weeks.

use std::collections::BTreeMap;

use flow_enrich::Enrichment;
use flow_output::{ContextKey, RecordEncoding};
use flow_query::PatternWarning;
use flow_record::{Field, RecordFormat};

use super::reduction::{FLOW_KEY, Unwanted};
use super::settings::TransformationSettings;
use crate::variables::NETWORKS;

/// A setting that its user should look at again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingWarning {
    /// It names what no line has.
    #[error("{variable}: no line has {}: LOG_FORMAT lacks what gives it", quoted(names))]
    NoSuchField {
        /// The variable.
        variable: &'static str,
        /// The names, in the variable's spelling.
        names: Vec<&'static str>,
    },
    /// It does nothing for some lines, or for all.
    #[error("{variable} does nothing for {}: {why}", lines_of(log_groups))]
    Idle {
        /// The variable.
        variable: &'static str,
        /// Their log groups, `*` being all others; none when it is all lines.
        log_groups: Vec<String>,
        /// Why, of their format.
        why: &'static str,
    },
    /// It names what only another setting brings about.
    #[error("{variable}: `{name}` is in no record without {needs}")]
    Without {
        /// The variable.
        variable: &'static str,
        /// The name.
        name: &'static str,
        /// The other variable.
        needs: &'static str,
    },
    /// It writes rows of different columns into one stream.
    #[error(
        "OUTPUT: csv without FIELDS has a row's own columns, and those of {} differ: set FIELDS",
        quoted(log_groups)
    )]
    MixedColumns {
        /// The log groups of which one differs from the first, `*` being all others.
        log_groups: Vec<String>,
    },
    /// What it writes has no place where a column of the log has its name.
    #[error("{variable}: `{name}` is not written for lines that have a column of that name")]
    Hidden {
        /// The variable.
        variable: &'static str,
        /// The name.
        name: &'static str,
    },
    /// A filter pattern that means something else than it seems to.
    #[error("DROP, for {}: {warning}", lines_of(log_groups))]
    Pattern {
        /// The log groups of the lines for which it does, `*` being all others; none when it is all lines.
        log_groups: Vec<String>,
        /// What it means.
        warning: PatternWarning,
    },
}

fn quoted(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

fn lines_of(log_groups: &[String]) -> String {
    if log_groups.is_empty() { "any line".to_owned() } else { format!("lines of {}", quoted(log_groups)) }
}

/// What is to be told of these settings.
pub(super) fn warnings(settings: &TransformationSettings) -> Vec<SettingWarning> {
    let lines = Lines { formats: settings.formats.all().collect() };
    let mut found = Vec::new();
    found.extend(fields(settings, &lines));
    found.extend(leaving_out(settings, &lines));
    found.extend(networks(settings, &lines));
    found.extend(sampling(settings, &lines));
    found.extend(columns(settings, &lines));
    if !settings.keep.is_empty() {
        let has_status = |format: &RecordFormat| format.has(Field::LogStatus);
        found.extend(lines.idle("KEEP", "nothing without `log-status` is known to hold no flow", has_status));
    }
    found
}

/// Of what is written in columns of the log's own, or beside them.
fn columns(settings: &TransformationSettings, lines: &Lines<'_>) -> Vec<SettingWarning> {
    if settings.encoder.chosen().is_some() {
        return Vec::new();
    }
    let names = |format: &RecordFormat| -> Vec<String> {
        format.columns().iter().map(|column| column.name().replace('-', "_")).collect()
    };
    let mut all = lines.formats.iter().map(|(group, format)| (group, names(format)));
    match settings.encoder.encoding() {
        RecordEncoding::Csv => {
            let Some((first, columns)) = all.next() else { return Vec::new() };
            let other = all.find(|(_, others)| *others != columns);
            let log_groups = |(other, _): (&&str, _)| vec![(*first).to_owned(), (*other).to_owned()];
            other
                .map(|other| SettingWarning::MixedColumns { log_groups: log_groups(other) })
                .into_iter()
                .collect()
        }
        RecordEncoding::Flat => {
            let columns: Vec<_> = all.flat_map(|(_, names)| names).collect();
            let marks = marks(settings)
                .into_iter()
                .filter(|(name, _, is_set)| *is_set && columns.iter().any(|column| column == name));
            marks.map(|(name, variable, _)| SettingWarning::Hidden { variable, name }).collect()
        }
        RecordEncoding::Ecs | RecordEncoding::Ocsf | RecordEncoding::Text => Vec::new(),
    }
}

/// What tells how many records one stands for, with the variable that brings it about, and whether that is set.
fn marks(settings: &TransformationSettings) -> [(&'static str, &'static str, bool); 2] {
    [
        (ContextKey::SampleWeight.json_key(), "SAMPLE_ACCEPTED", settings.sampling.one_in > 1),
        (ContextKey::MergedRecords.json_key(), "MERGE", settings.merges),
    ]
}

fn sampling(settings: &TransformationSettings, lines: &Lines<'_>) -> Vec<SettingWarning> {
    if settings.sampling.one_in == 1 {
        return Vec::new();
    }
    let has_action = |format: &RecordFormat| format.has(Field::Action);
    // What is told of is told of once.
    let has_key =
        |format: &RecordFormat| !has_action(format) || FLOW_KEY.into_iter().all(|field| format.has(field));
    let reasons = [
        lines.idle("SAMPLE_ACCEPTED", "nothing without `action` is known to be accepted", has_action),
        lines.idle(
            "SAMPLE_ACCEPTED",
            "flows are chosen by `srcaddr`, `dstaddr`, `srcport`, `dstport` and `protocol`, and all are kept without",
            has_key,
        ),
    ];
    reasons.into_iter().flatten().collect()
}

fn fields(settings: &TransformationSettings, lines: &Lines<'_>) -> Vec<SettingWarning> {
    let Some(chosen) = settings.encoder.chosen() else { return Vec::new() };
    let encoder = &settings.encoder;
    let mut found = Vec::from_iter(lines.lack("FIELDS", |format| encoder.impossible_with(format)));
    let has_some = |format: &RecordFormat| encoder.impossible_with(format).len() < chosen.len();
    found.extend(lines.idle("FIELDS", "they have none of these fields", has_some));
    let without = marks(settings).into_iter().filter(|(name, _, is_set)| !is_set && chosen.contains(name));
    let without = without.map(|(name, needs, _)| SettingWarning::Without { variable: "FIELDS", name, needs });
    found.extend(without);
    found
}

fn networks(settings: &TransformationSettings, lines: &Lines<'_>) -> Vec<SettingWarning> {
    let dropped_by = match &settings.unwanted {
        Some(Unwanted::Filter(filter)) => filter.enrichments(),
        Some(Unwanted::Pattern(_)) | None => Vec::new(),
    };
    if settings.names_networks {
        let is_read = settings.encoder.reads_networks()
            || dropped_by.iter().any(|enrichment| enrichment.reads_networks());
        let has_address = |format: &RecordFormat| format.has(Field::SrcAddr) || format.has(Field::DstAddr);
        let why = "nothing that is written, or that DROP asks for, depends on names of networks";
        let idle = lines.idle(NETWORKS.name, why, |format| is_read && has_address(format));
        return Vec::from_iter(idle);
    }
    let chosen = settings.encoder.chosen().unwrap_or_default();
    let written = chosen.into_iter().filter_map(Enrichment::from_json_key);
    let written = written.map(|enrichment| ("FIELDS", enrichment, enrichment.json_key()));
    let dropped_by = dropped_by.into_iter();
    let dropped_by = dropped_by.map(|enrichment| ("DROP", enrichment, enrichment.insights_name()));
    let names = written.chain(dropped_by).filter(|(_, enrichment, _)| enrichment.is_network_name());
    let without = |(variable, _, name)| SettingWarning::Without { variable, name, needs: NETWORKS.name };
    names.map(without).collect()
}

fn leaving_out(settings: &TransformationSettings, lines: &Lines<'_>) -> Vec<SettingWarning> {
    match &settings.unwanted {
        None => Vec::new(),
        Some(Unwanted::Filter(filter)) => {
            let missing = |format: &RecordFormat| {
                filter.missing_fields(format).into_iter().map(Field::insights_name).collect()
            };
            let lack = lines.lack("DROP", missing);
            let idle = lines.idle("DROP", "its filter never holds", |format| filter.is_possible_with(format));
            lack.into_iter().chain(idle).collect()
        }
        Some(Unwanted::Pattern(pattern)) => {
            let mut told: Vec<(PatternWarning, Vec<&str>)> = Vec::new();
            for (group, format) in &lines.formats {
                for warning in pattern.meaning(format).warnings {
                    match told.iter_mut().find(|(known, _)| *known == warning) {
                        Some((_, groups)) => groups.push(group),
                        None => told.push((warning, vec![group])),
                    }
                }
            }
            let warning = |(warning, groups): (PatternWarning, Vec<&str>)| SettingWarning::Pattern {
                log_groups: lines.unless_all(&groups),
                warning,
            };
            told.into_iter().map(warning).collect()
        }
    }
}

/// What lines there are: log groups with the formats of their lines.
struct Lines<'s> {
    formats: Vec<(&'s str, &'s RecordFormat)>,
}

impl Lines<'_> {
    /// What every format lacks.
    fn lack(
        &self,
        variable: &'static str,
        missing: impl Fn(&RecordFormat) -> Vec<&'static str>,
    ) -> Option<SettingWarning> {
        let mut counts = BTreeMap::new();
        let all = self.formats.iter().flat_map(|(_, format)| missing(format));
        all.for_each(|name| *counts.entry(name).or_insert(0) += 1);
        counts.retain(|_, count| *count == self.formats.len());
        let names: Vec<_> = counts.into_keys().collect();
        (!names.is_empty()).then_some(SettingWarning::NoSuchField { variable, names })
    }

    /// The lines for which a setting does nothing.
    fn idle(
        &self,
        variable: &'static str,
        why: &'static str,
        does_something: impl Fn(&RecordFormat) -> bool,
    ) -> Option<SettingWarning> {
        let idle = self.formats.iter().filter(|(_, format)| !does_something(format));
        let groups: Vec<_> = idle.map(|(group, _)| *group).collect();
        let log_groups = self.unless_all(&groups);
        (!groups.is_empty()).then_some(SettingWarning::Idle { variable, log_groups, why })
    }

    /// These log groups by name; none if they are all that there are.
    fn unless_all(&self, groups: &[&str]) -> Vec<String> {
        let is_all = groups.len() == self.formats.len();
        if is_all { Vec::new() } else { groups.iter().copied().map(str::to_owned).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::Lookup;

    fn told(variables: &[(&str, &str)]) -> Vec<String> {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let settings = TransformationSettings::read(Lookup(&find)).unwrap();
        settings.warnings().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_does_something_is_not_told() {
        let fields = "srcaddr,dst_service,log_group,sample_weight,merged_records";
        let others = [("FIELDS", fields), ("SAMPLE_ACCEPTED", "2"), ("MERGE", "true"), ("KEEP", "NODATA")];
        for drop in ["filter action = 'REJECT' or srcExternal = 1", "[..., action = REJECT, status]"] {
            assert_eq!(told(&[&others[..], &[("DROP", drop)]].concat()), [""; 0]);
        }
        assert_eq!(told(&[]), [""; 0]);
    }

    #[test]
    fn fields_that_no_line_has_are_named() {
        assert_eq!(
            told(&[("FIELDS", "srcaddr,vpc_id,tcp_flags_text,merged_records")]),
            [
                "FIELDS: no line has `tcp_flags_text`, `vpc_id`: LOG_FORMAT lacks what gives it",
                "FIELDS: `merged_records` is in no record without MERGE",
            ]
        );
        let formats = r#"{"/a": "${vpc-id}", "*": "${srcaddr} ${bytes}"}"#;
        assert_eq!(
            told(&[("FIELDS", "srcaddr,bytes"), ("LOG_FORMAT", formats)]),
            ["FIELDS does nothing for lines of `/a`: they have none of these fields"],
        );
    }

    #[test]
    fn a_drop_that_leaves_nothing_out_is_told() {
        assert_eq!(
            told(&[("DROP", "filter vpcId = 'vpc-1' and action = 'REJECT'")]),
            [
                "DROP: no line has `vpcId`: LOG_FORMAT lacks what gives it",
                "DROP does nothing for any line: its filter never holds",
            ]
        );
        let formats = r#"{"/a": "${vpc-id}", "*": "${srcaddr} ${bytes}"}"#;
        assert_eq!(
            told(&[("DROP", "filter bytes > 100"), ("LOG_FORMAT", formats)]),
            ["DROP does nothing for lines of `/a`: its filter never holds"],
        );
        assert_eq!(
            told(&[("DROP", "[a, b, c = x]"), ("LOG_FORMAT", formats)]),
            [
                "DROP, for lines of `/a`: 3 items, 1 fields: no line of this format matches",
                "DROP, for lines of `*`: 3 items, 2 fields: no line of this format matches",
            ]
        );
        assert_eq!(
            told(&[("DROP", "{ $.a = 1 }")]),
            ["DROP, for any line: no flow log line matches a JSON pattern: they are not JSON"]
        );
    }

    #[test]
    fn names_of_networks_that_nothing_reads_are_told() {
        let idle = |lines: &str| {
            format!(
                "NETWORKS does nothing for {lines}: nothing that is written, or that DROP asks for, depends on names of networks"
            )
        };
        let named =
            |others: &[(&'static str, &'static str)]| told(&[&[("NETWORKS", "n.txt")], others].concat());
        let read: [&[(&str, &str)]; 7] = [
            &[],
            &[("OUTPUT", "ecs")],
            &[("OUTPUT", "ocsf"), ("FIELDS", "srcaddr")],
            &[("OUTPUT", "csv"), ("FIELDS", "srcaddr,src_network")],
            &[("FIELDS", "direction,bytes")],
            &[("OUTPUT", "text"), ("DROP", "filter dstNetwork = 'lab'")],
            &[("OUTPUT", "csv"), ("DROP", "filter srcExternal = 1")],
        ];
        for settings in read {
            assert_eq!(named(settings), [""; 0], "{settings:?}");
        }
        let unread: [&[(&str, &str)]; 4] = [
            &[("OUTPUT", "text")],
            &[("OUTPUT", "csv"), ("DROP", "[..., action = REJECT, status]")],
            &[("FIELDS", "srcaddr,dst_service"), ("DROP", "filter dstPort = 53")],
            &[("LOG_FORMAT", "${bytes} ${flow-direction}")],
        ];
        for settings in unread {
            assert_eq!(named(settings), [idle("any line")], "{settings:?}");
        }
        let formats = r#"{"/a": "${bytes}", "*": "${srcaddr} ${dstaddr}"}"#;
        assert_eq!(named(&[("LOG_FORMAT", formats)]), [idle("lines of `/a`")]);
    }

    #[test]
    fn names_of_networks_that_nobody_gave_are_told() {
        let settings = [
            ("FIELDS", "srcaddr,src_network,direction"),
            ("DROP", "filter dstNetwork = 'lab' or srcExternal = 1"),
        ];
        assert_eq!(
            told(&settings),
            [
                "FIELDS: `src_network` is in no record without NETWORKS",
                "DROP: `dstNetwork` is in no record without NETWORKS",
            ]
        );
    }

    #[test]
    fn columns_that_differ_or_hide_others_are_told() {
        let formats = (
            "LOG_FORMAT",
            r#"{"/a": "${bytes} ${packets}", "/b": "${srcaddr}", "/c": "${bytes} ${packets}"}"#,
        );
        let told_of_csv =
            "OUTPUT: csv without FIELDS has a row's own columns, and those of `/a`, `/b` differ: set FIELDS";
        assert_eq!(told(&[("OUTPUT", "csv"), formats]), [told_of_csv]);
        assert_eq!(told(&[("OUTPUT", "csv"), formats, ("FIELDS", "srcaddr,bytes")]), [""; 0]);
        assert_eq!(told(&[formats]), [""; 0]);
        let alike = ("LOG_FORMAT", r#"{"/a": "${bytes}", "/b": "${bytes}"}"#);
        assert_eq!(told(&[("OUTPUT", "csv"), alike]), [""; 0]);
        let hides = ("LOG_FORMAT", "${merged-records} ${bytes}");
        assert_eq!(
            told(&[hides, ("MERGE", "true")]),
            ["MERGE: `merged_records` is not written for lines that have a column of that name"]
        );
        assert_eq!(told(&[hides]), [""; 0]);
        assert_eq!(told(&[hides, ("MERGE", "true"), ("OUTPUT", "ecs")]), [""; 0]);
    }

    #[test]
    fn sampling_and_keeping_need_the_field_that_tells() {
        let settings = [("LOG_FORMAT", "${srcaddr} ${bytes}"), ("SAMPLE_ACCEPTED", "10"), ("KEEP", "NODATA")];
        assert_eq!(
            told(&settings),
            [
                "SAMPLE_ACCEPTED does nothing for any line: nothing without `action` is known to be accepted",
                "KEEP does nothing for any line: nothing without `log-status` is known to hold no flow",
            ]
        );
        let formats = r#"{"/a": "${srcaddr} ${dstaddr} ${action}", "/b": "${bytes}"}"#;
        assert_eq!(
            told(&[("LOG_FORMAT", formats), ("SAMPLE_ACCEPTED", "10")]),
            [
                "SAMPLE_ACCEPTED does nothing for lines of `/b`: nothing without `action` is known to be accepted",
                "SAMPLE_ACCEPTED does nothing for lines of `/a`: flows are chosen by `srcaddr`, `dstaddr`, `srcport`, \
                 `dstport` and `protocol`, and all are kept without",
            ]
        );
    }
}
