//! The order of work: a batch in, one round of state, findings out.
