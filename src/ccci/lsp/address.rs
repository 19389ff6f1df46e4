//! Paths as `file:` URIs and back. Pure.

use ccci_report::findings;
use gen_lsp_types::Uri;
use std::path::{Path, PathBuf};

/// The path of a URI; `None` if it is none of this machine's files.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.0.strip_prefix("file://")?;
    let rest = &rest[rest.find('/')?..];
    let bytes = rest.as_bytes();
    let (mut out, mut at) = (vec![], 0);
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let decoded = hex.and_then(|h| u8::from_str_radix(std::str::from_utf8(h).ok()?, 16).ok());
        out.push(decoded.unwrap_or(bytes[at]));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).ok().map(PathBuf::from)
}

/// The URI of a path.
pub(super) fn uri(path: &Path) -> Uri {
    Uri(format!("file://{}", findings::uri(&path.to_string_lossy())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_comes_back_from_its_uri() {
        let odd = Path::new("/a b/ü%25/c.yml");
        assert_eq!(path(&uri(odd)).as_deref(), Some(odd));
        assert_eq!(path(&Uri("untitled:1".into())), None);
        assert_eq!(path(&Uri("file:///a%2".into())).as_deref(), Some(Path::new("/a%2")));
    }
}
