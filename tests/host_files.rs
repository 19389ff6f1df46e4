//! Files of the host: a whole lifecycle with every kind of mount changes nothing outside of the run's own volumes.
//! Runs if `CCCI_SWARM` is set (`make test`).

use crate::repository::Repository;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// HOST stands for a directory of the host.
const COMPOSE: &str = r#"version: "3.8"
services:
  app:
    image: nginx:1.25.0
    networks: [proxy]
    volumes:
      - data:/data
      - HOST/inside:/data/media
      - HOST/inside-read:/data/media-read:ro
      - HOST/single.txt:/data/single.txt
      - nested:/data/nested
      - excluded:/data/excluded
      - host-nested:/data/host-nested
      - beside:/beside
      - HOST/beside:/beside-host
      - HOST/deep:/beside/a/b/c
      - host:/host-volume
      - memory:/memory-volume
      - read:/read:ro
      - read:/read-too
      - type: tmpfs
        target: /data/tmpfs
      - /anonymous
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)"
        - "traefik.http.routers.${STACK_NAME}.entrypoints=web-secure"
        - "traefik.http.routers.${STACK_NAME}.tls.certresolver=${LETS_ENCRYPT_ENV}"
        - "coop-cloud.${STACK_NAME}.version=1.0.0+1.25.0"
        - "backupbot.backup=true"
        - "backupbot.backup.volumes.excluded=false"
        - "backupbot.backup.volumes.beside.path=a/data"
networks:
  proxy:
    external: true
volumes:
  data: {}
  nested: {}
  excluded: {}
  beside: {}
  read: {}
  host-nested: {driver_opts: {type: none, o: bind, device: HOST/host-nested}}
  host: {driver_opts: {type: none, o: bind, device: HOST/host-volume}}
  memory: {driver_opts: {type: tmpfs, device: tmpfs}}
"#;

const HOOKS: &str = r#"
const OWN = ["/data", "/data/nested", "/beside/a/data", "/read-too"];
const NOT_OURS = ["/data/media", "/data/host-nested", "/beside/a/b/c", "/beside-host", "/host-volume", "/data/excluded", "/memory-volume", "/data/tmpfs"];

fn pre_backup(ctx) {
    ctx.exec("app", "mkdir -p /beside/a/data; ln -s /beside-host /data/out; ln -s media/there /data/in");
    for dir in global::OWN { ctx.exec("app", `echo kept > ${dir}/kept`); }
}

fn pre_restore(ctx) {
    for dir in global::OWN { ctx.exec("app", `rm ${dir}/kept; echo late > ${dir}/late`); }
    // what the app itself writes outside of the run's volumes is the app's affair and must outlive the restore
    for dir in global::NOT_OURS { ctx.exec("app", `echo after > ${dir}/after-the-backup`); }
}
"#;

const RESTORED: &str = r#"
fn test_own_volumes_are_as_they_were(ctx) {
    for dir in ["/data", "/data/nested", "/beside/a/data", "/read-too"] {
        assert(ctx.exec("app", ["cat", dir + "/kept"]).stdout == "kept\n");
        assert(ctx.try_exec("app", ["test", "-e", dir + "/late"]).code == 1);
    }
}

fn test_the_rest_is_left_alone(ctx) {
    for dir in ["/data/media", "/data/host-nested", "/beside/a/b/c", "/beside-host", "/host-volume", "/data/excluded", "/memory-volume", "/data/tmpfs"] {
        assert(ctx.exec("app", ["cat", dir + "/after-the-backup"]).stdout == "after\n");
    }
}
"#;

/// The directories with files of the host, relative to HOST.
const HOST_DIRS: &[&str] = &["inside", "inside-read", "host-nested", "beside", "deep", "host-volume"];

/// All metadata of a file except its time of access and its time of inode change.
type Facts = (String, u32, u32, u32, i64, i64, u64);

