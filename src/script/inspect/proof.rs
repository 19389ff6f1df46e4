//! Whether a test could fail by what the app does: one that only asks is green whatever the answer is.

use crate::node::{Link, Node, What};

/// Methods that give an answer, whatever it is: they raise only when there is none at all.
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

/// Whether something in it asserts, throws, or calls what may do so.
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
