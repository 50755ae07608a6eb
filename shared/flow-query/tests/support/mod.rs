//! Records to ask, and answers as text.
#![allow(dead_code, reason = "not every test uses all of it")]

use flow_enrich::{EnrichedFlow, Networks, Origin, Tables};
use flow_query::{Answer, LimitError, Program, Query, Settings};
use flow_record::RecordFormat;

/// The queries that AWS documents for VPC flow logs, unchanged but for the addresses asked for, and two more that
/// everybody writes first.
pub(crate) const DOCUMENTED: [&str; 11] = [
    "stats sum(packets) as packetsTransferred by srcAddr, dstAddr
             | sort packetsTransferred desc
             | limit 15",
    r#"filter isIpv4InSubnet(srcAddr, "192.0.2.0/24")
               | stats sum(bytes) as bytesTransferred by dstAddr
               | sort bytesTransferred desc
               | limit 15"#,
    "filter protocol=17 | stats count(*) by srcAddr",
    r#"filter logStatus="SKIPDATA"
               | stats count(*) by bin(1h) as t
               | sort t"#,
    "fields @timestamp, srcAddr, dstAddr, srcPort, dstPort, protocol, bytes
             | filter logStream = 'vpc-flow-logs' and interfaceId = 'eni-0123456789abcdef0'
             | sort @timestamp desc
             | dedup srcAddr, dstAddr, srcPort, dstPort, protocol
             | limit 20",
    "filter (dstAddr like '10.0.0.' and srcAddr like '198.51.')
             | stats sum(bytes) as bytesTransferred by srcAddr, dstAddr
             | sort bytesTransferred desc
             | limit 10",
    "stats avg(bytes), max(bytes) by dstAddr",
    "parse @message /(?<NetworkInterface>eni-.*?) / | display NetworkInterface, @message | limit 1",
    "filter dstPort = 80",
    "stats sum(bytes) as bytesTransferred by srcAddr, dstAddr | sort bytesTransferred desc | limit 2",
    "fields @timestamp, @message | sort @timestamp desc | filter protocol=17 and action='ACCEPT' | limit 100",
];

/// Lines of one format, and what is known beside them.
pub(crate) struct Traffic {
    pub(crate) format: RecordFormat,
    pub(crate) lines: Vec<String>,
    pub(crate) tables: Tables,
    pub(crate) origin: Origin<'static>,
}

impl Traffic {
    pub(crate) fn new(lines: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Traffic {
            format: RecordFormat::default(),
            lines: lines.into_iter().map(Into::into).collect(),
            tables: Tables { networks: Networks::parse("10.0.0.0/16 production").unwrap() },
            origin: Origin {
                account: Some("123456789012"),
                region: Some("eu-central-1"),
                log_group: Some("flows"),
                log_stream: Some("vpc-flow-logs"),
                ..Origin::default()
            },
        }
    }

    pub(crate) fn sample() -> Self {
        let lines = "
            192.0.2.77 10.0.0.5 51000 443 6 30 4500 1700000000 1700000059 ACCEPT OK
            192.0.2.77 10.0.0.5 51001 53 17 1 80 1700000000 1700000059 ACCEPT OK
            198.51.100.7 10.0.0.5 40000 22 6 20 4249 1700000000 1700000059 REJECT OK
            198.51.100.7 10.0.0.5 40000 22 6 1 60 1700000060 1700000119 REJECT OK
            10.0.0.5 192.0.2.77 443 51000 6 120 90000 1700000120 1700000179 ACCEPT OK
            2001:db8::7 2001:db8:1::5 40000 443 6 5 500 1700000000 1700000059 ACCEPT OK
            - - - - - - - 1700000000 1700000059 - NODATA
            - - - - - - - 1700000000 1700000059 - SKIPDATA";
        let interface = |line: &str| if line.contains("2001:") { "eni-1" } else { "eni-0123456789abcdef0" };
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        Traffic::new(lines.map(|line| format!("2 123456789012 {} {line}", interface(line))))
    }

    /// Calls `each` with every record, in order.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&EnrichedFlow<'_>)) {
        for line in &self.lines {
            let line = self.format.parse(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            each(&EnrichedFlow { record: line.record(), origin: &self.origin, tables: &self.tables });
        }
    }

    /// The answer to a program, streamed rows included.
    pub(crate) fn answer(&self, program: &Program) -> Result<Answer, LimitError> {
        let mut evaluation = program.start();
        let mut streamed = Vec::new();
        let mut failed = None;
        self.for_each(|flow| match evaluation.observe(flow) {
            Ok(row) => streamed.extend(row),
            Err(error) => failed = Some(error),
        });
        let mut answer = failed.map_or_else(|| evaluation.finish(), Err)?;
        answer.rows.extend(streamed);
        Ok(answer)
    }
}

pub(crate) const SETTINGS: Settings =
    Settings { now: 1_700_000_000, portable: false, max_groups: 1000, max_rows: 1000 };

pub(crate) fn compile(text: &str) -> Program {
    let program = Query::parse(text).and_then(|query| Program::compile(&query, SETTINGS));
    program.unwrap_or_else(|error| panic!("{error}\n{}", error.show(text)))
}

/// The answer as lines of columns.
pub(crate) fn show(answer: &Answer) -> String {
    let names: Vec<_> = answer.columns.iter().map(|column| column.name.clone()).collect();
    let row = |row: &flow_query::AnswerRow| {
        let values =
            answer.columns.iter().zip(row.iter()).map(|(column, value)| column.show(value).to_string());
        values.collect::<Vec<_>>().join("|")
    };
    let rows = answer.rows.iter().map(row);
    std::iter::once(names.join("|")).chain(rows).collect::<Vec<_>>().join("\n")
}

pub(crate) fn ask(query: &str, traffic: &Traffic) -> String {
    show(&traffic.answer(&compile(query)).unwrap())
}
