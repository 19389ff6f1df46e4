//! Cases of the label contract. The contract suite tests backup and restore themselves.

use super::*;
use crate::observed::{Mode, Observed, ObservedService, ObservedVolume, Restart};
use crate::ports::volume::InVolume;
use ccci_model::name::ServiceName;

fn volume(name: &str, path: &str) -> ObservedVolume {
    ObservedVolume { name: name.into(), path: path.into(), elsewhere: false }
}

fn service(labels: &[(&str, &str)], volumes: &[(&str, &str)]) -> Observed {
    let mut all: std::collections::BTreeMap<String, String> =
        labels.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
    all.insert("com.docker.stack.namespace".into(), "s".into());
    let service = ObservedService {
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
        volumes: volumes.iter().map(|(n, p)| volume(n, p)).collect(),
        networks: vec![],
        ports: vec![],
        template: String::new(),
        template_but_image: String::new(),
        has_healthcheck: false,
    };
    Observed { services: vec![service], tasks: vec![] }
}

fn paths(labels: &[(&str, &str)]) -> Vec<String> {
    let observed = service(labels, &[("s_data", "/data"), ("s_cache", "/cache/")]);
    jobs(&observed)
        .0
        .into_iter()
        .flat_map(|j| j.paths)
        .map(|p| format!("{}/{}", p.volume, p.at.path))
        .collect()
}

#[test]
fn all_volumes_are_backed_up_unless_a_label_says_otherwise() {
    let on = ("backupbot.backup", "true");
    assert_eq!(paths(&[on]), ["data/", "cache/"]);
    assert_eq!(paths(&[on, ("backupbot.backup.volumes.cache", "false")]), ["data/"]);
    let limited = [
        on,
        ("backupbot.backup.volumes.data.path", "dump.sql.gz, /conf/"),
        ("backupbot.backup.volumes.cache", "false"),
    ];
    assert_eq!(paths(&limited), ["data/dump.sql.gz", "data/conf"]);
    assert_eq!(paths(&[("backupbot.backup", "false")]), Vec::<String>::new());
    assert_eq!(paths(&[]), Vec::<String>::new());
}

#[test]
fn a_volume_that_lives_elsewhere_is_named_and_not_selected() {
    let mut observed = service(&[("backupbot.backup", "true")], &[("s_data", "/srv"), ("s_nas", "/nas")]);
    observed.services[0].volumes[1].elsewhere = true;
    let (jobs, _) = jobs(&observed);
    assert_eq!(jobs[0].paths.iter().map(|p| p.volume.as_str()).collect::<Vec<_>>(), ["data"]);
    assert_eq!(jobs[0].elsewhere, ["nas"]);
}

#[test]
fn a_path_that_leads_out_of_its_volume_is_left_out_and_said() {
    let labels = [("backupbot.backup", "true"), ("backupbot.backup.volumes.data.path", "../../etc, conf")];
    let (jobs, notes) = jobs(&service(&labels, &[("s_data", "/srv/data")]));
    assert_eq!(jobs[0].paths.iter().map(|p| p.at.path.as_str()).collect::<Vec<_>>(), ["conf"]);
    assert!(notes[0].contains("leads out of its volume"), "{notes:?}");
}

#[test]
fn two_paths_never_share_a_file() {
    let selected = |path: &str| Selected {
        volume: "v".into(),
        service: ServiceName::parse("app").unwrap(),
        at: InVolume { volume: "s_v".into(), path: path.into() },
        mounts: vec![],
    };
    let mut taken: Vec<Archive> = vec![];
    for path in ["a-b", "a/b", "", "c"] {
        let of = selected(path);
        let file = file_of("first", &of, &taken);
        taken.push(Archive { of, file, sha256: String::new(), bytes: 0, entries: vec![] });
    }
    let files: Vec<&str> = taken.iter().map(|a| a.file.as_str()).collect();
    let named = |more: &str| format!("backups/first/app-v{more}.tar");
    assert_eq!(files, [named("-a-b"), named("-a-b-2"), named(""), named("-c")]);
}

#[test]
fn labels_speak_of_a_volume_with_a_name_of_its_own_by_that_name() {
    let labels = [("backupbot.backup", "true"), ("backupbot.backup.volumes.shop-data", "false")];
    let observed = service(&labels, &[("s_data", "/data"), ("s__shop-data", "/shop"), ("theirs", "/t")]);
    let (jobs, _) = jobs(&observed);
    let volumes: Vec<&str> = jobs[0].paths.iter().map(|p| p.volume.as_str()).collect();
    assert_eq!(volumes, ["data", "theirs"]);
}

#[test]
fn a_volume_that_is_mounted_twice_is_taken_once_and_all_its_mounts_are_known() {
    let on = [("backupbot.backup", "true")];
    let (jobs, _) = jobs(&service(&on, &[("s_data", "/ro"), ("s_data", "/rw")]));
    assert_eq!(jobs[0].paths.len(), 1);
    assert_eq!(jobs[0].paths[0].mounts, ["/ro", "/rw"]);
}

#[test]
fn lesson_13_the_old_label_alone_selects_nothing_and_is_said() {
    let (jobs, notes) = jobs(&service(&[("backupbot.backup.path", "/data")], &[("s_data", "/data")]));
    assert!(jobs.is_empty());
    assert!(notes[0].contains("old label"), "{notes:?}");
}

#[test]
fn lesson_50_a_command_that_bash_misses_is_no_missing_bash() {
    let of = |stderr: &str| crate::ports::cluster::ExecOutput {
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
