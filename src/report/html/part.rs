//! Parts that several sections of the page use. Pure.

use crate::markup::Foreign;
use ccci_model::tier::Status;
use maud::{Markup, html};

/// A text that ccci did not write.
pub(super) fn t(text: &str) -> Foreign<'_> {
    Foreign(text)
}

/// A status in its colour; it is never broken into two lines.
pub(super) fn status(status: Status) -> Markup {
    html! { span class={ "word " (status.name()) } { (status.name()) } }
}

/// A table that scrolls by itself if it is wider than the page; `label` tells what it is.
pub(super) fn table(label: &str, columns: &[&str], rows: &Markup) -> Markup {
    table_of(None, label, columns, rows)
}

/// The same with a class that says in the style sheet how its columns look: cells of long tables without a class of their
/// own make a page half as large.
pub(super) fn table_of(class: Option<&str>, label: &str, columns: &[&str], rows: &Markup) -> Markup {
    html! {
        div.wide role="region" aria-label=(label) tabindex="0" {
            table class=[class] {
                caption { (label) }
                @if !columns.is_empty() {
                    thead { tr { @for name in columns { th scope="col" { (name) } } } }
                }
                tbody { (rows) }
            }
        }
    }
}

/// A cell with a status; the style sheet gives it its colour, that of a pass without a class.
pub(super) fn status_cell(status: Status) -> Markup {
    html! { td class=[(status != Status::Pass).then(|| status.name())] { (status.name()) } }
}

/// What is shown only when asked for; `what` should say how much it is.
pub(super) fn folded(what: &str, content: &Markup) -> Markup {
    html! { details { summary { (what) } (content) } }
}

/// `1 test`, `2 tests`.
pub(super) fn count(n: usize, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}
