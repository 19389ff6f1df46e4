//! Translates a rule from the syntax of v2 to v3: one value for each matcher, other names, and regular expressions
//! instead of `{name:pattern}`. Pure.

use super::{Call, Rule};

/// The rule in the syntax of v3; `None` if it needs no change or cannot be translated.
pub(super) fn form(rule: &Rule) -> Option<String> {
    let new = changed(rule)?;
    (new != *rule).then(|| new.to_string())
}

fn changed(rule: &Rule) -> Option<Rule> {
    let all = |rules: &[Rule]| rules.iter().map(changed).collect::<Option<Vec<Rule>>>();
    Some(match rule {
        Rule::Is(call) => matcher(call)?,
        Rule::Not(inner) => Rule::Not(Box::new(changed(inner)?)),
        Rule::All(rules) => Rule::All(all(rules)?),
        Rule::Any(rules) => {
            let flat = all(rules)?.into_iter().flat_map(|r| match r {
                Rule::Any(inner) => inner,
                other => vec![other],
            });
            Rule::Any(flat.collect())
        }
    })
}

/// Makes one matcher of v3 for each value, joined by `||` or `&&`.
fn matcher(call: &Call) -> Option<Rule> {
    let old = super::OLD_MATCHERS.iter().copied();
    let new = super::MATCHERS.iter().map(|m| m.0);
    let Some(name) = call.matcher(new.chain(old)) else { return Some(Rule::Is(call.clone())) };
    let is = |name: &str, values: &[&str]| {
        Rule::Is(Call { name: name.into(), values: values.iter().map(ToString::to_string).collect() })
    };
    let values: Vec<&str> = call.values.iter().map(String::as_str).collect();
    let pairs = |name: &str| match values.len() % 2 {
        0 => Some(several(values.chunks(2).map(|pair| is(name, pair)).collect(), Rule::All)),
        _ => None,
    };
    match name {
        "Headers" => pairs("Header")?,
        "HeadersRegexp" => pairs("HeaderRegexp")?,
        "Query" if values.len() > 2 || values.iter().any(|v| v.contains('=')) => {
            let split = values.iter().map(|v| v.split_once('='));
            let split = split.collect::<Option<Vec<_>>>()?;
            several(split.into_iter().map(|(key, value)| is("Query", &[key, value])).collect(), Rule::All)
        }
        "HostHeader" | "Host" => {
            let name = if name == "HostHeader" { "Host" } else { &call.name };
            several(values.iter().map(|v| is(name, &[*v])).collect(), Rule::Any)
        }
        "HostRegexp" | "Path" | "PathPrefix" => {
            let each = values.iter().map(|v| match template(name, v) {
                Some(Some(pattern)) if name == "HostRegexp" => Some(is("HostRegexp", &[&pattern])),
                Some(Some(pattern)) => Some(is("PathRegexp", &[&pattern])),
                Some(None) => Some(is(&call.name, &[*v])),
                None => None,
            });
            several(each.collect::<Option<Vec<_>>>()?, Rule::Any)
        }
        "ClientIP" | "Method" => several(values.iter().map(|v| is(&call.name, &[*v])).collect(), Rule::Any),
        _ => Rule::Is(call.clone()),
    }
    .into()
}

fn several(mut rules: Vec<Rule>, join: fn(Vec<Rule>) -> Rule) -> Rule {
    super::alone(&mut rules).unwrap_or_else(|| join(rules))
}

/// Translates a text with `{name:pattern}` to a regular expression: `Some(None)` if there is no such part, `None` if it
/// cannot be translated.
fn template(matcher: &str, text: &str) -> Option<Option<String>> {
    let named = |inside: &str| {
        inside.split(':').next().is_some_and(|n| n.chars().all(|c| c.is_alphanumeric() || c == '_'))
    };
    let Some((_, after)) = text.split_once('{') else { return Some(None) };
    if after.starts_with(|c: char| c.is_ascii_digit() || c == ',') {
        return Some(None);
    }
    let other = if matcher == "HostRegexp" { "[^.]+" } else { "[^/]+" };
    let (mut out, mut rest) = (String::from("^"), text);
    while let Some((before, after)) = rest.split_once('{') {
        let end = closing(after)?;
        let inside = &after[..end];
        if !named(inside) {
            return None;
        }
        let pattern = inside.split_once(':').map_or(other, |(_, pattern)| pattern);
        out.push_str(&plain(before));
        let is_choice = pattern.contains('|');
        out.push_str(&if is_choice { format!("({pattern})") } else { pattern.to_string() });
        rest = &after[end + 1..];
    }
    out.push_str(&plain(rest));
    if matcher != "PathPrefix" {
        out.push('$');
    }
    Some(Some(out))
}

/// The position of the closing brace.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Escapes plain text for a regular expression.
fn plain(text: &str) -> String {
    let special = |c: char| r".+*?()|[]{}^$\".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_v2_reads_is_said_in_v3() {
        for (old, new) in [
            ("Host(`a`, `b`)", Some("Host(`a`) || Host(`b`)")),
            (
                "Host(`a`,`b`) && PathPrefix(`/x`, `/y`)",
                Some("(Host(`a`) || Host(`b`)) && (PathPrefix(`/x`) || PathPrefix(`/y`))"),
            ),
            ("Host(`a`) || Host(`b`, `c`)", Some("Host(`a`) || Host(`b`) || Host(`c`)")),
            ("!Host(`a`, `b`)", Some("!(Host(`a`) || Host(`b`))")),
            ("HostHeader(`a`)", Some("Host(`a`)")),
            ("Headers(`X-A`, `1`)", Some("Header(`X-A`, `1`)")),
            (
                "HeadersRegexp(`X-A`, `1`, `X-B`, `2`)",
                Some("HeaderRegexp(`X-A`, `1`) && HeaderRegexp(`X-B`, `2`)"),
            ),
            ("HostRegexp(`{sub:[a-z]+}.a.test`)", Some("HostRegexp(`^[a-z]+\\.a\\.test$`)")),
            ("HostRegexp(`{sub}.a`)", Some("HostRegexp(`^[^.]+\\.a$`)")),
            ("HostRegexp(`a`, `{x:b{2}|c}`)", Some("HostRegexp(`a`) || HostRegexp(`^(b{2}|c)$`)")),
            ("PathPrefix(`/{v:[0-9]+}/x`)", Some("PathRegexp(`^/[0-9]+/x`)")),
            ("Query(`k=v`, `l=w`)", Some("Query(`k`, `v`) && Query(`l`, `w`)")),
            ("Method(`GET`, `POST`)", Some("Method(`GET`) || Method(`POST`)")),
            ("Host(`a`) && !PathPrefix(`/x`)", None),
            ("HostRegexp(`^a{2}$`)", None),
            ("Query(`k`, `v`)", None),
            ("Hots(`a`)", None),
        ] {
            assert_eq!(form(&Rule::parse(old).unwrap()).as_deref(), new, "{old}");
        }
    }
}
