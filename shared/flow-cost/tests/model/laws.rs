//! What holds of every estimate.

use flow_cost::{Architecture, Estimate, Measured, Model, Part, Prices, Volume, Workload};
use proptest::prelude::*;

fn workloads() -> impl Strategy<Value = Workload> {
    let sizes = (1e3..1e14_f64, 0..3_usize, 1.0..50_000.0_f64, 128.0..10_240.0_f64);
    let rest = (any::<[bool; 3]>(), 0.0..1e4_f64, 0.0..1e4_f64, prop::option::of(1.0..3650.0_f64));
    (sizes, rest).prop_map(|((lines, format, batch, memory), (flags, findings, alerts, archive_days))| {
        let measured = Measured::built_in();
        let usual = Workload::new(Volume::Lines(lines), &measured.formats()[format], &measured);
        Workload {
            batch,
            memory,
            architecture: if flags[0] { Architecture::Arm64 } else { Architecture::X86_64 },
            has_dashboard: flags[1],
            pays_for_flow_logs: flags[2],
            findings_a_day: findings,
            alerts_a_day: alerts,
            archive_days,
            ..usual
        }
    })
}

fn estimate(workload: &Workload) -> Estimate {
    Model { prices: &Prices::built_in(), measured: &Measured::built_in() }.estimate(workload)
}

proptest! {
    #[test]
    fn nothing_is_negative_and_parts_add_up(workload in workloads()) {
        let found = estimate(&workload);
        prop_assert!(Part::ALL.iter().all(|part| found.dollars(*part) >= 0.0 && found.dollars(*part).is_finite()));
        let sum: f64 = found.parts().map(|(_, dollars)| dollars).sum();
        prop_assert!((sum + found.flow_logs - found.total()).abs() <= found.total() * 1e-12);
        prop_assert!((found.own() - sum).abs() <= sum * 1e-12);
        prop_assert!(found.largest().1 <= found.own());
    }

    #[test]
    fn more_lines_cost_no_less(workload in workloads(), times in 1.0..100.0_f64) {
        let more = Workload { lines: workload.lines * times, ..workload.clone() };
        let (few, many) = (estimate(&workload), estimate(&more));
        for part in Part::ALL {
            prop_assert!(many.dollars(part) >= few.dollars(part) * (1.0 - 1e-12), "{part:?}");
        }
        prop_assert!(many.flow_logs >= few.flow_logs);
    }

    /// A line in a larger batch shares what a batch costs with more others.
    #[test]
    fn larger_batches_cost_no_more(workload in workloads(), times in 1.0..100.0_f64) {
        let larger = Workload { batch: workload.batch * times, ..workload.clone() };
        let (small, large) = (estimate(&workload), estimate(&larger));
        for part in [Part::Requests, Part::State] {
            prop_assert!(large.dollars(part) <= small.dollars(part) * (1.0 + 1e-9), "{part:?}");
        }
    }

    #[test]
    fn less_is_spent_on_arm_and_on_a_shorter_archive(workload in workloads()) {
        let arm = Workload { architecture: Architecture::Arm64, ..workload.clone() };
        prop_assert!(estimate(&arm).own() <= estimate(&workload).own());
        let without = Workload { archive_days: None, ..workload.clone() };
        prop_assert!(estimate(&without).own() <= estimate(&workload).own());
    }

    /// Every change that is advised saves what it says, and what saves most comes first.
    #[test]
    fn advice_saves(workload in workloads()) {
        let (prices, measured) = (Prices::built_in(), Measured::built_in());
        let advice = Model { prices: &prices, measured: &measured }.advice(&workload);
        prop_assert!(advice.iter().all(|one| one.saves > 0.0 && one.saves <= estimate(&workload).total()));
        prop_assert!(advice.is_sorted_by(|one, other| one.saves >= other.saves));
    }
}
