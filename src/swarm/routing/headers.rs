//! The `headers` middleware: custom headers, security headers, CORS, as Traefik v3 does them. Pure.

use super::labels::{Options, boolean, list};
use super::middleware::{Edit, Head, Passed, Reply, flag, text};
use super::pattern::regex;
use super::rule::Flaw;
use regex::Regex;

/// The settings of one `headers` middleware.
#[derive(Debug, Clone, Default)]
pub struct HeaderRules {
    request: Vec<(String, String)>,
    response: Vec<(String, String)>,
    /// Sent only over TLS, unless forced.
    transport_security: Option<String>,
    forced: bool,
    cors: Option<Cors>,
    without_effect: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Cors {
    credentials: bool,
    allow_headers: String,
    allow_methods: String,
    origins: Vec<String>,
    patterns: Vec<Regex>,
    expose: String,
    max_age: String,
    vary: bool,
}

/// Options that set one header of the answer: the option, the header, and the value if the option is a boolean.
const PLAIN: &[(&str, &str, Option<&str>)] = &[
    ("framedeny", "x-frame-options", Some("DENY")),
    ("customframeoptionsvalue", "x-frame-options", None),
    ("contenttypenosniff", "x-content-type-options", Some("nosniff")),
    ("browserxssfilter", "x-xss-protection", Some("1; mode=block")),
    ("custombrowserxssvalue", "x-xss-protection", None),
    ("contentsecuritypolicy", "content-security-policy", None),
    ("contentsecuritypolicyreportonly", "content-security-policy-report-only", None),
    ("publickey", "public-key-pins", None),
    ("referrerpolicy", "referrer-policy", None),
    ("permissionspolicy", "permissions-policy", None),
];

/// Options that Traefik v3 reads and ignores.
const DEAD: &[&str] = &["featurepolicy", "sslforcehost", "sslhost", "sslredirect", "ssltemporaryredirect"];

impl HeaderRules {
    /// Reads the options; an error says what Traefik would refuse.
    pub(crate) fn read(options: &Options) -> Result<HeaderRules, Flaw> {
        if options.is_empty() {
            return Err("it sets nothing".into());
        }
        let mut out = HeaderRules { cors: Cors::read(options)?, ..HeaderRules::default() };
        for (option, value) in options {
            if let Some(name) = option.strip_prefix("customrequestheaders.") {
                out.request.push((name.to_string(), value.clone()));
            } else if let Some(name) = option.strip_prefix("customresponseheaders.") {
                out.response.push((name.to_string(), value.clone()));
            } else if DEAD.contains(&option.as_str()) || option == "allowedhosts" {
                out.without_effect.push(option.clone());
            }
        }
        for (option, header, fixed) in PLAIN {
            let Some(value) = options.get(*option) else { continue };
            match fixed {
                Some(fixed) if boolean(option, value)? => {
                    out.response.push((header.to_string(), fixed.to_string()))
                }
                None if !value.is_empty() => out.response.push((header.to_string(), value.clone())),
                _ => {}
            }
        }
        out.transport_security = transport_security(options)?;
        out.forced = flag(options, "forcestsheader")?;
        Ok(out)
    }

    /// Notes for the reader about options without effect.
    pub(crate) fn notes(&self, name: &str) -> Vec<String> {
        let note = |o: &String| {
            format!("middleware `{name}` (headers): `{o}` has no effect (with Traefik v3, or here)")
        };
        self.without_effect.iter().map(note).collect()
    }

    /// Changes the headers of request and answer; answers a CORS preflight itself.
    pub(crate) fn step(&self, head: &Head<'_>, out: &mut Passed) -> Option<Reply> {
        let origin =
            head.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("origin")).map(|(_, v)| v.as_str());
        if let Some(reply) = self.cors.as_ref().and_then(|c| c.preflight(head, origin)) {
            return Some(reply);
        }
        let set = |(n, v): &(String, String)| Edit::Set(n.clone(), v.clone());
        out.request.extend(self.request.iter().map(set));
        out.response.extend(self.response.iter().map(set));
        if let Some(value) = self.transport_security.as_ref().filter(|_| head.secure || self.forced) {
            out.response.push(Edit::Set("strict-transport-security".into(), value.clone()));
        }
        if let Some(cors) = &self.cors {
            out.response.extend(cors.answer(origin));
        }
        None
    }
}

fn transport_security(options: &Options) -> Result<Option<String>, String> {
    let seconds = text(options, "stsseconds");
    if seconds.is_empty() || seconds == "0" {
        return Ok(None);
    }
    let seconds: i64 = seconds.parse().map_err(|_| format!("`stsSeconds`: `{seconds}` is no number"))?;
    let also = if flag(options, "stsincludesubdomains")? { "; includeSubDomains" } else { "" };
    let preload = if flag(options, "stspreload")? { "; preload" } else { "" };
    Ok(Some(format!("max-age={seconds}{also}{preload}")))
}

