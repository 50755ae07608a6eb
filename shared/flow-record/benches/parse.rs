//! Time to read one line, beside a plain `split` of the same line as a measure of the machine.

use divan::{Bencher, black_box, counter::ItemsCount};
use flow_record::{Field, RecordBuffer, RecordFormat};
use flow_testkit::Flow;

fn main() {
    divan::main();
}

const LINES: u16 = 1000;

const FIELDS_29: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
    end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id \
    sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path";

fn default_lines() -> Vec<String> {
    (0..LINES)
        .map(|n| {
            let source = format!("198.51.{}.{}", n % 7, n % 251);
            let at = 1_700_000_000 + u64::from(n);
            Flow::tcp(&source, 20_000 + n, "172.31.16.21", 443).at(at).bytes(u64::from(n) * 977).line()
        })
        .collect()
}

fn lines_29() -> Vec<String> {
    let tail = "vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b 19 IPv4 52.95.128.179 10.0.0.71 \
                ap-southeast-2 apse2-az3 - - S3 - ingress -";
    default_lines().iter().map(|line| format!("{line} {tail}")).collect()
}

fn parse(bencher: Bencher, format: &RecordFormat, lines: &[String]) {
    bencher.counter(ItemsCount::new(lines.len())).bench(|| {
        let mut buffer = RecordBuffer::default();
        let mut bytes = |line| format.parse_into(line, &mut buffer).ok()?.record().integer(Field::Bytes);
        lines.iter().filter_map(|line| bytes(line)).sum::<u64>()
    });
}

#[divan::bench]
fn parse_default_format(bencher: Bencher) {
    parse(bencher, &RecordFormat::default(), &default_lines());
}

#[divan::bench]
fn parse_29_fields(bencher: Bencher) {
    let format: RecordFormat = FIELDS_29.parse().expect("known fields");
    parse(bencher, &format, &lines_29());
}

#[divan::bench]
fn split_only_default_format(bencher: Bencher) {
    let lines = default_lines();
    bencher.counter(ItemsCount::new(lines.len())).bench(|| {
        lines.iter().map(|line| black_box(line).split(' ').map(str::len).sum::<usize>()).sum::<usize>()
    });
}
