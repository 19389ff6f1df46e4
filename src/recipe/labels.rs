//! Labels of services that several crates read: their names and the meaning of their values. Pure.

use std::collections::BTreeMap;

/// Docker puts it on everything of a stack.
pub const STACK: &str = "com.docker.stack.namespace";
/// Set on a service that Traefik is to serve.
pub(crate) const ROUTED: &str = "traefik.enable";
/// Set on a service that is to be backed up.
pub const BACKED_UP: &str = "backupbot.backup";
/// The predecessor of [`BACKED_UP`] in version 1 of backup-bot's label contract; version 2 ignores it.
pub const OLD_BACKED_UP: &str = "backupbot.backup.path";

/// Reads a boolean as Go's `strconv.ParseBool` does, and therefore Traefik; `None` for any other text.
pub fn go_bool(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Whether Traefik is to serve a service. Traefik leaves out a service whose value it cannot read.
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
