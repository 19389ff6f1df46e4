//! Whether a test can fail because of what the app does. A test that only makes requests passes whatever the
//! answers are.

use crate::node::{Link, Node, What};

/// Methods that return an answer whatever it is; they raise an error only if there is no answer at all.
const ASKING: &[&str] = &[
    "get",
    "post",
    "request",
    "session",
    "header",
    "tcp",
    "tls",
    "try_exec",
    "logs",
    "services",
    "is_visible",
    "url",
    "title",
    "screenshot",
    "log",
    "remember",
    "len",
    "contains",
    "starts_with",
    "ends_with",
    "trim",
    "split",
    "to_string",
];

/// Whether the body asserts, throws, or calls something that may do so.
pub(super) fn can_fail(body: &[Node]) -> bool {
    let mut found = false;
    body.iter().for_each(|node| node.visit(&mut |n| found |= decides(n)));
    found
}

fn decides(node: &Node) -> bool {
    match &node.what {
        What::Assert(_) | What::Throw(_) | What::Closure { .. } | What::Unknown(_) => true,
        What::Call(call) => !call.operator,
        What::Chain { links, .. } => {
            links.iter().any(|l| matches!(l, Link::Method(call, _) if !ASKING.contains(&call.name.as_str())))
        }
        _ => false,
    }
}
