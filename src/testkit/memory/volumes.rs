//! Volumes in memory: their files are packed, listed and restored like those of real volumes.

use super::files::{File, FileKind, Tree};
use super::{State, refused};
use ccci_model::digest::sha256;
use ccci_model::name::StackName;
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::cluster::DOMAIN_LABEL;
use ccci_swarm::ports::volume::{Entry, InVolume, Kind, PutBack, content_of};
use std::collections::BTreeSet;
use std::io::{self, Read, Write};

impl State {
    /// The files of a volume that the run of this stack made.
    pub(super) fn volume(&mut self, stack: &StackName, at: &InVolume) -> Result<&mut Tree, ClusterError> {
        let key = ("volume", at.volume.clone());
        let not_ours =
            |why: &str| Err(ClusterError::NotOurs { volume: at.volume.clone(), why: why.to_string() });
        let missing = || ClusterError::Missing(format!("the volume `{}`", at.volume));
        let object = self.objects.get_mut(&key).ok_or_else(missing)?;
        if object.elsewhere {
            return not_ours("its files are not on the engine");
        }
        let of = object.labels.get(DOMAIN_LABEL).map(|d| d.replace('.', "_"));
        if of.as_deref() != Some(stack.as_str()) {
            return not_ours("this run did not make it");
        }
        Ok(&mut object.files)
    }
}

/// A path and everything below it, the path itself first. `None` if it does not exist.
fn found(tree: &Tree, path: &str) -> Option<Vec<(String, File)>> {
    let dir = File { bytes: vec![], kind: FileKind::Dir, mode: 0o755, owner: (0, 0) };
    let top = if path.is_empty() { Some(dir) } else { tree.get(path).cloned() }?;
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    let below = tree.iter().filter(|(name, _)| path.is_empty() || name.starts_with(&prefix));
    let below = below.map(|(name, file)| (name[prefix.len()..].to_string(), file.clone()));
    Some(std::iter::once((String::new(), top)).chain(below).collect())
}

fn entry(name: &str, file: &File) -> Entry {
    let (content, digest) = match file.kind {
        FileKind::Dir => (0, String::new()),
        FileKind::Plain => content_of(file.bytes.as_slice()).unwrap_or((0, sha256(&file.bytes))),
        FileKind::Link => (0, String::from_utf8_lossy(&file.bytes).into_owned()),
    };
    let kind = match file.kind {
        FileKind::Dir => Kind::Dir,
        FileKind::Plain => Kind::File,
        FileKind::Link => Kind::Link,
    };
    let owner = (file.owner.0, file.owner.1, file.mode);
    Entry { name: name.into(), kind, content, digest, owner, attributes: String::new() }
}

fn missing(at: &InVolume) -> ClusterError {
    ClusterError::Missing(format!("`{}` in volume `{}`", at.path, at.volume))
}

/// The entries of a path and of everything below it.
pub(super) fn list(tree: &Tree, at: &InVolume) -> Result<Vec<Entry>, ClusterError> {
    let all = found(tree, &at.path).ok_or_else(|| missing(at))?;
    Ok(all.iter().map(|(name, file)| entry(name, file)).collect())
}

/// A tar of a path, with names relative to the volume's root.
pub(super) fn pack(tree: &Tree, at: &InVolume, sink: &mut dyn Write) -> Result<Vec<Entry>, ClusterError> {
    let all = found(tree, &at.path).ok_or_else(|| missing(at))?;
    let mut out = tar::Builder::new(sink);
    let name = |name: &str| [at.path.as_str(), name].join("/").trim_matches('/').to_string();
    let all: Result<Vec<Entry>, io::Error> = all
        .iter()
        .map(|(below, file)| append(&mut out, &name(below), file).map(|()| entry(below, file)))
        .collect();
    let packed = all.and_then(|all| out.finish().map(|()| all));
    packed.map_err(|e| ClusterError::Local(format!("keep the archive: {e}")))
}

fn append(out: &mut tar::Builder<&mut dyn Write>, name: &str, file: &File) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(file.mode);
    header.set_uid(file.owner.0);
    header.set_gid(file.owner.1);
    header.set_size(0);
    match file.kind {
        FileKind::Dir => {
            header.set_entry_type(tar::EntryType::Directory);
            out.append_data(&mut header, format!("./{name}"), io::empty())
        }
        FileKind::Plain => {
            header.set_size(file.bytes.len() as u64);
            out.append_data(&mut header, name, file.bytes.as_slice())
        }
        FileKind::Link => {
            header.set_entry_type(tar::EntryType::Symlink);
            out.append_link(&mut header, name, String::from_utf8_lossy(&file.bytes).as_ref())
        }
    }
}

/// Unpacks a tar. Afterwards only what the tar contains is below the path.
pub(super) fn unpack(tree: &mut Tree, at: &InVolume, tar: &mut dyn Read) -> Result<PutBack, ClusterError> {
    let all = read(tar).map_err(|e| refused("unpack the archive", e.to_string()))?;
    let kept: BTreeSet<String> = all.iter().map(|(name, _)| name.clone()).collect();
    tree.extend(all.into_iter().filter(|(name, _)| !name.is_empty()));
    let prefix = if at.path.is_empty() { String::new() } else { format!("{}/", at.path) };
    let inside = |name: &str| name == at.path || name.starts_with(&prefix);
    let others: Vec<String> = tree.keys().filter(|n| inside(n) && !kept.contains(*n)).cloned().collect();
    let below = |name: &str| name.match_indices('/').any(|(i, _)| others.iter().any(|o| *o == name[..i]));
    let tops = others.iter().filter(|n| !below(n)).map(|n| n[prefix.len().min(n.len())..].to_string());
    let removed = tops.collect();
    tree.retain(|name, _| !others.contains(name));
    Ok(PutBack { written: kept.len() as u64, removed })
}

/// The files of a tar, by name. The name of the root is empty.
fn read(tar: &mut dyn Read) -> io::Result<Vec<(String, File)>> {
    let mut out = vec![];
    for entry in tar::Archive::new(tar).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().trim_start_matches("./").trim_matches('/').to_string();
        let header = entry.header().clone();
        let kind = match header.entry_type() {
            tar::EntryType::Directory => FileKind::Dir,
            tar::EntryType::Symlink => FileKind::Link,
            _ => FileKind::Plain,
        };
        let mut bytes = vec![];
        match kind {
            FileKind::Link => {
                let target = entry.link_name()?.unwrap_or_default();
                bytes.extend_from_slice(target.to_string_lossy().as_bytes());
            }
            _ => drop(entry.read_to_end(&mut bytes)?),
        }
        let owner = (header.uid()?, header.gid()?);
        out.push((name, File { bytes, kind, mode: header.mode()? & 0o7777, owner }));
    }
    Ok(out)
}
