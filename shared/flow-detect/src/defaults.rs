//! The built-in rules: every file in `rules/`, as (name, text).

include!(concat!(env!("OUT_DIR"), "/default_rules.rs"));
