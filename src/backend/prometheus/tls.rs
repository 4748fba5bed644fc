//! Whom to trust, and whom to be: certificates of a backend.

use ureq::tls::Certificate;
use ureq::tls::ClientCert;
use ureq::tls::PemItem;
use ureq::tls::RootCerts;
use ureq::tls::TlsConfig;
use ureq::tls::parse_pem;

use crate::budget::Failure;
use crate::config::Backend;

use super::secret::Vault;

/// Returns the settings of TLS for a backend.
///
/// Without a CA file the verifier of the platform decides; with one, its certificates are trusted
/// besides those of the system.
///
/// # Errors
///
/// [`Failure::Unreachable`] names the file that cannot be read or holds nothing of use.
pub(super) fn config(
    backend: &Backend,
    vault: &Vault<'_>,
    files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<TlsConfig, Failure> {
    let items = |path: &str| items(path, vault, files);
    let mut roots = RootCerts::PlatformVerifier;
    if let Some(path) = &backend.ca_file {
        let mut trusted = certificates(items(path)?, path)?;
        let system = rustls_native_certs::load_native_certs().certs;
        trusted.extend(system.iter().map(|root| Certificate::from_der(root).to_owned()));
        roots = RootCerts::new_with_certs(&trusted);
    }
    let mut client = None;
    if let (Some(chain_path), Some(key_path)) =
        (&backend.client_cert_file, &backend.client_key_file)
    {
        let chain = certificates(items(chain_path)?, chain_path)?;
        let key = items(key_path)?.into_iter().find_map(|item| match item {
            PemItem::PrivateKey(key) => Some(key),
            _ => None,
        });
        let key = key.ok_or_else(|| nothing(key_path, "private key"))?;
        client = Some(ClientCert::new_with_certs(&chain, key));
    }
    Ok(TlsConfig::builder().root_certs(roots).client_cert(client).build())
}

fn items(
    path: &str,
    vault: &Vault<'_>,
    files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Vec<PemItem<'static>>, Failure> {
    let expanded = vault.expand(path)?;
    let bytes =
        files(&expanded).map_err(|why| Failure::Unreachable(format!("read `{path}`: {why}")))?;
    let items: Result<Vec<_>, _> = parse_pem(&bytes).collect();
    items.map_err(|_| Failure::Unreachable(format!("read `{path}`: it is not PEM")))
}

fn certificates(
    items: Vec<PemItem<'static>>,
    path: &str,
) -> Result<Vec<Certificate<'static>>, Failure> {
    let certificates = items.into_iter().filter_map(|item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<_> = certificates.collect();
    if certificates.is_empty() { Err(nothing(path, "certificate")) } else { Ok(certificates) }
}

fn nothing(path: &str, what: &str) -> Failure {
    Failure::Unreachable(format!("read `{path}`: it holds no {what}"))
}
