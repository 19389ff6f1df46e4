//! What a browser does with a redirect: which URL it requests next, and with which method. Pure.

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, StatusCode, Url};

/// The URL to which an answer redirects, if it does.
pub(crate) fn target(status: StatusCode, headers: &HeaderMap, from: &Url) -> Option<Url> {
    let moves = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let to = headers.get(LOCATION).filter(|_| moves)?.to_str().ok()?;
    let mut to = from.join(to).ok()?;
    if to.fragment().is_none() {
        to.set_fragment(from.fragment());
    }
    Some(to)
}

/// The method of the next request (Fetch standard, 4.4): a POST becomes a GET, except for 307 and 308.
pub(crate) fn method(status: StatusCode, method: &Method) -> Method {
    let turns = match status.as_u16() {
        301 | 302 => *method == Method::POST,
        303 => *method != Method::GET && *method != Method::HEAD,
        _ => false,
    };
    if turns { Method::GET } else { method.clone() }
}

/// Removes the headers that described a body which is no longer sent.
pub(crate) fn without_body(headers: &mut HeaderMap) {
    headers.remove(CONTENT_TYPE);
    headers.remove(CONTENT_LENGTH);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(status: u16, location: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
        let from = Url::parse("https://a.test/x/y?z#f").unwrap();
        target(StatusCode::from_u16(status).unwrap(), &headers, &from).map(String::from)
    }

    #[test]
    fn a_redirect_is_resolved_against_its_page() {
        assert_eq!(to(302, "/b").as_deref(), Some("https://a.test/b#f"));
        assert_eq!(to(301, "c?d#g").as_deref(), Some("https://a.test/x/c?d#g"));
        assert_eq!(to(308, "http://b.test").as_deref(), Some("http://b.test/#f"));
        assert_eq!(to(200, "/b"), None);
        assert_eq!(to(304, "/b"), None);
    }

    #[test]
    fn a_post_becomes_a_get_unless_the_status_forbids_it() {
        let next = |status, m: Method| method(StatusCode::from_u16(status).unwrap(), &m);
        assert_eq!(next(302, Method::POST), Method::GET);
        assert_eq!(next(303, Method::PUT), Method::GET);
        assert_eq!(next(301, Method::PUT), Method::PUT);
        assert_eq!(next(307, Method::POST), Method::POST);
        assert_eq!(next(303, Method::HEAD), Method::HEAD);
    }
}
