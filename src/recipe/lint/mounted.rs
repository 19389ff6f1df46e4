//! Rules about files that come into containers: configs, secrets and paths of the host.

use super::{Finding, LintInput};
use crate::compose::{Composed, Reference, Service};
use crate::source::Files;
use ccci_model::diag::fix::{Edit, Fix, Safety};
use ccci_model::diag::{Place, Text};
use std::sync::Arc;

/// Permissions of a config or secret without `mode`.
const DEFAULT_MODE: u32 = 0o444;
/// Programs that run a script whatever its permissions are.
const SHELLS: [&str; 6] = ["sh", "bash", "ash", "dash", "zsh", "ksh"];

pub(super) fn executable(composed: &Composed, files: &Files) -> Vec<Finding> {
    let mut out = vec![];
    for service in composed.services() {
        for (list, n, reference) in service.references() {
            let (directory, text) = match list {
                "configs" => ("/", content(composed, files, reference)),
                _ => ("/run/secrets/", None),
            };
            let path = path_in(directory, &reference.target);
            let may_run = reference.mode.unwrap_or(DEFAULT_MODE) & 0o111 != 0;
            let Some(run_by) = run_by(service, &path, text).filter(|_| !may_run) else { continue };
            let message = format!(
                "`{path}` is the {run_by} of `{}`, but nobody has permission to execute it",
                service.name
            );
            let place = composed.place_of(&service.name, &[list, &n.to_string(), "source"]);
            out.extend(place.map(|place| Finding::at(place, message, "add `mode: 0555` to it")));
        }
    }
    out
}

/// The path that a target has in the container.
fn path_in(directory: &str, target: &str) -> String {
    if target.starts_with('/') { target.to_string() } else { format!("{directory}{target}") }
}

/// The text of a config.
fn content<'a>(composed: &Composed, files: &'a Files, reference: &Reference) -> Option<&'a Arc<Text>> {
    let config = composed.configs().into_iter().find(|c| c.key == reference.source)?;
    files.text_at(&config.file?)
}

/// As what a service executes a path. The image's own entrypoint may only read the file that a command names, so there
/// it has to be a script.
fn run_by(service: &Service, path: &str, text: Option<&Arc<Text>>) -> Option<&'static str> {
    let whole: Vec<String> = service.entrypoint.iter().chain(&service.command).cloned().collect();
    let is_script = || text.is_some_and(|t| t.content.starts_with("#!"));
    let test = service.healthcheck.as_ref().map(|h| h.test.as_slice()).unwrap_or_default();
    match () {
        () if !service.entrypoint.is_empty() && programs(&whole).contains(&path) => Some("entrypoint"),
        () if service.entrypoint.is_empty() && programs(&whole).contains(&path) && is_script() => {
            Some("command")
        }
        () if tests(test).contains(&path) => Some("healthcheck"),
        () => None,
    }
}

/// The programs that a command executes, as far as it can be seen: the first word, the word after `--` (as with `tini`),
/// and the first word of a script given to a shell with `-c`.
fn programs(words: &[String]) -> Vec<&str> {
    let Some((first, rest)) = words.split_first() else { return vec![] };
    let name = first.rsplit('/').next().unwrap_or(first);
    let mut out = vec![first.as_str()];
    if SHELLS.contains(&name) {
        let flags = rest.iter().position(|w| w.starts_with('-') && w.ends_with('c'));
        out.extend(flags.and_then(|at| rest.get(at + 1)).and_then(|text| first_word(text)));
    } else if let Some(at) = rest.iter().position(|w| w == "--") {
        out.extend(programs(&rest[at + 1..]));
    }
    out
}

fn tests(test: &[String]) -> Vec<&str> {
    match test.split_first() {
        Some((kind, rest)) if kind == "CMD" => programs(rest),
        Some((kind, rest)) if kind == "CMD-SHELL" => rest.iter().filter_map(|t| first_word(t)).collect(),
        _ => vec![],
    }
}

fn first_word(script: &str) -> Option<&str> {
    let script = script.trim_start();
    script.strip_prefix("exec ").unwrap_or(script).split([' ', '\t', '\n', ';', '&', '|']).next()
}

/// Permissions that are written so often that nobody means their decimal number.
const USUAL_MODES: [&str; 18] = [
    "400", "440", "444", "500", "550", "555", "600", "640", "644", "660", "664", "666", "700", "750", "755",
    "770", "775", "777",
];

pub(super) fn octal_mode(composed: &Composed, _: &Files) -> Vec<Finding> {
    let mut out = vec![];
    for service in composed.services() {
        for (list, n, reference) in service.references() {
            let Some(mode) = reference.mode else { continue };
            let place = composed.place_of(&service.name, &[list, &n.to_string(), "mode"]);
            let Some(place) = place.filter(|p| USUAL_MODES.contains(&&p.text.content[p.range.clone()]))
            else {
                continue;
            };
            let written = &place.text.content[place.range.clone()];
            let message = format!(
                "`mode: {written}` is a decimal number, so `{}` gets the permissions {mode:04o}",
                reference.source
            );
            let help = format!("write it in octal: `mode: 0{written}`");
            // the permissions change, so the author decides
            let fix =
                Fix::new(Safety::Likely, format!("write `0{written}`"), place.clone(), format!("0{written}"));
            out.push(Finding::at(place.clone(), message, help).fix(fix));
        }
    }
    out
}

