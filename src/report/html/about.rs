//! What was tested, how to run it again, and what it ran on. Pure.

use super::part::{count, folded, t, table};
use crate::fields::{self, KeptFile};
use crate::{again, cause, why};
use ccci_model::plan::Deployment;
use ccci_model::time::utc_rfc3339;
use ccci_runner::record::Record;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Base and head side by side: revisions, and the images of both.
pub(super) fn revisions(record: &Record) -> Option<Markup> {
    let app = record.outcome.plan.subject();
    let base = app.base.as_ref();
    let sides: Vec<&Deployment> = base.into_iter().chain([&app.head]).collect();
    let row = |name: &str, get: &dyn Fn(&Deployment) -> String| {
        html! {
            tr { th scope="row" { (name) } @for d in &sides { td.text { (t(&get(d))) } } }
        }
    };
    let rows = html! {
        (row("version", &|d| d.version.as_ref().map_or("none".into(), ToString::to_string)))
        (row("commit", &|d| format!("{}{}", d.commit.short(), if d.dirty { ", with uncommitted changes" } else { "" })))
        (row("found as", &|d| d.found_as.clone()))
        @for (name, [old, new]) in images(base, &app.head) {
            tr {
                th scope="row" { "image " (t(&name)) }
                @if base.is_some() { td.text { (t(or_none(&old))) } }
                // in words, because nothing of a page's structure depends on texts from outside
                td.text { (t(or_none(&new))) (if base.is_some() && old != new { " (changed)" } else { "" }) }
            }
        }
    };
    let columns: &[&str] = if base.is_some() { &["what", "base", "head"] } else { &["what", "head"] };
    Some(html! {
        (table("Revisions and images", columns, &rows))
        p.faint { "Base: " (t(&app.base_reason)) "." }
    })
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// From the name of an image to its versions on the two sides; none where a side does not have it.
fn images(base: Option<&Deployment>, head: &Deployment) -> BTreeMap<String, [String; 2]> {
    let mut out: BTreeMap<String, [String; 2]> = BTreeMap::new();
    for (side, d) in [(0, base), (1, Some(head))] {
        for image in d.map_or(&[][..], |d| &d.images) {
            let (name, tag) =
                image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((image, ""));
            let all = &mut out.entry(name.to_string()).or_default()[side];
            // an app may have one image in several versions
            let gap = if all.is_empty() { "" } else { ", " };
            *all = format!("{all}{gap}{}", if tag.is_empty() { "no tag" } else { tag });
        }
    }
    out
}

/// The command, where to read more, and a text for a ticket.
pub(super) fn again(record: &Record) -> Option<Markup> {
    let o = &record.outcome;
    let again = again::again(o);
    let more = cause::first(o).map(|x| format!("ccci explain {}", x.failure.cause));
    let more = [format!("ccci why {}", o.plan.run_id)].into_iter().chain(more);
    Some(html! {
        pre tabindex="0" role="group" aria-label="Command" { (t(&again.command)) }
        @for note in &again.notes { p { (t(note)) } }
        p { "More about it:" @for command in more { " " code { (t(&command)) } } }
        (folded("Text for a ticket", &html! { pre tabindex="0" { (t(&why::render(record))) } }))
    })
}

/// Versions, digests, times, and the files of the record.
pub(super) fn machine(record: &Record) -> Option<Markup> {
    let o = &record.outcome;
    let app = o.plan.subject();
    let mut rows = vec![
        ("run".to_string(), o.plan.run_id.to_string()),
        ("source".into(), app.source.clone()),
        ("domain".into(), app.domain.to_string()),
        ("began".into(), utc_rfc3339(o.began_ms)),
        ("ended".into(), o.ended_ms.map_or("the record has no end".into(), utc_rfc3339)),
        ("exit code".into(), o.exit.code().to_string()),
    ];
    if let Some(call) = &o.plan.call {
        rows.insert(1, ("call".into(), call.to_string()));
    }
    rows.extend(o.versions.clone());
    let facts: Vec<(String, String)> = o.facts.clone().into_iter().collect();
    let digest = |d: &Option<String>| d.clone().unwrap_or_else(|| "only on this engine".into());
    let images: Vec<(String, String)> =
        o.images.iter().map(|i| (i.image.clone(), digest(&i.digest))).collect();
    let kept = fields::files(&record.events);
    Some(html! {
        (pairs("Run and versions", &["what", "value"], &rows))
        @if !images.is_empty() { (pairs("Images", &["image", "digest"], &images)) }
        @if !facts.is_empty() { (pairs("Facts", &["fact", "value"], &facts)) }
        @if !kept.is_empty() {
            (folded(&format!("{} of the record", count(kept.len(), "file")), &files(&kept)))
        }
    })
}

/// Files beside the page. They are no links: the page may stand alone, or on a site without them.
fn files(all: &[KeptFile]) -> Markup {
    let rows = html! {
        @for file in all {
            tr {
                th scope="row" { (t(&file.name)) }
                td.number { (file.bytes) " bytes" @if !file.there { ", removed" } }
            }
        }
    };
    table("Files", &["file", "size"], &rows)
}

fn pairs(label: &str, columns: &[&str], all: &[(String, String)]) -> Markup {
    let rows =
        html! { @for (name, value) in all { tr { th scope="row" { (t(name)) } td.text { (t(value)) } } } };
    table(label, columns, &rows)
}
