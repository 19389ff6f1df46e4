//! LABELS of services that several rooms read: their names, and what their values mean. Pure.

use std::collections::BTreeMap;

/// Docker puts it on everything of a stack.
pub const STACK: &str = "com.docker.stack.namespace";
/// A service says by it that Traefik is to serve it.
pub(crate) const ROUTED: &str = "traefik.enable";
/// A service says by it that it is backed up.
pub const BACKED_UP: &str = "backupbot.backup";
/// Its predecessor in version 1 of the contract, which version 2 ignores.
pub const OLD_BACKED_UP: &str = "backupbot.backup.path";

/// A boolean as Go's `strconv.ParseBool` reads it, and with it Traefik; none for anything else.
pub fn go_bool(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Whether Traefik is to serve a service. A value that it cannot read makes it leave the service out.
pub fn is_routed(labels: &BTreeMap<String, String>) -> bool {
    labels.get(ROUTED).and_then(|v| go_bool(v)) == Some(true)
}

/// Whether a service is backed up; backup-bot compares without regard to case.
pub fn is_backed_up(labels: &BTreeMap<String, String>) -> bool {
    labels.get(BACKED_UP).is_some_and(|v| v.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_label_is_read_as_its_reader_reads_it() {
        let one = |label: &str, value: &str| BTreeMap::from([(label.to_string(), value.to_string())]);
        for (value, routed, backed_up) in [
            ("true", true, true),
            ("True", true, true),
            ("tRUE", false, true),
            ("1", true, false),
            ("t", true, false),
            ("yes", false, false),
            ("", false, false),
            ("false", false, false),
        ] {
            assert_eq!(is_routed(&one(ROUTED, value)), routed, "{value}");
            assert_eq!(is_backed_up(&one(BACKED_UP, value)), backed_up, "{value}");
        }
        assert!(!is_routed(&BTreeMap::new()) && !is_backed_up(&BTreeMap::new()));
    }
}