pub(super) fn relative_path(composed: &Composed, _: &Files) -> Vec<Finding> {
    let mounts = composed.services().iter().flat_map(|s| &s.mounts);
    let relative = mounts.filter(|m| m.kind == "bind" && m.source.starts_with(['.', '~']));
    relative
        .map(|m| {
            let message = format!(
                "`{}` is a path on the machine of the operator, and Swarm does not make it on the nodes",
                m.source
            );
            let help = "use a volume for data, and a config for a file of the recipe";
            Finding::at(m.place.clone(), message, help)
        })
        .collect()
}

/// Paths that every node has, with what is below them: the system, the engine and what programs keep while they run.
const OF_SYSTEM: [&str; 12] = [
    "/boot",
    "/dev",
    "/etc/localtime",
    "/etc/timezone",
    "/lib/modules",
    "/proc",
    "/run",
    "/sys",
    "/tmp",
    "/var/lib/docker",
    "/var/log",
    "/var/run",
];
/// Beginnings of constraints that bind a service to a node.
const OF_NODE: [&str; 5] = ["node.hostname", "node.id", "node.ip", "node.labels", "engine.labels"];

pub(super) fn host_path(composed: &Composed, _: &Files) -> Vec<Finding> {
    let mut out = vec![];
    for service in composed.services().iter().filter(|s| !is_bound(composed, s)) {
        for (n, mount) in service.mounts.iter().enumerate() {
            if mount.kind != "bind" || mount.read_only || !is_own(&mount.source) {
                continue;
            }
            let place = composed.place_of(&service.name, &["volumes", &n.to_string(), "source"]);
            // an operator who gives the path knows the nodes
            let fixed = |p: &Place| !p.text.content[p.range.clone()].contains('$');
            let Some(place) = place.filter(fixed) else { continue };
            let message = format!(
                "what `{}` writes into `{}` stays on one node: no other node has it",
                service.name, mount.source
            );
            let help = "use a volume; or bind the service to the node with the data by a constraint";
            out.push(Finding::at(place, message, help));
        }
    }
    out
}

/// Whether a path is one that an operator makes.
fn is_own(path: &str) -> bool {
    let below =
        |dir: &str| path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    path.starts_with('/') && path != "/" && !OF_SYSTEM.iter().any(|dir| below(dir))
}

/// Whether a service runs on every node, or where a constraint says.
fn is_bound(composed: &Composed, service: &Service) -> bool {
    let constraint =
        |n: usize| composed.text_of(&service.name, &["deploy", "placement", "constraints", &n.to_string()]);
    service.deploy.mode.starts_with("global")
        || (0..).map_while(constraint).any(|c| OF_NODE.iter().any(|begin| c.trim_start().starts_with(begin)))
}

/// Scripts that are run as they are: `abra.sh`, and configs that begin with `#!`.
pub(super) fn script_bytes(input: &LintInput) -> Result<Vec<Finding>, String> {
    let composed = input.compositions.iter().filter_map(|c| c.composed.as_ref());
    let configs = composed.flat_map(|c| c.configs()).filter(|c| !c.external).filter_map(|c| c.file);
    let scripts = configs
        .filter_map(|file| input.files.text_at(&file))
        .filter(|t| t.content.trim_start_matches('\u{feff}').starts_with("#!"));
    let mut out: Vec<Finding> = vec![];
    for text in input.files.text("abra.sh").into_iter().chain(scripts) {
        for finding in [mark(text), line_ends(text)].into_iter().flatten() {
            if !out.contains(&finding) {
                out.push(finding);
            }
        }
    }
    Ok(out)
}

fn mark(text: &Arc<Text>) -> Option<Finding> {
    let marked = text.content.starts_with('\u{feff}');
    let message = "the script begins with a byte order mark, so its first line is not read as such";
    let fix = || Fix::new(Safety::Safe, "remove the byte order mark", Place::new(text, 0..3), "");
    marked.then(|| Finding::at(Place::new(text, 0..3), message, "save it as UTF-8 without a mark").fix(fix()))
}

fn line_ends(text: &Arc<Text>) -> Option<Finding> {
    let end = text.content.find("\r\n")?;
    let start = text.content[..end].rfind('\n').map_or(0, |n| n + 1);
    let message =
        "the script has line ends of Windows, and a shell reads the carriage return as part of the line";
    let returns = text
        .content
        .match_indices("\r\n")
        .map(|(at, _)| Edit { place: Place::new(text, at..at + 1), with: String::new() });
    let title = "remove the carriage returns".to_string();
    let fix = Fix { title, edits: returns.collect(), safety: Safety::Safe };
    let help = "convert it: `sed -i 's/\\r$//'` or `dos2unix`";
    Some(Finding::at(Place::new(text, start..end), message, help).fix(fix))
}
