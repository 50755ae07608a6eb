//! The arithmetic: what is done, and what that costs.

use crate::estimate::{Estimate, Part};
use crate::measured::{Batches, Measured};
use crate::prices::Prices;
use crate::workload::{Architecture, Workload};
use crate::{DAYS, MINUTES, SECONDS};

/// MB of memory with which a function has a processor of its own, which is all that a program of one thread can use.
const FULL_PROCESSOR: f64 = 1769.0;

/// What knows prices and measurements.
#[derive(Debug, Clone, Copy)]
pub struct Model<'m> {
    /// AWS's.
    pub prices: &'m Prices,
    /// The product's.
    pub measured: &'m Measured,
}

/// How often a function is invoked in a month, and how long each time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Invocations {
    pub(crate) number: f64,
    /// Milliseconds billed on average.
    pub(crate) billed_ms: f64,
    /// In MB.
    pub(crate) memory: f64,
    pub(crate) architecture: Architecture,
}

impl Model<'_> {
    /// What a month costs.
    pub fn estimate(&self, workload: &Workload) -> Estimate {
        let batch = self.measured.batches(workload.batch);
        let invocations = Invocations {
            number: workload.lines / workload.batch,
            billed_ms: self.billed_ms(workload, &batch),
            memory: workload.memory,
            architecture: workload.architecture,
        };
        let Prices { metric_month, alarm_month, key_month, dashboard_month, .. } = self.prices;
        let stack = &self.measured.stack;
        let archive = self.archive(workload, &batch);
        let dollars = |part: Part| match part {
            Part::Requests => self.requests(invocations.number),
            Part::Compute => self.compute(&invocations),
            Part::State => self.state(workload, &batch),
            Part::OwnLogs => self.own_logs(workload, &batch, &invocations),
            Part::Ticks => self.ticks(workload),
            Part::Metrics => metric_month.of(stack.metrics),
            Part::Alarms => alarm_month.of(stack.alarms) + key_month.of(stack.keys),
            Part::Dashboard => dashboard_month.of(f64::from(u8::from(workload.has_dashboard))),
            Part::Messages => self.messages(workload),
            Part::ArchiveStream => archive.stream,
            Part::ArchiveFunction => archive.function,
            Part::ArchiveStorage => archive.storage,
        };
        Estimate {
            flow_logs: if workload.pays_for_flow_logs {
                self.prices.flow_logs(workload.bytes())
            } else {
                0.0
            },
            invocations: invocations.number,
            billed_ms: invocations.billed_ms,
            parts: Part::ALL.map(dollars),
        }
    }

    /// Milliseconds that an invocation is billed, on average over those that ask nothing of AWS and those that do.
    fn billed_ms(&self, workload: &Workload, batch: &Batches) -> f64 {
        let times = &self.measured.invocation;
        let quiet_us = times.event_us + workload.batch * workload.format.record_ns / 1e3;
        let busy_us = quiet_us + batch.calls * times.call_us;
        let quiet = whole_ms(quiet_us, workload.memory, 0.0);
        let busy = whole_ms(busy_us, workload.memory, batch.waits * times.wait_ms);
        quiet * batch.quiet_part + busy * (1.0 - batch.quiet_part) + times.start_part * times.start_ms
    }

    pub(crate) fn requests(&self, number: f64) -> f64 {
        self.prices.lambda_million_requests.of_millions(number)
    }

    pub(crate) fn compute(&self, invocations: &Invocations) -> f64 {
        let price = match invocations.architecture {
            Architecture::X86_64 => &self.prices.lambda_gb_second_x86_64,
            Architecture::Arm64 => &self.prices.lambda_gb_second_arm64,
        };
        // Lambda's GB has 1024 MB.
        price.of(invocations.number * invocations.billed_ms / 1e3 * invocations.memory / 1024.0)
    }

    fn state(&self, workload: &Workload, batch: &Batches) -> f64 {
        let millions = workload.lines / 1e6;
        self.prices.request_units(batch.read_units * millions, batch.write_units * millions)
    }

    fn own_logs(&self, workload: &Workload, batch: &Batches, invocations: &Invocations) -> f64 {
        let logs = &self.measured.own_logs;
        let told = batch.log_bytes * workload.lines / 1e6;
        let platform = logs.platform_bytes * invocations.number;
        self.prices.own_logs_gb.of_bytes(told + platform + self.quiet_lines(invocations))
    }

    /// Bytes of the lines that environments write once a minute: as many as are needed when the load is greatest.
    fn quiet_lines(&self, invocations: &Invocations) -> f64 {
        let at_once = invocations.number * invocations.billed_ms / 1e3 / SECONDS;
        let environments = (at_once * self.measured.invocation.peak).max(1.0);
        let lines = (environments * MINUTES).min(invocations.number);
        self.measured.own_logs.quiet_line_bytes * lines
    }

    fn ticks(&self, workload: &Workload) -> f64 {
        let (times, tick, memory) =
            (&self.measured.invocation, &self.measured.tick, self.measured.stack.memory);
        let cpu_us = times.event_us + tick.calls * times.call_us;
        let invocations = Invocations {
            number: MINUTES,
            billed_ms: whole_ms(cpu_us, memory, times.wait_ms),
            memory,
            architecture: workload.architecture,
        };
        let logs = self.measured.own_logs.quiet_line_bytes + self.measured.own_logs.platform_bytes;
        self.requests(invocations.number)
            + self.compute(&invocations)
            + self.prices.request_units(tick.read_units * invocations.number, 0.0)
            + self.prices.own_logs_gb.of_bytes(logs * invocations.number)
    }

    fn messages(&self, workload: &Workload) -> f64 {
        let findings = workload.findings_a_day * DAYS * self.measured.finding.messages;
        let alerts = workload.alerts_a_day * DAYS;
        self.prices.sns_million_publishes.of_millions(findings + alerts)
            + self.prices.sns_hundred_thousand_mails.of(alerts / 1e5)
    }
}

/// Milliseconds that are billed for so much of a processor and so much waiting: the processor is shared by memory.
pub(crate) fn whole_ms(cpu_us: f64, memory: f64, waiting_ms: f64) -> f64 {
    let share = (memory / FULL_PROCESSOR).min(1.0);
    (cpu_us / 1e3 / share + waiting_ms).ceil()
}
