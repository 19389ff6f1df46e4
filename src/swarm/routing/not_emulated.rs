//! Kinds of middlewares that Traefik v3 has and the ingress does not emulate, and what a run says of them. Pure.

/// A kind of middleware that Traefik v3 has and the ingress does not emulate.
#[derive(Debug, PartialEq, Eq)]
pub struct NotEmulated {
    /// Its name in lower case, as labels are read.
    pub kind: &'static str,
    /// What happens to a request without it.
    pub without: Without,
}

/// What happens to a request without a middleware.
#[derive(Debug, PartialEq, Eq)]
pub enum Without {
    /// It reaches the app all the same: the kind sets limits, or changes how an answer is transferred. The text
    /// says what is left out.
    Passes(&'static str),
    /// Not known: the kind decides who has access or what is requested. The ingress reports that
    /// instead of giving an answer.
    Unknown(&'static str),
}

impl NotEmulated {
    /// What a run does not prove because of it; the text follows "not proved:".
    pub fn not_proved(&self, name: &str) -> String {
        let what = match self.without {
            Without::Passes(left_out) => format!("requests pass without it ({left_out})"),
            Without::Unknown(does) => {
                format!("it {does}, so a request that would pass through it gets no answer")
            }
        };
        format!("what the middleware `{name}` ({}) does: the ingress does not emulate it; {what}", self.kind)
    }
}

/// Beginning of the ingress's reason if it gives no answer because of a middleware.
pub const NOT_EMULATED: &str = "the ingress does not emulate ";

/// Every such kind.
pub(super) const OTHERS: &[NotEmulated] = &[
    NotEmulated { kind: "forwardauth", without: Without::Unknown("asks another service who has access") },
    NotEmulated { kind: "digestauth", without: Without::Unknown("decides whom to let in") },
    NotEmulated { kind: "ipallowlist", without: Without::Unknown("decides whom to let in") },
    NotEmulated { kind: "ipwhitelist", without: Without::Unknown("decides whom to let in") },
    NotEmulated { kind: "replacepath", without: Without::Unknown("changes the path of a request") },
    NotEmulated { kind: "replacepathregex", without: Without::Unknown("changes the path of a request") },
    NotEmulated { kind: "errors", without: Without::Passes("error pages are the app's own") },
    NotEmulated { kind: "buffering", without: Without::Passes("requests are not buffered") },
    NotEmulated { kind: "circuitbreaker", without: Without::Passes("the circuit never opens") },
    NotEmulated { kind: "compress", without: Without::Passes("answers are not compressed") },
    NotEmulated { kind: "contenttype", without: Without::Passes("content types are left as they are") },
    NotEmulated { kind: "encodedcharacters", without: Without::Passes("paths are left as they are") },
    NotEmulated { kind: "grpcweb", without: Without::Passes("gRPC-Web is not translated") },
    NotEmulated { kind: "inflightreq", without: Without::Passes("simultaneous requests are not limited") },
    NotEmulated {
        kind: "passtlsclientcert",
        without: Without::Passes("client certificates are not passed on"),
    },
    NotEmulated { kind: "ratelimit", without: Without::Passes("rates are not limited") },
    NotEmulated { kind: "retry", without: Without::Passes("requests are not tried again") },
];
