//! What `ccci new` writes: a recipe directory made from what the recipe's own files show. Facts in, files out; pure.

use ccci_recipe::compose::{Composed, Service};
use ccci_recipe::keys::text;
use ccci_recipe::labels::{is_backed_up, is_routed};
use ccci_runner::gather::Gathered;
use regex::Regex;
use std::fmt::Write;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

/// An address in a healthcheck of the same container: port and path.
static CHECKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::(\d+))?(/[^\s"'|;&#]*)"#)
        .expect("a constant pattern")
});

/// Images of databases, whose files nobody else may write.
const DATABASES: &[&str] = &["mysql", "mariadb", "postgres", "mongo", "redis", "valkey", "clickhouse"];

/// What the files of a recipe show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The recipe.
    pub name: String,
    /// The source as the settings name it; `None` inside of the recipe's own repository.
    pub source: Option<String>,
    /// The path that answers when the app is well, if a service is routed, and the service whose healthcheck names it.
    pub health: Option<(String, Option<String>)>,
    /// A service and its published port, if no service is routed.
    pub port: Option<(String, u16)>,
    /// A service and a directory in it that is backed up, in which a file can be planted.
    pub planted: Option<(String, String)>,
    /// Services with a database.
    pub databases: Vec<String>,
    /// The version that an upgrade begins at.
    pub base: Option<String>,
    /// Whether some service is backed up.
    pub backed_up: bool,
}

impl Facts {
    /// What the head shows.
    pub fn of(g: &Gathered, source: Option<String>) -> Facts {
        let services = || g.head.composed.iter().flat_map(Composed::services);
        let routed = services().find(|s| is_routed(&s.labels));
        let port =
            services().find_map(|s| Some((s.name.to_string(), u16::try_from(s.ports.first()?.target).ok()?)));
        Facts {
            name: g.texts.recipe.name.to_string(),
            source,
            health: routed.map(health),
            port: port.filter(|_| routed.is_none()),
            planted: services().find_map(planted),
            databases: services().filter(|s| is_database(s)).map(|s| s.name.to_string()).collect(),
            base: g.base.as_ref().map(|_| g.choice.reason.clone()),
            backed_up: services().any(|s| is_backed_up(&s.labels)),
        }
    }

    /// The files of the recipe directory, by path.
    pub fn files(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![("recipe.toml", self.settings())];
        if let Some(hooks) = self.hooks() {
            all.push(("hooks.rhai", hooks));
        }
        if let Some((service, directory)) = &self.planted {
            if self.base.is_some() {
                let what = ("upgrade", "kept", "\"written before the upgrade\"");
                all.push(("test_upgrade.rhai", reads_back(service, directory, what)));
            }
            if self.backed_up {
                let what = ("restore", "planted", "\"planted by run \" + ctx.run_id");
                all.push(("test_restore.rhai", reads_back(service, directory, what)));
            }
        }
        if let Some(test) = self.test() {
            all.push(("custom/test_app.rhai", test));
        }
        all
    }

    fn settings(&self) -> String {
        let mut out = format!(
            "# Settings of {}. `ccci explain settings` lists all; a comment shows a default.\n",
            self.name
        );
        if let Some(source) = &self.source {
            let _ = writeln!(out, "source = {}", text(source));
        }
        match &self.health {
            Some((path, Some(service))) if path != "/" => {
                let _ =
                    writeln!(out, "\n# as in the healthcheck of `{service}`\nhealth.path = {}", text(path));
            }
            Some(_) => out += "\n# health.path = \"/\"\n",
            None => {
                out += "\n# No service has the label `traefik.enable=true`, so no page is asked for health.\n"
            }
        }
        out += "# health.ok = [200, 301, 302]\n# health.timeout = \"5m\"\n# deploy.timeout = \"10m\"\n";
        if !self.backed_up {
            out += "\n# No service has the label `backupbot.backup=true`. If the app keeps nothing, say so:\n\
                    # expected_na.backup_restore = \"keeps no data\"\n";
        }
        out
    }

