//! What the console would draw: bars for a group-by, lines over `bin()`.

use std::io::{self, IsTerminal, Write};

use flow_output::plain;
use flow_query::{AnswerRow, Column, CommandKind, Program, Query, Time, Type, Value};
use ratatui::buffer::Buffer;
use ratatui::layout::{Direction, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Bar, BarChart, BarGroup, Chart as LineChart, Dataset, GraphType, Widget};
use terminal_size::terminal_size_of;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::failure::Failure;

/// The width of a chart where there is no terminal to ask, and that of the labels in it at most.
const WIDTH: u16 = 100;
const LABEL: usize = 40;

/// The least width of a chart, and what is left for the longest bar at least: narrower terminals break lines.
const MIN_WIDTH: u16 = 40;
const MIN_BAR: usize = 10;

/// The height of lines over time.
const HEIGHT: u16 = 20;

/// The most bars: more than anyone compares.
const MAX_BARS: usize = 50;

/// The most names under lines.
const MAX_NAMES: usize = 20;

/// In milliseconds.
const MINUTE: f64 = 60_000.0;

/// A name, and points of time and value.
type Series = (String, Vec<(f64, f64)>);

/// Which columns of an answer are drawn, and over what.
pub(super) struct Chart<'p> {
    columns: &'p [Column],
    /// The column of times; bars where there is none.
    time: Option<usize>,
    /// The columns of labels.
    labels: Vec<usize>,
    /// The columns drawn: numbers that `stats` worked out.
    values: Vec<usize>,
    /// In columns of a terminal.
    width: u16,
}

impl<'p> Chart<'p> {
    /// What of `program`'s answer can be drawn.
    ///
    /// # Errors
    /// When it is no group-by with a number.
    pub(super) fn of(query: &Query, program: &'p Program) -> Result<Self, Failure> {
        let stats = query.commands.iter().rev().find_map(|command| match &command.kind {
            CommandKind::Stats(stats) => Some(stats),
            _ => None,
        });
        let nothing = |found: &str| Failure::Chart {
            expected: "`stats` of a number `by` something",
            found: found.to_owned(),
        };
        let Some(stats) = stats.filter(|stats| !stats.by.is_empty()) else {
            return Err(nothing("no `stats ... by`"));
        };
        let columns = program.columns();
        let grouped: Vec<_> = stats.by.iter().map(flow_query::Named::name).collect();
        let is_grouped = |place: &usize| grouped.contains(&columns[*place].name);
        let is_number = |place: &usize| matches!(columns[*place].kind, Type::Integer | Type::Float);
        let time = (0..columns.len()).find(|place| columns[*place].kind == Type::Time && is_grouped(place));
        let values: Vec<_> =
            (0..columns.len()).filter(|place| is_number(place) && !is_grouped(place)).collect();
        let labels = (0..columns.len()).filter(|place| is_grouped(place) && Some(*place) != time).collect();
        if values.is_empty() {
            Err(nothing("no number"))
        } else {
            let width = width_of(terminal_size_of(io::stdout()).map(|(width, _)| width.0));
            Ok(Chart { columns, time, labels, values, width })
        }
    }

    /// Draws `rows` on standard output, in colour where that is a terminal.
    pub(super) fn print(&self, rows: &[AnswerRow]) -> io::Result<()> {
        let is_terminal = io::stdout().is_terminal();
        let drawn = match self.time {
            Some(time) => {
                let series = self.series(rows, time);
                if series.is_empty() {
                    Vec::new()
                } else {
                    vec![lines(&series, self.width), names(&series, self.width)]
                }
            }
            None => self.values.iter().map(|value| self.bars(rows, *value)).collect(),
        };
        let mut out = io::stdout().lock();
        for buffer in drawn {
            write_buffer(&mut out, &buffer, is_terminal)?;
        }
        out.flush()
    }

