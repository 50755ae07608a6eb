//! What `templates/archive.yaml` adds.

use crate::measured::Batches;
use crate::model::{Invocations, Model, whole_ms};
use crate::workload::Workload;
use crate::{DAYS, GB, MINUTES, SECONDS};

/// Dollars of a month.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ArchiveCosts {
    pub(crate) stream: f64,
    pub(crate) function: f64,
    pub(crate) storage: f64,
}

impl Model<'_> {
    /// What the archive of a workload costs; nothing if there is none.
    pub(crate) fn archive(&self, workload: &Workload, batch: &Batches) -> ArchiveCosts {
        let Some(days) = workload.archive_days else { return ArchiveCosts::default() };
        let batches = workload.lines / workload.batch;
        ArchiveCosts {
            stream: self.prices.firehose_gb.of_bytes(batches * self.billed_bytes(batch)),
            function: self.archive_function(workload, batches * batch.compressed_bytes),
            storage: self.archive_storage(workload, days),
        }
    }

    /// What a batch, which is one record of the stream, is billed as.
    fn billed_bytes(&self, batch: &Batches) -> f64 {
        let step = self.measured.archive.step_bytes;
        (batch.compressed_bytes / step).ceil() * step
    }

    fn archive_function(&self, workload: &Workload, bytes: f64) -> f64 {
        let archive = &self.measured.archive;
        // A buffer is given on when it is full, and when it has waited for long enough.
        let number = (bytes / archive.buffer_bytes).max(SECONDS / archive.buffer_seconds);
        let records = workload.lines / number;
        let cpu_us = self.measured.invocation.event_us + records * workload.format.archived_record_ns / 1e3;
        let invocations = Invocations {
            number,
            billed_ms: whole_ms(cpu_us, archive.memory, 0.0),
            memory: archive.memory,
            architecture: workload.architecture,
        };
        let logs = self.measured.own_logs.platform_bytes * number
            + self.measured.own_logs.quiet_line_bytes * MINUTES;
        self.requests(number)
            + self.compute(&invocations)
            + self.prices.own_logs_gb.of_bytes(logs)
            + self.prices.metric_month.of(archive.metrics)
            + self.prices.alarm_month.of(archive.alarms)
    }

    /// Of a month in which as much is removed as is added.
    fn archive_storage(&self, workload: &Workload, days: f64) -> f64 {
        let archive = &self.measured.archive;
        let gb_a_day = workload.lines * workload.format.archived_bytes / GB / DAYS;
        let standard = days.min(archive.infrequent_after_days);
        let objects = SECONDS / archive.object_seconds;
        self.prices.s3_gb_month.of(gb_a_day * standard)
            + self.prices.s3_gb_month_infrequent.of(gb_a_day * (days - standard))
            + self.prices.s3_thousand_puts.of(objects / 1e3)
    }
}
