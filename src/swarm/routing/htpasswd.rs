//! Password hashes as `htpasswd` writes them, for `basicauth` labels. Pure. Not for anything that ccci stores.

use base64::prelude::{BASE64_STANDARD, Engine};
use md5::{Digest, Md5};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Whether a password matches this hash: `{SHA}…`, `$apr1$…`, `$1$…` or bcrypt, the kinds that Traefik accepts.
pub(crate) fn fits(hash: &str, password: &str) -> bool {
    if let Some(sha) = hash.strip_prefix("{SHA}") {
        return BASE64_STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes())) == sha;
    }
    match hash.split('$').collect::<Vec<_>>()[..] {
        ["", kind @ ("apr1" | "1"), salt, _] => md5_crypt(password, &format!("${kind}$"), salt) == hash,
        ["", "2a" | "2b" | "2x" | "2y", ..] => bcrypt::verify(password, hash).unwrap_or(false),
        _ => false,
    }
}

/// The MD5 scheme of crypt(3) and Apache.
fn md5_crypt(password: &str, magic: &str, salt: &str) -> String {
    let (pass, head) = (password.as_bytes(), format!("{magic}{salt}$"));
    let salt = salt.get(..8).unwrap_or(salt).as_bytes();
    let inner = Md5::new().chain_update(pass).chain_update(salt).chain_update(pass).finalize();
    let mut first = Md5::new().chain_update(pass).chain_update(magic).chain_update(salt);
    for i in 0..pass.len() {
        first.update([inner[i % 16]]);
    }
    let mut bits = pass.len();
    while bits > 0 {
        first.update([if bits & 1 == 1 { 0 } else { pass[0] }]);
        bits >>= 1;
    }
    let mut last = first.finalize();
    for round in 0..1000 {
        let mut next = Md5::new();
        if round % 2 == 1 {
            next.update(pass)
        } else {
            next.update(last)
        }
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(pass);
        }
        if round % 2 == 1 {
            next.update(last)
        } else {
            next.update(pass)
        }
        last = next.finalize();
    }
    format!("{head}{}", crypt_letters(&last))
}

/// The digest in the unusual order and alphabet of crypt(3).
fn crypt_letters(digest: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let groups = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
    let mut out = String::new();
    let mut push = |mut value: u32, letters: usize| {
        for _ in 0..letters {
            out.push(char::from(ALPHABET[(value & 63) as usize]));
            value >>= 6;
        }
    };
    for g in groups {
        push(g.iter().fold(0, |n, i| n << 8 | u32::from(digest[*i])), 4);
    }
    push(u32::from(digest[11]), 2);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_hash_that_htpasswd_makes_is_understood() {
        for hash in [
            "$apr1$abcdefgh$FBwExRW4dCc8aL.OvjpIE1",
            "$1$xy$GSi9DZ/itmn9/ge6aijPn/",
            "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
            "$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm",
        ] {
            assert!(fits(hash, "password"), "{hash}");
            assert!(!fits(hash, "Password"), "{hash}");
        }
        assert!(fits("$apr1$ab$DAlyFvW5QqGDsqIL1vyma.", "pässwörd long enough to wrap"));
    }

    #[test]
    fn what_is_no_hash_fits_nothing() {
        for hash in ["", "password", "$", "$apr1$", "$2y$05$", "$6$a$b", "$apr1$é$x"] {
            assert!(!fits(hash, "password"), "{hash}");
            assert!(!fits(hash, ""), "{hash}");
        }
    }
}
