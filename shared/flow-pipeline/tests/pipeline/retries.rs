//! Retries of events whose first try died when their items had gone on.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use flow_detect::RuleSet;
use flow_pipeline::{Definitions, Topic};
use flow_testkit::Flow;

use super::fakes::{NoRecords, now_or_never};
use super::{START, event, pipeline, settings};

/// Two rules of one item, one short, one long: the event is still known when the short one's panes have gone, and the source
/// has come again since.
#[test]
fn what_a_short_rule_counted_is_told_by_a_retry_that_the_long_one_remembers() {
    let text = |id: &str, window: &str, least: u32| {
        format!(
            "id = \"{id}\"\ntype = \"Recon:VPC/X\"\nseverity = \"medium\"\nmode = \"notify\"\ntechnique = \"T1046\"\n\
             title = {{ en = \"{id}\", ja = \"\" }}\nexplain = {{ en = \"\", ja = \"\" }}\nadvice = {{ en = [], ja = [] }}\n\
             window = \"{window}\"\nlateness = \"0s\"\n\
             query = '''filter action = \"REJECT\" | stats count(*) as n by interfaceId, srcAddr | filter n > {least}'''\n"
        )
    };
    let (short, long) = (text("short", "1m", 2), text("long", "1h", 1000));
    let rules = RuleSet::only_files([("short.toml", short.as_str()), ("long.toml", long.as_str())]).unwrap();
    let definitions = Definitions { rules: Arc::new(rules), ..Definitions::default() };
    let pipeline = pipeline(settings(), NoRecords::default());
    let line = |at: u64| Flow::tcp("198.51.100.7", 1, "10.0.0.1", 22).rejected().at(at).line();
    let first = event(&vec![line(START); 3]);
    pipeline.store().is_broken.store(true, Ordering::Relaxed);
    now_or_never(pipeline.run(&definitions, first.as_bytes(), START + 30)).unwrap_err();
    pipeline.store().is_broken.store(false, Ordering::Relaxed);
    now_or_never(pipeline.run(&definitions, event(&[line(START + 300)]).as_bytes(), START + 310)).unwrap();
    now_or_never(pipeline.run(&definitions, first.as_bytes(), START + 320)).unwrap();
    assert_eq!(pipeline.notifier().count(Topic::Alerts), 1);
}
