//! Which interfaces see a conversation, by where it begins and ends.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::conversation::{Conversation, Course, TCP, UDP};
use crate::dice::Dice;
use crate::network::{Interface, Network, Role};
use crate::outside::{Family, aws_service};

/// A network with what has to be known of it again and again.
#[derive(Debug)]
pub(crate) struct Routes {
    network: Network,
    gateways: Vec<usize>,
}

impl Routes {
    pub(crate) fn new(network: Network) -> Self {
        let gateways = network.all(Role::NatGateway);
        Routes { network, gateways }
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn interface(&self, place: usize) -> &Arc<Interface> {
        &self.network.interfaces()[place]
    }

    /// From an interface to another one's port.
    pub(crate) fn inside(
        &self,
        conversation: Conversation,
        dice: &mut Dice,
        (from, to): (usize, usize),
        (family, port): (Family, u16),
    ) -> Conversation {
        let own = own_port(&conversation, self.interface(from), dice);
        let client = SocketAddr::new(self.interface(from).address(family), own);
        let server = SocketAddr::new(self.interface(to).address(family), port);
        conversation.from(self.interface(from), client, server).at(self.interface(to), client, server)
    }

    /// From an interface to the outside: over IPv4 through a NAT gateway, unless it has a public address or an endpoint
    /// stands for what it asks.
    pub(crate) fn leaving(
        &self,
        conversation: Conversation,
        dice: &mut Dice,
        from: usize,
        server: SocketAddr,
    ) -> Conversation {
        let port = own_port(&conversation, self.interface(from), dice);
        let translated = if port == 0 { 0 } else { dice.wide_port() };
        self.leaving_from(conversation, from, (port, translated), server)
    }

    /// The same from a port that is known, and from another one behind a NAT gateway.
    pub(crate) fn leaving_from(
        &self,
        conversation: Conversation,
        from: usize,
        (port, translated): (u16, u16),
        server: SocketAddr,
    ) -> Conversation {
        let interface = self.interface(from);
        let family = if server.is_ipv4() { Family::V4 } else { Family::V6 };
        let client = SocketAddr::new(interface.address(family), port);
        let gateway = self.gateway(from, server.ip()).filter(|_| gets_there(conversation.course));
        let seen = conversation.from(interface, client, server);
        match gateway {
            Some(gateway) => seen.through(gateway, client, server, translated),
            None => seen,
        }
    }

    /// From the outside to an interface's port.
    pub(crate) fn arriving(
        &self,
        conversation: Conversation,
        dice: &mut Dice,
        from: IpAddr,
        (to, port): (usize, u16),
    ) -> Conversation {
        let client = if has_ports(&conversation) { dice.client_port() } else { 0 };
        let client = SocketAddr::new(from, client);
        self.arriving_from(conversation, client, (to, port))
    }

    /// The same from a port of the client's that is known.
    pub(crate) fn arriving_from(
        &self,
        conversation: Conversation,
        client: SocketAddr,
        (to, port): (usize, u16),
    ) -> Conversation {
        let family = if client.is_ipv4() { Family::V4 } else { Family::V6 };
        let server = SocketAddr::new(self.interface(to).address(family), port);
        conversation.at(self.interface(to), client, server)
    }

    fn gateway(&self, from: usize, server: IpAddr) -> Option<&Arc<Interface>> {
        let has_endpoint = matches!(aws_service(server), Some("S3" | "DYNAMODB"));
        let is_near = matches!(server, IpAddr::V4(server) if server.is_private());
        if server.is_ipv6() || is_near || has_endpoint || self.interface(from).is_exposed() {
            return None;
        }
        let gateway = self.gateways.get(from % self.gateways.len().max(1))?;
        Some(self.interface(*gateway))
    }
}

/// Whether a NAT gateway ever sees it, and the reply comes back as far.
fn gets_there(course: Course) -> bool {
    !matches!(course, Course::RefusedOut | Course::ReplyRefused)
}

fn has_ports(conversation: &Conversation) -> bool {
    [TCP, UDP].contains(&conversation.protocol)
}

fn own_port(conversation: &Conversation, interface: &Interface, dice: &mut Dice) -> u16 {
    match has_ports(conversation) {
        true if interface.asks_from_any_port() => dice.wide_port(),
        true => dice.client_port(),
        false => 0,
    }
}
