//! Volumes that are packed and restored: real files in a temporary directory.

use super::{Work, run};
use ccci_swarm::ports::volume::{Entry, Kind, PutBack};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use tempfile::TempDir;

fn volume() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn work(work: Work, dir: &Path, path: &str, stdin: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut out, mut err) = (vec![], vec![]);
    let args = [dir.to_str().unwrap().to_string(), path.to_string()];
    run(work, &args, &mut { stdin }, &mut out, &mut err).unwrap();
    (out, err)
}

fn entries(lines: &[u8]) -> Vec<Entry> {
    lines
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect()
}

fn pack(dir: &Path, path: &str) -> (Vec<u8>, Vec<Entry>) {
    let (tar, err) = work(Work::Pack, dir, path, &[]);
    (tar, entries(&err))
}

fn list(dir: &Path, path: &str) -> Vec<Entry> {
    entries(&work(Work::List, dir, path, &[]).0)
}

fn unpack(dir: &Path, path: &str, tar: &[u8]) -> PutBack {
    serde_json::from_slice(&work(Work::Unpack, dir, path, tar).0).unwrap()
}

/// A volume with every kind of file that it can hold.
fn filled() -> TempDir {
    let v = volume();
    let at = |name: &str| v.path().join(name);
    fs::create_dir_all(at("dir/deep")).unwrap();
    fs::write(at("dir/deep/file"), "text").unwrap();
    fs::write(at(&format!("dir/{}", "n".repeat(200))), "a long name").unwrap();
    fs::write(at("secret"), "mine").unwrap();
    chown(at("secret"), Some(999), Some(70_000)).unwrap();
    fs::set_permissions(at("secret"), Permissions::from_mode(0o4640)).unwrap();
    fs::hard_link(at("secret"), at("second-name")).unwrap();
    symlink("/etc/passwd", at("out")).unwrap();
    symlink("x".repeat(150), at("far")).unwrap();
    chown(at("dir"), Some(33), Some(33)).unwrap();
    fs::set_permissions(at("dir"), Permissions::from_mode(0o1755)).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    super::attributes::set(&at("dir/deep/file"), "user.note", b"\0kept\xff").unwrap();
    super::attributes::set(&at("dir"), "user.of-dir", b"too").unwrap();
    v
}

