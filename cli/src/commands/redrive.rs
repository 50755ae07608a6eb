//! `flowgauge redrive`: events whose every try failed go to their function again, or, where they come too late for
//! that, to the findings they would have led to.

use std::io::{self, Write};

use flow_aws::{
    AccountFlowLogs, DeployedFunction, DynamoStore, FailedEvent, FailedEvents, FailedEventsError,
    SnsNotifier, WatchedError,
};
use flow_detect::{Finding, Language, Silence, Telling};
use flow_function::config::Config;
use flow_output::{Alert, plain};
use flow_pipeline::{LateEvents, Pipeline, RunError, Standing};

use crate::args::RedriveArgs;
use crate::clock::now;
use crate::commands::deployed::{Deployed, DeployedError};
use crate::failure::{Failure, Outcome};
use crate::messages;

/// Why nothing more was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RedriveError {
    /// The function can't be found, asked or invoked.
    #[error(transparent)]
    Deployed(#[from] DeployedError),
    /// The function keeps failed events nowhere.
    #[error("the environment of {function}: expected FAILURE_BUCKET, found nothing")]
    NoBucket {
        /// Its name.
        function: String,
    },
    /// The function reads something from its package, which is not here.
    #[error("{function} reads {found:?} from its package ({variable}): name a copy of it with {option}")]
    Packaged {
        /// Its name.
        function: String,
        /// The variable that says so.
        variable: &'static str,
        /// What it says.
        found: String,
        /// The option that says where it is on this machine.
        option: &'static str,
    },
    /// The failure bucket can't be read, or an event not be moved.
    #[error(transparent)]
    Events(#[from] FailedEventsError),
    /// Rules, networks or suppressions can't be read.
    #[error("reading definitions: {0}")]
    Definitions(#[from] WatchedError),
    /// Findings could not be told.
    #[error(transparent)]
    Run(#[from] Box<RunError>),
    /// Standard output can't be written.
    #[error("writing the output: {0}")]
    Output(#[from] io::Error),
}

/// What is to become of one event.
#[derive(Debug)]
struct Planned {
    event: FailedEvent,
    plan: Plan,
}

#[derive(Debug)]
enum Plan {
    /// Neither AWS nor a rule has a use for it.
    Nothing(&'static str),
    /// As it stands.
    Redrive(Standing),
    /// It stays where it is.
    Stays(String),
}

impl Planned {
    fn stays(&self) -> bool {
        matches!(self.plan, Plan::Stays(_))
    }
}

/// Why late events stay when there are more than were to be looked at.
const PARTS_ARE_NOT_JUDGED: &str = "its windows have closed, and more events than --limit may belong to them";

/// Runs the command.
pub(crate) fn run(args: &RedriveArgs) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(redrive(args))?)
}

async fn redrive(args: &RedriveArgs) -> Result<Outcome, RedriveError> {
    let deployed = Deployed::find(&args.function).await?;
    let mut config = config(&deployed, args)?;
    let Deployed { access, function, configuration } = deployed;
    let name = configuration.name;
    let bucket =
        config.failure_bucket.take().ok_or_else(|| RedriveError::NoBucket { function: name.clone() })?;
    let definitions = config.definitions.current(now()).await.0?;
    let language = config.settings.language;
    let store = DynamoStore::new(access.clone(), config.state_table);
    let notifier = SnsNotifier::new(access.clone(), config.topics);
    let pipeline =
        Pipeline::new(config.settings, store, notifier).finding_formats(AccountFlowLogs::new(access.clone()));
    let events = FailedEvents::new(access, bucket, name);

    let mut late = pipeline.late_events(&definitions, now());
    let mut planned = Vec::new();
    let mut listed = events.list(args.limit.saturating_add(1)).await?;
    let is_cut = listed.len() > args.limit;
    listed.truncate(args.limit);
    for event in listed {
        let plan = plan(&events, &event, &mut late, is_cut).await?;
        planned.push(Planned { event, plan });
    }
    let outlook = if is_cut { Vec::new() } else { late.outlook().await.map_err(Box::new)? };
    print(&planned, &outlook, language)?;
    for rule in late.unjudged() {
        messages::warning(&format!(
            "{rule} can't be judged by late events alone: it may fire on fewer records"
        ));
    }
    if args.execute {
        // What still counts first: it has the least time.
        invoke(&mut planned, &events, &function, &late).await?;
        if !is_cut {
            let report = late.tell(now).await.map_err(Box::new)?;
            messages::summary(&format!("told: {}", messages::told(&report)));
        }
        for Planned { event, .. } in planned.iter().filter(|one| !one.stays()) {
            events.done(event).await?;
        }
    } else if !planned.is_empty() {
        messages::summary("nothing was done: the same with --execute does it");
    }
    let stays = planned.iter().any(Planned::stays);
    Ok(if stays { Outcome::Failed } else { Outcome::Fine })
}

/// The function's settings, with what lies in its package read from here.
fn config(deployed: &Deployed, args: &RedriveArgs) -> Result<Config, RedriveError> {
    let local = [
        ("RULES", "--rules", &args.rules),
        ("NETWORKS", "--networks", &args.networks),
        ("SUPPRESSIONS", "--suppressions", &args.suppressions),
    ];
    for (variable, option, given) in local {
        if let (Some(found), None) = (deployed.packaged(variable), given) {
            let (function, found) = (deployed.name().to_owned(), found.to_owned());
            return Err(RedriveError::Packaged { function, variable, found, option });
        }
    }
    let here = |variable: &str| {
        let given = local.iter().find(|(name, ..)| *name == variable).and_then(|(.., given)| given.as_ref());
        given.map(|path| path.display().to_string())
    };
    Ok(deployed.config(here)?)
}

async fn plan(
    events: &FailedEvents,
    event: &FailedEvent,
    late: &mut LateEvents<'_, DynamoStore, SnsNotifier>,
    is_cut: bool,
) -> Result<Plan, RedriveError> {
    let payload = match events.payload(event).await {
        Ok(payload) => payload,
        Err(error @ (FailedEventsError::TooLarge { .. } | FailedEventsError::NoRecord { .. })) => {
            return Ok(Plan::Stays(error.to_string()));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(match late.add(&payload).await {
        Err(error) => Plan::Stays(error.to_string()),
        Ok(Standing { is_repeated: true, .. }) => Plan::Nothing("the same event as one above"),
        Ok(Standing { is_live: false, is_late: false, .. }) => {
            Plan::Nothing("no rule matches anything in it")
        }
        Ok(Standing { is_late: true, .. }) if is_cut => Plan::Stays(PARTS_ARE_NOT_JUDGED.to_owned()),
        Ok(standing) => Plan::Redrive(standing),
    })
}

/// Invokes the function with what still counts. What does not any more, since time has passed, stays.
async fn invoke(
    planned: &mut [Planned],
    events: &FailedEvents,
    function: &DeployedFunction,
    late: &LateEvents<'_, DynamoStore, SnsNotifier>,
) -> Result<(), RedriveError> {
    for Planned { event, plan } in planned {
        let Plan::Redrive(standing) = *plan else { continue };
        if !standing.is_live {
            continue;
        }
        let payload = events.payload(event).await?;
        if matches!(late.still_stands(&payload, standing, now()).await, Ok(true)) {
            function.invoke_later(payload).await.map_err(DeployedError::from)?;
            continue;
        }
        let why = "its windows have closed in the meantime: once more looks at it as late";
        messages::summary(&format!("{}: {why}", plain(&event.key)));
        *plan = Plan::Stays(why.to_owned());
    }
    Ok(())
}

/// One line an event, and one a finding that only the late ones lead to.
fn print(planned: &[Planned], outlook: &[(Finding<'_>, Telling)], language: Language) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for Planned { event, plan } in planned {
        let (what, why) = match plan {
            Plan::Nothing(why) => ("done", *why),
            Plan::Redrive(Standing { is_live: true, is_late: false, .. }) => {
                ("invoke", "its records still count")
            }
            Plan::Redrive(Standing { is_live: true, .. }) => {
                ("invoke", "some records still count, some are late")
            }
            Plan::Redrive(_) => ("late", "its windows have closed"),
            Plan::Stays(why) => ("stays", why.as_str()),
        };
        writeln!(out, "{what:7} {}  {}", plain(&event.key), plain(why))?;
    }
    for (finding, telling) in outlook {
        let heading = Alert::new(finding, language, None, None).heading;
        match telling {
            Telling::Claimed(_) | Telling::ClaimedForDigest => writeln!(out, "delayed {heading}")?,
            Telling::Silent(silence) => writeln!(out, "silent  {heading}  {}", why_silent(*silence))?,
        }
    }
    out.flush()
}

/// Why nobody will hear of a finding.
fn why_silent(silence: Silence) -> &'static str {
    match silence {
        Silence::Told => "it was told before",
        Silence::HeldBack => "another episode was told shortly before",
        Silence::Claimed => "someone else is telling it",
        Silence::Observed => "its rule only observes",
        Silence::Suppressed => "it is suppressed",
        Silence::Superseded => "a later episode was told",
        Silence::RuleGone => "its rule has gone",
    }
}
