//! Foreign text inside HTML, SVG and Markdown: it stays text. Pure.

use super::text::{clean, one_line};

/// Text for HTML and SVG, in elements and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Text for a line or a table cell of Markdown: no markup, no link, no mention.
pub fn inline(text: &str) -> String {
    let mut out = String::new();
    for c in one_line(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // a mention would call people who have nothing to do with it
            '@' => out.push_str("&#64;"),
            c => out.push(c),
        }
    }
    out
}

/// A block of code in Markdown, fenced by more ticks than stand in it.
pub fn fenced(text: &str) -> String {
    let text = clean(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        assert_eq!(escape("<a href=\"x\">'&\u{1b}[1m"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
        assert_eq!(inline("a|b\n`c` @me <b>"), "a\\|b \\`c\\` &#64;me &lt;b&gt;");
        assert_eq!(fenced("x\n```\ny"), "````text\nx\n```\ny\n````");
    }
}
