//! What one process finds in the same records, and whether the deployment found and told just that.

use std::collections::BTreeMap;

use flow_detect::{EpisodeRecord, Mode, RuleSet};
use flow_enrich::Tables;
use flow_envelope::Limits;
use flow_output::finding_json;
use flow_pipeline::{Content, DEFAULT_MAX_GROUPS, Detection, DetectionSettings, ItemKey, StateStore, Topic};
use flow_record::RecordFormat;
use serde_json::Value;

use super::Summary;
use super::faults::FaultyNotifier;
use super::traffic::Traffic;

/// The newest episode of each finding id, as one process finds it, and how many there were.
pub(crate) type Expected = BTreeMap<String, (Value, u64)>;

pub(crate) fn expected(rules: &RuleSet, traffic: &Traffic) -> Expected {
    let (tables, format) = (Tables::default(), RecordFormat::default());
    let settings = DetectionSettings {
        rules,
        tables: &tables,
        quietest: Mode::Notify,
        max_groups: DEFAULT_MAX_GROUPS,
        format: &format,
        limits: Limits::default(),
    };
    let mut detection = Detection::new(settings);
    for event in traffic.events() {
        detection.read(event.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    }
    let mut expected = Expected::new();
    for finding in detection.findings() {
        let json = read(&finding_json(&finding, None));
        let count = expected.get(finding.id.as_str()).map_or(0, |(_, count)| *count);
        expected.insert(finding.id.to_string(), (json, count + 1));
    }
    expected
}

/// Compares the records kept, and who was told how often, with what was expected.
pub(crate) async fn compare<S: StateStore>(
    rules: &RuleSet,
    expected: &Expected,
    store: &S,
    notifier: &FaultyNotifier,
    summary: Summary,
) -> Result<Summary, String> {
    let records = records(store, expected).await?;
    for (id, (finding, episodes)) in expected {
        let record = records.get(id).ok_or_else(|| format!("{id}: never recorded: {finding}"))?;
        let status = flow_detect::Status::New;
        let kept = record.finding(rules, status).ok_or_else(|| format!("{id}: its rule has gone"))?;
        let kept = read(&finding_json(&kept, None));
        for part in ["rule", "subject", "values", "window", "first_seen", "last_seen", "totals"] {
            if kept[part] != finding[part] {
                return Err(format!("{id}: {part}: expected {}, kept {}", finding[part], kept[part]));
            }
        }
        if record.episodes() != *episodes {
            return Err(format!("{id}: expected {episodes} episodes, kept {}", record.episodes()));
        }
    }
    let told_again = told(expected, notifier)?;
    Ok(Summary { findings: expected.len(), told_again, ..summary })
}

async fn records<S: StateStore>(
    store: &S,
    expected: &Expected,
) -> Result<BTreeMap<String, EpisodeRecord>, String> {
    let ids: Vec<_> = expected.keys().cloned().collect();
    let keys: Result<Vec<_>, _> = ids.iter().map(|id| ItemKey::read(&format!("episode/{id}"))).collect();
    let items = store.get(&keys.map_err(|error| error.to_string())?).await;
    let items = items.map_err(|error| error.to_string())?;
    let mut records = BTreeMap::new();
    for (id, item) in ids.into_iter().zip(items) {
        if let Some(Content::Text(json)) = item.map(|item| item.content) {
            let record = EpisodeRecord::from_json(&json).map_err(|error| format!("{id}: {error}"))?;
            records.insert(id, record);
        }
    }
    Ok(records)
}

/// Everyone is told of everything, of nothing else, and again only where nobody could know that he was told: someone
/// died before he had confirmed it, could not confirm it, or did not learn what became of the message.
fn told(expected: &Expected, notifier: &FaultyNotifier) -> Result<u64, String> {
    let mut again = 0;
    for topic in [Topic::Findings, Topic::Alerts] {
        let mut told = BTreeMap::<String, u64>::new();
        for message in notifier.sent(topic) {
            let (id, status) = about(topic, &message.body)?;
            if status == "new" {
                *told.entry(id).or_default() += 1;
            }
        }
        if let Some(id) = told.keys().find(|id| !expected.contains_key(*id)) {
            return Err(format!("{id}: told on {topic:?}, and one process does not find it"));
        }
        if let Some(id) = expected.keys().find(|id| !told.contains_key(*id)) {
            return Err(format!("{id}: nobody was told on {topic:?}"));
        }
        for (id, times) in told {
            let excuses = notifier.excuses(topic, &id);
            if times > 1 + excuses {
                return Err(format!("{id}: told {times} times on {topic:?}, with {excuses} excuses"));
            }
            again += times - 1;
        }
    }
    Ok(again)
}

/// The finding id and status in a message.
pub(crate) fn about(topic: Topic, body: &str) -> Result<(String, String), String> {
    let unclear = || format!("a message on {topic:?} without id: {body}");
    match topic {
        Topic::Findings => {
            let json = read(body);
            let text = |name: &str| json[name].as_str().map(str::to_owned);
            text("id").zip(text("status")).ok_or_else(unclear)
        }
        Topic::Alerts => {
            let id = body.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 32);
            id.map(|id| (id.to_owned(), "new".to_owned())).ok_or_else(unclear)
        }
    }
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}
