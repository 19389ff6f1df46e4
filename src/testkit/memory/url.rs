//! The parts of URLs that the web in memory needs.

use ccci_swarm::ports::web::WebError;
use ccci_swarm::routing::Entry;

/// The path of a URL, without the query.
pub fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or("/")
}

/// The parts of a URL that routing needs.
pub(super) struct Place<'a> {
    pub entry: Entry,
    pub host: &'a str,
    pub path: &'a str,
    pub query: &'a str,
}

impl Place<'_> {
    pub(super) fn of(url: &str) -> Result<Place<'_>, WebError> {
        let malformed = || WebError::Malformed(format!("`{url}` is no URL of http or https"));
        let (scheme, rest) = url.split_once("://").ok_or_else(malformed)?;
        let entry = match scheme {
            "http" => Entry::Web,
            "https" => Entry::WebSecure,
            _ => return Err(malformed()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        if host.contains(':') {
            Err(WebError::Foreign(host.into()))
        } else {
            Ok(Place { entry, host, path, query })
        }
    }
}

/// Where a redirect leads.
pub(super) fn join(base: &str, to: &str) -> String {
    let origin = base.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    match to {
        to if to.contains("://") => to.to_string(),
        to if to.starts_with('/') => format!("{origin}{to}"),
        to => {
            let folder = path_of(base).rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{origin}{folder}/{to}")
        }
    }
}
