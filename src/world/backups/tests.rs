//! Cases of the label contract; the doing is a story of the contract suite.

use super::*;
use crate::world::seen::{Mode, Restart, Seen, ServiceSeen};

fn service(labels: &[(&str, &str)], volumes: &[(&str, &str)]) -> Seen {
    let mut all: std::collections::BTreeMap<String, String> =
        labels.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
    all.insert("com.docker.stack.namespace".into(), "s".into());
    let service = ServiceSeen {
        id: "1".into(),
        name: ServiceName::parse("db").unwrap(),
        mode: Mode::Replicated(1),
        image: "x".into(),
        labels: all,
        env: vec![],
        restart: Restart::Any,
        max_attempts: 0,
        start_first: false,
        update: None,
        volumes: volumes.iter().map(|(n, p)| ((*n).to_string(), (*p).to_string())).collect(),
        read_only: vec![],
        networks: vec![],
        ports: vec![],
        template: String::new(),
        has_healthcheck: false,
    };
    Seen { services: vec![service], tasks: vec![] }
}

fn paths(labels: &[(&str, &str)]) -> Vec<String> {
    let seen = service(labels, &[("s_data", "/data"), ("s_cache", "/cache/")]);
    jobs(&seen).0.into_iter().flat_map(|j| j.paths).map(|p| p.path).collect()
}

#[test]
fn all_volumes_are_backed_up_unless_a_label_says_otherwise() {
    let on = ("backupbot.backup", "true");
    assert_eq!(paths(&[on]), ["/data", "/cache"]);
    assert_eq!(paths(&[on, ("backupbot.backup.volumes.cache", "false")]), ["/data"]);
    let limited = [
        on,
        ("backupbot.backup.volumes.data.path", "dump.sql.gz, /conf/"),
        ("backupbot.backup.volumes.cache", "false"),
    ];
    assert_eq!(paths(&limited), ["/data/dump.sql.gz", "/data/conf"]);
    assert_eq!(paths(&[("backupbot.backup", "false")]), Vec::<String>::new());
    assert_eq!(paths(&[]), Vec::<String>::new());
}

#[test]
fn what_other_volumes_hold_inside_a_path_is_known() {
    let on = [("backupbot.backup", "true"), ("backupbot.backup.volumes.in", "false")];
    let seen = service(&on, &[("s_data", "/srv"), ("s_in", "/srv/in"), ("s_two", "/srv-two")]);
    let inside: Vec<Vec<String>> = jobs(&seen).0.remove(0).paths.into_iter().map(|p| p.inside).collect();
    assert_eq!(inside, [vec!["in".to_string()], vec![]]);
}

#[test]
fn a_path_that_leads_out_of_its_volume_is_left_out_and_said() {
    let labels = [("backupbot.backup", "true"), ("backupbot.backup.volumes.data.path", "../../etc, conf")];
    let (jobs, notes) = jobs(&service(&labels, &[("s_data", "/srv/data")]));
    assert_eq!(jobs[0].paths.iter().map(|p| p.path.as_str()).collect::<Vec<_>>(), ["/srv/data/conf"]);
    assert!(notes[0].contains("leads out of its volume"), "{notes:?}");
}

#[test]
fn two_paths_never_share_a_file() {
    let selected = |path: &str| Selected {
        volume: "v".into(),
        service: ServiceName::parse("app").unwrap(),
        path: path.into(),
        whole: true,
        inside: vec![],
    };
    let mut taken: Vec<Archive> = vec![];
    for path in ["/srv/a-b", "/srv/a/b", "/srv-a/b"] {
        let s = selected(path);
        let file = file_of("first", &s, &taken);
        let (service, path) = (s.service, s.path);
        let (sha256, entries, inside) = Default::default();
        taken.push(Archive { service, path, file, sha256, bytes: 0, entries, inside });
    }
    let files: Vec<&str> = taken.iter().map(|a| a.file.as_str()).collect();
    let named = |more: &str| format!("backups/first/app-srv-a-b{more}.tar");
    assert_eq!(files, [named(""), named("-2"), named("-3")]);
}

#[test]
fn labels_speak_of_a_volume_with_a_name_of_its_own_by_that_name() {
    let labels = [("backupbot.backup", "true"), ("backupbot.backup.volumes.shop-data", "false")];
    let seen = service(&labels, &[("s_data", "/data"), ("s__shop-data", "/shop"), ("theirs", "/t")]);
    let (jobs, _) = jobs(&seen);
    let volumes: Vec<&str> = jobs[0].paths.iter().map(|p| p.volume.as_str()).collect();
    assert_eq!(volumes, ["data", "theirs"]);
}

#[test]
fn a_volume_that_is_only_read_is_reached_through_whoever_writes_it_and_once() {
    let named = |name: &str, labels: &[(&str, &str)], volumes: &[(&str, &str)], read_only: &[&str]| {
        let mut s = service(labels, volumes).services.remove(0);
        s.name = ServiceName::parse(name).unwrap();
        s.read_only = read_only.iter().map(ToString::to_string).collect();
        s
    };
    let on = [("backupbot.backup", "true")];
    let ways = |services: Vec<ServiceSeen>| -> Vec<String> {
        let (jobs, _) = jobs(&Seen { services, tasks: vec![] });
        jobs.iter().flat_map(|j| &j.paths).map(|p| format!("{} {} {}", p.volume, p.service, p.path)).collect()
    };
    let twice = named("web", &on, &[("s_data", "/ro"), ("s_data", "/rw")], &["/ro"]);
    assert_eq!(ways(vec![twice]), ["data web /rw"]);
    let reads = || named("web", &on, &[("s_data", "/srv")], &["/srv"]);
    let writes = named("app", &[], &[("s_data", "/var/data")], &[]);
    assert_eq!(ways(vec![reads(), writes.clone()]), ["data app /var/data"]);
    let ended = ServiceSeen { mode: Mode::Job(1), ..writes };
    assert_eq!(ways(vec![reads(), ended]), ["data web /srv"], "a job has no container to write through");
}

#[test]
fn lesson_13_the_old_label_alone_selects_nothing_and_is_said() {
    let (jobs, notes) = jobs(&service(&[("backupbot.backup.path", "/data")], &[("s_data", "/data")]));
    assert!(jobs.is_empty());
    assert!(notes[0].contains("old label"), "{notes:?}");
}

#[test]
fn lesson_50_a_command_that_bash_misses_is_no_missing_bash() {
    let of = |stderr: &str| crate::world::cluster::ExecOutput {
        code: 127,
        stderr: stderr.into(),
        ..Default::default()
    };
    assert!(!no_bash(&of("bash: line 1: mysqldump: command not found")));
    assert!(!no_bash(&of("bash: line 1: /backup.sh: no such file or directory")));
    let runtime =
        "OCI runtime exec failed: exec failed: exec: \"bash\": executable file not found in $PATH: unknown";
    assert!(no_bash(&of(runtime)));
}
