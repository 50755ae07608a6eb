//! The root certificates that vouch for the other end of a TLS connection.
//!
//! AWS's endpoints have certificates of Amazon Trust Services, whose five roots are part of the program: to read the
//! system's, some 140, would cost more than all else that the first call needs.

use std::fmt;
use std::fs;
use std::io;

use aws_smithy_http_client::tls::TrustStore;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

/// Those of Amazon Trust Services, which `build.rs` takes from Mozilla's set.
const AMAZON: &str = include_str!(concat!(env!("OUT_DIR"), "/amazon-roots.pem"));

/// How regions begin for which nothing says that those roots are enough: China, the isolated partitions, and the
/// European Sovereign Cloud, which has roots of its own.
const OTHER_PARTITIONS: [&str; 4] = ["cn-", "us-iso", "eu-iso", "eusc-"];

/// Which roots are trusted.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    Amazon,
    System,
    /// PEM, of which every certificate can be read.
    Bundle(Vec<u8>),
}

/// Why a file is no bundle of certificates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaBundleError {
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It is text without certificates.
    #[error("expected certificates as PEM, found none")]
    Empty,
    /// A part of it is not PEM.
    #[error("certificate {number}: expected PEM: {error}")]
    NotPem {
        /// Which of the certificates, from 1.
        number: usize,
        /// The mistake.
        error: pem::Error,
    },
    /// A part of it is PEM, but no certificate that TLS could use.
    #[error("certificate {number}: expected an X.509 certificate: {error}")]
    NotCertificate {
        /// Which of the certificates, from 1.
        number: usize,
        /// The mistake.
        error: rustls::Error,
    },
}

impl Roots {
    /// Those that AWS's endpoints in `region` need.
    pub(crate) fn of_region(region: &str) -> Self {
        if OTHER_PARTITIONS.iter().any(|start| region.starts_with(start)) {
            Roots::System
        } else {
            Roots::Amazon
        }
    }

    /// Those in the file at `path`, and no others: this is what `AWS_CA_BUNDLE` means for AWS's own tools.
    pub(crate) fn bundle(path: &str) -> Result<Self, CaBundleError> {
        let pem = fs::read(path)?;
        check(&pem)?;
        Ok(Roots::Bundle(pem))
    }

    pub(crate) fn trust_store(&self) -> TrustStore {
        match self {
            Roots::Amazon => TrustStore::empty().with_pem_certificate(AMAZON),
            Roots::System => TrustStore::default(),
            Roots::Bundle(pem) => TrustStore::empty().with_pem_certificate(pem.as_slice()),
        }
    }
}

/// Kilobytes of PEM tell nobody anything.
impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Roots::Amazon => "Amazon",
            Roots::System => "System",
            Roots::Bundle(_) => "Bundle",
        })
    }
}

/// Reads `pem` as the client will, which would panic at what it can't read.
fn check(pem: &[u8]) -> Result<RootCertStore, CaBundleError> {
    let mut store = RootCertStore::empty();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem)) {
        let certificate = certificate.map_err(|error| CaBundleError::NotPem { number, error })?;
        store.add(certificate).map_err(|error| CaBundleError::NotCertificate { number, error })?;
    }
    if store.is_empty() { Err(CaBundleError::Empty) } else { Ok(store) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_five_roots_are_built_in() {
        let store = check(AMAZON.as_bytes()).unwrap();
        let subjects: Vec<_> =
            store.roots.iter().map(|root| String::from_utf8_lossy(&root.subject).into_owned()).collect();
        let expected = [
            "Amazon Root CA 1",
            "Amazon Root CA 2",
            "Amazon Root CA 3",
            "Amazon Root CA 4",
            "Starfield Services Root Certificate Authority - G2",
        ];
        assert_eq!(subjects.len(), expected.len(), "{subjects:?}");
        for (subject, name) in subjects.iter().zip(expected) {
            assert!(subject.ends_with(name), "{subject:?}: expected {name}");
        }
    }

    #[test]
    fn partitions_with_other_roots_ask_the_system() {
        for region in ["eu-west-1", "us-gov-east-1", "us-east-1", "ap-southeast-7"] {
            assert_eq!(Roots::of_region(region), Roots::Amazon, "{region}");
        }
        for region in ["cn-north-1", "cn-northwest-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1"] {
            assert_eq!(Roots::of_region(region), Roots::System, "{region}");
        }
    }

    #[test]
    fn a_file_that_is_no_bundle_is_told() {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----\n";
        const END: &str = "-----END CERTIFICATE-----\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        let path = path.to_str().unwrap();
        let told = || Roots::bundle(path).unwrap_err().to_string();
        assert!(told().starts_with("No such file"), "{}", told());
        let cases = [
            (String::new(), "expected certificates as PEM, found none"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_owned(), "found none"),
            (format!("{AMAZON}{BEGIN}AAAA\n"), "certificate 6: expected PEM: "),
            (format!("{BEGIN}AAAA\n{END}"), "certificate 1: expected an X.509 certificate: "),
        ];
        for (text, expected) in cases {
            fs::write(path, &text).unwrap();
            assert!(told().contains(expected), "{text}: {}", told());
        }
        fs::write(path, AMAZON).unwrap();
        assert_eq!(Roots::bundle(path).unwrap(), Roots::Bundle(AMAZON.into()));
    }
}
