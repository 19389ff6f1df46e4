//! Pages that are rendered once for all readers, until a record changes.

use axum::body::Bytes;
use axum::http::HeaderValue;
use ccci_model::digest::sha256;
use ccci_report::site::Page;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Most pages that are kept, and how large the largest of them is, bytes: 64 MiB in all.
const MOST: usize = 256;
const LARGEST: usize = 256 << 10;

/// A page and what tells a reader that it has not changed.
#[derive(Clone)]
pub(super) struct Rendered {
    /// The page.
    pub bytes: Bytes,
    /// Its entity tag.
    pub tag: HeaderValue,
}

impl Rendered {
    /// A page of these bytes.
    pub(super) fn of(bytes: Vec<u8>) -> Rendered {
        let tag = format!("\"{}\"", &sha256(&bytes)[..32]);
        Rendered { bytes: bytes.into(), tag: HeaderValue::try_from(tag).expect("hex digits in quotes") }
    }
}

/// A page, or that there is none; readers who ask while it is rendered wait for it.
type Slot = Arc<OnceLock<Option<Rendered>>>;

/// Pages of one table.
#[derive(Default)]
pub(super) struct RenderedPages(Mutex<HashMap<Page, Slot>>);

impl RenderedPages {
    /// A page, rendered unless that was done before.
    pub(super) fn get(&self, page: Page, render: impl FnOnce() -> Option<Rendered>) -> Option<Rendered> {
        if matches!(page, Page::File(..)) {
            return render();
        }
        let slot = self.slot(page);
        let rendered = slot.get_or_init(render).clone();
        if rendered.as_ref().is_none_or(|page| page.bytes.len() > LARGEST) {
            self.all().remove(&page);
        }
        rendered
    }

    fn slot(&self, page: Page) -> Slot {
        let mut all = self.all();
        if all.len() >= MOST && !all.contains_key(&page) {
            return Slot::default();
        }
        all.entry(page).or_default().clone()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<Page, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_page_is_rendered_once_for_readers_at_the_same_time_and_no_large_one_is_kept() {
        let (pages, made) = (RenderedPages::default(), AtomicUsize::new(0));
        let ask = |page, bytes: usize| {
            let render = || {
                made.fetch_add(1, Ordering::SeqCst);
                Some(Rendered::of(vec![b'x'; bytes]))
            };
            pages.get(page, render).unwrap()
        };
        std::thread::scope(|scope| {
            (0..20).for_each(|_| drop(scope.spawn(|| assert_eq!(ask(Page::Overview, 9).bytes.len(), 9))));
        });
        assert_eq!(made.load(Ordering::SeqCst), 1);
        ask(Page::Feed, LARGEST + 1);
        ask(Page::Feed, LARGEST + 1);
        assert_eq!(made.load(Ordering::SeqCst), 3);
        (0..2 * MOST).for_each(|n| drop(ask(Page::Recipe(n), 9)));
        assert!(pages.all().len() <= MOST);
    }
}