/// Bytes and their positions.
type Data<'a> = &'a [(u64, &'a [u8])];

fn sparse(at: &Path, data: Data<'_>, length: u64) {
    let file = File::create(at).unwrap();
    for (begin, bytes) in data {
        file.write_all_at(bytes, *begin).unwrap();
    }
    file.set_len(length).unwrap();
}

#[test]
fn a_volume_put_back_into_an_empty_one_is_the_same() {
    let (from, to) = (filled(), volume());
    let (tar, packed) = pack(from.path(), "");
    assert_eq!(packed, list(from.path(), ""), "packing sees what a look sees");
    unpack(to.path(), "", &tar);
    assert_eq!(list(to.path(), ""), packed);
    let meta = |name: &str| fs::symlink_metadata(to.path().join(name)).unwrap();
    assert_eq!(meta("secret").ino(), meta("second-name").ino(), "two names, one file");
    assert_eq!(
        (meta("secret").uid(), meta("secret").gid(), meta("secret").mode() & 0o7777),
        (999, 70_000, 0o4640)
    );
    assert!(meta("pipe").file_type().is_fifo());
    assert_eq!(fs::read_link(to.path().join("out")).unwrap(), Path::new("/etc/passwd"));
    let old = fs::symlink_metadata(from.path().join("dir")).unwrap();
    assert_eq!(meta("dir").mtime(), old.mtime());
    let attributes = super::attributes::of(&to.path().join("dir/deep/file")).unwrap();
    assert_eq!(attributes, [("user.note".to_string(), b"\0kept\xff".to_vec())]);
}

#[test]
fn other_readers_of_tar_read_the_archive() {
    let from = filled();
    sparse(&from.path().join("holes"), &[(1 << 20, b"in the middle")], 2 << 20);
    let (tar, packed) = pack(from.path(), "");
    let mut files = 0;
    for entry in tar::Archive::new(tar.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut bytes = vec![];
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        let name = entry.path().unwrap().into_owned();
        if name == Path::new("holes") {
            assert_eq!((bytes.len(), &bytes[1 << 20..][..13]), (2 << 20, &b"in the middle"[..]));
        }
        files += 1;
    }
    assert_eq!(files, packed.len());
}

#[test]
fn a_file_with_holes_keeps_them_however_many_there_are() {
    let (from, to) = (volume(), volume());
    let at = |dir: &TempDir| dir.path().join("f");
    let block = [7u8; 4096];
    let many: Vec<(u64, &[u8])> = (0..60).map(|n| (n * 16_384, &block[..])).collect();
    let cases: [(Data<'_>, u64); 5] = [
        (&[], 3 << 30),
        (&[(0, b"begin")], 3 << 30),
        (&[(3 << 30, b"end")], (3 << 30) + 3),
        (&many, 60 * 16_384),
        (&many, 90 * 16_384 + 5),
    ];
    for (data, length) in cases {
        sparse(&at(&from), data, length);
        let (tar, packed) = pack(from.path(), "");
        assert!(tar.len() < 400_000, "holes are not in the archive: {} bytes", tar.len());
        unpack(to.path(), "", &tar);
        assert_eq!(list(to.path(), ""), packed);
        let meta = fs::metadata(at(&to)).unwrap();
        assert_eq!(meta.len(), length);
        assert!(meta.blocks() * 512 < 400_000, "{} blocks for {length}", meta.blocks());
        fs::remove_file(at(&from)).unwrap();
    }
}

#[test]
fn what_was_made_later_goes_and_what_is_in_the_way_makes_room() {
    let v = filled();
    let (tar, packed) = pack(v.path(), "");
    let at = |name: &str| v.path().join(name);
    fs::write(at("late"), "late").unwrap();
    fs::create_dir_all(at("late-dir/deep")).unwrap();
    fs::write(at("late-dir/deep/x"), "late").unwrap();
    fs::remove_file(at("secret")).unwrap();
    fs::create_dir(at("secret")).unwrap();
    fs::remove_dir_all(at("dir/deep")).unwrap();
    fs::write(at("dir/deep"), "now a file").unwrap();
    fs::remove_file(at("out")).unwrap();
    fs::write(at("out"), "now a file").unwrap();
    let _live = UnixListener::bind(at("socket")).unwrap();
    let done = unpack(v.path(), "", &tar);
    assert_eq!(done.removed, ["late", "late-dir"]);
    assert_eq!(list(v.path(), ""), packed);
    assert!(at("socket").exists(), "a socket is the running app's");
}

/// A link in place of a directory must not lead a restore out of the volume.
#[test]
fn links_are_never_followed() {
    let (v, outside) = (volume(), volume());
    let at = |name: &str| v.path().join(name);
    fs::create_dir(at("dir")).unwrap();
    fs::write(at("dir/file"), "in").unwrap();
    let (tar, _) = pack(v.path(), "");
    fs::write(outside.path().join("file"), "theirs").unwrap();
    fs::write(outside.path().join("late"), "theirs").unwrap();
    fs::remove_dir_all(at("dir")).unwrap();
    symlink(outside.path(), at("dir")).unwrap();
    unpack(v.path(), "", &tar);
    assert_eq!(fs::read_to_string(at("dir/file")).unwrap(), "in");
    assert_eq!(fs::read_to_string(outside.path().join("file")).unwrap(), "theirs");
    assert!(outside.path().join("late").exists());
    symlink(outside.path(), at("way")).unwrap();
    let args = [v.path().to_str().unwrap().to_string(), "way/file".to_string()];
    let through = run(Work::Pack, &args, &mut &[][..], &mut vec![], &mut vec![]).unwrap_err();
    assert_eq!(through.kind(), std::io::ErrorKind::NotFound, "{through}");
    assert_eq!(pack(v.path(), "way").1[0].kind, Kind::Link);
}

#[test]
fn a_path_below_the_root_is_packed_and_put_back_alone() {
    let v = filled();
    let (tar, packed) = pack(v.path(), "dir");
    assert_eq!((packed[0].name.as_str(), packed[0].kind), ("", Kind::Dir));
    fs::write(v.path().join("beside"), "stays").unwrap();
    fs::write(v.path().join("dir/late"), "goes").unwrap();
    assert_eq!(unpack(v.path(), "dir", &tar).removed, ["late"]);
    assert!(v.path().join("beside").exists());
    fs::remove_dir_all(v.path().join("dir")).unwrap();
    unpack(v.path(), "dir", &tar);
    assert_eq!(list(v.path(), "dir"), packed);
    let (tar, packed) = pack(v.path(), "secret");
    fs::write(v.path().join("secret"), "other").unwrap();
    unpack(v.path(), "secret", &tar);
    assert_eq!(list(v.path(), "secret"), packed);
}

#[test]
fn what_is_not_there_is_said_and_no_path_leads_out() {
    let v = volume();
    for (path, kind) in [
        ("nowhere", std::io::ErrorKind::NotFound),
        ("../x", std::io::ErrorKind::InvalidInput),
        ("a/../../x", std::io::ErrorKind::InvalidInput),
    ] {
        let args = [v.path().to_str().unwrap().to_string(), path.to_string()];
        for work in [Work::Pack, Work::List] {
            let e = run(work, &args, &mut &[][..], &mut vec![], &mut vec![]).unwrap_err();
            assert_eq!(e.kind(), kind, "{path}: {e}");
        }
    }
    let mut bad = tar::Header::new_gnu();
    bad.as_old_mut().name[..4].copy_from_slice(b"../x");
    bad.set_size(0);
    bad.set_cksum();
    let tar = [bad.as_bytes().as_slice(), &[0; 1024]].concat();
    let args = [v.path().to_str().unwrap().to_string(), String::new()];
    let e = run(Work::Unpack, &args, &mut tar.as_slice(), &mut vec![], &mut vec![]).unwrap_err();
    assert!(e.to_string().contains("leads out"), "{e}");
}

#[test]
fn the_program_says_which_libraries_it_was_started_with() {
    let mut out = vec![];
    run(Work::Libraries, &[], &mut &[][..], &mut out, &mut vec![]).unwrap();
    let files = String::from_utf8(out).unwrap();
    assert!(files.lines().all(|l| Path::new(l).is_file()), "{files}");
    assert!(!files.lines().any(|l| Path::new(l) == std::env::current_exe().unwrap()), "{files}");
    assert!(files.contains("libc.so"), "{files}");
}

#[test]
fn a_path_that_is_too_long_is_named_by_its_beginning() {
    let v = volume();
    let mut at =
        rustix::fs::open(v.path(), rustix::fs::OFlags::DIRECTORY, rustix::fs::Mode::empty()).unwrap();
    let name = "d".repeat(250);
    for _ in 0..18 {
        rustix::fs::mkdirat(&at, name.as_str(), rustix::fs::Mode::RWXU).unwrap();
        at = rustix::fs::openat(&at, name.as_str(), rustix::fs::OFlags::DIRECTORY, rustix::fs::Mode::empty())
            .unwrap();
    }
    let args = [v.path().to_str().unwrap().to_string(), String::new()];
    let (mut out, mut err) = (vec![], vec![]);
    let e = run(Work::List, &args, &mut &[][..], &mut out, &mut err).unwrap_err();
    assert_eq!(e.kind(), std::io::ErrorKind::InvalidFilename);
    assert!(e.to_string().starts_with("`ddd") && e.to_string().len() < 150, "{e}");
}

#[test]
fn a_path_that_cannot_exist_is_not_there() {
    let v = volume();
    for path in ["a/".repeat(2_100), "a".repeat(256)] {
        let args = [v.path().to_str().unwrap().to_string(), path];
        let e = run(Work::List, &args, &mut &[][..], &mut vec![], &mut vec![]).unwrap_err();
        assert_eq!(e.kind(), std::io::ErrorKind::NotFound, "{e}");
    }
}
