//! CPU time of one thread, over many turns.

use rustix::time::{ClockId, clock_gettime};

/// How often, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Turns {
    /// How often each has its turn.
    pub number: usize,
    /// How long a turn is at least, in seconds.
    pub seconds: f64,
}

impl Default for Turns {
    fn default() -> Self {
        Turns { number: 40, seconds: 0.05 }
    }
}

/// The least mean time that `work` took of each of `all`, in seconds of this thread's CPU.
///
/// They take turns, so that whatever else the machine does meets all of them.
pub fn least<T>(all: &mut [T], turns: Turns, mut work: impl FnMut(&mut T)) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; all.len()];
    for _ in 0..turns.number {
        for (one, least) in all.iter_mut().zip(&mut least) {
            *least = least.min(turn(turns.seconds, || work(one)));
        }
    }
    least
}

/// How long `work` took, in seconds of this thread's CPU.
pub fn once(work: impl FnOnce()) -> f64 {
    let start = now();
    work();
    now() - start
}

/// The mean time of as many runs as fill a turn.
fn turn(seconds: f64, mut work: impl FnMut()) -> f64 {
    let (start, mut runs) = (now(), 0.0);
    loop {
        work();
        runs += 1.0;
        let taken = now() - start;
        if taken >= seconds {
            return taken / runs;
        }
    }
}

/// The CPU time of this thread so far, in seconds.
fn now() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
