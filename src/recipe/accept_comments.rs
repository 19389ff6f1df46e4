//! Comments that accept a finding with a reason: `# ccci: accept RULE reason`, and `// ccci: accept RULE reason` in
//! scripts. One at the end of a line is about that line, one on a line of its own about the next line. Pure.

use super::acceptance::can_accept;
use ccci_model::diag::{Diagnostic, Place, Text, codes};
use std::sync::Arc;

/// What such a comment begins with, after the sign of a comment.
const WORDS: &str = "ccci: accept";

/// A comment that accepts a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    /// The name of the rule or warning.
    pub code: String,
    /// Why it stays.
    pub reason: String,
    /// The comment.
    pub place: Place,
    /// The number of the line that it is about, from 1.
    line: usize,
}

impl Comment {
    /// Whether it accepts this finding.
    pub(crate) fn accepts(&self, code: &str, place: &Place) -> bool {
        self.code == code && place.text == self.place.text && place.line_column().0 == self.line
    }
}

/// All such comments of a text, and what is wrong with them.
pub(crate) fn comments(text: &Arc<Text>) -> (Vec<Comment>, Vec<Diagnostic>) {
    let (mut out, mut wrong) = (vec![], vec![]);
    if !text.content.contains(WORDS) {
        return (out, wrong);
    }
    let lines: Vec<&str> = text.content.lines().collect();
    let mut begins = 0;
    for (n, whole) in text.content.split_inclusive('\n').enumerate() {
        let line = whole.trim_end();
        if let Some((from, said)) = said(line) {
            let place = Place::new(text, begins + from..begins + line.len());
            let (code, reason) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
            let own_line = line[..from].trim().is_empty();
            let about = if own_line { next(&lines, n) } else { n };
            match problem(code, reason) {
                Some((message, help)) => {
                    wrong.push(Diagnostic::new(codes::BAD_ACCEPTANCE, message).at(place).help(help));
                }
                None => out.push(Comment {
                    code: code.into(),
                    reason: reason.trim().into(),
                    place,
                    line: about + 1,
                }),
            }
        }
        begins += whole.len();
    }
    (out, wrong)
}

/// Where the comment of a line begins, and what comes after its words.
fn said(line: &str) -> Option<(usize, &str)> {
    let at = line.find(WORDS)?;
    let before = line[..at].trim_end();
    let sign = ["//", "#"].into_iter().find(|sign| before.ends_with(sign))?;
    Some((before.len() - sign.len(), line[at + WORDS.len()..].trim()))
}

/// The next line that is neither empty nor a comment.
fn next(lines: &[&str], from: usize) -> usize {
    let plain = |line: &str| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#') && !line.starts_with("//")
    };
    let found = lines.iter().skip(from + 1).position(|line| plain(line));
    from + 1 + found.unwrap_or(0)
}

fn problem(code: &str, reason: &str) -> Option<(String, String)> {
    let form =
        || format!("write `{WORDS} RULE reason`, for example `{WORDS} moving-tag upstream has no versions`");
    if code.is_empty() {
        return Some(("the comment names no rule".into(), form()));
    }
    if let Err((message, help)) = can_accept(code) {
        return Some((message, help.unwrap_or_else(form)));
    }
    reason.trim().is_empty().then(|| (format!("the comment gives no reason why `{code}` stays"), form()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &str) -> Arc<Text> {
        Arc::new(Text { path: "compose.yml".into(), content: content.into() })
    }

    #[test]
    fn a_comment_is_about_its_own_line_or_the_next() {
        let content = "a: x # ccci: accept moving-tag no versions\n# ccci: accept image-tag why not\n\n# more\nb: y\n// ccci: accept healthcheck x\nc";
        let (found, wrong) = comments(&text(content));
        let told: Vec<_> = found.iter().map(|c| (c.code.as_str(), c.reason.as_str(), c.line)).collect();
        assert_eq!(
            told,
            [("moving-tag", "no versions", 1), ("image-tag", "why not", 5), ("healthcheck", "x", 7)]
        );
        assert!(wrong.is_empty());
        assert!(found[0].accepts("moving-tag", &Place::at_line(&text(content), 1, 1, 1)));
        assert!(!found[0].accepts("image-tag", &Place::at_line(&text(content), 1, 1, 1)));
        assert!(!found[0].accepts("moving-tag", &Place::at_line(&text(content), 5, 1, 1)));
    }

    #[test]
    fn a_comment_without_a_reason_or_with_an_unknown_name_is_wrong() {
        for (line, part) in [
            ("# ccci: accept", "names no rule"),
            ("# ccci: accept moving-tag", "gives no reason"),
            ("# ccci: accept moving-tagg why", "there is no rule or code `moving-tagg`"),
            ("# ccci: accept owner-number why", "cannot be accepted"),
        ] {
            let (found, wrong) = comments(&text(line));
            assert!(found.is_empty() && wrong[0].message.contains(part), "{line}: {wrong:?}");
        }
        assert_eq!(comments(&text("say \"ccci: accept moving-tag why\"")), (vec![], vec![]));
    }
}
