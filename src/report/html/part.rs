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
    html! {
        div.wide role="region" aria-label=(label) tabindex="0" {
            table {
                caption { (label) }
                @if !columns.is_empty() {
                    thead { tr { @for name in columns { th scope="col" { (name) } } } }
                }
                tbody { (rows) }
            }
        }
    }
}

/// What is shown only when asked for; `what` should say how much it is.
pub(super) fn folded(what: &str, content: &Markup) -> Markup {
    html! { details { summary { (what) } (content) } }
}

/// `1 test`, `2 tests`.
pub(super) fn count(n: usize, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}
