//! Lines are whole again whatever the engine made of them, and missing text is marked.

use super::*;

/// The messages that the engine makes of a line.
fn messages(second: usize, line: &[u8], ends: bool) -> Vec<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = line.chunks(PART).map(<[u8]>::to_vec).collect();
    if line.len().is_multiple_of(PART) {
        parts.push(vec![]);
    }
    if ends {
        parts.last_mut().unwrap().push(b'\n');
    }
    parts.iter().map(|part| message(second, part)).collect()
}

fn message(second: usize, part: &[u8]) -> Vec<u8> {
    [format!("2026-11-23T17:16:{second:02}.477220109Z ").as_bytes(), part].concat()
}

fn log(messages: &[(Stream, Vec<u8>)]) -> Log {
    let mut log = Log::default();
    messages.iter().for_each(|(stream, message)| log.take(*stream, message));
    log
}

/// The last lines, if these messages are the whole log.
fn all(messages: &[(Stream, Vec<u8>)]) -> String {
    let mut last = LastLines::new(100);
    assert_eq!(last.take(log(messages), usize::MAX), None);
    last.text()
}

/// The last lines of an engine's log, asked for as often as needed, and the numbers of messages asked for.
fn last(messages: &[(Stream, Vec<u8>)], lines: usize) -> (String, Vec<usize>) {
    let (mut last, mut asks) = (LastLines::new(lines), vec![first_ask(lines)]);
    loop {
        let asked = *asks.last().unwrap();
        match last.take(log(&messages[messages.len().saturating_sub(asked)..]), asked) {
            Some(more) => asks.push(more),
            None => return (last.text(), asks),
        }
    }
}

use Stream::{Err, Out};

fn of(stream: Stream, messages: Vec<Vec<u8>>) -> Vec<(Stream, Vec<u8>)> {
    messages.into_iter().map(|message| (stream, message)).collect()
}

#[test]
fn a_line_is_whole_wherever_it_was_cut_and_whatever_lies_between_its_parts() {
    for length in [0, 1, PART - 1, PART, PART + 1, 2 * PART, 3 * PART + 5] {
        let line = "x".repeat(length);
        let (mut parts, mut others) = (messages(1, line.as_bytes(), true), vec![]);
        assert_eq!(all(&of(Out, parts.clone())), line, "{length}");
        // a line of the other stream between any two parts, which is in parts as well
        let other = messages(2, "y".repeat(PART + 3).as_bytes(), true);
        for part in parts.drain(..) {
            others.push((Out, part));
            others.extend(of(Err, other.clone()));
        }
        let expected = vec!["y".repeat(PART + 3); others.len() / 3].join("\n");
        assert_eq!(all(&others), format!("{line}\n{expected}"), "{length}");
    }
}

#[test]
fn a_letter_that_the_engine_cut_is_whole() {
    for before in 0..4 {
        let line = format!("{}{}", "x".repeat(before), "ä€😀".repeat(4_000));
        assert_eq!(all(&of(Err, messages(1, line.as_bytes(), true))), line);
    }
}

/// An engine that keeps its logs as JSON does this.
#[test]
fn a_letter_that_the_engine_lost_is_marked_as_cut() {
    let lost = |n: usize| "\u{fffd}".repeat(n);
    for (before, after) in [(1, 3), (2, 2), (3, 1), (1, 1), (2, 1), (1, 2)] {
        let parts = [format!("hunter2{}", lost(before)), format!("{}secret\n", lost(after))];
        let parts = of(Out, parts.iter().map(|part| message(1, part.as_bytes())).collect());
        assert_eq!(all(&parts), "hunter2…secret");
    }
    // replacement characters that an app wrote itself stay
    for [a, b] in [["a", "\u{fffd}b"], ["a\u{fffd}", "b"]] {
        let parts = [message(1, a.as_bytes()), message(1, format!("{b}\n").as_bytes())];
        assert_eq!(all(&of(Err, parts.to_vec())), format!("{a}{b}"));
    }
    // the end has not come, or the beginning was not asked for
    let unfinished = format!("{}{}", "x".repeat(PART - 2), lost(2));
    assert_eq!(all(&[(Out, message(1, unfinished.as_bytes()))]), format!("{}…", "x".repeat(PART - 2)));
    let mut rest = LastLines::new(1);
    let mut end = log(&[(Out, message(1, format!("{}cret\n", lost(2)).as_bytes()))]);
    end.read = MOST + 1;
    assert_eq!(rest.take(end, 1), None);
    assert_eq!(rest.text(), "…cret");
}

#[test]
fn lines_of_several_containers_stand_in_the_order_of_time() {
    let mut last = LastLines::new(3);
    for seconds in [[1, 4, 5], [2, 3, 6]] {
        let each = seconds.map(|s| (Out, message(s, format!("line {s}\r\n").as_bytes())));
        assert_eq!(last.take(log(&each), 100), None);
    }
    last.note("[of ours]");
    assert_eq!(last.text(), "[of ours]\nline 4\nline 5\nline 6");
}

#[test]
fn a_container_with_a_terminal_has_no_borders_between_messages() {
    let line = "x".repeat(2 * PART + 3);
    let mut bytes: Vec<u8> = messages(1, format!("{line}\r").as_bytes(), true).concat();
    bytes.extend(messages(2, b"short\r", true).concat());
    bytes.extend(messages(3, &b"y".repeat(PART + 1), false).concat());
    for size in [7, 1_000, bytes.len()] {
        let mut log = Log::default();
        bytes.chunks(size).for_each(|chunk| log.take_terminal(chunk));
        let mut last = LastLines::new(9);
        assert_eq!(last.take(log, 100), None);
        assert_eq!(last.text(), format!("{line}\nshort\n{}", "y".repeat(PART + 1)));
    }
}

