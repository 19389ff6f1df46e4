//! Rules about what can be written in a compose file and has no effect in a stack, or another one than it has with
//! docker compose.

use super::Finding;
use crate::compose::dropped::Kind;
use crate::compose::{Composed, Service};
use crate::removal;
use crate::source::Files;
use ccci_model::diag::Place;
use ccci_model::diag::fix::{Fix, Safety};
use std::net::IpAddr;

pub(super) fn tags(composed: &Composed, _: &Files) -> Vec<Finding> {
    let dropped = composed.dropped().iter().filter(|d| d.kind == Kind::Tag);
    dropped
        .map(|d| {
            let message =
                format!("the tag `{}` does nothing in a stack: the files are merged as without it", d.text);
            let help = "remove the tag; what a later file has to change must not be in the earlier one";
            Finding::at(d.place.clone(), message, help).fix(without_tag(&d.place))
        })
        .collect()
}

pub(super) fn merged(composed: &Composed, _: &Files) -> Vec<Finding> {
    let dropped = composed.dropped().iter().filter(|d| d.kind == Kind::Merged);
    dropped
        .map(|d| {
            let message = format!("`{}` is set here, so nothing of the one that `<<` merges is left", d.text);
            let help =
                "write all of its entries here; YAML merges the keys of one map and not what is in them";
            Finding::at(d.place.clone(), message, help)
        })
        .collect()
}

/// The fix that removes a tag and the space after it.
fn without_tag(tag: &Place) -> Fix {
    let rest = &tag.text.content[tag.range.end..];
    let spaces = rest.len() - rest.trim_start_matches(' ').len();
    let place = Place::new(&tag.text, tag.range.start..tag.range.end + spaces);
    Fix::new(Safety::Safe, format!("remove `{}`", &tag.text.content[tag.range.clone()]), place, "")
}

pub(super) fn port_address(composed: &Composed, _: &Files) -> Vec<Finding> {
    let every = |text: &str| text.parse::<IpAddr>().is_ok_and(|a| a.is_unspecified());
    let dropped = composed.dropped().iter().filter(|d| d.kind == Kind::Address && !every(&d.text));
    dropped
        .map(|d| {
            let message =
                format!("Swarm opens this port on all addresses of the nodes, not only on {}", d.text);
            let help = "publish no port, so that only services of the same network reach it; or remove the \
                        address and close the port in the firewall";
            Finding::at(d.place.clone(), message, help)
        })
        .collect()
}

/// Beginnings of labels that are read from the service, and who reads them.
const READERS: [(&str, &str); 3] =
    [("traefik.", "Traefik"), ("backupbot.", "backup-bot"), ("coop-cloud.", "abra")];

pub(super) fn container_labels(composed: &Composed, _: &Files) -> Vec<Finding> {
    composed.services().iter().flat_map(|s| misplaced(composed, s)).collect()
}

/// One finding for each reader. If the block begins with labels of this reader, the place is the block's key, because
/// the block has to move; else it is the first of the labels.
fn misplaced(composed: &Composed, service: &Service) -> Vec<Finding> {
    let place = |key: &str| composed.place_of(&service.name, &["labels", key]);
    let mut all: Vec<(&String, Place)> =
        service.container_labels.keys().filter_map(|key| Some((key, place(key)?))).collect();
    all.sort_by_key(|(_, at)| (at.text.path.clone(), at.range.start));
    let block = composed.place_of_key(&service.name, &["labels"]);
    let mut out = vec![];
    for (beginning, reader) in READERS {
        let its: Vec<_> = all
            .iter()
            .filter(|(key, _)| key.starts_with(beginning) && !service.labels.contains_key(*key))
            .collect();
        let Some((first, at)) = its.first() else { continue };
        let begins = all.first().is_some_and(|(key, _)| key == first);
        let place = block.clone().filter(|b| begins && b.text == at.text).unwrap_or_else(|| at.clone());
        let more = if its.len() > 1 { format!(" and {} more", its.len() - 1) } else { String::new() };
        let message = format!(
            "{reader} does not read `{first}`{more} under `labels` of `{}`, only what is under `deploy.labels`",
            service.name
        );
        out.push(Finding::at(place, message, "move it: write `labels` under `deploy`"));
    }
    out
}

pub(super) fn static_address(composed: &Composed, _: &Files) -> Vec<Finding> {
    let mut out = vec![];
    for service in composed.services() {
        for network in &service.networks {
            for key in ["ipv4_address", "ipv6_address"] {
                let path = ["networks", &network.network, key];
                if let Some(place) = composed.place_of_key(&service.name, &path) {
                    let message = format!("Swarm ignores `{key}` and gives each task an address of its own");
                    let fix = removal::of_entry(&place, key);
                    out.push(Finding::at(place, message, "reach the service by its name").fix(fix));
                }
            }
        }
    }
    out
}

pub(super) fn restart_twice(composed: &Composed, _: &Files) -> Vec<Finding> {
    let both = composed.services().iter().filter(|s| s.deploy.restart.is_some());
    both.filter_map(|s| {
        let place = composed.place_of_key(&s.name, &["restart"])?;
        let message =
            format!("`restart` of `{}` does nothing, because it has `deploy.restart_policy`", s.name);
        let fix = removal::of_entry(&place, "restart");
        Some(Finding::at(place, message, "keep the `restart_policy` only").fix(fix))
    })
    .collect()
}

/// A number or a date without quotes in a map: docker's loader prints what it means, not what is written. In a list it
/// is part of a text.
pub(super) fn yaml_number(composed: &Composed, _: &Files) -> Vec<Finding> {
    let mut out = vec![];
    for service in composed.services() {
        let environment = service.environment.iter().filter_map(|(k, v)| Some((k, v.as_ref()?)));
        let variables = environment.map(|(k, v)| (vec!["environment"], k, v));
        let labels = service.labels.iter().map(|(k, v)| (vec!["deploy", "labels"], k, v));
        for (mut path, key, value) in variables.chain(labels) {
            path.push(key);
            let Some(place) = composed.place_of(&service.name, &path) else { continue };
            let written = &place.text.content[place.range.clone()];
            if is_number(written) && written != value {
                let message =
                    format!("`{key}` is `{value}`, because YAML reads `{written}` as a number or a date");
                let quoted = format!("\"{written}\"");
                let help = format!("write it in quotes: `{quoted}`");
                // the value that is deployed changes, so the author decides
                let fix = Fix::new(Safety::Likely, format!("write `{quoted}`"), place.clone(), quoted);
                out.push(Finding::at(place.clone(), message, help).fix(fix));
            }
        }
    }
    out
}

/// Whether a text may be a number or a date of YAML.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-+:".contains(c))
}
