//! Makes a tar of what is below a path of a volume, with owners, modes, times, attributes, hard links and holes.
//! The app keeps running, so a file may grow, shrink or disappear while it is read; the tar stays valid.

use super::look::{Found, read_exactly, segments, walk};
use super::{Top, attributes, look};
use ccci_swarm::ports::volume::{Content, Entry, Kind};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, GnuExtSparseHeader, Header, HeaderMode};

/// Bytes of one record of a tar.
const RECORD: u64 = 512;
/// Longest name that fits into a header, bytes.
const LONGEST_NAME: usize = 100;

/// Packs; returns the entries, sorted.
pub(super) fn pack(top: &Top, to: &mut dyn Write) -> io::Result<Vec<Entry>> {
    let mut out = Packing { tar: Builder::new(to), seen: BTreeMap::new(), entries: vec![] };
    let prefix = PathBuf::from(&top.path);
    walk(top, &mut |found| match found.name.as_os_str().is_empty() {
        true => out.add(&found, &prefix),
        false => out.add(&found, &prefix.join(&found.name)),
    })?;
    out.tar.finish()?;
    out.tar.get_mut().flush()?;
    out.entries.sort();
    Ok(out.entries)
}

struct Packing<'a> {
    tar: Builder<&'a mut dyn Write>,
    /// Files with more than one name, by device and inode: the first name, and the content.
    seen: BTreeMap<(u64, u64), (PathBuf, u64, String)>,
    entries: Vec<Entry>,
}

impl Packing<'_> {
    /// Adds one file of any kind under its name, which is relative to the volume's root.
    fn add(&mut self, found: &Found, name: &Path) -> io::Result<()> {
        let kept = attributes::of(&found.full)?;
        let mut entry = look::entry(found, &kept);
        let mut header = Header::new_gnu();
        header.set_metadata_in_mode(&found.meta, HeaderMode::Complete);
        let of_link = (found.meta.dev(), found.meta.ino());
        match found.kind {
            Kind::File => match self.seen.get(&of_link).cloned() {
                Some((first, content, digest)) => {
                    header.set_entry_type(EntryType::Link);
                    header.set_size(0);
                    self.head(name, Some(&first), &kept, &mut header)?;
                    (entry.content, entry.digest) = (content, digest);
                }
                None => {
                    (entry.content, entry.digest) = self.file(found, name, &kept, header)?;
                    if found.meta.nlink() > 1 {
                        let first = (name.into(), entry.content, entry.digest.clone());
                        self.seen.insert(of_link, first);
                    }
                }
            },
            Kind::Link => {
                header.set_size(0);
                self.head(name, Some(&fs::read_link(&found.full)?), &kept, &mut header)?;
            }
            Kind::Dir => {
                header.set_size(0);
                self.head(&name.join(""), None, &kept, &mut header)?;
            }
            Kind::Other => {
                header.set_size(0);
                device(found, &mut header)?;
                self.head(name, None, &kept, &mut header)?;
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Adds a file with its content but without its holes. Returns the bytes that count as content, and the digest.
    fn file(
        &mut self,
        found: &Found,
        name: &Path,
        kept: &[(String, Vec<u8>)],
        mut header: Header,
    ) -> io::Result<(u64, String)> {
        let mut file = File::open(&found.full)?;
        let length = file.metadata()?.len();
        let parts = segments(&file, length)?;
        let bytes: u64 = parts.iter().map(|(_, bytes)| bytes).sum();
        let more = if bytes < length { sparse(&mut header, length, &parts) } else { vec![] };
        header.set_size(bytes);
        self.head(name, None, kept, &mut header)?;
        for part in &more {
            self.tar.get_mut().write_all(part.as_bytes())?;
        }
        let mut content = Content::new();
        let mut at = 0;
        for (begin, bytes) in parts {
            content.hole(begin - at);
            file.seek(io::SeekFrom::Start(begin))?;
            let to = self.tar.get_mut();
            read_exactly(&mut file, bytes, &mut |piece| {
                content.take(piece);
                to.write_all(piece)
            })?;
            at = begin + bytes;
        }
        content.hole(length - at);
        let rest = bytes.next_multiple_of(RECORD) - bytes;
        self.tar.get_mut().write_all(&vec![0; rest as usize])?;
        Ok(content.finish())
    }

    /// Writes a header, and before it whatever does not fit into it.
    fn head(
        &mut self,
        name: &Path,
        target: Option<&Path>,
        kept: &[(String, Vec<u8>)],
        header: &mut Header,
    ) -> io::Result<()> {
        let name = match name.as_os_str().as_bytes() {
            b"" | b"/" => &b"./"[..],
            name => name,
        };
        let target = target.map(|t| t.as_os_str().as_bytes()).unwrap_or_default();
        let mut more: Vec<(String, &[u8])> =
            kept.iter().map(|(n, value)| (format!("{}{n}", attributes::PAX), value.as_slice())).collect();
        more.extend((name.len() > LONGEST_NAME).then(|| ("path".to_string(), name)));
        more.extend((target.len() > LONGEST_NAME).then(|| ("linkpath".to_string(), target)));
        if !more.is_empty() {
            self.tar.append_pax_extensions(more.iter().map(|(k, v)| (k.as_str(), *v)))?;
        }
        let old = header.as_old_mut();
        put(&mut old.name, name);
        put(&mut old.linkname, target);
        header.set_cksum();
        self.tar.get_mut().write_all(header.as_bytes())
    }
}

fn put(field: &mut [u8; LONGEST_NAME], bytes: &[u8]) {
    let fits = bytes.len().min(LONGEST_NAME);
    field[..fits].copy_from_slice(&bytes[..fits]);
}

fn device(found: &Found, header: &mut Header) -> io::Result<()> {
    let kind = found.meta.file_type();
    header.set_entry_type(match () {
        () if kind.is_fifo() => EntryType::Fifo,
        () if kind.is_char_device() => EntryType::Char,
        () => EntryType::Block,
    });
    header.set_device_major(rustix::fs::major(found.meta.rdev()))?;
    header.set_device_minor(rustix::fs::minor(found.meta.rdev()))
}

/// Writes into a header where the data of a file with holes is; returns the headers that must follow. A part
/// without bytes marks the end, as GNU tar writes it, so that a hole at the end is known.
fn sparse(header: &mut Header, length: u64, parts: &[(u64, u64)]) -> Vec<GnuExtSparseHeader> {
    header.set_entry_type(EntryType::GNUSparse);
    let all: Vec<(u64, u64)> = parts.iter().copied().chain([(length, 0)]).collect();
    let Some(gnu) = header.as_gnu_mut() else { return vec![] };
    gnu.set_real_size(length);
    let here = gnu.sparse.len().min(all.len());
    for (to, (begin, bytes)) in gnu.sparse.iter_mut().zip(&all) {
        to.set_offset(*begin);
        to.set_length(*bytes);
    }
    gnu.set_is_extended(all.len() > here);
    let mut out: Vec<GnuExtSparseHeader> = vec![];
    let fit = GnuExtSparseHeader::new().sparse.len();
    let rest: Vec<&[(u64, u64)]> = all[here..].chunks(fit).collect();
    for (n, some) in rest.iter().enumerate() {
        let mut more = GnuExtSparseHeader::new();
        for (to, (begin, bytes)) in more.sparse.iter_mut().zip(*some) {
            to.set_offset(*begin);
            to.set_length(*bytes);
        }
        more.set_is_extended(n + 1 < rest.len());
        out.push(more);
    }
    out
}
