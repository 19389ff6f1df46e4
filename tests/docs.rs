//! Generated files are current; the failure prints the command that renews them.

use std::fs;
use std::path::Path;

#[test]
fn generated_files_are_current() {
    let bless = std::env::var_os("CCCI_BLESS").is_some();
    let mut stale = vec![];
    for file in ccci::cli::generated::generated() {
        let have = fs::read_to_string(&file.path).unwrap_or_default();
        if have != file.content && bless {
            fs::create_dir_all(Path::new(&file.path).parent().unwrap()).unwrap();
            fs::write(&file.path, &file.content).unwrap();
        } else if have != file.content {
            stale.push(file.path);
        }
    }
    assert!(stale.is_empty(), "not current: {stale:?}; run `CCCI_BLESS=1 cargo test generated`");
}
