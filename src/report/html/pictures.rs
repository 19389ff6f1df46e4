//! What the browser showed: pictures inside the page, and what else was kept of a failing page. Pure.

use ccci_runner::record::Record;
use maud::Markup;

/// The picture of the landing page or the view that the recipe chose.
pub(super) fn landing(_record: &Record) -> Option<Markup> {
    None
}

/// All pictures.
pub(super) fn section(_record: &Record) -> Option<Markup> {
    None
}