fn facts(dir: &Path) -> BTreeMap<PathBuf, Facts> {
    let mut out = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(path) = open.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        }
        let content = if meta.is_file() {
            ccci_model::digest::sha256(&fs::read(&path).unwrap())
        } else {
            String::new()
        };
        let times = (meta.mtime(), meta.mtime_nsec());
        out.insert(path, (content, meta.mode(), meta.uid(), meta.gid(), times.0, times.1, meta.ino()));
    }
    out
}

fn host() -> tempfile::TempDir {
    let host = tempfile::tempdir().unwrap();
    for dir in HOST_DIRS {
        let dir = host.path().join(dir);
        fs::create_dir_all(dir.join("deep")).unwrap();
        for file in ["kept", "late", "there", "deep/theirs"] {
            fs::write(dir.join(file), format!("somebody's {file}\n")).unwrap();
        }
        std::os::unix::fs::symlink("/etc/hostname", dir.join("link")).unwrap();
        std::os::unix::fs::chown(dir.join("deep/theirs"), Some(1234), Some(4321)).unwrap();
    }
    fs::write(host.path().join("single.txt"), "somebody's\n").unwrap();
    host
}

fn project(host: &Path) -> (Repository, PathBuf) {
    let repository = Repository::new();
    repository.write("compose.yml", COMPOSE.replace("HOST", &host.to_string_lossy()));
    repository.write(
        ".env.sample",
        "TYPE=host-files\nDOMAIN=host-files.example.com\nLETS_ENCRYPT_ENV=production\n",
    );
    repository.commit("first");
    let dir = repository.around().join("recipes/host-files");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("recipe.toml"), format!("source = {:?}\n", repository.given())).unwrap();
    fs::write(dir.join("hooks.rhai"), HOOKS).unwrap();
    fs::write(dir.join("test_restore.rhai"), RESTORED).unwrap();
    (repository, dir)
}

fn ccci(words: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_ccci")).args(words).output().unwrap()
}

#[test]
fn nothing_outside_of_the_runs_volumes_is_changed() {
    if std::env::var_os("CCCI_SWARM").is_none() {
        return println!("NOT RUN: host files need a Swarm; `make test` runs it");
    }
    let host = host();
    let (repository, dir) = project(host.path());
    let before = facts(host.path());
    let out = repository.around().join("record");
    let ran = ccci(&["run", dir.to_str().unwrap(), "--format", "json", "--out", out.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    // what the app itself wrote outside of the volumes is removed here, because nothing else removes it
    let app_wrote = ["inside", "host-nested", "beside", "deep", "host-volume"];
    for dir in app_wrote {
        let written = host.path().join(dir).join("after-the-backup");
        assert_eq!(fs::read_to_string(&written).unwrap(), "after\n", "{dir}");
        fs::remove_file(written).unwrap();
    }
    let mut after = facts(host.path());
    // these writes changed the times of the directories
    for dir in app_wrote {
        let dir = host.path().join(dir);
        let (then, now) = (&before[&dir], after.get_mut(&dir).unwrap());
        (now.4, now.5) = (then.4, then.5);
    }
    assert_eq!(after, before);
    said_of(&out, &ran.stdout, host.path());
}

/// Checks what the record says about each place.
fn said_of(record: &Path, results: &[u8], host: &Path) {
    let results: serde_json::Value = serde_json::from_slice(results).unwrap();
    let lines = |key: &str| -> Vec<String> {
        results[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().map_or(v.to_string(), str::to_string))
            .collect()
    };
    let plan = fs::read_to_string(record.join("plan.json")).unwrap();
    let (open, left) = (lines("not_proved").join("\n"), lines("leftovers").join("\n"));
    for dir in HOST_DIRS {
        let path = host.join(dir).to_string_lossy().into_owned();
        assert!(plan.contains(&path), "{path} is not in the plan");
        let read_only = *dir == "inside-read";
        assert_eq!(open.contains(&path), !read_only, "{path}: {open}");
        assert_eq!(left.contains(&path), !read_only, "{path}: {left}");
    }
    for words in [
        "/data/tmpfs inside volume data is backed up",
        "that what the link `out` in `/data` of volume `data` leads to",
    ] {
        assert!(open.contains(words), "{words}: {open}");
    }
    println!("not proved:\n{open}\nleftovers:\n{left}");
}
