//! What an estimate says, in both languages.

use flow_cost::{Advice, Architecture, Change, Part};
use flow_detect::Language;
use flow_output::group_digits;

use super::printing::{Answer, show};

/// The name of a processor, as the template has it.
pub(super) fn architecture(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86_64",
        Architecture::Arm64 => "arm64",
    }
}

/// An answer in a language.
pub(super) struct Texts<'a> {
    pub(super) answer: &'a Answer<'a>,
    pub(super) language: Language,
}

impl Texts<'_> {
    fn choose<T>(&self, english: T, japanese: T) -> T {
        match self.language {
            Language::English => english,
            Language::Japanese => japanese,
        }
    }

    /// What was asked, and what follows of it.
    pub(super) fn asked(&self) -> [String; 2] {
        let Answer { workload, estimate, .. } = self.answer;
        let (bytes, records) = (size(workload.bytes()), whole(workload.lines));
        let (name, line, batch) = (&workload.format.name, whole(workload.format.line_bytes), workload.batch);
        let (number, ms, memory) = (whole(estimate.invocations), estimate.billed_ms, workload.memory);
        let processor = architecture(workload.architecture);
        self.choose(
            [
                format!("{bytes} of flow logs a month: {records} records of {line} bytes (format {name})"),
                format!("{number} invocations of {batch} records each, billed {ms:.1} ms on average ({memory} MB, {processor})"),
            ],
            [
                format!("フローログ 1 か月 {bytes}: {records} レコード、1 行 {line} バイト(形式 {name})"),
                format!("呼び出し {number} 回、1 回 {batch} レコード、課金は平均 {ms:.1} ミリ秒({memory} MB、{processor})"),
            ],
        )
    }

    /// Of the table.
    pub(super) fn columns(&self) -> [&'static str; 4] {
        self.choose(["part", "$ a month", "$ a TB", "share"], ["内訳", "$/月", "$/TB", "割合"])
    }

    /// The sums under the parts.
    pub(super) fn sums(&self) -> [&'static str; 3] {
        self.choose(
            ["Flowgauge", "flow logs into CloudWatch Logs", "together"],
            ["Flowgauge の分", "CloudWatch Logs へのフローログの取り込み", "合計"],
        )
    }

    pub(super) fn part(&self, part: Part) -> &'static str {
        let (english, japanese) = match part {
            Part::Requests => ("Lambda: requests", "Lambda: リクエスト"),
            Part::Compute => ("Lambda: compute", "Lambda: 実行時間"),
            Part::State => ("DynamoDB: state", "DynamoDB: 状態"),
            Part::OwnLogs => ("the function's log", "関数のログ"),
            Part::Ticks => ("the tick, once a minute", "1 分ごとの tick"),
            Part::Metrics => ("metrics", "メトリクス"),
            Part::Alarms => ("alarms and the topics' key", "アラームとトピックのキー"),
            Part::Dashboard => ("dashboard", "ダッシュボード"),
            Part::Messages => ("SNS: messages and mail", "SNS: メッセージとメール"),
            Part::ArchiveStream => ("archive: Firehose", "アーカイブ: Firehose"),
            Part::ArchiveFunction => ("archive: its function", "アーカイブ: 関数"),
            Part::ArchiveStorage => ("archive: S3, once it is full", "アーカイブ: S3(満了まで溜まった後)"),
        };
        self.choose(english, japanese)
    }

    /// What dominates, what to change, and what all of it rests on.
    pub(super) fn conclusions(&self) -> Vec<String> {
        let mut lines = vec![self.dominates()];
        if !self.answer.advice.is_empty() {
            let saves = self.choose("What would save most, in dollars a month:", "節約になるもの($/月):");
            lines.extend([String::new(), saves.to_owned()]);
            lines.extend(self.answer.advice.iter().take(3).map(|advice| self.advice(advice)));
        }
        lines.push(String::new());
        lines.extend(self.grounds());
        lines
    }

    fn dominates(&self) -> String {
        let estimate = &self.answer.estimate;
        let (part, dollars) = estimate.largest();
        let (name, share) = (self.part(part), percent(dollars, estimate.own()));
        let of_own = self.choose(
            format!("Of Flowgauge, most is `{name}` ({share})."),
            format!("Flowgauge の分で最も大きいのは「{name}」({share})です。"),
        );
        if estimate.flow_logs <= estimate.own() {
            return of_own;
        }
        let logs = percent(estimate.flow_logs, estimate.total());
        let of_all = self.choose(
            format!("Taking the flow logs into CloudWatch Logs is {logs} of it all. "),
            format!("全体の {logs} は CloudWatch Logs へのフローログの取り込みです。"),
        );
        of_all + &of_own
    }

    fn advice(&self, advice: &Advice) -> String {
        let (english, japanese) = match advice.change {
            Change::RefusedOnly => (
                "TrafficType REJECT, if nine of ten records are accepted; rules about accepted traffic go blind",
                "TrafficType を REJECT にする(9 割が許可の場合)。許可された通信を見るルールは働かなくなる",
            ),
            Change::DefaultFormat => (
                "the default format; rules tell less without flags, and some nothing",
                "デフォルト形式にする。フラグがないためルールの精度が落ち、働かないものもある",
            ),
            Change::Arm64 => ("Architecture arm64", "Architecture を arm64 にする"),
            Change::TemplateMemory => (
                "the template's memory: most of the time is waiting",
                "メモリをテンプレートの値にする。大半は待ち時間",
            ),
            Change::NoDashboard => ("Dashboard false", "Dashboard を false にする"),
        };
        format!("  {:>9}  {}", show(advice.saves), self.choose(english, japanese))
    }

    fn grounds(&self) -> Vec<String> {
        let Answer { prices, measured, .. } = self.answer;
        let (region, date, when) = (&prices.region, &prices.date, &measured.date);
        self.choose(
            [
                format!("Prices of {region}, {date}; figures of this version, measured {when}: see docs/cost.md."),
                "No free tier, no tax; keeping the logs is not counted. How many records a batch has is CloudWatch Logs' choice.".to_owned(),
            ],
            [
                format!("価格: {region}、{date}。計測値: このバージョン、{when}。docs/ja/cost.md を参照。"),
                "無料枠、税、ログの保存は含まない。1 バッチのレコード数は CloudWatch Logs が決める。".to_owned(),
            ],
        )
        .to_vec()
    }
}

/// In the largest unit that leaves a number before the point.
fn size(bytes: f64) -> String {
    match bytes {
        bytes if bytes >= 1e12 => format!("{:.1} TB", bytes / 1e12),
        bytes if bytes >= 1e9 => format!("{:.1} GB", bytes / 1e9),
        bytes => format!("{:.1} MB", bytes / 1e6),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "far less than a hundred digits")]
fn whole(number: f64) -> String {
    group_digits(number.round() as i128)
}

fn percent(part: f64, of: f64) -> String {
    format!("{:.0} %", part / of * 100.0)
}
