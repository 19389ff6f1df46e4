//! The frame that the page of a run and the pages of the site have in common. Pure.

use maud::{DOCTYPE, Markup, html};

/// What is different from page to page.
pub(crate) struct Frame<'a> {
    /// What the page may load.
    pub policy: &'a str,
    /// The title, which begins with what distinguishes the page.
    pub title: &'a Markup,
    /// The rest of the head: styles, scripts and links.
    pub head: &'a Markup,
    /// The body.
    pub body: &'a Markup,
}

impl Frame<'_> {
    /// The whole page.
    pub(crate) fn page(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta http-equiv="Content-Security-Policy" content=(self.policy);
                    title { (self.title) }
                    (self.head)
                }
                body { (self.body) }
            }
        };
        page.into_string()
    }
}
