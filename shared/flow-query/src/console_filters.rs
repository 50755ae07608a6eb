//! What of a detection's filters the CloudWatch console can run too.

use std::cell::RefCell;

use crate::ast::{Expr, ExprKind, Query};
use crate::compile::{Asked, Names};
use crate::continuous::leading_filters;

impl Query {
    /// The conditions of a detection's filters that the CloudWatch console can test too, as text; all of them hold for every
    /// record that counts.
    ///
    /// Left out are those that read an enrichment, and those that the console takes otherwise: for it, `ispresent` also holds
    /// for `-`. Without them a query shows more, never less.
    pub fn console_filters(&self) -> Vec<String> {
        let mut conditions = Vec::new();
        leading_filters(self).for_each(|filter| split(filter, &mut conditions));
        conditions.into_iter().filter(|condition| is_portable(condition)).map(ToString::to_string).collect()
    }
}

fn split<'q>(filter: &'q Expr, into: &mut Vec<&'q Expr>) {
    match &filter.kind {
        ExprKind::And(parts) => parts.iter().for_each(|part| split(part, into)),
        _ => into.push(filter),
    }
}

fn is_portable(condition: &Expr) -> bool {
    let warnings = RefCell::default();
    let asked = Asked { now: 0, portable: true, warnings: &warnings };
    let names = Names { asked: Some(asked), ..Names::record() };
    names.condition(condition).is_ok() && warnings.borrow().is_empty()
}

#[cfg(test)]
mod tests {
    use crate::Query;

    #[test]
    fn what_the_console_can_answer_is_kept() {
        let kept = |filters: &str| {
            let text = format!("{filters} | stats count(*) as n by srcAddr | filter n > 3");
            Query::parse(&text).unwrap().console_filters()
        };
        for (filters, expected) in [
            ("filter dstPort = 22", vec!["dstPort = 22"]),
            ("filter dstPort = 22 and (action = 'REJECT' and bytes > 5) | filter @message like /x/", {
                vec!["dstPort = 22", "action = \"REJECT\"", "bytes > 5", "@message like /x/"]
            }),
            (
                "filter srcExternal = 1 and (protocol = 6 or protocol = 17)",
                vec!["protocol = 6 or protocol = 17"],
            ),
            (
                "filter (protocol = 6 or side = 'reply') and not (dstPort = 1 and direction = 'egress')",
                vec![],
            ),
            ("filter ispresent(pktSrcAddr) and not ispresent(instanceId)", vec![]),
        ] {
            assert_eq!(kept(filters), expected, "{filters}");
        }
    }

    #[test]
    fn a_pattern_alone_has_none() {
        let query = Query::parse("stats count(*) as n by srcAddr | filter n > 3").unwrap();
        assert!(query.console_filters().is_empty());
    }
}
