//! KEYS of a service: the long form of each, how files are merged, and whether Swarm uses it. The forms are
//! those of docker's loader; merging is that of its `merge.go` with mergo. Data only.
// flat table: may be long

/// The form into which a value is converted before files are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Unchanged.
    Same,
    /// A text is split into words like in a shell; a list is unchanged.
    Words,
    /// A text becomes a list with one item.
    Strings,
    /// A map of texts, from a map or from a list of `key=value`.
    Pairs,
    /// Like `Pairs`, but a missing value is different from an empty one.
    Environment,
    /// A list of `host:address`.
    Hosts,
    /// A list of maps, one for each port.
    Ports,
    /// A list of maps.
    Mounts,
    /// A list of maps with `source`.
    References,
    /// A map from a list of names.
    Networks,
    /// A whole number; a fraction is cut off.
    Whole,
    /// Each field has a form of its own.
    Fields(&'static [Field]),
    /// Dropped after it is read.
    Consumed,
}

/// How the value of a later file changes that of an earlier one. A value that only one file has is always
/// kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    /// The later one, unless it is empty, zero or false.
    Filled,
    /// The later one, unless the duration is zero.
    Duration,
    /// The later one, unless the size is zero.
    Size,
    /// The later one, even if it is zero.
    Given,
    /// The later list is appended to the earlier one.
    Append,
    /// The later list, unless it is empty.
    Words,
    /// Merged by this key of the items: later items replace earlier ones, all are sorted, without duplicates.
    By(&'static str),
    /// Key by key; the later value wins.
    Pairs,
    /// Key by key; an empty or missing later value does not replace an earlier one.
    Environment,
    /// Network by network; a network in both files gets the later aliases and addresses.
    Networks,
    /// Options of the same driver are merged, another driver replaces all.
    Logging,
    /// Field by field.
    Fields,
}

/// Whether Swarm uses a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swarm {
    /// It does.
    Used,
    /// It does not, and docker's loader does not warn about it.
    Silent,
    /// It does not; what to write instead.
    Ignored(&'static str),
}

/// A key and its rules.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its long form.
    pub form: Form,
    /// How files are merged.
    pub merge: Merge,
    /// Whether Swarm takes notice.
    pub swarm: Swarm,
}

const fn row(name: &'static str, form: Form, merge: Merge) -> Field {
    Field { name, form, merge, swarm: Swarm::Used }
}
const fn ignored(name: &'static str, merge: Merge, instead: &'static str) -> Field {
    Field { name, form: Form::Same, merge, swarm: Swarm::Ignored(instead) }
}
const fn filled(name: &'static str) -> Field {
    row(name, Form::Same, Merge::Filled)
}

/// All keys of a service.
pub(crate) const SERVICE: &[Field] = &[
    ignored("build", Merge::Filled, "Swarm runs images only: build and push one, and name it as `image`"),
    row("cap_add", Form::Same, Merge::Append),
    row("cap_drop", Form::Same, Merge::Append),
    ignored("cgroupns_mode", Merge::Filled, "remove it; nodes decide it for all containers"),
    ignored("cgroup_parent", Merge::Filled, "remove it; limits are set under `deploy.resources`"),
    row("command", Form::Words, Merge::Words),
    row("configs", Form::References, Merge::By("source")),
    ignored(
        "container_name",
        Merge::Filled,
        "remove it; other services reach this one by its name, and commands find a task by the labels of its container",
    ),
    row("credential_spec", Form::Fields(CREDENTIALS), Merge::Fields),
    Field { name: "depends_on", form: Form::Same, merge: Merge::Append, swarm: Swarm::Silent },
    row("deploy", Form::Fields(DEPLOY), Merge::Fields),
    ignored(
        "devices",
        Merge::Append,
        "remove it; a task gets no devices, but may mount a path of the host under `volumes`",
    ),
    row("dns", Form::Strings, Merge::Append),
    row("dns_search", Form::Strings, Merge::Append),
    ignored("domainname", Merge::Filled, "write the whole name as `hostname`"),
    row("entrypoint", Form::Words, Merge::Words),
    row("environment", Form::Environment, Merge::Environment),
    row("env_file", Form::Consumed, Merge::Append),
    ignored("expose", Merge::Append, "remove it; services of one network reach all ports of each other"),
    ignored("external_links", Merge::Append, "put both services on one external network"),
    row("extra_hosts", Form::Hosts, Merge::Append),
    filled("hostname"),
    row("healthcheck", Form::Fields(HEALTHCHECK), Merge::Fields),
    filled("image"),
    filled("init"),
    ignored(
        "ipc",
        Merge::Filled,
        "remove it; a mount of `type: tmpfs` at /dev/shm gives shared memory to one container",
    ),
    filled("isolation"),
    row("labels", Form::Pairs, Merge::Pairs),
    ignored(
        "links",
        Merge::Append,
        "remove it; services of one network reach each other by their names, or by `aliases` of the network",
    ),
    row("logging", Form::Fields(LOGGING), Merge::Logging),
    ignored("mac_address", Merge::Filled, "remove it"),
    ignored(
        "network_mode",
        Merge::Filled,
        "for the network of the host write an external network named `host`",
    ),
    row("networks", Form::Networks, Merge::Networks),
    ignored("pid", Merge::Filled, "remove it"),
    row("ports", Form::Ports, Merge::By("published")),
    ignored("privileged", Merge::Filled, "remove it; `cap_add` gives single rights"),
    filled("read_only"),
    // docker lists it as unsupported, but makes a restart policy of it if `deploy` has none
    filled("restart"),
    row("secrets", Form::References, Merge::By("source")),
    ignored("security_opt", Merge::Append, "remove it"),
    ignored(
        "shm_size",
        Merge::Filled,
        "mount a `tmpfs` at /dev/shm: `{type: tmpfs, target: /dev/shm, tmpfs: {size: 268435456}}` under `volumes`",
    ),
    filled("stdin_open"),
    row("stop_grace_period", Form::Same, Merge::Duration),
    filled("stop_signal"),
    row("sysctls", Form::Pairs, Merge::Pairs),
    Field {
        name: "tmpfs",
        form: Form::Strings,
        merge: Merge::Append,
        swarm: Swarm::Ignored("write it under `volumes`: `{type: tmpfs, target: …}`"),
    },
    filled("tty"),
    row("ulimits", Form::Same, Merge::Pairs),
    filled("user"),
    filled("oom_score_adj"),
    ignored("userns_mode", Merge::Filled, "remove it; nodes decide it for all containers"),
    row("volumes", Form::Mounts, Merge::By("target")),
    filled("working_dir"),
];

