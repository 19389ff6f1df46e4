//! What docker's stack loader accepts in a compose file: its JSON schemas 3.0 to 3.13 (docker/cli 28.5.2,
//! `cli/compose/schema/data`) as one table, each key with the version that introduced it. Data only.
// flat table: may be long

use super::shape::{Format, Key, Kind, Object, Rest, Shape, Variant};
use Kind::{Bool, Nothing, Number, Text, Whole};

/// The newest version, also used for a file without a version.
pub(super) const NEWEST: u8 = 13;

const fn key(name: &'static str, shape: &'static Shape) -> Key {
    Key { name, since: 0, shape }
}
const fn since(since: u8, name: &'static str, shape: &'static Shape) -> Key {
    Key { name, since, shape }
}
const fn object(keys: &'static [Key]) -> Shape {
    Shape::Object(Object { keys, rest: Rest::Refused, nullable: false, required: &[] })
}
const fn open(keys: &'static [Key]) -> Shape {
    Shape::Object(Object { keys, rest: Rest::Free, nullable: false, required: &[] })
}
const fn section(shape: &'static Shape) -> Shape {
    Shape::Object(Object { keys: &[], rest: Rest::Names(shape), nullable: false, required: &[] })
}
const fn values(shape: &'static Shape) -> Shape {
    Shape::Object(Object { keys: &[], rest: Rest::Values(shape), nullable: false, required: &[] })
}
const fn scalar(kinds: &'static [Kind]) -> Shape {
    Shape::Scalar(kinds, Format::Any)
}
const fn always(shape: &'static Shape) -> Variant {
    Variant { since: 0, shape }
}

const TEXT: Shape = scalar(&[Text]);
const WHOLE: Shape = scalar(&[Whole]);
const NUMBER: Shape = scalar(&[Number]);
const BOOL: Shape = scalar(&[Bool]);
const TEXT_OR_NUMBER: Shape = scalar(&[Text, Number]);
const TEXT_OR_NUMBER_OR_NOTHING: Shape = scalar(&[Text, Number, Nothing]);
const DURATION: Shape = Shape::Scalar(&[Text], Format::Duration);
const ANYTHING: Shape = Shape::Any;
const LIST: Shape = Shape::List { of: &TEXT, unique: false };
const SET: Shape = Shape::List { of: &TEXT, unique: true };
const TEXT_OR_SET: Shape = Shape::Either(&[always(&TEXT), always(&SET)]);
const TEXT_OR_LIST: Shape = Shape::Either(&[always(&TEXT), always(&LIST)]);
const PAIRS: Shape = Shape::Either(&[always(&values(&TEXT_OR_NUMBER_OR_NOTHING)), always(&SET)]);
const OPTIONS: Shape =
    Shape::Object(Object { keys: &[], rest: Rest::Values(&TEXT_OR_NUMBER), nullable: false, required: &[] });

/// A whole file.
pub(super) const FILE: Shape = Shape::Object(Object {
    keys: &[
        key("version", &TEXT),
        key("services", &section(&SERVICE)),
        key("networks", &section(&NETWORK)),
        key("volumes", &section(&VOLUME)),
        since(1, "secrets", &section(&SECRET)),
        since(3, "configs", &section(&CONFIG)),
    ],
    rest: Rest::Extensions(4),
    nullable: false,
    required: &[],
});

