//! What the adapters share about TLS: a crypto provider, a client that accepts any certificate, and the name in a
//! certificate.
//! That client is for probes only, never for anything that must be trusted.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// The crypto provider of all TLS in this program. Never the process-wide default, which another crate could change.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A client that trusts these certificates and no others.
pub fn client_trusting(roots: &[CertificateDer<'static>]) -> ClientConfig {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().cloned());
    builder().with_root_certificates(store).with_no_client_auth()
}

/// A client that accepts any certificate.
pub(crate) fn client_trusting_anyone() -> ClientConfig {
    builder().dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider()))).with_no_client_auth()
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider knows the default versions of TLS")
}

#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The common name of a certificate's subject, empty if there is none or the certificate cannot be read.
pub(crate) fn common_name(certificate: &[u8]) -> String {
    subject_name(certificate).unwrap_or_default()
}

/// Walks `Certificate → TBSCertificate → subject` (RFC 5280, 4.1); only lengths and four tags matter.
fn subject_name(certificate: &[u8]) -> Option<String> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
    let (_, outer, _) = element(certificate)?;
    let (_, mut fields, _) = element(outer)?;
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    // serial number, signature algorithm, issuer, validity
    for _ in 0..4 {
        fields = element(fields)?.2;
    }
    let (tag, mut names, _) = element(fields)?;
    if tag != SEQUENCE {
        return None;
    }
    while !names.is_empty() {
        let (_, mut set, rest) = element(names)?;
        names = rest;
        while !set.is_empty() {
            let (_, pair, rest) = element(set)?;
            set = rest;
            if let Some(value) = pair.strip_prefix(COMMON_NAME) {
                let (tag, text, _) = element(value)?;
                return Some(string(tag, text));
            }
        }
    }
    None
}

/// The first element of DER: tag, content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        short @ 0..=0x7f => (usize::from(short), rest),
        long => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            if digits.len() > 4 {
                return None;
            }
            (digits.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn string(tag: u8, bytes: &[u8]) -> String {
    const BMP_STRING: u8 = 0x1e;
    if tag == BMP_STRING {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]])).collect();
        return String::from_utf16_lossy(&units);
    }
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};

    fn certificate(names: &[(DnType, DnValue)]) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["a.test".to_string()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in names {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_common_name_is_found_whatever_stands_before_it() {
        let murmur = "Murmur Autogenerated Certificate v2";
        let named = certificate(&[
            (DnType::OrganizationName, "Höhle".into()),
            (DnType::CommonName, DnValue::Utf8String(murmur.into())),
        ]);
        assert_eq!(common_name(&named), murmur);
        assert_eq!(common_name(&certificate(&[])), "");
        let bmp = DnValue::BmpString("ä".try_into().unwrap());
        assert_eq!(common_name(&certificate(&[(DnType::CommonName, bmp)])), "ä");
    }

    #[test]
    fn a_broken_certificate_has_no_name_and_does_no_harm() {
        let good = certificate(&[(DnType::CommonName, "a".into())]);
        for cut in 0..good.len() {
            common_name(&good[..cut]);
        }
        for noise in [&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..], &[0x30, 0xff], &[0x30, 0x89, 1], &[]] {
            assert_eq!(common_name(noise), "");
        }
    }
}
