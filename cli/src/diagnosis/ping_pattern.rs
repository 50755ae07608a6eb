//! The filter pattern behind the alarm of refused pings: whether it is one of the format in which lines are written.

use flow_query::{FilterPattern, PatternWarning};
use flow_record::RecordFormat;

use super::{Check, Filter, Known, Text};

/// The metric of refused pings, as the template names it.
pub(crate) const REFUSED_PINGS: &str = "RefusedPings";

/// Whether the patterns that count refused pings are about the right fields; nothing to say where none are counted. `filters`
/// are those of [`REFUSED_PINGS`].
pub(crate) fn ping_pattern(
    group: &str,
    format: &RecordFormat,
    filters: &Known<Vec<Filter>>,
) -> Option<Check> {
    const NAME: &str = "ping-pattern";
    let filters = match filters {
        Ok(filters) if filters.is_empty() => return None,
        Ok(filters) => filters,
        Err(why) => return Some(Check::unseen(NAME, group, why, "logs:DescribeMetricFilters")),
    };
    let Some((filter, why)) =
        filters.iter().find_map(|filter| Some((filter, misfit(&filter.pattern, format)?)))
    else {
        let found = Text::new(
            "refused pings are counted in the format of the lines",
            "拒否された ping を、行の形式に合ったパターンで数えています",
        );
        return Some(Check::ok(NAME, group, found));
    };
    let (name, metric) = (&filter.name, REFUSED_PINGS);
    let found = Text::new(
        format!(
            "PingAlarm can't be relied on: the pattern of `{name}` ({metric}) does not fit {format}: {why}"
        ),
        format!("PingAlarm は当てになりません。`{name}`({metric})のパターンが {format} に合いません: {why}"),
    );
    let advice = Text::new(
        "set RefusedPingPattern to a pattern of this format; `flowgauge pattern test` tries one",
        "RefusedPingPattern をこの形式のパターンにしてください。`flowgauge pattern test` で試せます",
    );
    Some(Check::warning(NAME, group, found, advice))
}

/// Why a pattern is none of a format, if it is not.
fn misfit(pattern: &str, format: &RecordFormat) -> Option<String> {
    let warnings = match FilterPattern::parse(pattern) {
        Ok(pattern) => pattern.meaning(format).warnings,
        Err(error) => return Some(error.to_string()),
    };
    // A last item without a condition may stand for more fields than one.
    let is_harmless =
        |warning: &PatternWarning| matches!(warning, PatternWarning::TakesRest { is_compared: false, .. });
    warnings.iter().find(|warning| !is_harmless(warning)).map(ToString::to_string)
}
