//! Restores a tar so that exactly its content is below the path.
//! What is in the way is removed first; what is not in the tar is removed last. Sockets stay: no tar contains them.

use super::look::{kind, walk};
use super::{Top, attributes, below};
use ccci_swarm::ports::volume::{Kind, PutBack};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use std::collections::BTreeSet;
use std::fs::{self, FileTimes, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, lchown};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};
use tar::{Archive, Entry, EntryType};

/// Unpacks a tar of a path into the root of its volume.
pub(super) fn unpack(dir: &Path, path: &str, tar: &mut dyn Read) -> io::Result<PutBack> {
    let full = below(dir, path)?;
    let mut kept: BTreeSet<PathBuf> = BTreeSet::new();
    let mut dirs: Vec<(PathBuf, u64)> = vec![];
    let mut done = PutBack::default();
    let mut archive = Archive::new(&mut *tar);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = inside(&entry)?;
        let to = if name.as_os_str().is_empty() { dir.to_path_buf() } else { dir.join(&name) };
        put(&mut entry, dir, &to)
            .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", name.display())))?;
        if entry.header().entry_type().is_dir() {
            dirs.push((to.clone(), entry.header().mtime()?));
        }
        kept.insert(to);
        done.written += 1;
    }
    io::copy(tar, &mut io::sink())?;
    done.removed = remove_others(&Top { dir: dir.into(), path: path.into(), full }, &kept)?;
    // writing into directories changed their times
    for (dir, seconds) in dirs {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        fs::File::open(&dir)?.set_times(FileTimes::new().set_modified(at))?;
    }
    Ok(done)
}

/// The name of an entry; an error if it leads out of the volume.
fn inside(entry: &Entry<'_, impl Read>) -> io::Result<PathBuf> {
    let name = entry.path_bytes();
    let name = Path::new(std::ffi::OsStr::from_bytes(&name));
    let mut out = PathBuf::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => out.push(part),
            Component::CurDir => {}
            _ => {
                return Err(io::Error::other(format!(
                    "`{}` in the archive leads out of the volume",
                    name.display()
                )));
            }
        }
    }
    Ok(out)
}

fn put(entry: &mut Entry<'_, impl Read>, dir: &Path, to: &Path) -> io::Result<()> {
    let header = entry.header().clone();
    let of = header.entry_type();
    let kept: Vec<(String, Vec<u8>)> = kept_attributes(entry)?;
    make_room(to, of.is_dir())?;
    let (uid, gid) = (header.uid()? as u32, header.gid()? as u32);
    let mode = header.mode()? & 0o7777;
    match of {
        EntryType::Directory => {
            fs::create_dir_all(to)?;
            chown(to, Some(uid), Some(gid))?;
            fs::set_permissions(to, Permissions::from_mode(mode))?;
        }
        EntryType::Link => {
            let first = entry.link_name_bytes().unwrap_or_default();
            fs::hard_link(dir.join(Path::new(std::ffi::OsStr::from_bytes(&first))), to)?;
            return Ok(());
        }
        EntryType::Symlink => {
            let target = entry.link_name_bytes().unwrap_or_default();
            std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(&target), to)?;
            lchown(to, Some(uid), Some(gid))?;
        }
        EntryType::Fifo | EntryType::Char | EntryType::Block => {
            let kind = match of {
                EntryType::Fifo => FileType::Fifo,
                EntryType::Char => FileType::CharacterDevice,
                _ => FileType::BlockDevice,
            };
            let numbers =
                (header.device_major()?.unwrap_or_default(), header.device_minor()?.unwrap_or_default());
            mknodat(CWD, to, kind, Mode::from_raw_mode(mode), makedev(numbers.0, numbers.1))?;
            chown(to, Some(uid), Some(gid))?;
            fs::set_permissions(to, Permissions::from_mode(mode))?;
        }
        _ => {
            entry.set_preserve_mtime(true);
            entry.unpack(to)?;
            chown(to, Some(uid), Some(gid))?;
            fs::set_permissions(to, Permissions::from_mode(mode))?;
        }
    }
    for (name, value) in kept {
        attributes::set(to, &name, &value)?;
    }
    Ok(())
}

fn kept_attributes(entry: &mut Entry<'_, impl Read>) -> io::Result<Vec<(String, Vec<u8>)>> {
    let Some(all) = entry.pax_extensions()? else { return Ok(vec![]) };
    let mut out = vec![];
    for one in all {
        let one = one?;
        let name = String::from_utf8_lossy(one.key_bytes()).into_owned();
        let kept = name.strip_prefix(attributes::PAX).filter(|n| attributes::is_kept(n));
        out.extend(kept.map(|n| (n.to_string(), one.value_bytes().to_vec())));
    }
    Ok(out)
}

/// Removes what is at the place of an entry, unless both are directories; makes the directories above it.
fn make_room(to: &Path, is_dir: bool) -> io::Result<()> {
    match fs::symlink_metadata(to) {
        Ok(there) if there.is_dir() && is_dir => Ok(()),
        Ok(there) if there.is_dir() => fs::remove_dir_all(to),
        Ok(_) => fs::remove_file(to),
        Err(e) if e.kind() == io::ErrorKind::NotFound => to.parent().map_or(Ok(()), fs::create_dir_all),
        Err(e) => Err(e),
    }
}

/// Removes what is below the path and not in the archive; returns the topmost paths, relative to the path.
fn remove_others(top: &Top, kept: &BTreeSet<PathBuf>) -> io::Result<Vec<String>> {
    if fs::symlink_metadata(&top.full).is_err() {
        return Ok(vec![]);
    }
    let mut others: Vec<(PathBuf, PathBuf)> = vec![];
    walk(top, &mut |found| {
        let full = if found.name.as_os_str().is_empty() { top.full.clone() } else { found.full };
        // its parent is removed, and it with it
        let goes = others.last().is_some_and(|(last, _)| full.starts_with(last));
        if !goes && !kept.contains(&full) && full != top.dir {
            others.push((full, found.name));
        }
        Ok(())
    })?;
    let mut out = vec![];
    for (full, name) in others {
        let gone = match fs::symlink_metadata(&full) {
            Ok(there) if kind(&there) == Some(Kind::Dir) => fs::remove_dir_all(&full),
            Ok(_) => fs::remove_file(&full),
            Err(e) => Err(e),
        };
        match gone {
            Ok(()) => out.push(name.to_string_lossy().into_owned()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(io::Error::new(e.kind(), format!("remove {}: {e}", name.display()))),
        }
    }
    out.sort();
    Ok(out)
}
