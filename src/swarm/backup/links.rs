//! Symbolic links that lead out of their volume: a backup of the volume does not contain their targets. Pure.

use super::Archive;
use crate::ports::volume::Kind;

/// What the archive lacks because of such links; the text follows "not proved:".
pub(super) fn left_out(archive: &Archive) -> Option<String> {
    let of = &archive.of;
    let mut out = archive.entries.iter().filter(|e| e.kind == Kind::Link).filter(|e| {
        let name = [of.at.path.as_str(), &e.name].join("/");
        of.mounts.iter().all(|mount| {
            let link = resolved("/", &format!("{mount}/{name}"));
            let dir = link.rsplit_once('/').map_or("", |(dir, _)| dir);
            let (target, mount) = (resolved(dir, &e.digest), resolved("/", mount));
            target != mount && !target.starts_with(&format!("{}/", mount.trim_end_matches('/')))
        })
    });
    let first = out.next()?;
    let more = match out.count() {
        0 => String::new(),
        n => format!(", and {n} more links"),
    };
    Some(format!(
        "that what the link `{}` in {} leads to (`{}`{more}) is backed up and restored: it lies outside of the volume",
        first.name,
        of.named(),
        first.digest
    ))
}

/// The absolute form of a path that is relative to `dir`. The parent of the root is the root.
fn resolved(dir: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_string() } else { format!("{dir}/{path}") };
    let mut parts: Vec<&str> = vec![];
    for part in whole.split('/').filter(|p| !["", "."].contains(p)) {
        match part {
            ".." => parts.truncate(parts.len().saturating_sub(1)),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::Selected;
    use super::*;
    use crate::ports::volume::{Entry, InVolume};
    use ccci_model::name::ServiceName;

    fn archive(mounts: &[&str], path: &str, links: &[(&str, &str)]) -> Archive {
        let entry = |(name, target): &(&str, &str)| Entry {
            name: (*name).into(),
            kind: Kind::Link,
            content: 0,
            digest: (*target).into(),
            owner: (0, 0, 0o777),
            attributes: String::new(),
        };
        let of = Selected {
            volume: "data".into(),
            service: ServiceName::parse("app").unwrap(),
            at: InVolume { volume: "s_data".into(), path: path.into() },
            mounts: mounts.iter().map(ToString::to_string).collect(),
        };
        let entries = links.iter().map(entry).collect();
        Archive { of, file: String::new(), sha256: String::new(), bytes: 0, entries }
    }

    #[test]
    fn links_that_stay_inside_are_nothing_to_speak_of() {
        let links = [("a", "b"), ("d/e", "../a"), ("f", "/data/a"), ("g", "/data"), ("d/h", "../../data/x")];
        assert_eq!(left_out(&archive(&["/data"], "", &links)), None);
        assert_eq!(left_out(&archive(&["/other", "/data/"], "", &links)), None);
        assert_eq!(left_out(&archive(&["/data"], "d", &[("e", "../a")])), None);
    }

    #[test]
    fn links_that_lead_out_are_named() {
        for (name, target) in [("a", "/etc/x"), ("d/e", "../../x"), ("a", "../database/x"), ("a", "/data2")] {
            let said = left_out(&archive(&["/data"], "", &[(name, target), ("in", "x")])).unwrap();
            assert!(
                said.contains(&format!("`{name}` in `/data` of volume `data` leads to (`{target}`)")),
                "{said}"
            );
        }
        let said = left_out(&archive(&["/d"], "", &[("a", "/x"), ("b", "/y"), ("c", "/z")])).unwrap();
        assert!(said.contains("(`/x`, and 2 more links)"), "{said}");
    }
}