    /// One bar a row, as long as the row's value is large, whatever its sign.
    fn bars(&self, rows: &[AnswerRow], value: usize) -> Buffer {
        let rows_drawn = || rows.iter().take(MAX_BARS);
        let label = rows_drawn().map(|row| self.label(row).width()).max().unwrap_or_default();
        let width = rows_drawn().map(|row| self.columns[value].show(&row[value]).to_string().len()).max();
        let width = width.unwrap_or_default();
        let length_of = |row: &AnswerRow| number(&row[value]).unwrap_or_default().abs();
        let most = rows_drawn().map(length_of).fold(0.0, f64::max);
        let bar = |row: &AnswerRow| {
            // In parts of the longest, so that fractions have a length too.
            let part = if most > 0.0 { length_of(row) / most } else { 0.0 };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 0 to a million"
            )]
            let length = (part * 1e6) as u64;
            let text = self.columns[value].show(&row[value]).to_string();
            let name = self.label(row);
            let pad = " ".repeat(label - name.width());
            let label = format!("{name}{pad}  {text:>width$}");
            Bar::default().label(Line::from(label)).value(length).text_value(String::new())
        };
        let bars: Vec<_> = rows_drawn().map(bar).collect();
        let height = u16::try_from(bars.len()).unwrap_or(u16::MAX);
        let title = match rows.len().checked_sub(MAX_BARS) {
            Some(more) if more > 0 => format!("{} (first {MAX_BARS} of {})", self.name(value), rows.len()),
            _ => self.name(value),
        };
        let needed = label + width + "  ".len() + MIN_BAR;
        let width = self.width.max(u16::try_from(needed).unwrap_or(u16::MAX));
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height + 1));
        buffer.set_string(0, 0, title, Style::default());
        let chart = BarChart::default().direction(Direction::Horizontal).bar_width(1).bar_gap(0);
        let chart = chart.bar_style(Style::default().fg(Color::Blue));
        chart.data(BarGroup::default().bars(&bars)).render(Rect::new(0, 1, width, height), &mut buffer);
        buffer
    }

    /// One line for each value and each label, over time.
    fn series(&self, rows: &[AnswerRow], time: usize) -> Vec<Series> {
        let mut series: Vec<Series> = Vec::new();
        for row in rows {
            let Some(at) = number(&row[time]) else { continue };
            for value in &self.values {
                let Some(number) = number(&row[*value]) else { continue };
                let name = [self.name(*value), self.label(row)].join(" ").trim().to_owned();
                match series.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, points)) => points.push((at, number)),
                    None => series.push((name, vec![(at, number)])),
                }
            }
        }
        series.iter_mut().for_each(|(_, points)| points.sort_by(|left, right| left.0.total_cmp(&right.0)));
        series
    }

    fn name(&self, place: usize) -> String {
        plain(&self.columns[place].name).into_owned()
    }

    /// What a row is grouped by; what is absent is a dash, so that it has a name too.
    fn label(&self, row: &AnswerRow) -> String {
        let shown = |place: &usize| match &row[*place] {
            Value::Absent => "-".to_owned(),
            value => self.columns[*place].show(value).to_string(),
        };
        let label = self.labels.iter().map(shown).collect::<Vec<_>>().join(" ");
        cut(&plain(&label)).to_owned()
    }
}

/// The lines, and their axes.
fn lines(series: &[Series], width: u16) -> Buffer {
    let points = || series.iter().flat_map(|(_, points)| points.iter().copied());
    let times = times(points().map(|(at, _)| at));
    let [least, top] = values(points().map(|(_, value)| value));
    let dataset = |(index, (name, points)): (usize, &Series)| {
        let style = Style::default().fg(COLORS[index % COLORS.len()]);
        let dataset = Dataset::default().name(name.clone()).marker(Marker::Braille).style(style);
        (dataset.graph_type(GraphType::Line), points.clone())
    };
    let data: Vec<_> = series.iter().enumerate().map(dataset).collect();
    let datasets = data.iter().map(|(dataset, points)| dataset.clone().data(points)).collect();
    let upwards = Axis::default().bounds([least, top]).labels([format!("{least}"), format!("{top}")]);
    let over = Axis::default().bounds(times).labels(times.map(show_time));
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, HEIGHT));
    let chart = LineChart::new(datasets).legend_position(None).x_axis(over).y_axis(upwards);
    chart.render(buffer.area, &mut buffer);
    buffer
}

/// The names of the lines, each in its colour, under them: in the chart they would hide what they name.
fn names(series: &[Series], width: u16) -> Buffer {
    let shown = series.len().min(MAX_NAMES);
    let more = series.len() - shown;
    let height = u16::try_from(shown + usize::from(more > 0)).unwrap_or(u16::MAX);
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    for ((y, (name, points)), color) in (0..).zip(series).take(shown).zip(COLORS.iter().cycle()) {
        let most = points.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
        let name = if name.is_empty() { "-" } else { name };
        buffer.set_string(0, y, format!("━━ {name} (at most {most})"), Style::default().fg(*color));
    }
    if more > 0 {
        buffer.set_string(0, height - 1, format!("and {more} more"), Style::default());
    }
    buffer
}

