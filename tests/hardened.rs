//! Hardened variants of two recipes: every service has a read-only root, no capabilities, and a user other than root.
//! They must be green at the highest level. Run if `CCCI_SWARM` is set (`make test`).

use crate::repository::Repository;
use crate::run::fullest::copy;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A recipe, the versions of its variant with their image tags, and a text that is replaced in its scripts.
struct Twin {
    of: &'static str,
    versions: [(&'static str, &'static str); 2],
    replace: (&'static str, &'static str),
}

const TWINS: &[Twin] = &[
    Twin {
        of: "custom-html",
        versions: [("1.0.0+1.25.0", "1.25.0"), ("1.1.0+1.26.0", "1.26.0")],
        replace: ("/usr/share/nginx/html/", "/var/lib/nginx/"),
    },
    Twin {
        of: "wordpress",
        versions: [("1.0.0+6.4.3", "6.4.3"), ("1.1.0+6.5.2", "6.5.2")],
        replace: ("", ""),
    },
];

fn project(twin: &Twin) -> Repository {
    let repository = Repository::new();
    copy(&Path::new("tests/fixtures/hardened").join(twin.of), &repository.path());
    let compose = fs::read_to_string(repository.path().join("compose.yml")).unwrap();
    for (version, image) in twin.versions {
        let text = compose.replace("VERSION", version).replace("IMAGE", image);
        // names of variables contain the same word
        let text = text.replace(&format!("_{version}}}"), "_VERSION}");
        repository.write("compose.yml", text).write(&format!("release/{version}"), "No hands are needed.\n");
        repository.commit(version);
        repository.git(&["tag", "-a", version, "-m", version]);
    }
    let own = repository.around().join("recipes").join(twin.of);
    copy(&Path::new("recipes").join(twin.of), &own);
    let settings = fs::read_to_string(own.join("recipe.toml")).unwrap();
    let lines = settings.lines().filter(|l| !l.starts_with("source"));
    let settings = format!("source = {:?}\n{}\n", repository.given(), lines.collect::<Vec<_>>().join("\n"));
    fs::write(own.join("recipe.toml"), settings).unwrap();
    let pages = own.join("lib/pages.rhai");
    if pages.exists() {
        let text = fs::read_to_string(&pages).unwrap();
        fs::write(pages, text.replace(twin.replace.0, twin.replace.1)).unwrap();
    }
    repository
}

#[test]
fn hardened_twins_are_green_at_the_highest_level() {
    if std::env::var_os("CCCI_SWARM").is_none() {
        return println!("NOT RUN: the hardened twins need a Swarm; `make test` runs them");
    }
    for twin in TWINS {
        let repository = project(twin);
        let (around, out) = (repository.around(), repository.around().join("record"));
        let mut ccci = Command::new(env!("CARGO_BIN_EXE_ccci"));
        ccci.args(["run", twin.of, "--format", "json", "--out"]).arg(&out).current_dir(around);
        let ran = ccci.output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(0), "{said}");
        let results: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(results["level"], 5, "{said}");
        let resolved = fs::read_to_string(out.join("compose/head.yml")).unwrap_or(said.into_owned());
        assert_eq!(
            resolved.matches("read_only: true").count(),
            resolved.matches("image:").count(),
            "{resolved}"
        );
    }
}
