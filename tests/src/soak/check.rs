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
        let episodes = (*episodes, record.episodes());
        is_as_found(rules, finding, &kept, episodes).map_err(|error| format!("{id}: {error}"))?;
    }
    let (told_again, digested) = told(expected, notifier)?;
    Ok(Summary { findings: expected.len(), told_again, digested, ..summary })
}

/// Whether what is kept is what one process finds; `episodes` says how many that finds, and how many were recorded.
fn is_as_found(rules: &RuleSet, found: &Value, kept: &Value, episodes: (u64, u64)) -> Result<(), String> {
    // Records that come late may join two episodes that were told apart: then what is kept is of the later one.
    let is_later_part = episodes.1 == episodes.0 + 1;
    if episodes.1 != episodes.0 && !is_later_part {
        return Err(format!("expected {} episodes, kept {}: {kept}", episodes.0, episodes.1));
    }
    let outlives_its_panes = outlives_its_panes(rules, found);
    for part in ["rule", "subject", "values", "window", "first_seen", "last_seen", "totals"] {
        let (found, kept) = (&found[part], &kept[part]);
        let is_right = match part {
            "values" | "window" if is_later_part => true,
            "first_seen" if is_later_part => kept.as_u64() >= found.as_u64(),
            "totals" if is_later_part || outlives_its_panes => is_within(kept, found),
            _ => kept == found,
        };
        if !is_right {
            return Err(format!("{part}: expected {found}, kept {kept}"));
        }
    }
    Ok(())
}

/// Whether no look may have seen all of an episode, so that its totals are lower bounds: it is longer than its panes are
/// kept after the last of them came, late as it may be, or windows are looked at only once, as they close.
fn outlives_its_panes(rules: &RuleSet, finding: &Value) -> bool {
    let time = |name: &str| finding[name].as_u64().unwrap_or_default();
    let rule = finding["rule"].as_str().and_then(|id| rules.find(id));
    rule.is_some_and(|rule| {
        !rule.query.is_monotone() || time("last_seen") - time("first_seen") > rule.windowing.window
    })
}

/// Whether totals are there, and none is larger than it has to be.
fn is_within(kept: &Value, expected: &Value) -> bool {
    let pairs = kept.as_object().zip(expected.as_object());
    pairs.is_some_and(|(kept, expected)| {
        let is_less = |(name, total): (&String, &Value)| {
            kept.get(name).is_some_and(|kept| {
                (1..=total.as_u64().unwrap_or_default()).contains(&kept.as_u64().unwrap_or_default())
            })
        };
        kept.len() == expected.len() && expected.iter().all(is_less)
    })
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
/// died before he had confirmed it, could not confirm it, or did not learn what became of the message. Returns how many
/// were told again, and how many in digests.
fn told(expected: &Expected, notifier: &FaultyNotifier) -> Result<(u64, u64), String> {
    let (mut again, mut digested) = (0, 0);
    for topic in [Topic::Findings, Topic::Alerts] {
        let mut told = BTreeMap::<String, u64>::new();
        for message in notifier.sent(topic) {
            match about(topic, &message.body)? {
                About::Finding { id, status } if status == "new" => *told.entry(id).or_default() += 1,
                About::Finding { .. } => {}
                About::Digest { listed } => digested += listed,
            }
        }
        if let Some(id) = told.keys().find(|id| !expected.contains_key(*id)) {
            return Err(format!("{id}: told on {topic:?}, and one process does not find it"));
        }
        let untold: Vec<_> = expected.keys().filter(|id| !told.contains_key(*id)).collect();
        let in_digests = if topic == Topic::Alerts { digested } else { 0 };
        if (untold.len() as u64) > in_digests {
            return Err(format!("nobody was told on {topic:?} of {untold:?}, {in_digests} were in digests"));
        }
        for (id, times) in told {
            let excuses = notifier.excuses(topic, &id);
            if times > 1 + excuses {
                return Err(format!("{id}: told {times} times on {topic:?}, with {excuses} excuses"));
            }
            again += times - 1;
        }
    }
    Ok((again, digested))
}

/// What a message tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    /// One finding.
    Finding { id: String, status: String },
    /// So many findings that nobody was told of one by one.
    Digest { listed: u64 },
}

/// What a message tells of.
pub(crate) fn about(topic: Topic, body: &str) -> Result<About, String> {
    let unclear = || format!("a message on {topic:?} without id: {body}");
    match topic {
        Topic::Findings => {
            let json = read(body);
            let text = |name: &str| json[name].as_str().map(str::to_owned);
            let (id, status) = text("id").zip(text("status")).ok_or_else(unclear)?;
            Ok(About::Finding { id, status })
        }
        Topic::Alerts => {
            let heading = [" findings listed here", " finding listed here"];
            if let Some((before, _)) = heading.into_iter().find_map(|words| body.split_once(words)) {
                let listed =
                    before.rsplit(' ').next().and_then(|number| number.replace(',', "").parse().ok());
                return Ok(About::Digest { listed: listed.ok_or_else(unclear)? });
            }
            let id = body.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 32);
            let id = id.ok_or_else(unclear)?.to_owned();
            Ok(About::Finding { id, status: "new".to_owned() })
        }
    }
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}