const COLORS: [Color; 6] =
    [Color::Blue, Color::Yellow, Color::Green, Color::Magenta, Color::Cyan, Color::Red];

fn number(value: &Value<'_>) -> Option<f64> {
    value.number().map(flow_query::Number::to_float)
}

/// The least and the greatest; infinite without any.
fn bounds(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], next| [least.min(next), most.max(next)])
}

/// The bounds of an axis of times; of a single one a minute beside it.
fn times(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    let [least, most] = bounds(numbers);
    if least < most { [least, most] } else { [least - MINUTE, most + MINUTE] }
}

/// The bounds of an axis of values: with 0, so that heights can be compared.
fn values(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    let [least, most] = bounds(numbers);
    let (least, top) = (least.min(0.0), most.max(0.0));
    [least, if least < top { top } else { 1.0 }]
}

/// The width of a chart on a terminal as wide as this, if there is one.
fn width_of(terminal: Option<u16>) -> u16 {
    terminal.map_or(WIDTH, |width| width.max(MIN_WIDTH))
}

/// The beginning of `text` that takes at most [`LABEL`] columns.
fn cut(text: &str) -> &str {
    let mut room = LABEL;
    let end = text.char_indices().find(|(_, c)| {
        let width = c.width().unwrap_or_default();
        let is_over = width > room;
        room -= width.min(room);
        is_over
    });
    &text[..end.map_or(text.len(), |(place, _)| place)]
}

fn show_time(millis: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "it was a whole number")]
    let time = Time(millis as i64);
    time.to_string().chars().take(16).collect()
}

fn write_buffer(out: &mut impl Write, buffer: &Buffer, is_coloured: bool) -> io::Result<()> {
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut covered = 0;
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            // The cells that a wide character covers are filled with spaces.
            if covered > 0 {
                covered -= 1;
                continue;
            }
            covered = cell.symbol().width().saturating_sub(1);
            match anstyle_of(cell.fg).filter(|_| is_coloured) {
                Some(style) => {
                    let (start, end) = (style.render(), style.render_reset());
                    line.extend([start.to_string().as_str(), cell.symbol(), end.to_string().as_str()]);
                }
                None => line.push_str(cell.symbol()),
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn anstyle_of(color: Color) -> Option<anstyle::Style> {
    use anstyle::AnsiColor;
    let color = match color {
        Color::Blue => AnsiColor::Blue,
        Color::Yellow => AnsiColor::Yellow,
        Color::Green => AnsiColor::Green,
        Color::Magenta => AnsiColor::Magenta,
        Color::Cyan => AnsiColor::Cyan,
        Color::Red => AnsiColor::Red,
        _ => return None,
    };
    Some(color.on_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_of_times_stays_where_the_times_are() {
        let noon = 1_700_006_400_000.0;
        let shown = |numbers: &[f64]| times(numbers.iter().copied()).map(show_time);
        assert_eq!(shown(&[noon]), ["2023-11-14 23:59", "2023-11-15 00:01"]);
        assert_eq!(shown(&[noon + MINUTE, noon]), ["2023-11-15 00:00", "2023-11-15 00:01"]);
    }

    #[test]
    fn an_axis_of_values_has_zero() {
        for (numbers, expected) in [
            (&[5.0][..], ["0", "5"]),
            (&[0.0], ["0", "1"]),
            (&[3.0, 7.0], ["0", "7"]),
            (&[-2.0, -1.0], ["-2", "0"]),
        ] {
            assert_eq!(
                values(numbers.iter().copied()).map(|bound| bound.to_string()),
                expected,
                "{numbers:?}"
            );
        }
    }

    #[test]
    fn a_chart_is_as_wide_as_the_terminal() {
        assert_eq!([None, Some(80), Some(200), Some(5)].map(width_of), [100, 80, 200, 40]);
    }

    #[test]
    fn wide_characters_stay_together() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 1));
        buffer.set_string(0, 0, "日本 x", Style::default());
        let mut out = Vec::new();
        write_buffer(&mut out, &buffer, false).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "日本 x\n");
    }

    #[test]
    fn labels_are_cut_by_their_width() {
        assert_eq!(cut(&"a".repeat(50)), "a".repeat(40));
        assert_eq!(cut(&"日".repeat(50)), "日".repeat(20));
        assert_eq!(cut(&format!("a{}b", "日".repeat(20))), format!("a{}", "日".repeat(19)));
        assert_eq!(cut("日本"), "日本");
    }
}
