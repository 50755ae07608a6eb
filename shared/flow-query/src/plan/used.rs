//! Which names the commands that follow use.

use crate::ast::{Command, CommandKind, Expr, ExprKind, Named};
use crate::error::Span;

/// Visits every name in `commands`.
pub(super) fn names<'q>(commands: &'q [Command], visit: &mut dyn FnMut(&'q str, Span)) {
    let mut all = |columns: &'q [Named]| columns.iter().for_each(|column| expr(&column.expr, visit));
    for command in commands {
        match &command.kind {
            CommandKind::Fields(columns) | CommandKind::Display(columns) => all(columns),
            CommandKind::Stats(stats) => {
                all(&stats.columns);
                all(&stats.by);
            }
            _ => {}
        }
    }
    for command in commands {
        match &command.kind {
            CommandKind::Filter(condition) => expr(condition, visit),
            CommandKind::Sort(keys) => keys.iter().for_each(|key| expr(&key.expr, visit)),
            CommandKind::Parse(parse) => match &parse.subject {
                Some(subject) => expr(subject, visit),
                None => visit("@message", command.keyword()),
            },
            CommandKind::Dedup(names) => names.iter().for_each(|name| expr(name, visit)),
            _ => {}
        }
    }
}

fn expr<'q>(tree: &'q Expr, visit: &mut dyn FnMut(&'q str, Span)) {
    match &tree.kind {
        ExprKind::Literal(_) => {}
        ExprKind::Name(name) => visit(name, tree.span),
        ExprKind::Not(inner) | ExprKind::Negate(inner) => expr(inner, visit),
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Call(_, parts) => {
            parts.iter().for_each(|part| expr(part, visit));
        }
        ExprKind::Compare(_, left, right) | ExprKind::Arithmetic(_, left, right) => {
            expr(left, visit);
            expr(right, visit);
        }
        ExprKind::In { subject, .. } | ExprKind::Like { subject, .. } => expr(subject, visit),
        ExprKind::Aggregate(call) => call.argument.iter().for_each(|argument| expr(argument, visit)),
    }
}

/// How many aggregates are in `tree`.
pub(super) fn aggregates(tree: &Expr) -> usize {
    match &tree.kind {
        ExprKind::Aggregate(_) => 1,
        ExprKind::Literal(_) | ExprKind::Name(_) => 0,
        ExprKind::Not(inner) | ExprKind::Negate(inner) => aggregates(inner),
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Call(_, parts) => {
            parts.iter().map(aggregates).sum()
        }
        ExprKind::Compare(_, left, right) | ExprKind::Arithmetic(_, left, right) => {
            aggregates(left) + aggregates(right)
        }
        ExprKind::In { subject, .. } | ExprKind::Like { subject, .. } => aggregates(subject),
    }
}
