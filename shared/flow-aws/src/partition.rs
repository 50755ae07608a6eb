//! Where a service is, by its region: AWS's partitions and their host names, as botocore's `partitions.json` and the rule
//! sets of endpoints have them.

/// How the names of regions begin outside of AWS's main partition, and how the host names of their services end. What
/// begins like another is after it.
const SUFFIXES: [(&str, &str); 7] = [
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-gov-", "amazonaws.com"),
];

const MAIN_SUFFIX: &str = "amazonaws.com";

/// Those called here whose FIPS endpoints have names of their own in the regions of the US government; there the usual
/// endpoints of all others are such.
const WITH_FIPS_IN_GOV: [&str; 2] = ["kms", "s3"];

/// The URL of the service whose hosts begin with `prefix`.
pub(crate) fn service_url(prefix: &str, region: &str, uses_fips: bool) -> String {
    let found = SUFFIXES.iter().find(|(start, _)| region.starts_with(start));
    let suffix = found.map_or(MAIN_SUFFIX, |(_, suffix)| suffix);
    let is_named = !region.starts_with("us-gov-") || WITH_FIPS_IN_GOV.contains(&prefix);
    let fips = if uses_fips && is_named { "-fips" } else { "" };
    format!("https://{prefix}{fips}.{region}.{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_of_the_partition() {
        let cases = [
            ("ec2", "eu-central-1", false, "https://ec2.eu-central-1.amazonaws.com"),
            ("ec2", "mx-central-1", false, "https://ec2.mx-central-1.amazonaws.com"),
            ("ec2", "us-east-1", true, "https://ec2-fips.us-east-1.amazonaws.com"),
            ("ec2", "cn-north-1", false, "https://ec2.cn-north-1.amazonaws.com.cn"),
            ("ec2", "us-gov-west-1", false, "https://ec2.us-gov-west-1.amazonaws.com"),
            ("ec2", "us-gov-west-1", true, "https://ec2.us-gov-west-1.amazonaws.com"),
            ("kms", "us-gov-west-1", true, "https://kms-fips.us-gov-west-1.amazonaws.com"),
            ("s3", "us-east-1", false, "https://s3.us-east-1.amazonaws.com"),
            ("s3", "us-gov-east-1", true, "https://s3-fips.us-gov-east-1.amazonaws.com"),
            ("ec2", "us-iso-east-1", false, "https://ec2.us-iso-east-1.c2s.ic.gov"),
            ("ec2", "us-isob-east-1", false, "https://ec2.us-isob-east-1.sc2s.sgov.gov"),
            ("ec2", "us-isof-south-1", false, "https://ec2.us-isof-south-1.csp.hci.ic.gov"),
            ("ec2", "eu-isoe-west-1", false, "https://ec2.eu-isoe-west-1.cloud.adc-e.uk"),
            ("ec2", "eusc-de-east-1", false, "https://ec2.eusc-de-east-1.amazonaws.eu"),
        ];
        for (prefix, region, uses_fips, expected) in cases {
            assert_eq!(service_url(prefix, region, uses_fips), expected);
        }
    }
}
