//! A finding as JSON.

use flow_detect::Finding;
use flow_query::{KeyPart, Value};
use serde_json::{Map, Number, Value as Json, json};

use crate::console::narrowed_query;
use crate::plain::{cut, escape_json};

/// The version of a finding's shape: changes when a reader could break.
pub const FINDING_SCHEMA: &str = "flowgauge.finding/1";

/// The most bytes kept of one text from a log: far more than any real one, and few enough for an SNS message.
const MAX_TEXT: usize = 2000;

/// A finding as a JSON object on one line, with the Logs Insights query that shows its records and a link to it in the
/// console, if one can be made. Times are Unix seconds;
/// `interface` is there only when there is one, `delayed` only when it is true: the records came so late that no window was open
/// for them any more. `episodes` is there only above 1: how many, this one included, nobody was told of since the last message.
pub fn finding_json(finding: &Finding<'_>, link: Option<&str>) -> String {
    escape_json(&object(finding, link).to_string()).into_owned()
}

fn object(finding: &Finding<'_>, link: Option<&str>) -> Json {
    let (rule, episode) = (finding.rule, &finding.episode);
    let mut object = json!({
        "schema": FINDING_SCHEMA,
        "id": finding.id.as_str(),
        "rule": rule.id,
        "type": rule.finding_type,
        "severity": finding.severity.name(),
        "status": finding.status.name(),
        "technique": rule.technique,
        "mode": rule.mode.name(),
        "title": { "en": rule.words().title.en, "ja": rule.words().title.ja },
        "subject": finding.subject.iter().map(|(name, part)| (name.clone(), part_json(part))).collect::<Map<_, _>>(),
        "values": named(finding.values()),
        "totals": named(finding.totals()),
        "threshold": rule.threshold(),
        "window": { "start": episode.window.start, "end": episode.window.end },
        "first_seen": episode.first_seen,
        "last_seen": episode.last_seen,
        "samples": episode.samples.iter().map(|line| cut(line, MAX_TEXT)).collect::<Vec<_>>(),
        "query": narrowed_query(finding),
        "links": link.map_or_else(Map::new, |link| Map::from_iter([("logs_insights".to_owned(), Json::from(link))])),
    });
    if let Json::Object(fields) = &mut object {
        let optional = [
            ("account", finding.scope.account.as_deref()),
            ("region", finding.scope.region.as_deref()),
            ("vpc", finding.scope.vpc.as_deref()),
            ("log_group", finding.scope.log_group.as_deref()),
            ("interface", finding.interface.as_deref()),
        ];
        let present = optional
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), Json::from(cut(text?, MAX_TEXT)))));
        fields.extend(present);
        if finding.is_delayed {
            fields.insert("delayed".to_owned(), Json::Bool(true));
        }
        if finding.episodes > 1 {
            fields.insert("episodes".to_owned(), Json::from(finding.episodes));
        }
    }
    object
}

fn named<'a>(values: impl Iterator<Item = (&'a str, &'a Value<'static>)>) -> Map<String, Json> {
    values.map(|(name, value)| (name.to_owned(), value_json(value))).collect()
}

fn part_json(part: &KeyPart) -> Json {
    value_json(&part.value())
}

pub(crate) fn value_json(value: &Value<'_>) -> Json {
    match value {
        Value::Absent => Json::Null,
        Value::Integer(number) => Json::from(*number),
        // Values are finite: what is not is absent.
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Text(text) => Json::from(cut(text, MAX_TEXT)),
        Value::Address(address) => Json::from(address.to_string()),
    }
}
