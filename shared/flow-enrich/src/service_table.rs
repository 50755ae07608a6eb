//! The table of services that ports are known for.
//!
//! Facts are those of IANA's "Service Name and Transport Protocol Port Number Registry" (RFC 6335): names as
//! registered, in lower case. Where another program is what one meets on a port today, the row has that program's
//! name and says what IANA has there, or `by habit` when the name is that of the program's own documentation.

/// A set of transport protocols.
pub(crate) type Transports = u8;

const T: Transports = 1;
const U: Transports = 2;
const S: Transports = 4;
const TU: Transports = T | U;
const TS: Transports = T | S;
const TUS: Transports = T | U | S;

/// The transport protocol with this IP protocol number, or none.
pub(crate) fn transport(protocol: u8) -> Transports {
    match protocol {
        crate::protocols::TCP => T,
        crate::protocols::UDP => U,
        crate::protocols::SCTP => S,
        _ => 0,
    }
}

/// Port, transport protocols, name; sorted by port.
pub(crate) static SERVICES: &[(u16, Transports, &str)] = &[
    (1, TU, "tcpmux"),
    (7, TU, "echo"),
    (9, TUS, "discard"),
    (11, TU, "systat"),
    (13, TU, "daytime"),
    (17, TU, "qotd"),
    (19, TU, "chargen"),
    (20, TUS, "ftp-data"),
    (21, TUS, "ftp"),
    (22, TUS, "ssh"),
    (23, TU, "telnet"),
    (25, TU, "smtp"),
    (37, TU, "time"),
    (42, TU, "nameserver"),
    (43, TU, "nicname"),
    (49, TU, "tacacs"),
    (53, TU, "domain"),
    (67, TU, "bootps"),
    (68, TU, "bootpc"),
    (69, TU, "tftp"),
    (70, TU, "gopher"),
    (79, TU, "finger"),
    (80, TUS, "http"),
    (88, TU, "kerberos"),
    (102, TU, "iso-tsap"),
    (104, TU, "acr-nema"),
    (109, TU, "pop2"),
    (110, TU, "pop3"),
    (111, TU, "sunrpc"),
    (113, T, "auth"),
    (119, TU, "nntp"),
    (123, TU, "ntp"),
    (135, TU, "epmap"),
    (137, TU, "netbios-ns"),
    (138, TU, "netbios-dgm"),
    (139, TU, "netbios-ssn"),
    (143, T, "imap"),
    (161, TU, "snmp"),
    (162, TU, "snmptrap"),
    (177, TU, "xdmcp"),
    (179, TUS, "bgp"),
    (194, TU, "irc"),
    (264, TU, "bgmp"),
    (318, TU, "pkix-timestamp"),
    (319, TU, "ptp-event"),
    (320, TU, "ptp-general"),
    (389, TU, "ldap"),
    (427, TU, "svrloc"),
    (443, TUS, "https"),
    (444, TU, "snpp"),
    (445, TU, "microsoft-ds"),
    (464, TU, "kpasswd"),
    (465, T, "submissions"),
    (497, TU, "retrospect"),
    (500, TU, "isakmp"),
    (502, TU, "mbap"),
    (512, T, "exec"),
    (512, U, "comsat"),
    (513, T, "login"),
    (513, U, "who"),
    (514, T, "shell"),
    (514, U, "syslog"),
    (515, TU, "printer"),
    (517, TU, "talk"),
    (518, TU, "ntalk"),
    (520, T, "efs"),
    (520, U, "router"),
    (521, TU, "ripng"),
    (540, TU, "uucp"),
    (543, TU, "klogin"),
    (544, TU, "kshell"),
    (546, TU, "dhcpv6-client"),
    (547, TU, "dhcpv6-server"),
    (548, TU, "afpovertcp"),
    (554, TU, "rtsp"),
    (563, TU, "nntps"),
    (587, TU, "submission"),
    (593, TU, "http-rpc-epmap"),
    (623, U, "asf-rmcp"),
    (631, TU, "ipp"),
    (636, TU, "ldaps"),
    (639, TU, "msdp"),
    (646, TU, "ldp"),
    (655, TU, "tinc"),
    (664, U, "asf-secure-rmcp"),
    (674, TU, "acap"),
    (694, TU, "ha-cluster"),
    (749, TU, "kerberos-adm"),
    (830, TU, "netconf-ssh"),
    (853, TU, "domain-s"),
    (860, TU, "iscsi"),
    (873, TU, "rsync"),
    (902, TU, "vmware-auth"), // IANA: ideafarm-door
    (988, T, "lustre"),       // by habit
    (989, TU, "ftps-data"),
    (990, TU, "ftps"),
    (992, TU, "telnets"),
    (993, T, "imaps"),
    (995, T, "pop3s"),
    (1080, TU, "socks"),
    (1099, TU, "rmiregistry"),
    (1194, TU, "openvpn"),
    (1352, TU, "lotusnote"),
    (1414, TU, "ibm-mqseries"),
    (1433, TU, "ms-sql-s"),
    (1434, TU, "ms-sql-m"),
    (1494, TU, "ica"),
    (1512, TU, "wins"),
    (1521, TU, "oracle"), // IANA: ncube-lm
    (1524, TU, "ingreslock"),
    (1645, TU, "radius"),      // IANA: datametrics
    (1646, TU, "radius-acct"), // IANA: sa-msg-port
    (1701, TU, "l2tp"),
    (1719, TU, "h323gatestat"),
    (1720, TU, "h323hostcall"),
    (1723, TU, "pptp"),
    (1755, TU, "ms-streaming"),
    (1812, TU, "radius"),
    (1813, TU, "radius-acct"),
    (1883, TU, "mqtt"),
    (1900, TU, "ssdp"),
    (1911, TU, "niagara-fox"), // IANA: mtp
    (1935, TU, "rtmp"),        // IANA: macromedia-fcs
    (1984, TU, "bb"),
    (1985, TU, "hsrp"),
    (2000, TU, "cisco-sccp"),
    (2049, TUS, "nfs"),
    (2055, U, "netflow"), // IANA: iop
    (2083, T, "radsec"),
    (2123, TU, "gtp-control"),
    (2152, TU, "gtp-user"),
    (2181, T, "zookeeper"), // IANA: eforward
    (2375, T, "docker"),
    (2376, T, "docker-s"),
    (2377, T, "swarm"),
    (2379, T, "etcd-client"),
    (2380, T, "etcd-server"),
    (2401, TU, "cvspserver"),
    (2404, TU, "iec-104"),
    (2483, TU, "ttc"),
    (2484, TU, "ttc-ssl"),
    (2598, TU, "citriximaclient"),
    (2638, TU, "sybaseanywhere"),
    (2775, TU, "smpp"),
    (2905, TS, "m3ua"),
    (2947, TU, "gpsd"),
    (3050, TU, "gds-db"),
    (3128, T, "squid"), // IANA: ndl-aas
    (3205, TU, "isns"),
    (3225, TU, "fcip"),
    (3260, TU, "iscsi-target"),
    (3268, TU, "msft-gc"),
    (3269, TU, "msft-gc-ssl"),
    (3306, TU, "mysql"),
    (3307, T, "mysql"),  // by habit; IANA: opsession-prxy
    (3310, T, "clamav"), // IANA: dyna-access
    (3389, TU, "ms-wbt-server"),
    (3478, TU, "stun"),
    (3493, TU, "nut"),
    (3544, TU, "teredo"),
    (3632, TU, "distcc"),
    (3689, TU, "daap"),
    (3690, TU, "svn"),
    (3702, TU, "ws-discovery"),
    (3784, TU, "bfd-control"),
    (3785, TU, "bfd-echo"),
    (3799, TU, "radius-dynauth"),
    (3868, TS, "diameter"),
    (4045, TU, "nfs-lock"), // IANA: npp
    (4190, T, "sieve"),
    (4222, T, "nats"), // IANA: vrml-multi-use
    (4369, TU, "epmd"),
    (4420, T, "nvme"),
    (4443, T, "https-alt"), // IANA: pharos
    (4500, TU, "ipsec-nat-t"),
    (4505, T, "salt-publish"), // by habit
    (4506, T, "salt-request"), // by habit
    (4569, TU, "iax"),
    (4646, T, "nomad"), // IANA: dots-signal
    (4739, TUS, "ipfix"),
    (4786, T, "smart-install"),
    (4789, U, "vxlan"),
    (4840, TU, "opcua-tcp"),
    (4848, T, "appserv-http"),
    (4899, TU, "radmin-port"),
    (4949, TU, "munin"),
    (5044, T, "beats"), // IANA: lxi-evntsvc
    (5060, TUS, "sip"),
    (5061, TUS, "sips"),
    (5222, TU, "xmpp-client"),
    (5269, TU, "xmpp-server"),
    (5349, TU, "stuns"),
    (5351, TU, "nat-pmp"),
    (5353, TU, "mdns"),
    (5355, TU, "llmnr"),
    (5357, TU, "wsdapi"),
    (5432, TU, "postgresql"),
    (5439, T, "redshift"), // by habit
    (5555, T, "adb"),      // IANA: personal-agent
    (5556, T, "freeciv"),
    (5601, T, "kibana"), // IANA: esmagent
    (5631, TU, "pcanywheredata"),
    (5632, TU, "pcanywherestat"),
    (5666, T, "nrpe"),
    (5671, TU, "amqps"),
    (5672, TUS, "amqp"),
    (5683, TU, "coap"),
    (5684, TU, "coaps"),
    (5693, T, "ncpa"), // IANA: rbsystem
    (5900, TU, "rfb"),
    (5938, TU, "teamviewer"), // by habit
    (5984, TU, "couchdb"),
    (5985, TU, "wsman"),
    (5986, TU, "wsmans"),
    (6000, TU, "x11"),
    (6081, U, "geneve"),
    (6343, TU, "sflow"),
    (6379, T, "redis"),
    (6432, T, "pgbouncer"),
    (6443, T, "kubernetes"), // IANA: sun-sr-https
    (6514, TU, "syslog-tls"),
    (6566, T, "sane-port"),
    (6653, TU, "openflow"),
    (6667, TU, "ircu"),
    (6697, T, "ircs-u"),
    (7000, TU, "afs3-fileserver"),
    (7001, TU, "afs3-callback"),
    (7077, T, "spark"), // by habit
    (7474, T, "neo4j"),
    (7547, TU, "cwmp"),
    (7687, T, "bolt"),
    (8000, T, "http-alt"), // IANA: irdmi
    (8008, TU, "http-alt"),
    (8009, T, "ajp13"), // IANA: nvme-disc
    (8080, TU, "http-alt"),
    (8086, T, "influxdb"), // IANA: d-s-n
    (8089, T, "splunkd"),  // by habit
    (8140, T, "puppet"),
    (8200, T, "vault"),      // IANA: trivnet1
    (8291, T, "winbox"),     // by habit
    (8300, T, "consul"),     // IANA: tmi
    (8443, TU, "https-alt"), // IANA: pcsync-https
    (8472, U, "otv"),
    (8500, T, "consul"),   // IANA: fmtp
    (8529, T, "arangodb"), // by habit
    (8834, T, "nessus"),   // by habit
    (8883, TU, "secure-mqtt"),
    (9042, T, "cassandra"),  // by habit
    (9050, T, "tor-socks"),  // IANA: versiera
    (9090, T, "prometheus"), // IANA: websm
    (9092, T, "kafka"),      // IANA: xmlipcregsvc
    (9094, T, "kafka"),      // by habit
    (9096, T, "kafka"),      // by habit
    (9098, T, "kafka"),      // by habit
    (9100, TU, "pdl-datastream"),
    (9160, T, "cassandra"),     // IANA: apani1
    (9200, T, "elasticsearch"), // IANA: wap-wsp
    (9300, T, "elasticsearch"), // IANA: vrace
    (9389, TU, "adws"),
    (9418, TU, "git"),
    (9443, T, "https-alt"), // IANA: tungsten-https
    (10000, TU, "ndmp"),
    (10050, TU, "zabbix-agent"),
    (10051, TU, "zabbix-trapper"),
    (10250, T, "kubelet"), // by habit
    (10809, T, "nbd"),
    (11112, TU, "dicom"),
    (11211, TU, "memcache"),
    (11371, TU, "hkp"),
    (15672, T, "rabbitmq-management"), // by habit
    (17500, TU, "db-lsp"),
    (19132, U, "minecraft"), // by habit
    (20000, TU, "dnp"),
    (20048, TU, "mountd"),
    (24224, TU, "fluentd"),    // by habit
    (25565, T, "minecraft"),   // by habit
    (26257, T, "cockroachdb"), // by habit
    (27017, T, "mongodb"),     // by habit
    (27018, T, "mongodb"),     // by habit
    (27019, T, "mongodb"),     // by habit
    (28015, T, "rethinkdb"),   // by habit
    (33060, T, "mysqlx"),      // by habit
    (36412, S, "s1-control"),
    (38412, S, "ng-control"),
    (44818, TU, "ethernet-ip-2"),
    (47808, TU, "bacnet"),
    (50051, T, "grpc"),      // by habit
    (51820, U, "wireguard"), // by habit
    (61616, T, "activemq"),  // by habit
];
