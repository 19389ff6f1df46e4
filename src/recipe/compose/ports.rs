//! Parses ports in docker's short form, `ip:published:target/protocol` with ranges, as docker's own parser
//! does. Pure.

use std::net::IpAddr;

/// One port; ranges are already expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PortPair {
    /// The container's port.
    pub target: u16,
    /// The published port; 0 lets Swarm choose.
    pub published: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// Ports that a file may have in all; Swarm would need minutes to publish that many.
pub(super) const MOST: usize = 2_000;

/// A port or range before it is expanded.
struct Ranges {
    target: (u16, u16),
    published: Option<(u16, u16)>,
    protocol: String,
}

/// Number of ports in a text.
pub(super) fn count(text: &str) -> Result<usize, String> {
    let Ranges { target, published, .. } = read(text)?;
    let (first, last) = published.filter(|_| target.0 == target.1).unwrap_or(target);
    Ok(usize::from(last - first) + 1)
}

fn read(text: &str) -> Result<Ranges, String> {
    let mut parts: Vec<&str> = text.split(':').collect();
    let target = parts.pop().unwrap_or_default();
    let published = parts.pop().unwrap_or_default();
    address(&parts.join(":"))?;
    let (target, protocol) = target.split_once('/').unwrap_or((target, ""));
    let protocol = if protocol.is_empty() { "tcp".to_string() } else { protocol.to_lowercase() };
    if !["tcp", "udp", "sctp"].contains(&protocol.as_str()) {
        return Err(format!("`{protocol}` is not a protocol"));
    }
    let (first, last) = range(target)?;
    let published = if published.is_empty() { None } else { Some(range(published)?) };
    if published.is_some_and(|(from, to)| last - first != to - from && first != last) {
        return Err("the two ranges have different lengths".into());
    }
    Ok(Ranges { target: (first, last), published, protocol })
}

/// Parses one port or range, in the order in which docker expands it.
pub(super) fn parse(text: &str) -> Result<Vec<PortPair>, String> {
    let Ranges { target: (first, last), published, protocol } = read(text)?;
    let (from, to) = published.unwrap_or((0, 0));
    let mut out: Vec<PortPair> = vec![];
    let mut add = |target, published| out.push(PortPair { target, published, protocol: protocol.clone() });
    if first == last {
        (from..=to).for_each(|p| add(first, p));
    } else {
        (first..=last).for_each(|t| add(t, if published.is_none() { 0 } else { from + (t - first) }));
    }
    // docker sorts by the text `80/tcp`, so 100 comes before 20
    out.sort_by_cached_key(|p| format!("{}/{}", p.target, p.protocol));
    Ok(out)
}

/// The address on which a port is to be published, without brackets; `None` if the text has none.
pub(crate) fn address_of(text: &str) -> Option<String> {
    let mut parts = text.rsplitn(3, ':').skip(2);
    let bare = parts.next()?.trim_start_matches('[').trim_end_matches(']');
    (!bare.is_empty()).then(|| bare.to_string())
}

fn address(text: &str) -> Result<(), String> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    match bare.is_empty() || bare.parse::<IpAddr>().is_ok() {
        true => Ok(()),
        false => Err(format!("`{text}` is not an IP address")),
    }
}

fn range(text: &str) -> Result<(u16, u16), String> {
    let number = |t: &str| {
        let plain = !t.is_empty() && t.chars().all(|c| c.is_ascii_digit());
        t.parse::<u16>().ok().filter(|_| plain).ok_or_else(|| format!("`{t}` is not a port number"))
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    if last < first { Err(format!("the range `{text}` ends before it begins")) } else { Ok((first, last)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(u16, u16, &str)]) {
        let got = parse(text).unwrap();
        let got: Vec<_> = got.iter().map(|p| (p.published, p.target, p.protocol.as_str())).collect();
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn short_ports_and_ranges_are_expanded_as_in_docker() {
        check("80", &[(0, 80, "tcp")]);
        check("8080:80/UDP", &[(8080, 80, "udp")]);
        check("127.0.0.1:53:53/udp", &[(53, 53, "udp")]);
        check("[::1]::80", &[(0, 80, "tcp")]);
        check("99-100:99-100", &[(100, 100, "tcp"), (99, 99, "tcp")]);
        check("9000-9001:80", &[(9000, 80, "tcp"), (9001, 80, "tcp")]);
        check("70-71", &[(0, 70, "tcp"), (0, 71, "tcp")]);
    }

    #[test]
    fn ports_are_counted_as_they_are_expanded() {
        for text in ["80", "8080:80", "9000-9001:80", "70-72", "99-100:99-100", "1.2.3.4::5-9"] {
            assert_eq!(count(text), Ok(parse(text).unwrap().len()), "{text}");
        }
    }

    #[test]
    fn invalid_ports_are_refused_with_a_reason() {
        for text in ["", "a", "80:", "70000", "80/icmp", "1-3:80-81", "5-3", "host:80:80", "-1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
