//! Encryption under MQTT, by rustls.

use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::{Stream, is_patience};

impl Stream for StreamOwned<ClientConnection, TcpStream> {}

/// Agrees on encryption with whoever is at the other end, who must have a certificate
/// for `host` from one of the authorities in a PEM file. The file is read each time.
pub fn encrypt(
    mut stream: TcpStream,
    host: &str,
    authorities: &Path,
    limit: Duration,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots(authorities)?)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| invalid("the host's name cannot stand in a certificate".into()))?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let begun = Instant::now();
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut stream)
            && !is_patience(&error)
        {
            return Err(error);
        }
        if connection.is_handshaking() && begun.elapsed() >= limit {
            let problem = "it does not agree on encryption in time";
            return Err(io::Error::new(io::ErrorKind::TimedOut, problem));
        }
    }
    Ok(StreamOwned::new(connection, stream))
}

fn roots(file: &Path) -> io::Result<RootCertStore> {
    let named = |error: &dyn std::fmt::Display| invalid(format!("{}: {error}", file.display()));
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| named(&error))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|error| named(&error))?;
        // A bundle of a system may hold one that rustls does not take.
        let _ = roots.add(certificate);
    }
    if roots.is_empty() { Err(named(&"it holds no certificate")) } else { Ok(roots) }
}

fn invalid(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}
