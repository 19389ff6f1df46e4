//! The files of a site that are the same for all: style sheets and scripts.

/// A file.
pub(super) struct Asset {
    /// Its relative path.
    pub path: &'static str,
    /// Its content.
    pub content: &'static str,
}

/// All of them.
pub(super) const ASSETS: &[Asset] = &[
    Asset { path: "site.css", content: include_str!("site.css") },
    Asset { path: "report.css", content: include_str!("../html/style.css") },
    Asset { path: "site.js", content: include_str!("site.js") },
    Asset { path: "live.js", content: include_str!("live.js") },
    Asset { path: "compare.js", content: include_str!("compare.js") },
];
