//! Writes the root certificates of Amazon Trust Services, as Mozilla's set has them, to `amazon-roots.pem`.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// Their common names, all that <https://www.amazontrust.com/repository/> asks to trust.
const NAMES: [&str; 5] = [
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
];

#[expect(clippy::disallowed_methods, reason = "cargo says by the environment where to write")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env::var("OUT_DIR")?;
    let pem: Vec<String> = NAMES.into_iter().map(pem).collect::<Result<_, _>>()?;
    fs::write(Path::new(&folder).join("amazon-roots.pem"), pem.concat())?;
    Ok(())
}

fn pem(name: &str) -> Result<String, String> {
    let found: Vec<&[u8]> =
        TLS_SERVER_ROOT_CERTS.iter().map(AsRef::as_ref).filter(|root| is_named(root, name)).collect();
    let [root] = found[..] else {
        return Err(format!("{name}: expected one such root in webpki-root-certs, found {}", found.len()));
    };
    Ok(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64_STANDARD.encode(root)))
}

/// Whether the DER of `root` has the name in it, as DER writes it: after its length.
fn is_named(root: &[u8], name: &str) -> bool {
    root.windows(name.len() + 1)
        .any(|part| usize::from(part[0]) == name.len() && part[1..] == *name.as_bytes())
}
