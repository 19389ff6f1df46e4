//! Generated files are current; the failure prints the command that renews them.

use clap::Parser;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[test]
fn generated_files_are_current() {
    let bless = std::env::var_os("CCCI_BLESS").is_some();
    let mut stale = vec![];
    for file in ccci::commands::generated::generated() {
        let have = fs::read_to_string(&file.path).unwrap_or_default();
        if have != file.content && bless {
            fs::create_dir_all(Path::new(&file.path).parent().unwrap()).unwrap();
            fs::write(&file.path, &file.content).unwrap();
        } else if have != file.content {
            stale.push(file.path);
        }
    }
    assert!(stale.is_empty(), "not current: {stale:?}; run `CCCI_BLESS=1 cargo test generated`");
    for page in ccci::commands::generated::pages() {
        assert!(Path::new(page.from).exists(), "{} says that it is made from {}", page.file, page.from);
    }
}

/// Checks `docs/MODULES.md`: every file with the first sentence of its header, so that a newcomer can find everything
/// by name.
#[test]
fn the_map_of_the_modules_is_current() {
    let mut text = String::from(
        "<!-- made from the files' own headers; run `CCCI_BLESS=1 cargo test modules` -->\n\n# Modules\n\n\
         Every file with its first sentence; how they stand on each other is in [ARCHITECTURE.md](ARCHITECTURE.md).\n",
    );
    let mut folders: BTreeMap<String, String> = BTreeMap::new();
    for path in ["src", "tests", "dev"].iter().flat_map(|root| crate::tidy::rust_files(Path::new(root))) {
        let name = path.file_name().unwrap().to_string_lossy();
        let line = format!("- `{name}`: {}\n", first_sentence(&fs::read_to_string(&path).unwrap()));
        folders.entry(path.parent().unwrap().display().to_string()).or_default().push_str(&line);
    }
    for (folder, lines) in folders {
        text.push_str(&format!("\n## `{folder}/`\n\n{lines}"));
    }
    crate::golden::same(Path::new("docs/MODULES.md"), &text);
}

/// The header up to the first full stop at the end of a word.
fn first_sentence(text: &str) -> String {
    let header: Vec<&str> = text
        .lines()
        .map_while(|l| l.strip_prefix("//!"))
        .map(str::trim)
        .take_while(|l| !l.is_empty())
        .collect();
    let header = header.join(" ");
    header.split_once(". ").map_or(header.clone(), |(first, _)| format!("{first}."))
}

#[test]
fn every_link_of_the_docs_leads_somewhere() {
    let mut files = vec![std::path::PathBuf::from("README.md")];
    crate::console::markdown_files(Path::new("docs"), &mut files);
    let mut dead = vec![];
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            let local = !path.is_empty() && !path.contains("://") && !path.contains(' ');
            if local && !file.parent().unwrap().join(path).exists() {
                dead.push(format!("{}: {link}", file.display()));
            }
        }
    }
    assert!(dead.is_empty(), "these links lead nowhere:\n{}", dead.join("\n"));
}

#[test]
fn the_templates_for_ci_are_yaml_and_call_ccci_as_it_can_be_called() {
    let mut calls = 0;
    for entry in fs::read_dir("docs/ci").unwrap().flatten() {
        let text = fs::read_to_string(entry.path()).unwrap();
        serde_saphyr::from_str::<serde_json::Value>(&text)
            .unwrap_or_else(|e| panic!("{:?}: {e}", entry.path()));
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let Some(at) = line.find("ccci check").or_else(|| line.find("ccci run")) else { continue };
            let words = line[at..].split('>').next().unwrap_or_default().split_whitespace();
            let call = ccci::commands::args::Call::try_parse_from(words);
            assert!(call.is_ok(), "{:?}: {line}: {}", entry.path(), call.unwrap_err());
            calls += 1;
        }
    }
    assert!(calls >= 8, "{calls}");
}
