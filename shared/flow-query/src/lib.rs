//! CloudWatch Logs Insights QL as a typed program with incremental, mergeable aggregates.
