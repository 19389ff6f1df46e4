//! A tar without what lies below the mounts of other volumes inside it: a backup takes each volume's own directory.

use super::archive;
use std::io::{self, Read, Write};

/// The mounts inside a path, relative to it; `mounts` are all of the service that is read.
pub(super) fn inside<'a>(path: &str, mounts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let below = |mount: &'a str| mount.trim_end_matches('/').strip_prefix(path)?.strip_prefix('/');
    mounts.filter_map(below).map(str::to_string).collect()
}

/// Whether a name, relative to the path, lies below one of the mounts. The mount point itself is the outer volume's.
pub(super) fn hides(mounts: &[String], name: &str) -> bool {
    mounts
        .iter()
        .any(|m| name.strip_prefix(m.as_str()).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/')))
}

/// Passes a tar on without what lies below the mounts, then reads what comes after its end.
pub(super) fn without(mounts: &[String], mut tar: impl Read, to: impl Write) -> io::Result<()> {
    let mut kept = tar::Builder::new(to);
    let mut all = tar::Archive::new(&mut tar);
    // a long name comes before its entry, as an entry of its own
    let (mut before, mut long) = (vec![], None);
    for entry in all.entries()?.raw(true) {
        let mut entry = entry?;
        let header = entry.header().clone();
        let kind = header.entry_type();
        if kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions() {
            let mut data = vec![];
            entry.read_to_end(&mut data)?;
            long = name_in(kind, &data).or(long);
            before.push((header, data));
            continue;
        }
        let full = long.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        let before = std::mem::take(&mut before);
        if hides(mounts, &archive::inside(&full)) {
            continue;
        }
        for (header, data) in &before {
            kept.append(header, data.as_slice())?;
        }
        kept.append(&header, &mut entry)?;
    }
    kept.into_inner()?.flush()?;
    io::copy(&mut tar, &mut io::sink()).map(|_| ())
}

/// The name that an entry before another one gives it.
fn name_in(kind: tar::EntryType, data: &[u8]) -> Option<Vec<u8>> {
    if kind.is_gnu_longname() {
        return data.split(|b| *b == 0).next().map(<[u8]>::to_vec);
    }
    if !kind.is_pax_local_extensions() {
        return None;
    }
    let path = tar::PaxExtensions::new(data).flatten().find(|e| e.key_bytes() == b"path");
    path.map(|e| e.value_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::archive::entries;
    use super::*;

    #[test]
    fn mounts_inside_are_told_relative_to_the_path() {
        let mounts = ["/srv", "/srv/in/", "/srv/deep/er", "/srv-two", "/"];
        assert_eq!(inside("/srv", mounts.into_iter()), ["in", "deep/er"]);
    }

    #[test]
    fn what_lies_in_another_volume_is_left_out_long_names_too() {
        let long = "n".repeat(150);
        let names = [
            "srv/f",
            &format!("srv/in/{long}"),
            "srv/in/f",
            &format!("srv/{long}"),
            "srv/inner",
            "srv/other/f",
        ];
        let mut tar = tar::Builder::new(vec![]);
        for name in names {
            let mut header = tar::Header::new_gnu();
            header.set_size(4);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, &b"text"[..]).unwrap();
        }
        let all = tar.into_inner().unwrap();
        let mut left = vec![];
        without(&["in".into()], all.as_slice(), &mut left).unwrap();
        let left = entries(left.as_slice()).unwrap();
        let there: Vec<(&str, u64)> = left.iter().map(|e| (e.name.as_str(), e.content)).collect();
        assert_eq!(there, [("f", 4), ("inner", 4), (long.as_str(), 4), ("other/f", 4)]);
    }
}
