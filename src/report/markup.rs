//! Foreign text inside HTML, SVG and Markdown, escaped so that it is shown as text. Pure.

use super::text::{clean, one_line};

/// Escapes text for HTML and SVG, for elements and quoted attributes.
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

/// Foreign text in a template of HTML: escaped and harmless.
pub(crate) struct Foreign<'a>(pub &'a str);

impl maud::Render for Foreign<'_> {
    fn render_to(&self, buffer: &mut String) {
        buffer.push_str(&escape(self.0));
    }
}

/// Escapes text for a line or a table cell of Markdown: no markup, no link, no mention.
pub fn inline(text: &str) -> String {
    let mut out = String::new();
    for c in one_line(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    begins_nothing(&quiet(&out))
}

/// Escapes text for HTML that stands on a line of Markdown: forges look for mentions there too.
pub(crate) fn inline_html(text: &str) -> String {
    quiet(&escape(&one_line(text)))
}

/// Makes mentions of people and issues ineffective: they would notify people who have nothing to do with the run.
/// Forges look for mentions in the rendered text, so escaping the `@` or `#` does not help; a zero-width space after
/// it does.
fn quiet(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len());
    let mut rest = markup.chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        out.push(c);
        let names = rest.peek().is_some_and(|next| next.is_alphanumeric());
        // the `#` of `&#39;` is from our own escape
        if names && (c == '@' || (c == '#' && before != '&')) {
            out.push_str("&#8203;");
        }
        before = c;
    }
    out
}

/// Escapes the first character of a line where it would begin a list, a heading or a rule.
fn begins_nothing(markup: &str) -> String {
    let digits = markup.len() - markup.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let is_numbered = (1..=9).contains(&digits) && markup[digits..].starts_with(['.', ')']);
    match markup.chars().next() {
        Some('-' | '+' | '=' | ':') => format!("\\{markup}"),
        _ if is_numbered => format!("{}\\{}", &markup[..digits], &markup[digits..]),
        _ => markup.to_string(),
    }
}

/// A code block in Markdown, with a fence longer than any row of backticks in the text.
pub(crate) fn fenced(text: &str) -> String {
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
        assert_eq!(inline("a|b\n`c` @me <b>"), "a\\|b \\`c\\` @&#8203;me &lt;b&gt;");
        assert_eq!(inline("x #12 & $y$ a#1"), "x \\#&#8203;12 &amp; \\$y\\$ a\\#&#8203;1");
        assert_eq!(inline_html("it's @me\n<b>_#3"), "it&#39;s @&#8203;me &lt;b&gt;_#&#8203;3");
        for (text, expected) in [
            ("- a", "\\- a"),
            ("+ a", "\\+ a"),
            ("12. a", "12\\. a"),
            ("1) a", "1\\) a"),
            ("12 a", "12 a"),
            ("===", "\\==="),
        ] {
            assert_eq!(inline(text), expected);
        }
        assert_eq!(fenced("x\n```\ny"), "````text\nx\n```\ny\n````");
    }
}
