//! Lists what is below a path of a volume, in the order of names.

use super::{Top, attributes};
use ccci_model::digest::sha256;
use ccci_swarm::ports::volume::{Content, Entry, Kind};
use rustix::fs::SeekFrom;
use rustix::io::Errno;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Bytes that are read at once.
pub(super) const PIECE: usize = 256 << 10;

/// Everything below a path, the path itself first. What disappears in the meantime is left out.
pub(super) fn list(top: &Top) -> io::Result<Vec<Entry>> {
    let mut out = vec![];
    walk(top, &mut |found| {
        let mut entry = entry(&found, &attributes::of(&found.full)?);
        if entry.kind == Kind::File {
            (entry.content, entry.digest) = content(&mut File::open(&found.full)?)?;
        }
        out.push(entry);
        Ok(())
    })?;
    out.sort();
    Ok(out)
}

/// A file of any kind that `walk` visits.
pub(super) struct Found {
    /// Its full path.
    pub(super) full: PathBuf,
    /// Its path below the one that was asked for.
    pub(super) name: PathBuf,
    /// Its metadata.
    pub(super) meta: Metadata,
    /// Its kind, as the port names it.
    pub(super) kind: Kind,
}

/// Visits everything below a path, directories before their content. Sockets are left out. What disappears before
/// its visit is no error, because the app keeps running.
pub(super) fn walk(top: &Top, visit: &mut dyn FnMut(Found) -> io::Result<()>) -> io::Result<()> {
    let mut open = vec![PathBuf::new()];
    while let Some(name) = open.pop() {
        let full = if name.as_os_str().is_empty() { top.full.clone() } else { top.full.join(&name) };
        match one(&full, &name, visit) {
            Ok(mut below) => {
                below.sort_by(|a, b| b.cmp(a));
                open.extend(below);
            }
            // the path itself must exist
            Err(e) if e.kind() == io::ErrorKind::NotFound && !name.as_os_str().is_empty() => {}
            Err(e) if e.kind() == io::ErrorKind::InvalidFilename => {
                return Err(io::Error::new(e.kind(), beginning(&name)));
            }
            Err(e) => return Err(io::Error::new(e.kind(), format!("{}: {e}", full.display()))),
        }
    }
    Ok(())
}

/// Characters that are shown of a path that is too long.
const SHOWN: usize = 100;

/// The beginning of a path that is too long.
fn beginning(name: &Path) -> String {
    let name = name.to_string_lossy();
    let shown: String = name.chars().take(SHOWN).collect();
    format!("`{shown}…` ({} bytes)", name.len())
}

/// Visits one file; returns what is in it if it is a directory.
fn one(full: &Path, name: &Path, visit: &mut dyn FnMut(Found) -> io::Result<()>) -> io::Result<Vec<PathBuf>> {
    let meta = fs::symlink_metadata(full)?;
    let Some(kind) = kind(&meta) else { return Ok(vec![]) };
    let below = match kind {
        Kind::Dir => {
            fs::read_dir(full)?.map(|e| e.map(|e| name.join(e.file_name()))).collect::<io::Result<_>>()?
        }
        _ => vec![],
    };
    visit(Found { full: full.into(), name: name.into(), meta, kind })?;
    Ok(below)
}

/// The kind of a file; `None` for a socket.
pub(super) fn kind(meta: &Metadata) -> Option<Kind> {
    let of = meta.file_type();
    match () {
        () if of.is_socket() => None,
        () if of.is_dir() => Some(Kind::Dir),
        () if of.is_file() => Some(Kind::File),
        () if of.is_symlink() => Some(Kind::Link),
        () => Some(Kind::Other),
    }
}

/// The entry of a file, without its content.
pub(super) fn entry(found: &Found, attributes: &[(String, Vec<u8>)]) -> Entry {
    let target = match found.kind {
        Kind::Link => fs::read_link(&found.full).unwrap_or_default().to_string_lossy().into_owned(),
        _ => String::new(),
    };
    let (uid, gid) = (found.meta.uid().into(), found.meta.gid().into());
    Entry {
        name: found.name.to_string_lossy().into_owned(),
        kind: found.kind,
        content: 0,
        digest: target,
        owner: (uid, gid, found.meta.mode() & 0o7777),
        attributes: if attributes.is_empty() {
            String::new()
        } else {
            sha256(format!("{attributes:?}").as_bytes())
        },
    }
}

fn content(file: &mut File) -> io::Result<(u64, String)> {
    let length = file.metadata()?.len();
    let mut content = Content::new();
    let mut at = 0;
    for (begin, bytes) in segments(file, length)? {
        content.hole(begin - at);
        file.seek(io::SeekFrom::Start(begin))?;
        read_exactly(file, bytes, &mut |piece| {
            content.take(piece);
            Ok(())
        })?;
        at = begin + bytes;
    }
    content.hole(length - at);
    Ok(content.finish())
}

/// Passes on this many bytes of a file. If the file was truncated in the meantime, the missing bytes are zeros.
pub(super) fn read_exactly(
    file: &mut File,
    bytes: u64,
    give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let most = left.min(PIECE as u64) as usize;
        let n = match file.read(&mut piece[..most])? {
            0 => {
                piece.fill(0);
                most
            }
            n => n,
        };
        give(&piece[..n])?;
        left -= n as u64;
    }
    Ok(())
}

/// The parts of a file of this length that are not holes: beginning and length of each.
pub(super) fn segments(file: &File, length: u64) -> io::Result<Vec<(u64, u64)>> {
    let mut out = vec![];
    let mut at = 0;
    while at < length {
        let begin = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(begin) => begin.min(length),
            // only a hole follows
            Err(e) if e == Errno::NXIO => break,
            // this file system has no holes
            Err(e) if e == Errno::INVAL => at,
            Err(e) => return Err(e.into()),
        };
        let end = match rustix::fs::seek(file, SeekFrom::Hole(begin)) {
            Ok(end) if end > begin => end.min(length),
            _ => length,
        };
        if end > begin {
            out.push((begin, end - begin));
        }
        at = end;
    }
    Ok(out)
}
