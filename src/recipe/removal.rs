//! Removes an entry of a mapping in block style from the text of a compose file: its lines and nothing else. Pure.

use ccci_model::diag::Place;
use ccci_model::diag::fix::{Fix, Safety};

/// The fix that removes the entry with this key, which has no effect. `None` where the removal would lose a comment,
/// leave a mapping empty, or where the entry shares its line with others.
pub(crate) fn of_entry(key: &Place, name: &str) -> Option<Fix> {
    let lines: Vec<&str> = key.text.content.split_inclusive('\n').collect();
    let first = key.line_column().0 - 1;
    let own = indent(lines[first])?;
    if !lines[first][own..].trim_start_matches(['"', '\'']).starts_with(name) {
        return None;
    }
    // a list may begin at the same column as its key
    let belongs = |line: &&&str| match indent(line) {
        None => true,
        Some(n) => n > own || (n == own && line[n..].starts_with("- ")),
    };
    let mut last = first + lines[first + 1..].iter().take_while(belongs).count();
    while last > first && indent(lines[last]).is_none() {
        last -= 1;
    }
    let block = &lines[first..=last];
    let comment = |line: &&str| line.contains(" #") || line.trim_start().starts_with('#');
    if block.iter().any(comment) || !has_sibling(&lines, first, last, own) {
        return None;
    }
    let start: usize = lines[..first].iter().map(|l| l.len()).sum();
    let length: usize = block.iter().map(|l| l.len()).sum();
    let place = Place::new(&key.text, start..start + length);
    Some(Fix::new(Safety::Safe, format!("remove `{name}`"), place, ""))
}

/// Column of the first character, in bytes; `None` for an empty line.
fn indent(line: &str) -> Option<usize> {
    let content = line.trim_start_matches(' ');
    (!content.trim().is_empty()).then(|| line.len() - content.len())
}

/// Whether the mapping has another entry.
fn has_sibling(lines: &[&str], first: usize, last: usize, own: usize) -> bool {
    let same = |line: &&&str| {
        let n = indent(line)?;
        let comment = line[n..].starts_with('#');
        (!comment && n <= own).then(|| n == own && !line[n..].starts_with("- "))
    };
    let before = lines[..first].iter().rev().find_map(|l| same(&l));
    let after = lines[last + 1..].iter().find_map(|l| same(&l));
    before == Some(true) || after == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::diag::Text;
    use ccci_model::diag::fix::edited;
    use std::sync::Arc;

    fn without(content: &str, name: &str) -> Option<String> {
        let text = Arc::new(Text { path: "compose.yml".into(), content: content.into() });
        let from = content.find(&format!("{name}:")).unwrap();
        let fix = of_entry(&Place::new(&text, from..from + name.len()), name)?;
        Some(edited(content, &[(fix.edits[0].place.range.clone(), "")]).0)
    }

    #[test]
    fn an_entry_goes_with_its_lines_and_nothing_else_does() {
        let yaml = "services:\n  app:\n    # kept\n    image: x\n    build:\n      context: .\n\n      args: {}\n\n    # next\n    tty: true\n";
        let rest = "services:\n  app:\n    # kept\n    image: x\n\n    # next\n    tty: true\n";
        assert_eq!(without(yaml, "build").as_deref(), Some(rest));
        let list = "a:\n  depends_on:\n  - db\n  - \"x\"\n  image: x\n";
        assert_eq!(without(list, "depends_on").as_deref(), Some("a:\n  image: x\n"));
        assert_eq!(without("a:\n  b: 1\n  c: 2", "c").as_deref(), Some("a:\n  b: 1\n"));
    }

    #[test]
    fn a_comment_an_only_entry_and_a_flow_mapping_are_left_alone() {
        for (yaml, name) in [
            ("a:\n  build: . # why\n  c: 1\n", "build"),
            ("a:\n  build:\n    # why\n    context: .\n  c: 1\n", "build"),
            ("a:\n  build: .\nb: 1\n", "build"),
            ("a: {build: ., c: 1}\n", "build"),
            ("a:\n  - build: .\n    c: 1\n", "build"),
        ] {
            assert_eq!(without(yaml, name), None, "{yaml}");
        }
    }
}
