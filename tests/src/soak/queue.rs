//! Deliveries in order of time, as Lambda makes them: what fails comes again a minute later, and nobody is at work
//! longer than a function may run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::traffic::Delivery;

/// The longest that an invocation runs, in seconds.
const TIMEOUT: u64 = 30;

/// How much later Lambda tries again, in seconds.
const RETRY: u64 = 60;

#[derive(Debug)]
pub(crate) struct Queue(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Times and places of what is to be delivered.
    waiting: BinaryHeap<Reverse<(u64, usize)>>,
    deliveries: Vec<Delivery>,
    /// How many are at work, by the time they began.
    at_work: BTreeMap<u64, u32>,
}

impl Queue {
    pub(crate) fn new(deliveries: Vec<Delivery>) -> Self {
        let waiting = deliveries.iter().enumerate().map(|(place, delivery)| Reverse((delivery.now, place)));
        Queue(Mutex::new(State { waiting: waiting.collect(), deliveries, at_work: BTreeMap::new() }))
    }

    /// The next delivery with its time and place; none when all is done.
    pub(crate) async fn next(&self) -> Option<(u64, usize, Delivery)> {
        loop {
            {
                let mut state = self.lock();
                let oldest = state.at_work.keys().next().copied();
                match state.waiting.peek() {
                    None if oldest.is_none() => return None,
                    Some(Reverse((now, place))) if oldest.is_none_or(|oldest| *now < oldest + TIMEOUT) => {
                        let (now, place) = (*now, *place);
                        state.waiting.pop();
                        *state.at_work.entry(now).or_default() += 1;
                        return Some((now, place, state.deliveries[place].clone()));
                    }
                    // Someone is at work who may fail, or time has to pass first.
                    _ => {}
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// The delivery at `place`, begun at `now`, is over; what is not done comes again.
    pub(crate) fn over(&self, now: u64, place: usize, is_done: bool) {
        let mut state = self.lock();
        if let Some(count) = state.at_work.get_mut(&now) {
            *count -= 1;
            if *count == 0 {
                state.at_work.remove(&now);
            }
        }
        if !is_done {
            state.waiting.push(Reverse((now + RETRY, place)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