pub(super) const SERVICE: Shape = Shape::Object(Object {
    keys: &[
        key("deploy", &DEPLOY),
        key("build", &Shape::Either(&[always(&TEXT), always(&BUILD)])),
        key("cap_add", &SET),
        key("cap_drop", &SET),
        since(9, "cgroupns_mode", &TEXT),
        key("cgroup_parent", &TEXT),
        key("command", &TEXT_OR_LIST),
        since(3, "configs", &REFERENCES),
        key("container_name", &TEXT),
        since(3, "credential_spec", &CREDENTIALS),
        key("depends_on", &SET),
        key("devices", &SET),
        key("dns", &TEXT_OR_SET),
        key("dns_search", &TEXT_OR_SET),
        key("domainname", &TEXT),
        key("entrypoint", &TEXT_OR_LIST),
        key("env_file", &TEXT_OR_SET),
        key("environment", &PAIRS),
        key("expose", &Shape::List { of: &TEXT_OR_NUMBER, unique: true }),
        key("external_links", &SET),
        key("extra_hosts", &PAIRS),
        key("healthcheck", &HEALTHCHECK),
        key("hostname", &TEXT),
        key("image", &TEXT),
        since(7, "init", &BOOL),
        key("ipc", &TEXT),
        since(5, "isolation", &TEXT),
        key("labels", &PAIRS),
        key("links", &SET),
        key("logging", &LOGGING),
        key("mac_address", &TEXT),
        key("network_mode", &TEXT),
        key("networks", &Shape::Either(&[always(&SET), always(&section(&ATTACHMENT))])),
        key("pid", &scalar(&[Text, Nothing])),
        key("ports", &Shape::List { of: &PORT, unique: true }),
        key("privileged", &BOOL),
        key("read_only", &BOOL),
        key("restart", &TEXT),
        key("security_opt", &SET),
        key("shm_size", &TEXT_OR_NUMBER),
        since(1, "secrets", &REFERENCES),
        key("sysctls", &PAIRS),
        key("stdin_open", &BOOL),
        key("stop_grace_period", &DURATION),
        key("stop_signal", &TEXT),
        key("tmpfs", &TEXT_OR_SET),
        key("tty", &BOOL),
        key("ulimits", &values(&Shape::Either(&[always(&WHOLE), always(&ULIMIT)]))),
        since(13, "oom_score_adj", &WHOLE),
        key("user", &TEXT),
        key("userns_mode", &TEXT),
        key("volumes", &Shape::List { of: &MOUNT, unique: false }),
        key("working_dir", &TEXT),
    ],
    rest: Rest::Extensions(7),
    nullable: false,
    required: &[],
});

// Swarm never builds, so only the outer shape is checked
const BUILD: Shape = open(&[key("context", &TEXT), key("dockerfile", &TEXT), key("args", &PAIRS)]);

const REFERENCES: Shape = Shape::List {
    of: &Shape::Either(&[
        always(&TEXT),
        always(&open(&[
            key("source", &TEXT),
            key("target", &TEXT),
            key("uid", &TEXT),
            key("gid", &TEXT),
            key("mode", &NUMBER),
        ])),
    ]),
    unique: false,
};

const CREDENTIALS: Shape = object(&[since(8, "config", &TEXT), key("file", &TEXT), key("registry", &TEXT)]);

const HEALTHCHECK: Shape = object(&[
    key("disable", &BOOL),
    key("interval", &DURATION),
    key("retries", &NUMBER),
    key("test", &TEXT_OR_LIST),
    key("timeout", &DURATION),
    since(4, "start_period", &DURATION),
    since(12, "start_interval", &DURATION),
]);

const LOGGING: Shape = object(&[key("driver", &TEXT), key("options", &values(&TEXT_OR_NUMBER_OR_NOTHING))]);

const ATTACHMENT: Shape = Shape::Object(Object {
    keys: &[
        key("aliases", &SET),
        since(13, "driver_opts", &OPTIONS),
        key("ipv4_address", &TEXT),
        key("ipv6_address", &TEXT),
    ],
    rest: Rest::Refused,
    nullable: true,
    required: &[],
});

const PORT: Shape = Shape::Either(&[
    always(&Shape::Scalar(&[Text, Number], Format::Ports)),
    Variant {
        since: 2,
        shape: &object(&[
            key("mode", &TEXT),
            key("target", &WHOLE),
            key("published", &WHOLE),
            key("protocol", &TEXT),
        ]),
    },
]);

const ULIMIT: Shape = Shape::Object(Object {
    keys: &[key("hard", &WHOLE), key("soft", &WHOLE)],
    rest: Rest::Refused,
    nullable: false,
    required: &["soft", "hard"],
});

const MOUNT: Shape = Shape::Either(&[
    always(&TEXT),
    Variant {
        since: 2,
        shape: &Shape::Object(Object {
            keys: &[
                key("type", &TEXT),
                key("source", &TEXT),
                key("target", &TEXT),
                key("read_only", &BOOL),
                key("consistency", &TEXT),
                key("bind", &open(&[key("propagation", &TEXT)])),
                key("volume", &open(&[key("nocopy", &BOOL)])),
                since(6, "tmpfs", &open(&[key("size", &Shape::Scalar(&[Whole], Format::NotNegative))])),
            ],
            rest: Rest::Refused,
            nullable: false,
            required: &["type"],
        }),
    },
]);

