//! What documents say of fields, enrichments, rules and settings is what the code says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;
use std::fs;

use flow_detect::RuleSet;
use flow_enrich::Enrichment;
use flow_function::config::VARIABLES;
use flow_function::embedded_metrics::{FUNCTION, NAMESPACE, UNIT};
use flow_function::telemetry::{METRICS, RULE, RULE_FINDINGS};
use flow_generate::Scenario;
use flow_output::{ContextKey, RecordEncoding};
use flow_pipeline::{
    FAILURE_REASONS, MAX_SUPPRESSIONS, SUPPRESSION_KEYS, Suppressions, TRANSFORMATION_VARIABLES,
};
use flow_query::{FilterPattern, MAX_FILTER_PATTERN, MAX_PATTERN_REGEXES, MAX_PATTERN_WILDCARDS};
use flow_record::{Field, FieldKind, FlowLogSource};
use flowgauge_tests::{assert_written, root};

/// `docs/reference.md`, written from the code.
fn reference() -> String {
    let mut text = String::from(
        "# Reference\n\nWritten from the code by `make docs`; a test compares the two. The rules are in \
         [detections.md](detections.md).\n\n## Fields\n\nA log format takes the first name, \
         hyphenated or underscored; JSON and CSV use the second; queries and rules the third.\n\n\
         | log format | JSON | query | type | since | flow logs |\n|---|---|---|---|---|---|\n",
    );
    fields(&mut text);
    text.push_str(
        "\n## Enrichments\n\nNames that queries and rules may use beside the fields. The CloudWatch console does \
         not know them.\n\n| query | JSON | meaning |\n|---|---|---|\n",
    );
    for enrichment in Enrichment::ALL {
        let (name, key) = (enrichment.insights_name(), enrichment.json_key());
        writeln!(text, "| `{name}` | `{key}` | {} |", enrichment.describe()).unwrap();
    }
    record_outputs(&mut text);
    patterns(&mut text);
    suppressions(&mut text);
    scenarios(&mut text);
    text.push_str(
        "\n## Environment of the functions\n\nAn empty variable counts as absent. A wrong one fails at start \
         and names variable and value.\n\n| variable | default | meaning |\n|---|---|---|\n",
    );
    for variable in VARIABLES {
        writeln!(text, "| `{}` | {} | {} |", variable.name, variable.default, variable.meaning).unwrap();
    }
    metrics(&mut text);
    transformation(&mut text);
    text
}

fn record_outputs(text: &mut String) {
    text.push_str(
        "\n## Outputs of records\n\nHow `flowgauge parse --output` writes a record. `--fields` chooses among the JSON names of \
         fields, enrichments and those below; unasked are written all fields of the format, and in JSON the `event_id` and these \
         enrichments. `sample_weight` and `merged_records` stand in JSON wherever there are any.\n\n\
         | output | enrichments unasked |\n|---|---|\n",
    );
    for encoding in RecordEncoding::ALL {
        let unasked: Vec<_> =
            encoding.default_enrichments().iter().map(|name| format!("`{}`", name.json_key())).collect();
        writeln!(text, "| `{}` | {} |", encoding.name(), unasked.join(", ")).unwrap();
    }
    text.push_str("\n| name | meaning |\n|---|---|\n");
    for key in ContextKey::ALL {
        writeln!(text, "| `{}` | {} |", key.json_key(), key.describe()).unwrap();
    }
}

fn transformation(text: &mut String) {
    text.push_str(
        "\n## Environment of the Firehose function\n\n`flowgauge invoke firehose` reads the same; there NETWORKS is a file.\n\n\
         | variable | default | meaning |\n|---|---|---|\n",
    );
    for variable in TRANSFORMATION_VARIABLES {
        writeln!(text, "| `{}` | {} | {} |", variable.name, variable.default, variable.meaning).unwrap();
    }
    text.push_str(
        "\n## Metrics of the Firehose function\n\nAs above, with the function as the only dimension.\n\n\
         | metric | unit | meaning |\n|---|---|---|\n",
    );
    let counts = firehose::telemetry::METRICS.iter().map(|metric| (metric.name, metric.meaning));
    for (name, meaning) in counts.chain([firehose::telemetry::OUT_PERCENT]) {
        writeln!(text, "| `{name}` | {UNIT} | {meaning} |").unwrap();
    }
    text.push_str(
        "\n## Why a record fails\n\nFirehose keeps it as it came under the stream's error prefix.\n\n\
         | reason | meaning |\n|---|---|\n",
    );
    for (reason, meaning) in FAILURE_REASONS {
        writeln!(text, "| `{reason}` | {meaning} |").unwrap();
    }
}

fn metrics(text: &mut String) {
    writeln!(
        text,
        "\n## Metrics of the functions\n\nIn the namespace `{NAMESPACE}`. A line has the counts since the \
         line before: take their sum. A metric that is 0 is left out: let alarms treat missing data as good.\n\n| metric | unit | dimensions | meaning |\n|---|---|---|---|"
    )
    .unwrap();
    let of_function = METRICS.iter().map(|metric| (metric.name, format!("`{FUNCTION}`"), metric.meaning));
    let by_rule = (RULE_FINDINGS.0, format!("`{FUNCTION}`, `{RULE}`"), RULE_FINDINGS.1);
    for (name, dimensions, meaning) in of_function.chain([by_rule]) {
        writeln!(text, "| `{name}` | {UNIT} | {dimensions} | {meaning} |").unwrap();
    }
}

