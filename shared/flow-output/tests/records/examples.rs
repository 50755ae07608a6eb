//! Lines of each kind that AWS documents in "Flow log record examples" of the Amazon VPC user guide.

use flow_record::{RecordFormat, TGW_DEFAULT, VPC_DEFAULT, VPC_V5};

/// A kind, its format and lines of it.
pub(crate) struct Example {
    pub(crate) name: &'static str,
    pub(crate) format: &'static str,
    pub(crate) lines: &'static [&'static str],
}

impl Example {
    pub(crate) fn format(&self) -> RecordFormat {
        self.format.parse().unwrap()
    }
}

pub(crate) const EXAMPLES: [Example; 11] = [
    Example {
        name: "accepted and rejected",
        format: VPC_DEFAULT,
        lines: &[
            "2 210987654321 eni-0aa 203.0.113.40 10.1.2.3 20641 22 6 20 4249 1700000010 1700000070 ACCEPT OK",
            "2 210987654321 eni-0aa 10.1.9.69 10.1.2.3 49761 3389 6 3 156 1700000010 1700000070 REJECT OK",
        ],
    },
    Example {
        name: "no data and skipped data",
        format: VPC_DEFAULT,
        lines: &[
            "2 210987654321 eni-0aa - - - - - - - 1700000010 1700000070 - NODATA",
            "2 unknown eni-0bb - - - - - - - 1700000010 1700000070 - SKIPDATA",
        ],
    },
    Example {
        name: "ping that the security group lets in and the network ACL not out",
        format: VPC_DEFAULT,
        lines: &[
            "2 210987654321 eni-0aa 203.0.113.40 10.1.2.3 0 0 1 4 336 1700000027 1700000142 ACCEPT OK",
            "2 210987654321 eni-0aa 10.1.2.3 203.0.113.40 0 0 1 4 336 1700000094 1700000142 REJECT OK",
        ],
    },
    Example {
        name: "IPv6",
        format: VPC_DEFAULT,
        lines: &[
            "2 210987654321 eni-0aa 2001:db8:12:a100::f105 2001:DB8:12:a102:0:0:34cf:4071 34892 22 6 54 8855 1700000708 1700000820 ACCEPT OK",
        ],
    },
    Example {
        name: "sequence of TCP flags",
        format: "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport \
                 pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status",
        lines: &[
            "3 vpc-0a subnet-0a i-0a eni-0aa 210987654321 IPv4 203.0.113.42 10.1.0.62 43416 5001 203.0.113.42 10.1.0.62 6 568 8 1700000075 1700000133 ACCEPT 2 OK",
            "3 vpc-0a subnet-0a i-0a eni-0aa 210987654321 IPv4 10.1.0.62 203.0.113.42 5001 43416  10.1.0.62 203.0.113.42 6 376 7 1700000075 1700000133 ACCEPT 19 OK",
        ],
    },
    Example {
        name: "zonal NAT gateway",
        format: "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr",
        lines: &[
            "- eni-0aa 10.1.1.5 10.1.0.220 10.1.1.5 203.0.113.5",
            "- eni-0aa 10.1.0.220 203.0.113.5 10.1.0.220 203.0.113.5",
            "i-0a eni-0bb 203.0.113.5 10.1.1.5 203.0.113.5 10.1.1.5",
        ],
    },
    Example {
        name: "regional NAT gateway",
        format: "resource-id instance-id interface-id subnet-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr",
        lines: &["nat-0a - - - 10.1.1.5 203.0.113.5 10.1.1.5 203.0.113.5"],
    },
    Example {
        name: "through a transit gateway",
        format: "version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport \
                 protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status",
        lines: &[
            "3 eni-0cc 210987654321 vpc-0a subnet-0b - 10.40.1.175 10.40.2.236 39812 80 6 3 IPv4 10.20.33.164 10.40.2.236 ACCEPT OK",
        ],
    },
    Example {
        name: "service name, traffic path and direction",
        format: VPC_V5,
        lines: &[
            "5 210987654321 eni-0aa 203.0.113.179 10.1.0.71 80 34210 6 14 15044 1700000092 1700000149 ACCEPT OK vpc-0a subnet-0a i-0a 19 IPv4 203.0.113.179 10.1.0.71 ap-southeast-2 apse2-az3 - - S3 - ingress -",
            "5 210987654321 eni-0aa 10.1.0.71 203.0.113.179 34210 80 6 7 471 1700000092 1700000149 ACCEPT OK vpc-0a subnet-0a i-0a 3 IPv4 10.1.0.71 203.0.113.179 ap-southeast-2 apse2-az3 outpost op-0a - S3 egress 8",
            "5 210987654321 eni-0aa - - - - - - - 1700000092 1700000149 - NODATA vpc-0a subnet-0a i-0a - - - - ap-southeast-2 apse2-az3 - - - - - -",
        ],
    },
    Example {
        name: "a container's, refused by Block Public Access, with a column of the future",
        format: "account-id interface-id srcaddr dstaddr protocol action start end flow-direction ecs-cluster-arn \
                 ecs-cluster-name ecs-container-instance-id ecs-service-name ecs-task-id reject-reason next-hop-az-id \
                 sublocation",
        lines: &[
            "210987654321 eni-0aa 10.1.0.71 10.1.0.72 47 REJECT 1700000092 1700000149 ingress arn:aws:ecs:eu-west-1:210987654321:cluster/a a i-0a web 0f1e BPA euw1-az1 moon",
            "210987654321 eni-0aa 10.1.0.71 10.1.0.72 250 SHAPED 1700000092 1700000149 - - - - - - - - -",
        ],
    },
    Example {
        name: "transit gateway",
        format: TGW_DEFAULT,
        lines: &[
            "6 TransitGateway 210987654321 tgw-0a tgw-attach-0a 210987654321 210987654322 vpc-0a vpc-0b subnet-0a subnet-0b eni-0aa eni-0bb euw1-az1 euw1-az2 tgw-attach-0b 10.1.0.5 10.2.0.5 33333 443 6 5 2000 1700000000 1700000060 OK IPv4 0 0 1 0 24 eu-west-1 egress - -",
        ],
    },
];