    fn hooks(&self) -> Option<String> {
        let mut out = String::from(
            "// Functions that ccci calls at fixed points of the lifecycle; `ccci explain hooks` lists all.\n",
        );
        if let (None, Some((service, port))) = (&self.health, &self.port) {
            let _ = write!(
                out,
                "\n/// Called again and again until it is true.\nfn ready_probe(ctx) {{\n    ctx.tcp({}, {port})\n}}\n",
                text(service)
            );
        }
        if !self.databases.is_empty() {
            let _ = write!(
                out,
                "\n// The data of {} are best planted by what a user does, or with `std::mysql::mark`,\n// `std::postgres::mark` or \
                 `std::sqlite::mark`: see `ccci explain std`.\n",
                self.databases.iter().map(|d| format!("`{d}`")).collect::<Vec<_>>().join(", ")
            );
        }
        if let Some((service, directory)) = &self.planted {
            let _ = write!(
                out,
                "\n// A file is planted and looked for later. Replace it by what a user does, so that the app itself shows its data.\n\
                 private fn plant(ctx, name, text) {{\n    let path = {} + name;\n    \
                 ctx.exec({}, [\"sh\", \"-c\", \"printf %s \\\"$1\\\" > \\\"$2\\\"\", \"plant\", text, path]);\n}}\n",
                text(&format!("{}/ccci-", directory.trim_end_matches('/'))),
                text(service)
            );
            if self.base.is_some() {
                out += "\n/// What the upgrade must keep.\nfn pre_upgrade(ctx) {\n    plant(ctx, \"kept\", \"written before the upgrade\");\n}\n";
            }
            if self.backed_up {
                out += "\n/// What the backup must hold.\nfn pre_backup(ctx) {\n    plant(ctx, \"planted\", \"planted by run \" + ctx.run_id);\n}\n";
                out += "\n/// Spoils it, so that a restore that does nothing is seen.\nfn pre_restore(ctx) {\n    plant(ctx, \"planted\", \"spoilt\");\n}\n";
            }
        }
        out.contains("\nfn ").then_some(out)
    }

    fn test(&self) -> Option<String> {
        let head = "// What the app is for, as a user sees it. Each `fn test_…(ctx)` is one test.\n\n";
        if let Some((path, _)) = &self.health {
            return Some(format!(
                "{head}fn test_the_app_answers(ctx) {{\n    let answer = ctx.get({});\n    assert([200, 301, 302].contains(answer.status));\n}}\n",
                text(path)
            ));
        }
        let (service, port) = self.port.as_ref()?;
        Some(format!(
            "{head}fn test_the_port_is_open(ctx) {{\n    assert(ctx.tcp({}, {port}));\n}}\n",
            text(service)
        ))
    }
}

/// A test that a planted file is there: its tier, its name, and the text that it must have.
fn reads_back(service: &str, directory: &str, (tier, name, expected): (&str, &str, &str)) -> String {
    let path = format!("{}/ccci-{name}", directory.trim_end_matches('/'));
    format!(
        "// What was planted is there after the {tier}.\n\nfn test_the_file_is_there_after_the_{tier}(ctx) {{\n    \
         let read = ctx.exec({}, [\"cat\", {}]).stdout;\n    assert(read == {expected});\n}}\n",
        text(service),
        text(&path)
    )
}

/// The path in a service's healthcheck, if it is that of the routed port.
fn health(service: &Service) -> (String, Option<String>) {
    let test = service.healthcheck.as_ref().map(|h| h.test.join(" ")).unwrap_or_default();
    let routed = service
        .labels
        .iter()
        .find(|(k, _)| k.ends_with(".loadbalancer.server.port"))
        .map(|(_, v)| v.as_str());
    let found = CHECKED.captures(&test).filter(|c| {
        let port = c.get(1).map_or("80", |p| p.as_str());
        routed.is_none_or(|routed| routed == port)
    });
    match found.and_then(|c| c.get(2)).map(|p| p.as_str()).filter(|p| *p != "/") {
        Some(path) => (path.to_string(), Some(service.name.to_string())),
        None => ("/".into(), None),
    }
}

/// The service and the directory, if all of its volumes are in the backup and no database owns them.
fn planted(service: &Service) -> Option<(String, String)> {
    let limited = service
        .labels
        .keys()
        .any(|k| k.starts_with("backupbot.backup.volumes") || k == "backupbot.backup.path");
    if !is_backed_up(&service.labels) || limited || is_database(service) {
        return None;
    }
    let writable =
        |m: &&ccci_recipe::compose::Mount| m.kind == "volume" && !m.read_only && !m.source.is_empty();
    let mount = service.mounts.iter().find(writable)?;
    Some((service.name.to_string(), mount.target.clone()))
}

fn is_database(service: &Service) -> bool {
    let image = service.image.as_deref().unwrap_or_default();
    DATABASES.iter().any(|d| image.rsplit('/').next().unwrap_or_default().starts_with(d))
}

/// The path `to` as it is written in a file of the directory `from`; both are whole paths.
pub fn relative(from: &Path, to: &Path) -> PathBuf {
    let (a, b): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let up = a[same..].iter().map(|_| Component::ParentDir);
    up.chain(b[same..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_goes_up_to_what_both_share() {
        let path = relative(Path::new("/a/recipes/x"), Path::new("/a/dev/x"));
        assert_eq!(path, Path::new("../../dev/x"));
        assert_eq!(relative(Path::new("/a"), Path::new("/a/b")), Path::new("b"));
    }
}