const ORDER: Shape = Shape::Scalar(&[Text], Format::Words(&["start-first", "stop-first"]));

const UPDATE: Shape = object(&[
    key("parallelism", &WHOLE),
    key("delay", &DURATION),
    key("failure_action", &TEXT),
    key("monitor", &DURATION),
    key("max_failure_ratio", &NUMBER),
    since(4, "order", &ORDER),
]);

const DEPLOY: Shape = Shape::Object(Object {
    keys: &[
        key("mode", &TEXT),
        since(2, "endpoint_mode", &TEXT),
        key("replicas", &WHOLE),
        key("labels", &PAIRS),
        since(7, "rollback_config", &UPDATE),
        key("update_config", &UPDATE),
        key("resources", &object(&[key("limits", &LIMITS), key("reservations", &RESERVATIONS)])),
        key(
            "restart_policy",
            &object(&[
                key("condition", &TEXT),
                key("delay", &DURATION),
                key("max_attempts", &WHOLE),
                key("window", &DURATION),
            ]),
        ),
        key(
            "placement",
            &object(&[
                key("constraints", &LIST),
                since(3, "preferences", &Shape::List { of: &object(&[key("spread", &TEXT)]), unique: false }),
                since(8, "max_replicas_per_node", &WHOLE),
            ]),
        ),
    ],
    rest: Rest::Refused,
    nullable: true,
    required: &[],
});

const LIMITS: Shape = object(&[key("cpus", &TEXT), key("memory", &TEXT), since(9, "pids", &WHOLE)]);

const RESERVATIONS: Shape = object(&[
    key("cpus", &TEXT),
    key("memory", &TEXT),
    since(
        5,
        "generic_resources",
        &Shape::List {
            of: &object(&[key(
                "discrete_resource_spec",
                &object(&[key("kind", &TEXT), key("value", &NUMBER)]),
            )]),
            unique: false,
        },
    ),
]);

const EXTERNAL: Shape = Shape::Either(&[always(&BOOL), always(&object(&[key("name", &TEXT)]))]);
const EXTERNAL_FILE: Shape = Shape::Either(&[always(&BOOL), always(&open(&[key("name", &TEXT)]))]);

const NETWORK: Shape = Shape::Object(Object {
    keys: &[
        since(5, "name", &TEXT),
        key("driver", &TEXT),
        key("driver_opts", &OPTIONS),
        key(
            "ipam",
            &object(&[
                key("driver", &TEXT),
                key("config", &Shape::List { of: &object(&[key("subnet", &TEXT)]), unique: false }),
            ]),
        ),
        key("external", &EXTERNAL),
        key("internal", &BOOL),
        since(2, "attachable", &BOOL),
        key("labels", &PAIRS),
    ],
    rest: Rest::Extensions(7),
    nullable: true,
    required: &[],
});

const VOLUME: Shape = Shape::Object(Object {
    keys: &[
        since(4, "name", &TEXT),
        key("driver", &TEXT),
        key("driver_opts", &OPTIONS),
        key("external", &EXTERNAL),
        key("labels", &PAIRS),
        since(10, "x-cluster-spec", &ANYTHING),
    ],
    rest: Rest::Extensions(7),
    nullable: true,
    required: &[],
});

const SECRET: Shape = Shape::Object(Object {
    keys: &[
        since(5, "name", &TEXT),
        key("file", &TEXT),
        key("external", &EXTERNAL_FILE),
        key("labels", &PAIRS),
        since(8, "driver", &TEXT),
        since(8, "driver_opts", &OPTIONS),
        since(8, "template_driver", &TEXT),
    ],
    rest: Rest::Extensions(7),
    nullable: false,
    required: &[],
});

const CONFIG: Shape = Shape::Object(Object {
    keys: &[
        since(5, "name", &TEXT),
        key("file", &TEXT),
        key("external", &EXTERNAL_FILE),
        key("labels", &PAIRS),
        since(8, "template_driver", &TEXT),
    ],
    rest: Rest::Extensions(7),
    nullable: false,
    required: &[],
});
