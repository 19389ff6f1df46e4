//! Expected texts in files. `CCCI_BLESS=1 cargo test` writes them again; the changes are then reviewed like code.

use std::fs;
use std::path::{Path, PathBuf};

/// Asserts that a file contains this text.
pub(crate) fn same(path: &Path, got: &str) {
    if std::env::var_os("CCCI_BLESS").is_some() {
        fs::write(path, got).expect("the fixtures can be written");
        return;
    }
    let want = fs::read_to_string(path).unwrap_or_default();
    assert!(
        want == got,
        "{} differs; CCCI_BLESS=1 cargo test writes it anew\n--- expected\n{want}\n--- got\n{got}",
        path.display()
    );
}

/// The cases below a directory of fixtures, sorted.
pub(crate) fn cases(dir: &str) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> =
        fs::read_dir(dir).expect(dir).flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect();
    out.sort();
    assert!(!out.is_empty(), "{dir} has no cases");
    out
}
