//! A small terminal: what a person sees after control sequences were obeyed. Panics on an unknown sequence.

/// The screen, without an upper end. No line may reach the last column.
pub(crate) struct Screen {
    pub lines: Vec<String>,
    row: usize,
    column: usize,
    width: usize,
}

impl Screen {
    pub(crate) fn new(width: usize) -> Screen {
        Screen { lines: vec![String::new()], row: 0, column: 0, width }
    }

    pub(crate) fn write(&mut self, text: &str) {
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\r' => self.column = 0,
                '\n' => {
                    self.row += 1;
                    self.column = 0;
                    if self.row == self.lines.len() {
                        self.lines.push(String::new());
                    }
                }
                '\u{1b}' => {
                    assert_eq!(rest.next(), Some('['));
                    let mut argument = String::new();
                    let last = loop {
                        let c = rest.next().expect("a whole sequence");
                        if c.is_ascii_alphabetic() {
                            break c;
                        }
                        argument.push(c);
                    };
                    self.obey(&argument, last);
                }
                c => {
                    assert!(!c.is_control(), "{c:?}");
                    self.put(c);
                }
            }
        }
    }

    fn put(&mut self, c: char) {
        let line = &mut self.lines[self.row];
        match line.char_indices().nth(self.column).map(|(at, old)| at..at + old.len_utf8()) {
            Some(old) => line.replace_range(old, c.encode_utf8(&mut [0; 4])),
            None => line.extend(std::iter::repeat_n(' ', self.column - line.chars().count()).chain([c])),
        }
        self.column += 1;
        assert!(self.column < self.width, "a terminal would fold: {line:?}");
    }

    fn obey(&mut self, argument: &str, last: char) {
        match (argument, last) {
            (n, 'A') => {
                let up: usize = n.parse().unwrap();
                assert!(up <= self.row, "the cursor would leave the screen");
                self.row -= up;
            }
            ("", 'K') => self.lines[self.row] = self.lines[self.row].chars().take(self.column).collect(),
            ("", 'J') => {
                let kept: String = self.lines[self.row].chars().take(self.column).collect();
                self.lines[self.row] = kept;
                self.lines.truncate(self.row + 1);
            }
            ("?2026", 'h' | 'l') | (_, 'm') => {}
            other => panic!("unknown sequence {other:?}"),
        }
    }

    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|l| format!("{}\n", l.trim_end())).collect::<String>().trim_end().to_string()
            + "\n"
    }
}
