//! Finds the first program of a pipe in a shell command, as far as it can be seen: with quotes, backslashes,
//! substitutions, and scripts that are given to a shell with `-c`. Pure.

/// Programs that run the script after `-c`.
const SHELLS: [&str; 5] = ["sh", "bash", "ash", "dash", "zsh"];
/// Programs that write a text or a file into a pipe; nobody expects them to fail.
const WRITERS: [&str; 5] = ["echo", "printf", "cat", "yes", "true"];
/// Words that may come before a program.
const BEFORE: [&str; 9] = ["!", "{", "do", "else", "exec", "if", "then", "until", "while"];
/// Words that end what comes before a pipe.
const ENDS: [&str; 4] = ["}", "done", "esac", "fi"];
/// Scripts in scripts that are read.
const DEEPEST: usize = 4;

/// The program before a pipe whose exit code is lost.
pub(super) fn first_of_pipe(command: &str) -> Option<String> {
    if command.contains("pipefail") { None } else { in_script(command, DEEPEST) }
}

fn in_script(script: &str, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    for (words, piped) in commands(script) {
        let program = words.iter().find(|w| !is_assignment(w) && !BEFORE.contains(&w.as_str()));
        let Some(program) = program.map(|p| p.rsplit('/').next().unwrap_or(p)) else { continue };
        if piped && !WRITERS.contains(&program) && !ENDS.contains(&program) {
            return Some(program.to_string());
        }
        if SHELLS.contains(&program) {
            let flag = words.iter().position(|w| w.starts_with('-') && w.ends_with('c'));
            let inner = flag.and_then(|at| words.get(at + 1)).and_then(|text| in_script(text, depth));
            if inner.is_some() {
                return inner;
            }
        }
    }
    None
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The simple commands of a script: their words without quotes, and whether a pipe follows.
fn commands(script: &str) -> Vec<(Vec<String>, bool)> {
    let (mut out, mut words, mut word) = (vec![], vec![], String::new());
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => word.extend(chars.by_ref().take_while(|c| *c != '\'')),
            '"' => {
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    word.extend(if c == '\\' { chars.next() } else { Some(c) });
                }
            }
            '\\' => word.extend(chars.next()),
            '$' if chars.peek() == Some(&'(') => substitution(&mut chars, &mut word),
            '`' => word.extend(chars.by_ref().take_while(|c| *c != '`')),
            '>' => {
                // `>|` writes over a file, and `>&1` into another stream
                chars.next_if(|c| matches!(c, '|' | '&'));
                word.push('>');
            }
            '&' if chars.peek() == Some(&'>') => {}
            ' ' | '\t' | ';' | '&' | '|' | '\n' | '(' | ')' => {
                words.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty()));
                if !matches!(c, ' ' | '\t') {
                    let double = chars.next_if_eq(&c).is_some();
                    out.push((std::mem::take(&mut words), c == '|' && !double));
                }
            }
            c => word.push(c),
        }
    }
    words.extend(Some(word).filter(|w| !w.is_empty()));
    out.push((words, false));
    out
}

/// Reads a `$(…)` up to its end.
fn substitution(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, word: &mut String) {
    word.push('$');
    let mut depth = 0;
    for c in chars.by_ref() {
        word.push(c);
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_program_of_a_pipe_is_found_through_quotes_and_shells() {
        for (command, first) in [
            ("pg_dump app | gzip > /d", Some("pg_dump")),
            ("pg_dump app|gzip", Some("pg_dump")),
            ("A=1 exec /usr/bin/mysqldump -p\"$(cat /run/x | head)\" app | gzip", Some("mysqldump")),
            ("sh -c 'mysqldump app | gzip > /d'", Some("mysqldump")),
            ("bash -ec \"cd /d; sh -c 'x || y | z'\"", Some("y")),
            ("cat /x | gzip && (tar c / | gzip)", Some("tar")),
            ("bash -o pipefail -c 'a | b'", None),
            ("set -o pipefail; a | b", None),
            ("if pg_dump app 2>&1 | gzip; then x; fi", Some("pg_dump")),
            ("for x in 1 2; do echo $x; done | sort &> /d", None),
            ("a || b", None),
            ("a '|' b \\| c \"x | y\" >| d", None),
            ("pg_dump -f \"$(ls | head -n1)\" app", None),
            ("echo 'select 1' | psql", None),
            ("sh -c", None),
            ("", None),
            ("'", None),
        ] {
            assert_eq!(first_of_pipe(command).as_deref(), first, "{command}");
        }
    }
}
