//! Finds the variables of a text, in the forms that docker's loader supports. Docker uses a regular
//! expression. Here it is done by hand, because `[^}]*` searches for its brace from every `${` again, which
//! takes hours on a hostile text. Pure.

use std::ops::Range;

/// Form of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form<'a> {
    /// `$$`.
    Escaped,
    /// `$NAME`, with its operator up to the next `}` if it has one.
    Named(&'a str),
    /// `${…}`, without the braces.
    Braced(&'a str),
    /// A dollar sign that begins none of these forms.
    Invalid,
}

/// The variables of a text in order, each with its range.
pub(super) struct Variables<'a> {
    text: &'a str,
    at: usize,
    /// The first closing brace at or after `at`, once it was searched; the end of the text if there is none.
    brace: Option<usize>,
}

impl<'a> Variables<'a> {
    /// The variables of this text.
    pub(super) fn of(text: &'a str) -> Variables<'a> {
        Variables { text, at: 0, brace: None }
    }

    fn brace_from(&mut self, at: usize) -> usize {
        match self.brace.filter(|b| *b >= at) {
            Some(brace) => brace,
            None => *self.brace.insert(self.text[at..].find('}').map_or(self.text.len(), |n| at + n)),
        }
    }

    /// The end of a name with its operator that begins here.
    fn end_from(&mut self, at: usize) -> Option<usize> {
        let rest = &self.text[at..];
        if !rest.starts_with(is_letter) {
            return None;
        }
        let name_end = at + rest.find(|c: char| !is_letter(c) && !c.is_ascii_digit()).unwrap_or(rest.len());
        let operator = &self.text[name_end..];
        let operator = operator.strip_prefix(':').unwrap_or(operator);
        Some(if operator.starts_with(['-', '?']) { self.brace_from(name_end) } else { name_end })
    }
}

/// Go's case folding maps these two characters to `s` and `k`.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '_' | '\u{17f}' | '\u{212a}')
}

impl<'a> Iterator for Variables<'a> {
    type Item = (Range<usize>, Form<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at + self.text[self.at..].find('$')?;
        let inside = start + 1;
        let (end, form) = if self.text[inside..].starts_with('$') {
            (inside + 1, Form::Escaped)
        } else if let Some(end) = self.end_from(inside) {
            (end, Form::Named(&self.text[inside..end]))
        } else {
            let braced = self.text[inside..].starts_with('{').then(|| self.end_from(inside + 1)).flatten();
            match braced.filter(|end| self.text[*end..].starts_with('}')) {
                Some(end) => (end + 1, Form::Braced(&self.text[inside + 1..end])),
                None => (inside, Form::Invalid),
            }
        };
        self.at = end;
        Some((start..end, form))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;
    use std::sync::LazyLock;

    /// The variables as docker's regular expression finds them.
    fn by_pattern(text: &str) -> Vec<(Range<usize>, Form<'_>)> {
        static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
            let subst = r"[_a-z][_a-z0-9]*(?::?[-?][^}]*)?";
            let pattern =
                format!(r"\$(?i:(?P<escaped>\$)|(?P<named>{subst})|\{{(?P<braced>{subst})\}}|(?P<invalid>))");
            Regex::new(&pattern).unwrap()
        });
        let one = |c: regex::Captures<'_>| {
            let form = match (c.name("escaped"), c.name("named"), c.name("braced")) {
                (Some(_), ..) => Form::Escaped,
                (_, Some(n), _) => Form::Named(&text[n.range()]),
                (_, _, Some(b)) => Form::Braced(&text[b.range()]),
                _ => Form::Invalid,
            };
            (c.get(0).unwrap().range(), form)
        };
        PATTERN.captures_iter(text).map(one).collect()
    }

    proptest! {
        #[test]
        fn variables_are_those_of_dockers_pattern(text in "[${}aB_9:?\\- \u{17f}\u{212a}é\n]{0,30}") {
            prop_assert_eq!(Variables::of(&text).collect::<Vec<_>>(), by_pattern(&text));
        }
    }
}
