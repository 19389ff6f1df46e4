//! The whole logs of the services, where they lie beside the page. Pure.

use super::View;
use super::part::t;
use crate::fields::{self, KeptFile};
use crate::list::size;
use ccci_runner::record::facts::is_log;
use maud::{Markup, html};

/// Links to the logs. A page that stands alone has no such section: its failures have the last lines.
pub(super) fn section(view: &View<'_>) -> Option<Markup> {
    view.beside?;
    let all: Vec<KeptFile> = fields::files(&view.record.events);
    let all: Vec<&KeptFile> = all.iter().filter(|f| is_log(&f.name)).collect();
    let absent = all.iter().any(|f| view.address(&f.name).is_none());
    (!all.is_empty()).then(|| {
        html! {
            ul {
                @for f in &all {
                    li {
                        @match view.address(&f.name) {
                            Some(address) => { a href=(address) { (t(&f.name)) } },
                            None => { (t(&f.name)) },
                        }
                        ", " (size(f.bytes))
                    }
                }
            }
            p.faint { "The last lines that each service wrote before its removal." }
            @if absent {
                p.faint { "What is no link is only in the record: a site has the files of the newest runs of each recipe." }
            }
        }
    })
}

/// Whether a whole log lies beside the page.
pub(super) fn are_there(view: &View<'_>) -> bool {
    view.beside.is_some_and(|all| all.keys().any(|file| is_log(file)))
}
