//! What a month costs, part by part.

/// What is paid for, apart from the flow logs themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Invocations of the function that reads the log group.
    Requests,
    /// The time that these take, in its memory.
    Compute,
    /// Reading and writing what is counted and told, in `DynamoDB`.
    State,
    /// What the functions log.
    OwnLogs,
    /// The function that runs once a minute, and what it asks.
    Ticks,
    /// The functions' metrics.
    Metrics,
    /// Alarms and the key of the topics.
    Alarms,
    /// The dashboard.
    Dashboard,
    /// Messages to programs and people.
    Messages,
    /// Of the archive: Firehose.
    ArchiveStream,
    /// Of the archive: its function, with its log, metrics and alarms.
    ArchiveFunction,
    /// Of the archive: what lies in S3 once it is as old as it gets.
    ArchiveStorage,
}

impl Part {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Part; 12] = [
        Part::Requests,
        Part::Compute,
        Part::State,
        Part::OwnLogs,
        Part::Ticks,
        Part::Metrics,
        Part::Alarms,
        Part::Dashboard,
        Part::Messages,
        Part::ArchiveStream,
        Part::ArchiveFunction,
        Part::ArchiveStorage,
    ];

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Part::Requests => "lambda_requests",
            Part::Compute => "lambda_compute",
            Part::State => "dynamodb_state",
            Part::OwnLogs => "own_logs",
            Part::Ticks => "ticks",
            Part::Metrics => "metrics",
            Part::Alarms => "alarms_and_key",
            Part::Dashboard => "dashboard",
            Part::Messages => "messages",
            Part::ArchiveStream => "archive_stream",
            Part::ArchiveFunction => "archive_function",
            Part::ArchiveStorage => "archive_storage",
        }
    }
}

/// What a month costs, in dollars.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// What CloudWatch Logs takes for the flow logs, whoever reads them; 0 if they are there anyway.
    pub flow_logs: f64,
    /// How often the function is invoked.
    pub invocations: f64,
    /// Milliseconds that an invocation is billed on average.
    pub billed_ms: f64,
    pub(crate) parts: [f64; Part::ALL.len()],
}

impl Estimate {
    /// Dollars for one part.
    pub fn dollars(&self, part: Part) -> f64 {
        self.parts[part as usize]
    }

    /// The parts that cost anything, in order.
    pub fn parts(&self) -> impl Iterator<Item = (Part, f64)> {
        Part::ALL.into_iter().map(|part| (part, self.dollars(part))).filter(|(_, dollars)| *dollars > 0.0)
    }

    /// All parts together: what Flowgauge costs.
    pub fn own(&self) -> f64 {
        self.parts.iter().sum()
    }

    /// That and the flow logs.
    pub fn total(&self) -> f64 {
        self.own() + self.flow_logs
    }

    /// The part that costs most.
    pub fn largest(&self) -> (Part, f64) {
        let largest = |left: (Part, f64), right: (Part, f64)| if right.1 > left.1 { right } else { left };
        Part::ALL.map(|part| (part, self.dollars(part))).into_iter().reduce(largest).expect("there are parts")
    }
}
