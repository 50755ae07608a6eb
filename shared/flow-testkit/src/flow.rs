//! One flow in the default format.

/// A flow to be written as a line of the default format; starts as an accepted one of one packet and 60 bytes.
#[derive(Debug, Clone)]
pub struct Flow {
    interface: String,
    source: (String, u16),
    destination: (String, u16),
    protocol: u8,
    packets: u64,
    bytes: u64,
    start: u64,
    seconds: u64,
    action: &'static str,
}

impl Flow {
    /// A TCP flow from address and port to address and port.
    pub fn tcp(source: &str, source_port: u16, destination: &str, destination_port: u16) -> Self {
        Flow {
            interface: "eni-0a1b2c3d4e5f60718".to_owned(),
            source: (source.to_owned(), source_port),
            destination: (destination.to_owned(), destination_port),
            protocol: 6,
            packets: 1,
            bytes: 60,
            start: 1_700_000_000,
            seconds: 59,
            action: "ACCEPT",
        }
    }

    /// A UDP flow.
    pub fn udp(source: &str, source_port: u16, destination: &str, destination_port: u16) -> Self {
        Flow { protocol: 17, ..Flow::tcp(source, source_port, destination, destination_port) }
    }

    /// An ICMP flow, whose ports AWS writes as 0.
    pub fn icmp(source: &str, destination: &str) -> Self {
        Flow { protocol: 1, ..Flow::tcp(source, 0, destination, 0) }
    }

    /// Refused instead of accepted.
    #[must_use]
    pub fn rejected(self) -> Self {
        Flow { action: "REJECT", ..self }
    }

    /// Started at this Unix second.
    #[must_use]
    pub fn at(self, start: u64) -> Self {
        Flow { start, ..self }
    }

    /// Seen at this interface.
    #[must_use]
    pub fn interface(self, interface: &str) -> Self {
        Flow { interface: interface.to_owned(), ..self }
    }

    /// Of this many bytes.
    #[must_use]
    pub fn bytes(self, bytes: u64) -> Self {
        Flow { bytes, ..self }
    }

    /// The line.
    pub fn line(&self) -> String {
        let Flow { interface, source, destination, protocol, packets, bytes, start, seconds, action } = self;
        let end = start + seconds;
        format!(
            "2 123456789012 {interface} {} {} {} {} {protocol} {packets} {bytes} {start} {end} {action} OK",
            source.0, destination.0, source.1, destination.1,
        )
    }
}
