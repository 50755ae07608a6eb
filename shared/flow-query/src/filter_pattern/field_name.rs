//! Which field the name of an item means: patterns name fields as they like.

use flow_record::Field;

/// Names for fields that are neither AWS's in log formats nor those in queries: what AWS's own patterns for flow logs
/// use, and the like. Lower case, without hyphens and underscores.
const OTHER_NAMES: [(&str, Field); 24] = [
    ("account", Field::AccountId),
    ("eni", Field::InterfaceId),
    ("interface", Field::InterfaceId),
    ("source", Field::SrcAddr),
    ("src", Field::SrcAddr),
    ("srcip", Field::SrcAddr),
    ("sourceaddr", Field::SrcAddr),
    ("sourceaddress", Field::SrcAddr),
    ("destination", Field::DstAddr),
    ("dest", Field::DstAddr),
    ("dst", Field::DstAddr),
    ("dstip", Field::DstAddr),
    ("destaddr", Field::DstAddr),
    ("destinationaddress", Field::DstAddr),
    ("sourceport", Field::SrcPort),
    ("destport", Field::DstPort),
    ("destinationport", Field::DstPort),
    ("windowstart", Field::Start),
    ("windowend", Field::End),
    ("flowlogstatus", Field::LogStatus),
    ("status", Field::LogStatus),
    ("flags", Field::TcpFlags),
    ("vpc", Field::VpcId),
    ("subnet", Field::SubnetId),
];

/// The field that an item with this name is probably meant to be.
pub(super) fn field_meant(name: &str) -> Option<Field> {
    let is_it = |other: &str| letters(other).eq(letters(name));
    let is_named = |field: &Field| is_it(field.name()) || is_it(field.insights_name());
    let other = || OTHER_NAMES.iter().find(|(other, _)| is_it(other)).map(|(_, field)| *field);
    Field::ALL.into_iter().find(is_named).or_else(other)
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase())
}
