//! Rules, windows and findings: a query kept over event time.
