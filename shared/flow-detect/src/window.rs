//! Sliding windows over event time, made of equal panes aligned to the epoch.
//!
//! All times are Unix seconds. A pane is named by its start and holds the records that began in it; a window is a
//! fixed number of consecutive panes and slides by one.

use serde::{Deserialize, Serialize};

/// Records further than this ahead of the clock are refused, in seconds.
pub const FUTURE_TOLERANCE: u64 = 600;

/// A half-open span of event time, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first second in it.
    pub start: u64,
    /// The first second after it.
    pub end: u64,
}

impl Window {
    /// Whether less than `gap` seconds lie between this and `other`.
    pub(crate) fn is_within(self, gap: u64, other: Window) -> bool {
        other.start < self.end.saturating_add(gap) && self.start < other.end.saturating_add(gap)
    }

    /// From the earlier start to the later end.
    pub(crate) fn join(self, other: Window) -> Window {
        Window { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// How a rule divides time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windowing {
    /// Length of a window in seconds: a multiple of `pane`.
    pub window: u64,
    /// Length of a pane in seconds.
    pub pane: u64,
    /// How much later than newer ones a record may come, in seconds.
    pub lateness: u64,
}

/// The point in event time up to which records are taken to have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watermark {
    /// A Unix second: in a deployed function the lesser of the clock and the newest record seen in the scope.
    At(u64),
    /// Everything has come: the end of the input of a program that keeps every pane.
    End,
}

/// Which windows to look at: those that wait to be closed only once, by whoever keeps panes just as long as he has to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Windows that closed by this second were looked at before. What is left of them says nothing any more: their oldest
    /// panes may be gone.
    pub after: u64,
    /// Windows that close by this are looked at.
    pub watermark: Watermark,
}

impl From<Watermark> for Look {
    /// All windows, by someone who keeps every pane.
    fn from(watermark: Watermark) -> Self {
        Look { after: 0, watermark }
    }
}

impl Windowing {
    /// The pane that holds `time`, named by its start.
    pub fn pane_of(self, time: u64) -> u64 {
        time - time % self.pane
    }

    /// The window whose last pane is `pane`.
    pub fn window_ending_with(self, pane: u64) -> Window {
        let end = pane + self.pane;
        Window { start: end.saturating_sub(self.window), end }
    }

    /// The last panes of all windows that contain `pane`.
    pub fn windows_over(self, pane: u64) -> impl Iterator<Item = u64> {
        (0..self.window / self.pane).map(move |ahead| pane + ahead * self.pane)
    }

    /// Passing windows at least this far apart are two episodes, in seconds.
    pub fn gap(self) -> u64 {
        self.window.saturating_mul(2)
    }

    /// The first second at which no more records of `window` are waited for.
    pub fn closes_at(self, window: Window) -> u64 {
        window.end + self.lateness
    }

    /// Whether no more records of `window` are waited for.
    pub fn is_closed(self, window: Window, watermark: Watermark) -> bool {
        match watermark {
            Watermark::At(time) => self.closes_at(window) <= time,
            Watermark::End => true,
        }
    }

    /// Whether `window` closed since it may have been looked at before.
    pub fn is_newly_closed(self, window: Window, look: Look) -> bool {
        self.closes_at(window) > look.after && self.is_closed(window, look.watermark)
    }

    /// The first second after `watermark` at which a window over `pane` closes.
    pub fn next_closing(self, pane: u64, watermark: u64) -> Option<u64> {
        let closings = self.windows_over(pane).map(|last| self.closes_at(self.window_ending_with(last)));
        closings.into_iter().find(|closing| *closing > watermark)
    }

    /// The last second of event time at which `pane` counts: the last of its windows closes then.
    pub fn counts_until(self, pane: u64) -> u64 {
        pane + self.window + self.lateness
    }

    /// Whether records of `pane` come too late to count.
    pub fn is_late(self, pane: u64, watermark: Watermark) -> bool {
        match watermark {
            Watermark::At(time) => self.counts_until(pane) < time,
            Watermark::End => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Windowing = Windowing { window: 3600, pane: 300, lateness: 900 };

    #[test]
    fn panes_and_windows() {
        assert_eq!(HOUR.pane_of(1_700_000_123), 1_700_000_100);
        assert_eq!(HOUR.window_ending_with(7200), Window { start: 3900, end: 7500 });
        assert_eq!(HOUR.windows_over(7200).count(), 12);
        assert_eq!(HOUR.window_ending_with(0).start, 0, "windows begin no earlier than the epoch");
    }

    #[test]
    fn closed_and_late() {
        let window = Window { start: 3900, end: 7500 };
        assert!(!HOUR.is_closed(window, Watermark::At(8399)));
        assert!(HOUR.is_closed(window, Watermark::At(8400)));
        assert!(!HOUR.is_late(3900, Watermark::At(8400)));
        assert!(HOUR.is_late(3900, Watermark::At(8401)));
        assert!(!HOUR.is_late(0, Watermark::End));
    }

    proptest! {
        /// As long as a window with some record in it is open, that record's pane is not late.
        #[test]
        fn open_windows_have_no_late_panes(pane in 12_u64..1_000_000, now in 0_u64..400_000_000) {
            let pane = pane * 300;
            let any_open = HOUR.windows_over(pane)
                .any(|last| !HOUR.is_closed(HOUR.window_ending_with(last), Watermark::At(now)));
            prop_assert!(!any_open || !HOUR.is_late(pane, Watermark::At(now)));
        }

        #[test]
        fn windows_over_a_pane_contain_it(pane in 12_u64..1_000_000) {
            let pane = pane * 300;
            for last in HOUR.windows_over(pane) {
                let window = HOUR.window_ending_with(last);
                prop_assert!(window.start <= pane && pane + 300 <= window.end);
            }
        }
    }
}
