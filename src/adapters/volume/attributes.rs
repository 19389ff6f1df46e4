//! Extended attributes of files, and which of them belong to a backup.

use rustix::fs::{XattrFlags, lgetxattr, lgetxattr_query, llistxattr, llistxattr_query, lsetxattr};
use rustix::io::Errno;
use std::ffi::CStr;
use std::io;
use std::path::Path;

/// Prefix of their names in a tar, as GNU tar and Docker write them.
pub(super) const PAX: &str = "SCHILY.xattr.";

/// Attributes that belong to a file on any machine. Labels of SELinux and `trusted.` attributes belong to one machine.
const KEPT: &[&str] =
    &["user.", "security.capability", "system.posix_acl_access", "system.posix_acl_default"];

/// Whether an attribute is kept.
pub(super) fn is_kept(name: &str) -> bool {
    KEPT.iter().any(|kept| name == *kept || kept.ends_with('.') && name.starts_with(kept))
}

/// The attributes of a file, by name.
pub(super) fn of(path: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let names = match filled(|| llistxattr_query(path), |to| llistxattr(path, to)) {
        Err(e) if e == Errno::NOTSUP || e == Errno::PERM => return Ok(vec![]),
        other => other?,
    };
    let mut out = vec![];
    for name in names.split_inclusive(|b| *b == 0).filter_map(|n| CStr::from_bytes_with_nul(n).ok()) {
        let text = name.to_string_lossy().into_owned();
        if !is_kept(&text) {
            continue;
        }
        match filled(|| lgetxattr_query(path, name), |to| lgetxattr(path, name, to)) {
            Ok(value) => out.push((text, value)),
            Err(e) if e == Errno::NODATA => {}
            Err(e) => return Err(e.into()),
        }
    }
    out.sort();
    Ok(out)
}

/// Sets an attribute.
pub(super) fn set(path: &Path, name: &str, value: &[u8]) -> io::Result<()> {
    let set = lsetxattr(path, name, value, XattrFlags::empty());
    set.map_err(|e| io::Error::other(format!("set the attribute `{name}` of `{}`: {e}", path.display())))
}

/// Calls `call` with a buffer of the size that `size` returns; returns what it wrote.
fn filled(
    size: impl Fn() -> Result<usize, Errno>,
    call: impl Fn(&mut [u8]) -> Result<usize, Errno>,
) -> Result<Vec<u8>, Errno> {
    loop {
        let mut buffer = vec![0; size()?];
        match call(&mut buffer) {
            // the value grew in between
            Err(e) if e == Errno::RANGE => {}
            Err(e) => return Err(e),
            Ok(n) => {
                buffer.truncate(n);
                return Ok(buffer);
            }
        }
    }
}
