//! The network that traffic is generated for: one VPC of interfaces, each with a role.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use flow_envelope::encode::LogStream;

use crate::dice::Dice;
use crate::outside::Family;

/// The most interfaces: 240 subnets of a `/24` each of a VPC's `/16`.
pub const MAX_INTERFACES: usize = 240 * HOSTS;

/// AWS's own example of an account.
const ACCOUNT: &str = "123456789012";

/// Addresses of a subnet that are used.
const HOSTS: usize = 250;

/// The first address of a subnet that AWS leaves to its users.
const FIRST_HOST: u8 = 4;

/// What an interface is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Takes visitors from the internet and passes them on.
    LoadBalancer,
    /// Answers load balancers, asks databases.
    WebServer,
    /// Answers web servers, backs itself up at night.
    Database,
    /// A person's machine.
    Workstation,
    /// What private hosts reach the internet by.
    NatGateway,
    /// Answers DNS for workstations.
    Resolver,
    /// Has a public address, and nothing that answers there but, at the last one, FTP for customers.
    Bastion,
    /// Asks servers how they are, every minute, and collects their events.
    Monitor,
    /// Does nothing.
    Idle,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 9] = [
        Role::LoadBalancer,
        Role::WebServer,
        Role::Database,
        Role::Workstation,
        Role::NatGateway,
        Role::Resolver,
        Role::Bastion,
        Role::Monitor,
        Role::Idle,
    ];
}

/// The roles of the first interfaces: a small network has one of each that matters.
const FIRST: [Role; 12] = [
    Role::LoadBalancer,
    Role::WebServer,
    Role::NatGateway,
    Role::Workstation,
    Role::Database,
    Role::Bastion,
    Role::WebServer,
    Role::Resolver,
    Role::Workstation,
    Role::Monitor,
    Role::Workstation,
    Role::Idle,
];

/// The roles of the others, over and over.
const THEN: [Role; 20] = [
    Role::Workstation,
    Role::WebServer,
    Role::Workstation,
    Role::Workstation,
    Role::WebServer,
    Role::Workstation,
    Role::Database,
    Role::Workstation,
    Role::Workstation,
    Role::WebServer,
    Role::Idle,
    Role::Workstation,
    Role::LoadBalancer,
    Role::Workstation,
    Role::WebServer,
    Role::Workstation,
    Role::Bastion,
    Role::Workstation,
    Role::Workstation,
    Role::NatGateway,
];

/// A network interface, as flow logs describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// What it is for.
    pub role: Role,
    /// `eni-` and 17 hexadecimal digits.
    pub id: String,
    /// The name of its log stream: its id and what is logged.
    pub log_stream: String,
    /// The account that owns it.
    pub account: String,
    /// The VPC.
    pub vpc: String,
    /// The subnet.
    pub subnet: String,
    /// The instance; none where AWS manages the interface.
    pub instance: Option<String>,
    /// The primary private IPv4 address.
    pub v4: Ipv4Addr,
    /// The IPv6 address.
    pub v6: Ipv6Addr,
}

impl Interface {
    /// The region.
    pub const REGION: &str = "us-east-1";

    /// The availability zone's id.
    pub const ZONE: &str = "use1-az1";

    fn new(seed: u64, place: usize, role: Role, vpc: &str) -> Self {
        let mut dice = Dice::new(seed, &format!("interface {place}"));
        let subnet = u8::try_from(place / HOSTS).unwrap_or(u8::MAX);
        let host = FIRST_HOST + u8::try_from(place % HOSTS).unwrap_or_default();
        let is_managed = matches!(role, Role::LoadBalancer | Role::NatGateway);
        let id = format!("eni-0{}", dice.hex(16));
        Interface {
            role,
            log_stream: format!("{id}-all"),
            id,
            account: ACCOUNT.to_owned(),
            vpc: vpc.to_owned(),
            subnet: format!("subnet-0{}", Dice::new(seed, &format!("subnet {subnet}")).hex(16)),
            instance: (!is_managed).then(|| format!("i-0{}", dice.hex(16))),
            v4: Ipv4Addr::new(10, 0, subnet, host),
            v6: Ipv6Addr::new(0x2001, 0xdb8, 0x10, subnet.into(), 0, 0, 0, host.into()),
        }
    }

    /// Its address.
    pub fn address(&self, family: Family) -> IpAddr {
        match family {
            Family::V4 => self.v4.into(),
            Family::V6 => self.v6.into(),
        }
    }

    /// Its log stream in `log_group`, subscribed to.
    pub fn stream<'a>(&'a self, log_group: &'a str) -> LogStream<'a> {
        LogStream {
            owner: &self.account,
            log_group,
            log_stream: &self.log_stream,
            subscription_filter: "flowgauge",
        }
    }

    /// Whether it has a public address, on which everyone knocks.
    pub fn is_exposed(&self) -> bool {
        matches!(self.role, Role::LoadBalancer | Role::Bastion)
    }

    /// Whether it asks from any port from 1024 on, not from its operating system's range alone: NAT gateways, and web
    /// servers whose range somebody widened against its exhaustion.
    pub(crate) fn asks_from_any_port(&self) -> bool {
        self.role == Role::NatGateway || self.role == Role::WebServer && self.v4.octets()[3] % 4 == 1
    }

    /// The word in `interface-type`.
    pub(crate) fn kind(&self) -> Option<&'static str> {
        (self.role == Role::NatGateway).then_some("nat_gateway")
    }
}

/// All interfaces of a VPC.
#[derive(Debug)]
pub struct Network {
    interfaces: Vec<Arc<Interface>>,
}

impl Network {
    /// `number` interfaces, [`MAX_INTERFACES`] at most; the same for the same seed.
    pub(crate) fn new(seed: u64, number: usize) -> Self {
        let mut dice = Dice::new(seed, "network");
        let vpc = format!("vpc-0{}", dice.hex(16));
        let roles = FIRST.into_iter().chain(THEN.into_iter().cycle()).take(number.min(MAX_INTERFACES));
        let interface = |(place, role)| Arc::new(Interface::new(seed, place, role, &vpc));
        Network { interfaces: roles.enumerate().map(interface).collect() }
    }

    /// In order of their addresses.
    pub fn interfaces(&self) -> &[Arc<Interface>] {
        &self.interfaces
    }

    /// The places of all with a role.
    pub(crate) fn all(&self, role: Role) -> Vec<usize> {
        self.places(|interface| interface.role == role)
    }

    /// The places of all that are so.
    pub(crate) fn places(&self, is_meant: impl Fn(&Interface) -> bool) -> Vec<usize> {
        (0..self.interfaces.len()).filter(|place| is_meant(&self.interfaces[*place])).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn interfaces_differ_and_come_again() {
        let network = Network::new(1, MAX_INTERFACES + 1);
        assert_eq!(network.interfaces().len(), MAX_INTERFACES);
        let ids: HashSet<_> = network.interfaces().iter().map(|interface| &interface.id).collect();
        let v4: HashSet<_> = network.interfaces().iter().map(|interface| interface.v4).collect();
        let v6: HashSet<_> = network.interfaces().iter().map(|interface| interface.v6).collect();
        assert_eq!([ids.len(), v4.len(), v6.len()], [MAX_INTERFACES; 3]);
        assert_eq!(Network::new(1, 5).interfaces(), &network.interfaces()[..5]);
        assert_ne!(Network::new(2, 5).interfaces(), &network.interfaces()[..5]);
    }
}