#[test]
fn a_line_whose_end_is_not_there_is_shown_and_one_that_the_engine_cut_goes_on() {
    assert_eq!(all(&of(Out, messages(1, b"no line break", false))), "no line break");
    let mut parts = of(Out, messages(1, &b"x".repeat(PART + 1), true));
    parts.pop();
    assert_eq!(all(&parts), format!("{}…", "x".repeat(PART)));
    let letters = [&b"x".repeat(PART - 1)[..], "ä".as_bytes()].concat();
    let parts = [(Out, messages(1, &letters, true).swap_remove(0))];
    assert_eq!(all(&parts), format!("{}…", "x".repeat(PART - 1)), "half a letter is none");
}

#[test]
fn what_the_engine_says_itself_is_a_line_of_its_own() {
    let parts = [
        (Out, message(1, &b"x".repeat(PART))),
        (Err, b"Error grabbing logs: no such task\n".to_vec()),
        (Out, message(1, b"end\n")),
    ];
    assert_eq!(all(&parts), format!("Error grabbing logs: no such task\n{}end", "x".repeat(PART)));
    assert_eq!(all(&[(Err, b"unexpected\n".to_vec())]), "unexpected");
}

#[test]
fn the_number_of_lines_counts_whole_lines() {
    let mut parts = vec![];
    for second in 1..=9 {
        parts.extend(of(Out, messages(second, format!("{second}").repeat(3 * PART).as_bytes(), true)));
    }
    let line = |n: usize| n.to_string().repeat(3 * PART);
    assert_eq!(last(&parts, 2), (format!("{}\n{}", line(8), line(9)), vec![4, 16]));
    let every: Vec<String> = (1..=9).map(line).collect();
    assert_eq!(last(&parts, 9).0, every.join("\n"));
    assert_eq!(last(&parts, 50), (every.join("\n"), vec![52]), "fewer messages than asked for are all");
}

#[test]
fn the_rest_of_a_line_is_none_and_a_rare_line_of_the_other_stream_is() {
    let short = |n: usize| (Out, message(n, format!("line {n}\n").as_bytes()));
    let long = of(Err, messages(1, format!("{}end", "x".repeat(PART)).as_bytes(), true));
    // the rest of a line of standard error comes late, because the app wrote the line in two pieces
    let mut parts = vec![long[0].clone(), short(2), short(3), short(4), long[1].clone(), short(5)];
    let (text, asks) = last(&parts, 3);
    assert_eq!((text.as_str(), asks), ("line 3\nline 4\nline 5", vec![5]), "it began before all of them");
    parts[4] = (Err, message(5, b"fatal\n"));
    let (text, asks) = last(&parts, 3);
    assert_eq!(
        (text.as_str(), asks),
        ("line 4\nfatal\nline 5", vec![5]),
        "newer than what surely began a line"
    );
}

#[test]
fn what_cannot_be_known_to_begin_a_line_is_marked_as_cut() {
    // the log is so long that no more can be asked for: as many bytes as are kept came after the first line
    let mut log = Log::default();
    log.take(Err, &message(1, b"\xa4 secret\n"));
    log.take(Out, &message(1, &b"x".repeat(MOST)));
    let mut last = LastLines::new(5);
    assert_eq!(last.take(log, 2), None, "to ask for more would be too much");
    let text = last.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "… secret");
    assert!(lines[1].starts_with("…xxx") && lines[1].ends_with("x…"), "the beginning and the end");
}

#[test]
fn what_is_too_much_is_cut_and_said() {
    let long = messages(1, "ä".repeat(LONGEST_LINE).as_bytes(), true);
    assert_eq!(all(&of(Out, long)), format!("{}…", "ä".repeat(LONGEST_LINE / 2)));
    let mut many = vec![];
    for n in 0..20_000 {
        many.push((Out, message(n % 60, &[&b"z".repeat(1_000)[..], b"\n"].concat())));
    }
    let (mut last, asked) = (LastLines::new(15_000), first_ask(15_000));
    assert_eq!(last.take(log(&many), asked), None);
    let text = last.text();
    assert!(text.starts_with("[the lines before these are more than 8 MiB]\nzzz"));
    assert_eq!(text.lines().count() - 1, MOST / (1_000 + LINE));
}

#[test]
fn a_terminal_that_writes_no_line_break_fills_no_memory() {
    let mut log = Log::default();
    let bytes = message(1, &b"x".repeat(1 << 20));
    for _ in 0..20 {
        log.take_terminal(&bytes);
        assert!(log.terminal.len() <= MOST + bytes.len(), "{} bytes are held", log.terminal.len());
    }
    log.take_terminal(b"\n");
    log.take_terminal(&message(2, b"after it\n"));
    let mut last = LastLines::new(9);
    assert_eq!(last.take(log, 1_000), None);
    let text = last.text();
    assert!(text.starts_with("xxx") && text.ends_with("x…\nafter it"), "{} bytes", text.len());
}

#[test]
fn only_a_letter_that_is_cut_is_taken_off() {
    for (bytes, whole) in [
        (&b"abc"[..], 3),
        ("aä".as_bytes(), 3),
        (b"a\xc3", 1),
        (b"a\xe2\x82", 1),
        (b"a\xf0\x9f\x98", 1),
        (b"a\xa4\xa4", 3),
        (b"a\xff", 2),
        (b"", 0),
    ] {
        assert_eq!(whole_letters(bytes), whole, "{bytes:?}");
    }
}