impl Cors {
    fn read(options: &Options) -> Result<Option<Cors>, Flaw> {
        let there = options.keys().any(|k| k.starts_with("accesscontrol") || k == "addvaryheader");
        let joined = |name: &str| list(&text(options, name)).join(",");
        let cors = Cors {
            credentials: flag(options, "accesscontrolallowcredentials")?,
            allow_headers: joined("accesscontrolallowheaders"),
            allow_methods: joined("accesscontrolallowmethods"),
            origins: list(&text(options, "accesscontrolalloworiginlist")),
            patterns: list(&text(options, "accesscontrolalloworiginlistregex"))
                .iter()
                .map(|p| regex(p))
                .collect::<Result<_, _>>()?,
            expose: joined("accesscontrolexposeheaders"),
            max_age: text(options, "accesscontrolmaxage"),
            vary: flag(options, "addvaryheader")?,
        };
        Ok(there.then_some(cors))
    }

    fn allowed(&self, origin: Option<&str>) -> Option<String> {
        let origin = origin?;
        let listed = self.origins.iter().find(|o| *o == "*" || *o == origin).cloned();
        listed.or_else(|| self.patterns.iter().any(|p| p.is_match(origin)).then(|| origin.to_string()))
    }

    fn preflight(&self, head: &Head<'_>, origin: Option<&str>) -> Option<Reply> {
        let asks = head
            .headers
            .iter()
            .any(|(n, v)| n.eq_ignore_ascii_case("access-control-request-method") && !v.is_empty());
        if head.method != "OPTIONS" || !asks || origin.is_none_or(str::is_empty) {
            return None;
        }
        let max_age = if self.max_age.is_empty() { "0" } else { &self.max_age };
        let headers = [
            ("access-control-allow-credentials", if self.credentials { "true" } else { "" }.to_string()),
            ("access-control-allow-headers", self.allow_headers.clone()),
            ("access-control-allow-methods", self.allow_methods.clone()),
            ("access-control-allow-origin", self.allowed(origin).unwrap_or_default()),
            ("access-control-max-age", max_age.to_string()),
        ];
        let headers =
            headers.into_iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| (n.to_string(), v)).collect();
        Some(Reply { status: 200, headers, body: String::new(), why: "it answers a CORS preflight".into() })
    }

    fn answer(&self, origin: Option<&str>) -> Vec<Edit> {
        let mut out = vec![];
        let mut set = |name: &str, value: String| {
            if !value.is_empty() {
                out.push(Edit::Set(name.to_string(), value));
            }
        };
        set("access-control-allow-origin", self.allowed(origin).unwrap_or_default());
        set("access-control-allow-credentials", if self.credentials { "true" } else { "" }.to_string());
        set("access-control-expose-headers", self.expose.clone());
        if self.vary {
            out.push(Edit::Add("vary".into(), "Origin".into()));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn step(
        options: &[(&str, &str)],
        method: &str,
        secure: bool,
        headers: &[(&str, &str)],
    ) -> (Option<Reply>, Passed) {
        let options = options.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let rules = HeaderRules::read(&options).unwrap();
        let headers: Vec<(String, String)> =
            headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let head =
            Head { method, secure, host: "a", path: "/".into(), query: None, headers: &headers, client };
        let mut out = Passed::default();
        (rules.step(&head, &mut out), out)
    }

    fn set(name: &str, value: &str) -> Edit {
        Edit::Set(name.into(), value.into())
    }

    #[test]
    fn custom_headers_are_set_and_an_empty_value_removes_one() {
        let (_, out) = step(
            &[("customrequestheaders.x-a", "1"), ("customresponseheaders.server", "")],
            "GET",
            true,
            &[],
        );
        assert_eq!(out.request, [set("x-a", "1")]);
        assert_eq!(out.response, [set("server", "")]);
    }

    #[test]
    fn security_headers_are_sent_and_transport_security_over_tls_only() {
        let all = [
            ("stsseconds", "300"),
            ("stspreload", "true"),
            ("framedeny", "true"),
            ("referrerpolicy", "origin"),
        ];
        let (_, out) = step(&all, "GET", true, &[]);
        let expected = [
            set("x-frame-options", "DENY"),
            set("referrer-policy", "origin"),
            set("strict-transport-security", "max-age=300; preload"),
        ];
        assert_eq!(out.response, expected);
        let (_, out) = step(&all, "GET", false, &[]);
        assert_eq!(out.response.len(), 2);
    }

    #[test]
    fn cors_answers_a_preflight_and_names_the_origin() {
        let cors = [("accesscontrolalloworiginlist", "https://b"), ("accesscontrolallowmethods", "GET, PUT")];
        let asks = [("origin", "https://b"), ("access-control-request-method", "PUT")];
        let (reply, _) = step(&cors, "OPTIONS", true, &asks);
        let reply = reply.unwrap();
        assert_eq!(reply.status, 200);
        assert!(reply.headers.contains(&("access-control-allow-methods".into(), "GET,PUT".into())));
        let (reply, out) = step(&cors, "GET", true, &asks);
        assert_eq!(reply, None);
        assert_eq!(out.response, [set("access-control-allow-origin", "https://b")]);
    }

    #[test]
    fn options_that_do_nothing_in_v3_are_said() {
        let read = |key: &str| HeaderRules::read(&Options::from([(key.to_string(), "true".to_string())]));
        assert!(read("sslforcehost").unwrap().notes("m")[0].contains("sslforcehost"));
    }
}