fn scenarios(text: &mut String) {
    text.push_str(
        "\n## Scenarios\n\nWhat `flowgauge generate --scenario` lays over ordinary traffic.\n\n\
         | name | ATT&CK | what happens |\n|---|---|---|\n",
    );
    for Scenario { name, technique, summary, .. } in Scenario::ALL {
        writeln!(text, "| `{name}` | {} | {summary} |", technique.unwrap_or_default()).unwrap();
    }
}

/// Examples of filter patterns, and what they select.
const PATTERNS: [(&str, &str); 13] = [
    ("\" \"", "everything, as an empty pattern does"),
    ("REJECT 22", "lines with both, anywhere, as parts of words too"),
    ("\"10.0.0.5 443\"", "lines with this text; needed for all but letters, digits and `_`"),
    ("REJECT -SKIPDATA", "lines with the first and without the second"),
    ("?NODATA ?SKIPDATA", "lines with at least one; ignored beside terms without `?`"),
    ("%10\\.0\\.[0-3]\\.%", "lines with a match of a regular expression, without groups"),
    ("[a, b, c=22]", "lines of three fields or more; the last item takes the rest of the line"),
    ("[..., action=\"REJECT\", status]", "`...` stands for any number of fields, once"),
    (
        "[p >= 22 && p < 1024 || p = 3389, ...]",
        "`&&` binds before `||`; a condition names its own item alone",
    ),
    ("[a = 10.0.*, b = %^eni-%, ...]", "`*` stands for anything"),
    ("{ $.a.b[0] = 1 || ($.c != x* && $.['d.e'] > 1e3) }", "messages that are JSON objects"),
    ("{ $.a[*] = \"x\" }", "any element or member"),
    ("{ $.a IS NULL && $.b IS TRUE && $.c NOT EXISTS }", "what is no text and no number"),
];

fn patterns(text: &mut String) {
    writeln!(
        text,
        "\n## Filter patterns\n\nWhat CloudWatch's metric filters and subscription filters take: `pattern` in a rule file, and \
         `flowgauge pattern test`. At most {MAX_FILTER_PATTERN} characters; {MAX_PATTERN_REGEXES} regular expressions in a \
         space-delimited or JSON pattern; {MAX_PATTERN_WILDCARDS} selectors with one wildcard each in a JSON pattern. Case \
         matters.\n\n| pattern | selects |\n|---|---|",
    )
    .unwrap();
    for (pattern, meaning) in PATTERNS {
        FilterPattern::parse(pattern).unwrap();
        let [pattern, meaning] = [pattern, meaning].map(|text| text.replace('|', "\\|"));
        writeln!(text, "| `{pattern}` | {meaning} |").unwrap();
    }
}

fn suppressions(text: &mut String) {
    writeln!(
        text,
        "\n## Suppressions\n\nA TOML file of at most {MAX_SUPPRESSIONS} `[[suppress]]` entries. An entry covers a finding when all that it \
         names is so; it names a `rule`, `cidr`, `interface` or `port` at least. Of several the one with the latest end \
         counts. After its end an entry does nothing. A suppressed finding is counted and recorded, and not sent.\n\n\
         | key | required | example | meaning |\n|---|---|---|---|",
    )
    .unwrap();
    for key in SUPPRESSION_KEYS {
        let required = if key.is_required { "yes" } else { "" };
        writeln!(text, "| `{}` | {required} | `{}` | {} |", key.name, key.example, key.meaning).unwrap();
    }
}

fn fields(text: &mut String) {
    for field in Field::ALL {
        let kind = match field.kind() {
            FieldKind::Integer { .. } if field.is_time() => "Unix seconds".to_owned(),
            FieldKind::Integer { max } => format!("integer to {max}"),
            FieldKind::Address => "address".to_owned(),
            FieldKind::Text => "text".to_owned(),
        };
        let source = match field.source() {
            FlowLogSource::Vpc => "VPC",
            FlowLogSource::Tgw => "Transit Gateway",
            FlowLogSource::Both => "both",
        };
        let (name, key, query) = (field.name(), field.json_key(), field.insights_name());
        writeln!(text, "| `{name}` | `{key}` | `{query}` | {kind} | {} | {source} |", field.version())
            .unwrap();
    }
}

#[test]
fn the_reference_is_what_the_code_says() {
    assert_written("docs/reference.md", &reference(), "the code says");
}

/// The README's entry is one that can be pasted.
#[test]
fn the_readme_shows_a_suppression() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let entry = readme.split("```").find(|block| block.contains("[[suppress]]")).unwrap();
    let entry = entry.trim_start_matches("toml\n");
    let read = Suppressions::parse("README.md", entry).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read.entries().len(), 1);
    assert_eq!(read.unknown_rules(&RuleSet::defaults()).count(), 0);
}

/// Every rule is named in the README's table with its mode.
#[test]
fn the_readme_names_every_rule() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for rule in RuleSet::defaults().rules() {
        let row = format!("| `{}` | {} | {} |", rule.id, rule.severity, rule.mode);
        assert!(readme.contains(&row), "README.md: expected a row beginning {row}");
    }
}
