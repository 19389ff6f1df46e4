//! What the browser showed in a run: pictures, and what was kept of a page in which a test failed. Pure.

use ccci_model::event::{Shown, Shows};

use ccci_runner::record::Record;

/// How the data of a PNG begin.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What a file shows, in words that follow "of".
pub(crate) fn words(shows: Shows) -> &'static str {
    match shows {
        Shows::Landing => "the app, healthy and not changed yet",
        Shows::Named => "what a test asked for",
        Shows::Failing => "the page in which a test failed",
        Shows::Source => "source of the page",
        Shows::Console => "console",
        Shows::Requests => "requests that failed",
        Shows::Calls => "last calls of the test",
    }
}

/// The version that a picture of the app shows, if that is the base and not what the run tests.
pub(crate) fn base_of(record: &Record, shown: &Shown) -> Option<String> {
    let base = record.outcome.plan.subject().base.as_ref().filter(|_| shown.shows == Shows::Landing)?;
    Some(base.version.as_ref().map_or_else(|| base.found_as.clone(), ToString::to_string))
}

/// What a picture shows and of which version, for where there is no room for more.
pub(crate) fn caption(record: &Record, shown: &Shown) -> String {
    if shown.shows != Shows::Landing {
        return words(shown.shows).into();
    }
    let head = &record.outcome.plan.subject().head;
    let head = || head.version.as_ref().map_or_else(|| head.commit.short().to_string(), ToString::to_string);
    match base_of(record, shown) {
        Some(base) => format!("{base}, before the upgrade"),
        None => head(),
    }
}

/// The picture of a file, if the record has it.
pub(crate) fn picture<'a>(record: &'a Record, shown: &Shown) -> Option<&'a [u8]> {
    record.files.get(&shown.file).filter(|bytes| shown.shows.is_picture() && bytes.starts_with(PNG))
}

/// The picture that stands for the whole run: that of the app, or else the first one.
pub(crate) fn first(record: &Record) -> Option<(&Shown, &[u8])> {
    let all = || record.outcome.shown.iter().filter_map(|s| Some((s, picture(record, s)?)));
    all().find(|(s, _)| s.shows == Shows::Landing).or_else(|| all().next())
}

/// The files that were kept of a hook or a test, by its name in events.
pub(crate) fn of<'a>(record: &'a Record, by: &'a str) -> impl Iterator<Item = &'a Shown> {
    record.outcome.shown.iter().filter(move |s| s.by == by)
}
