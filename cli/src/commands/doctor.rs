//! `flowgauge doctor`: looks at a deployed stack from all sides, changes nothing, and says what to do.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use flow_aws::{
    Account, AccountFlowLogs, FailedEvents as Bucket, KmsKey, KmsKeys, LogGroups, MetricFilter,
    SubscriptionFilter, Topics,
};
use flow_detect::Language;
use flow_function::config::Config;
use flow_output::plain;
use flow_pipeline::USUAL_DELIVERY;

use crate::args::DoctorArgs;
use crate::clock::now;
use crate::commands::deployed::Deployed;
use crate::commands::detect::language;
use crate::diagnosis::{
    Check, FailedEvents, Filter, Formats, Key, KeyUse, Known, LogGroup, Newest, REFUSED_PINGS, Topic,
    UsedKey, Verdict, account_of, credentials, delivery, failed_events, format, log_groups, log_key,
    ping_pattern, recursion, settings, subscribers, subscription, topic_key,
};
use crate::failure::{Failure, Outcome};
use crate::messages;

/// The service that publishes for alarms.
const ALARMS: &str = "cloudwatch.amazonaws.com";

/// The most failed events that are counted.
const MAX_FAILED: usize = 1000;

/// Runs the command.
pub(crate) fn run(args: &DoctorArgs) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let checks = runtime.block_on(async {
        let deployed = Deployed::find(&args.name).await?;
        Ok::<_, Failure>(Doctor::new(deployed, now()).checks().await)
    })?;
    print(&checks, args, language(args.lang))?;
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let [ok, warnings, failed] = [Verdict::Ok, Verdict::Warning, Verdict::Failed].map(count);
    messages::summary(&format!("{ok} ok, {warnings} to look at, {failed} failed"));
    Ok(if failed > 0 { Outcome::Failed } else { Outcome::Fine })
}

/// Looks at one stack.
struct Doctor {
    deployed: Deployed,
    log_groups: LogGroups,
    now: u64,
}

impl Doctor {
    fn new(deployed: Deployed, now: u64) -> Self {
        let log_groups = LogGroups::new(deployed.access.clone());
        Doctor { deployed, log_groups, now }
    }

    async fn checks(&self) -> Vec<Check> {
        let (access, function) = (&self.deployed.access, &self.deployed.configuration);
        let identity = Account::new(access.clone()).identity(self.now).await;
        let identity = seen(identity).map(|identity| (identity.account, identity.arn));
        let config = seen(self.deployed.config(|_| None));
        let mut checks = vec![
            credentials(&identity, access.region(), &function.arn),
            settings(&function.name, &config.as_ref().map(|_| ()).map_err(Clone::clone)),
        ];
        if let Ok(config) = config {
            checks.extend(self.of_log_groups(&config).await);
            checks.extend(self.of_topics(&config).await);
            checks.extend(self.of_failed_events(config.failure_bucket).await);
        }
        checks
    }

    /// The log groups that are read, and the function's own.
    async fn of_log_groups(&self, config: &Config) -> Vec<Check> {
        let arn = &self.deployed.configuration.arn;
        let slots = seen(self.log_groups.filter_slots(self.now).await);
        let groups = seen(self.deployed.function.log_groups().await);
        let mut checks = vec![log_groups(self.deployed.name(), &groups)];
        let own = config.settings.own_log_group.as_deref();
        for name in groups.iter().flatten() {
            let filters = self.filters(name).await;
            checks.push(subscription(&LogGroup { name, filters: &filters, slots: &slots }, arn));
            let formats = self.formats(name, config).await;
            checks.push(format(name, &formats));
            checks.extend(self.ping_pattern(name, &formats).await);
            checks.extend(self.log_key(name).await);
            let own = match own {
                Some(own) => self.newest(own).await,
                None => Ok(None),
            };
            checks.push(delivery(name, &Newest { read: self.newest(name).await, own }, self.now));
        }
        if let Some(name) = own {
            let filters = self.filters(name).await;
            checks.push(recursion(&LogGroup { name, filters: &filters, slots: &slots }, arn));
            checks.extend(self.log_key(name).await);
        }
        checks
    }

    async fn filters(&self, log_group: &str) -> Known<Vec<Filter>> {
        let filter =
            |SubscriptionFilter { name, destination, pattern }| Filter { name, destination, pattern };
        let filters = seen(self.log_groups.subscription_filters(log_group, self.now).await)?;
        Ok(filters.into_iter().map(filter).collect())
    }

    async fn formats(&self, log_group: &str, config: &Config) -> Formats {
        let formats = &config.settings.formats;
        let chosen = formats.of(log_group).filter(|_| formats.is_chosen(log_group)).map(ToString::to_string);
        let flow_logs = AccountFlowLogs::new(self.deployed.access.clone());
        Formats { chosen, found: seen(flow_logs.formats(log_group, self.now).await) }
    }

