//! Rules about routers of Traefik that lead nowhere or not to the app: services and middlewares that nobody defines,
//! ports that Traefik cannot know, and hosts that are not the app's.

use super::{Finding, LintInput};
use crate::compose::{Composed, Service};
use crate::labels::is_routed;
use crate::source::Files;
use ccci_model::diag::Place;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The stack's name as authors write it. Only names with it are looked at: others may be defined by another stack.
const STACK: &str = "STACK_NAME";

type Findings = Result<Vec<Finding>, String>;

/// A label of Traefik: `traefik.http.routers.<name>.rule`, in lower case except the name.
struct Label<'a> {
    /// `http`, `tcp` or `udp`.
    protocol: String,
    /// `routers`, `services` or `middlewares`.
    kind: String,
    name: &'a str,
    /// What follows the name, such as `loadbalancer.server.port`.
    option: String,
}

impl<'a> Label<'a> {
    fn parse(label: &'a str) -> Option<Label<'a>> {
        let mut parts = label.splitn(5, '.');
        let mut lower = || parts.next().map(str::to_ascii_lowercase);
        let (root, protocol, kind) = (lower()?, lower()?, lower()?);
        let name = parts.next()?;
        let option = parts.next()?.to_ascii_lowercase();
        (root == "traefik").then_some(Label { protocol, kind, name, option })
    }
}

/// The labels of Traefik of a service, with their values.
fn labels(service: &Service) -> impl Iterator<Item = (Label<'_>, &String, &String)> {
    service.labels.iter().filter_map(|(key, value)| Some((Label::parse(key)?, key, value)))
}

fn place(composed: &Composed, service: &Service, label: &str) -> Option<Place> {
    composed.place_of(&service.name, &["deploy", "labels", label])
}

/// The value of a label as it is written, from its place: an item `key=value` of a list, or the value in a map.
fn written(place: &Place) -> &str {
    let text = place.text.content[place.range.clone()].trim_matches(['"', '\'']);
    let in_list = place.text.content[..place.range.start].trim_end().ends_with(['-', '[', ',']);
    match text.split_once('=') {
        Some((_, value)) if in_list => value,
        _ => text,
    }
}

pub(super) fn service(input: &LintInput) -> Findings {
    undefined(input, "services", |label| {
        (label.kind == "routers" && label.option == "service").then(|| format!("the router `{}`", label.name))
    })
}

pub(super) fn middleware(input: &LintInput) -> Findings {
    undefined(input, "middlewares", |label| match (label.kind.as_str(), label.option.as_str()) {
        ("routers", "middlewares") => Some(format!("the router `{}`", label.name)),
        ("middlewares", "chain.middlewares") => Some(format!("the chain `{}`", label.name)),
        _ => None,
    })
}

/// Names in labels that `user` picks for which no label of this kind exists in any composition.
fn undefined(input: &LintInput, kind: &str, user: impl Fn(&Label<'_>) -> Option<String>) -> Findings {
    let all = input.composed()?;
    let services = || all.iter().flat_map(|c| c.services().iter().map(move |s| (*c, s)));
    let mut defined: BTreeSet<(String, String)> = BTreeSet::new();
    for (_, service) in services() {
        let own = labels(service).filter(|(l, ..)| l.kind == kind);
        defined.extend(own.map(|(l, ..)| (l.protocol, l.name.to_lowercase())));
    }
    let mut out: Vec<Finding> = vec![];
    for (composed, service) in services().filter(|(_, s)| is_routed(&s.labels)) {
        for (label, key, value) in labels(service) {
            let Some(who) = user(&label) else { continue };
            let Some(place) = place(composed, service, key) else { continue };
            let (names, written): (Vec<_>, Vec<_>) =
                (value.split(',').collect(), written(&place).split(',').collect());
            let pairs = names.iter().zip(&written).filter(|_| names.len() == written.len());
            let unknown =
                pairs.map(|(name, written)| (name.trim(), written.trim())).find(|(name, written)| {
                    let known = defined.contains(&(label.protocol.clone(), name.to_lowercase()));
                    written.contains(STACK) && !name.contains('@') && !known && !is_made(&all, kind, name)
                });
            let Some((_, name)) = unknown else { continue };
            let one = kind.trim_end_matches('s');
            let message =
                format!("{who} asks for the {one} `{name}`, and no label of this recipe defines it");
            let help =
                format!("define it (`traefik.{}.{kind}.{name}.…`), or correct the name", label.protocol);
            let finding = Finding::at(place, message, help);
            if !out.contains(&finding) {
                out.push(finding);
            }
        }
    }
    Ok(out)
}

/// Whether Traefik may make a service of this name by itself: it calls services after those of Swarm.
fn is_made(all: &[&Composed], kind: &str, name: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let own = |s: &Service| plain(name).ends_with(&format!("-{}", plain(s.name.as_str())));
    kind == "services" && all.iter().flat_map(|c| c.services()).any(own)
}

pub(super) fn port(composed: &Composed, _: &Files) -> Vec<Finding> {
    let without = composed.services().iter().filter(|s| {
        // a router may lead to a service of another provider, and published ports are known
        let has = |(l, _, value): (Label<'_>, &String, &String)| {
            l.option.starts_with("loadbalancer.server.") || (l.option == "service" && value.contains('@'))
        };
        is_routed(&s.labels) && s.ports.is_empty() && !labels(s).any(has)
    });
    without
        .filter_map(|s| {
            let place = place(composed, s, crate::labels::ROUTED)?;
            let message = format!("Traefik does not know the port of `{}`, so it does not route it", s.name);
            let help = "add the label `traefik.http.services.${STACK_NAME}.loadbalancer.server.port`, or remove `traefik.enable`";
            Some(Finding::at(place, message, help))
        })
        .collect()
}

pub(super) fn host(input: &LintInput) -> Findings {
    static HOST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\bHost(?:SNI)?\(\s*[`']([^`'*]+)[`']").expect("a valid pattern"));
    if input.sample.as_ref().is_none_or(|s| s.get("DOMAIN").is_none()) {
        return Ok(vec![]);
    }
    let mut out: Vec<Finding> = vec![];
    for composed in input.composed()? {
        for service in composed.services().iter().filter(|s| is_routed(&s.labels)) {
            for (label, key, value) in labels(service) {
                let Some(place) = place(composed, service, key) else { continue };
                let fixed =
                    label.kind == "routers" && label.option == "rule" && !written(&place).contains('$');
                let Some(host) = HOST.captures(value).filter(|_| fixed) else { continue };
                let message = format!(
                    "the router `{}` answers at `{}`, whatever `DOMAIN` of an app is",
                    label.name, &host[1]
                );
                let finding = Finding::at(place, message, "write ``Host(`${DOMAIN}`)``");
                if !out.contains(&finding) {
                    out.push(finding);
                }
            }
        }
    }
    Ok(out)
}