const CREDENTIALS: &[Field] = &[filled("config"), filled("file"), filled("registry")];

const HEALTHCHECK: &[Field] = &[
    row("test", Form::Same, Merge::Append),
    row("timeout", Form::Same, Merge::Duration),
    row("interval", Form::Same, Merge::Duration),
    row("retries", Form::Whole, Merge::Given),
    row("start_period", Form::Same, Merge::Duration),
    row("start_interval", Form::Same, Merge::Duration),
    filled("disable"),
];

const LOGGING: &[Field] = &[filled("driver"), row("options", Form::Pairs, Merge::Pairs)];

const UPDATE: &[Field] = &[
    row("parallelism", Form::Whole, Merge::Given),
    row("delay", Form::Same, Merge::Duration),
    filled("failure_action"),
    row("monitor", Form::Same, Merge::Duration),
    filled("max_failure_ratio"),
    filled("order"),
];

const DEPLOY: &[Field] = &[
    filled("mode"),
    row("replicas", Form::Whole, Merge::Given),
    row("labels", Form::Pairs, Merge::Pairs),
    row("update_config", Form::Fields(UPDATE), Merge::Fields),
    row("rollback_config", Form::Fields(UPDATE), Merge::Fields),
    row("resources", Form::Fields(RESOURCES), Merge::Fields),
    row("restart_policy", Form::Fields(RESTART), Merge::Fields),
    row("placement", Form::Fields(PLACEMENT), Merge::Fields),
    filled("endpoint_mode"),
];

const RESOURCES: &[Field] = &[
    row("limits", Form::Fields(LIMITS), Merge::Fields),
    row("reservations", Form::Fields(RESERVATIONS), Merge::Fields),
];

const LIMITS: &[Field] = &[filled("cpus"), row("memory", Form::Same, Merge::Size), filled("pids")];

const RESERVATIONS: &[Field] = &[
    filled("cpus"),
    row("memory", Form::Same, Merge::Size),
    row("generic_resources", Form::Same, Merge::Append),
];

const RESTART: &[Field] = &[
    filled("condition"),
    row("delay", Form::Same, Merge::Duration),
    row("max_attempts", Form::Whole, Merge::Given),
    row("window", Form::Same, Merge::Duration),
];

const PLACEMENT: &[Field] = &[
    row("constraints", Form::Same, Merge::Append),
    row("preferences", Form::Same, Merge::Append),
    filled("max_replicas_per_node"),
];

/// The row of a key.
pub(super) fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    fields.iter().find(|f| f.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::schema;

    #[test]
    fn rows_and_keys_of_docker_are_the_same() {
        let mut rows: Vec<&str> = SERVICE.iter().map(|f| f.name).collect();
        let mut known = schema::service_keys();
        rows.sort_unstable();
        known.sort_unstable();
        assert_eq!(rows, known);
    }
}