    /// Whether refused pings, where they are counted, are counted in the log group's format.
    async fn ping_pattern(&self, log_group: &str, formats: &Formats) -> Option<Check> {
        let format = formats.one()?;
        let filters = seen(self.log_groups.metric_filters(log_group, self.now).await).map(|filters| {
            let of_pings = |filter: MetricFilter| {
                let MetricFilter { name, pattern, metrics } = filter;
                let is_of_pings = metrics.iter().any(|metric| metric == REFUSED_PINGS);
                is_of_pings.then_some(Filter { name, destination: REFUSED_PINGS.to_owned(), pattern })
            };
            filters.into_iter().filter_map(of_pings).collect()
        });
        ping_pattern(log_group, &format, &filters)
    }

    /// When a log group got its newest line, in Unix seconds: at least so late.
    async fn newest(&self, log_group: &str) -> Known<Option<u64>> {
        let newest = seen(self.log_groups.newest_line(log_group, self.now).await)?;
        let usual = self.now.saturating_sub(USUAL_DELIVERY);
        if newest.is_some_and(|newest| newest >= usual) {
            return Ok(newest);
        }
        let is_fresh = seen(self.log_groups.has_lines_since(log_group, usual, self.now).await)?;
        Ok(if is_fresh { Some(usual) } else { newest })
    }

    async fn of_topics(&self, config: &Config) -> Vec<Check> {
        let topics = Topics::new(self.deployed.access.clone());
        // Alarms go to people.
        let arns = [(&config.topics.alerts, Some(ALARMS)), (&config.topics.findings, None)];
        let mut checks = Vec::new();
        for (arn, service) in arns {
            let Some(arn) = arn else { continue };
            let state = seen(topics.state(arn).await);
            let key = state.as_ref().map(|state| state.key.clone()).map_err(Clone::clone);
            let topic = state.map(|state| Topic { confirmed: state.confirmed, pending: state.pending });
            let account = self.account();
            checks.push(subscribers(arn, &topic, service.is_some(), account));
            let used = KeyUse { about: arn, service, account };
            checks.push(topic_key(used, &self.used_key(key).await));
        }
        checks
    }

    /// Whether CloudWatch Logs can use the key of a log group, if it has one.
    async fn log_key(&self, log_group: &str) -> Option<Check> {
        let service = logs_service(self.deployed.access.region());
        let key = seen(self.log_groups.key(log_group, self.now).await);
        let used = KeyUse { about: log_group, service: Some(&service), account: self.account() };
        log_key(used, &self.used_key(key).await)
    }

    /// What is known of the key with which something is encrypted.
    async fn used_key(&self, id: Known<Option<String>>) -> UsedKey {
        let Some(id) = id? else { return Ok(None) };
        let key = seen(KmsKeys::new(self.deployed.access.clone()).key(&id, self.now).await);
        let known = |key: KmsKey| Key { state: key.state, is_of_aws: key.is_of_aws, policy: key.policy };
        Ok(Some((id, key.map(known))))
    }

    /// The function's account, empty when its ARN does not tell.
    fn account(&self) -> &str {
        account_of(&self.deployed.configuration.arn).unwrap_or_default()
    }

    async fn of_failed_events(&self, bucket: Option<String>) -> Option<Check> {
        let (bucket, name) = (bucket?, self.deployed.name());
        let events = Bucket::new(self.deployed.access.clone(), bucket.clone(), name.to_owned());
        let listed = seen(events.list(MAX_FAILED + 1).await).map(|events| {
            let oldest = events.iter().map(|event| event.kept_at).min().unwrap_or(self.now);
            FailedEvents {
                count: events.len().min(MAX_FAILED),
                is_cut: events.len() > MAX_FAILED,
                oldest: self.now.saturating_sub(oldest),
            }
        });
        Some(failed_events(name, &bucket, &listed))
    }
}

/// CloudWatch Logs, as the keys of a region's log groups know it.
fn logs_service(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("logs.{region}.{suffix}")
}

/// A fact, or why it could not be seen, in words.
fn seen<T, E: std::fmt::Display>(result: Result<T, E>) -> Known<T> {
    result.map_err(|error| error.to_string())
}

/// One line a check, and what to do below it; or an object a line.
fn print(checks: &[Check], args: &DoctorArgs, language: Language) -> io::Result<()> {
    let mut out = anstream::AutoStream::auto(io::stdout()).lock();
    for check in checks {
        if args.json {
            writeln!(out, "{}", check.json(language))?;
            continue;
        }
        let (word, style) = (check.verdict.name(), style(check.verdict));
        let (name, about, found) = (check.name, plain(&check.about), plain(check.found.of(language)));
        writeln!(out, "{style}{word:7}{style:#} {name:13} {about}: {found}")?;
        if let Some(advice) = &check.advice {
            writeln!(out, "        {:13} -> {}", "", plain(advice.of(language)))?;
        }
    }
    out.flush()
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Ok => AnsiColor::Green.on_default(),
        Verdict::Warning => AnsiColor::Yellow.on_default().bold(),
        Verdict::Failed => AnsiColor::Red.on_default().bold(),
    }
}
