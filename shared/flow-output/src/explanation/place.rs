//! What captured a record.

use flow_record::{Field, FlowRecord};

/// What says where a record was captured.
const COLUMNS: [Field; 4] = [Field::InterfaceId, Field::ResourceId, Field::TgwAttachmentId, Field::TgwId];

/// Where records were captured.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Interface(String),
    /// A regional NAT gateway, which has no interface.
    NatGateway(String),
    /// An attachment of a transit gateway; not both are absent.
    TransitGateway {
        attachment: Option<String>,
        gateway: Option<String>,
    },
    /// It has a column and no value.
    Unknown,
}

impl Place {
    /// None where the format has no column for it.
    pub(super) fn of(record: &FlowRecord<'_>) -> Option<Self> {
        let text = |field| record.text(field).map(str::to_owned);
        let transit = || match (text(Field::TgwAttachmentId), text(Field::TgwId)) {
            (None, None) => None,
            (attachment, gateway) => Some(Place::TransitGateway { attachment, gateway }),
        };
        text(Field::InterfaceId)
            .map(Place::Interface)
            .or_else(|| text(Field::ResourceId).map(Place::NatGateway))
            .or_else(transit)
            .or_else(|| COLUMNS.iter().any(|field| record.format().has(*field)).then_some(Place::Unknown))
    }
}
