//! Webhooks by HTTPS: whose certificate is believed.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use normwatch::event::Phase;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use super::{Site, notice, once, until};

const CERTIFICATE: &[u8] = include_bytes!("../../fixtures/tls/server.pem");
const KEY: &[u8] = include_bytes!("../../fixtures/tls/server.key");
const AUTHORITY: &str = include_str!("../../fixtures/tls/ca.pem");

/// A server called localhost that says 204 to whoever believes it; its port.
fn server() -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificates = CertificateDer::pem_slice_iter(CERTIFICATE).map(Result::unwrap).collect();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, PrivateKeyDer::from_pem_slice(KEY).unwrap())
        .unwrap();
    let (listener, config) = (TcpListener::bind("127.0.0.1:0").unwrap(), Arc::new(config));
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, config) = (stream.unwrap(), config.clone());
            thread::spawn(move || {
                let mut connection = ServerConnection::new(config).unwrap();
                let mut stream = Stream::new(&mut connection, &mut stream);
                // The client's refusal is an error here.
                if stream.read(&mut [0; 4096]).is_ok() {
                    let _ = stream.write_all(b"HTTP/1.1 204 X\r\n\r\n");
                }
            });
        }
    });
    port
}

#[test]
fn a_certificate_is_believed_if_it_is_the_hosts_and_of_a_known_authority() {
    let port = server();
    for (host, keys, arrives) in [
        ("localhost", "ca_file = \"ca.pem\"\n", true),
        // It is not called that.
        ("127.0.0.1", "ca_file = \"ca.pem\"\n", false),
        // Nobody but us knows the authority.
        ("localhost", "", false),
        ("localhost", "ca_file = \"none.pem\"\n", false),
        ("localhost", "ca_file = \"empty.pem\"\n", false),
    ] {
        let outputs = format!(
            "[[output.webhook]]\nname = \"desk\"\nurl = \"https://{host}:{port}/\"\n{keys}"
        );
        let site = Site::with(&[("ca.pem", AUTHORITY), ("empty.pem", "")], &outputs);
        let outlet = site.outlet(&once());
        outlet.tell(&notice("a", Phase::Begin));
        let counts = until(&*outlet, host, |counts| counts.sent + counts.dropped == 1);
        assert_eq!(counts.sent == 1, arrives, "{host} {keys}");
    }
}
