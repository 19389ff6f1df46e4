//! The run's own certificate authority: made at start, kept in memory only, with one leaf for each requested name.

use crate::tls::provider;
use ccci_model::time::utc_stamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

/// The name in the certificate for clients that ask for no name.
const NAMELESS: &str = "ingress.invalid";
/// Most leaves that are kept; beyond this number, all are made anew.
const MOST_LEAVES: usize = 1000;

/// The authority and its leaves.
pub(super) struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
    years: (i32, i32),
    leaf_key: KeyPair,
    leaves: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl fmt::Debug for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ca")
    }
}

impl Ca {
    /// A new authority, valid from last year to next year.
    pub(super) fn new(wall_ms: u64) -> io::Result<Ca> {
        let year: i32 = utc_stamp(wall_ms)[..4].parse().map_err(io::Error::other)?;
        let years = (year - 1, year + 1);
        let mut params = params(vec![], "ccci, this run only", years)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)?;
        let leaf_key = KeyPair::generate().map_err(io::Error::other)?;
        Ok(Ca { issuer, years, leaf_key, leaves: Mutex::default() })
    }

    /// The authority's certificate.
    pub(super) fn certificate(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// The authority's public key, DER.
    pub(super) fn key(&self) -> Vec<u8> {
        self.issuer.key().subject_public_key_info()
    }

    /// The same as PEM, for programs that read files.
    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A server that shows a leaf for any name that a client asks for.
    pub(crate) fn server(self: &Arc<Ca>) -> ServerConfig {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider knows the default versions of TLS")
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }

    fn leaf(&self, name: &str) -> io::Result<Arc<CertifiedKey>> {
        let mut leaves = self.leaves.lock().map_err(|_| io::Error::other("poisoned"))?;
        if let Some(leaf) = leaves.get(name) {
            return Ok(leaf.clone());
        }
        let mut params = params(vec![name.to_string()], name, self.years)?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&self.leaf_key, &self.issuer).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der()));
        let chain = vec![certificate.der().clone(), self.certificate()];
        let leaf = CertifiedKey::from_der(chain, key, &provider()).map_err(io::Error::other)?;
        if leaves.len() >= MOST_LEAVES {
            leaves.clear();
        }
        Ok(leaves.entry(name.to_string()).or_insert(Arc::new(leaf)).clone())
    }
}

impl ResolvesServerCert for Ca {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.leaf(hello.server_name().unwrap_or(NAMELESS)).ok()
    }
}

fn params(names: Vec<String>, common: &str, years: (i32, i32)) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, common);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 12, 31);
    Ok(params)
}
