//! How a terminal and a forge's runner interpret a text: by the crate `vte`, and by the rules of the runners.

use vte::{Params, Parser, Perform};

/// What a text made a terminal do.
#[derive(Debug, Default)]
pub(crate) struct Terminal {
    /// Characters that it shows.
    pub letters: String,
    /// Control characters that it obeys.
    pub controls: Vec<u8>,
    /// All other control sequences, for example `csi 31 m`.
    pub sequences: Vec<String>,
}

impl Perform for Terminal {
    fn print(&mut self, c: char) {
        self.letters.push(c);
    }

    fn execute(&mut self, byte: u8) {
        self.controls.push(byte);
        if byte == b'\n' {
            self.letters.push('\n');
        }
    }

    fn hook(&mut self, _: &Params, _: &[u8], _: bool, action: char) {
        self.sequences.push(format!("dcs {action}"));
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        let texts: Vec<_> = params.iter().map(|p| String::from_utf8_lossy(p).into_owned()).collect();
        self.sequences.push(format!("osc {}", texts.join(";")));
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _: bool, action: char) {
        let numbers: Vec<String> =
            params.iter().map(|p| p.iter().map(u16::to_string).collect::<Vec<_>>().join(":")).collect();
        let private = String::from_utf8_lossy(intermediates);
        self.sequences.push(format!("csi {private}{}{action}", numbers.join(";")));
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _: bool, byte: u8) {
        self.sequences.push(format!("esc {}{}", String::from_utf8_lossy(intermediates), char::from(byte)));
    }
}

/// What a text makes a terminal do.
pub(crate) fn shown(text: &str) -> Terminal {
    let mut terminal = Terminal::default();
    Parser::new().advance(&mut terminal, text.as_bytes());
    terminal
}

/// Whether a sequence only sets colours.
pub(crate) fn colours(sequence: &str) -> bool {
    ["csi 0m", "csi 1m", "csi 2m", "csi 32m", "csi 33m", "csi 1;31m"].contains(&sequence)
}

/// Characters that change how others are shown, and code points that are no characters.
pub(crate) fn is_odd(c: char) -> bool {
    let n = c as u32;
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || (c.is_control() && c != '\n')
        || (0xfdd0..=0xfdef).contains(&n)
        || n & 0xfffe == 0xfffe
}

/// A line that a runner takes for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// For example `error` or `group`.
    pub name: String,
    /// The title between the name and `::`, unescaped.
    pub title: String,
    /// The text after `::`, unescaped.
    pub message: String,
}

/// The commands in a log, as the runners of GitHub, Forgejo and Gitea find them: `::name key=value::message` at the
/// beginning of a line, also after whitespace, and `##[name]` anywhere.
pub(crate) fn commands(log: &str) -> Vec<Command> {
    log.split(['\n', '\r']).filter_map(command).collect()
}

fn command(line: &str) -> Option<Command> {
    let undone = |text: &str| {
        text.replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%25", "%")
    };
    if let Some((head, message)) = line.trim_start().strip_prefix("::").and_then(|rest| rest.split_once("::"))
    {
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        let title = properties.strip_prefix("title=").unwrap_or(properties);
        return Some(Command { name: name.to_string(), title: undone(title), message: undone(message) });
    }
    let (_, rest) = line
        .split_once("##[")
        .or_else(|| line.split_once("##vso["))
        .or_else(|| line.split_once("##teamcity["))?;
    let (name, message) = rest.split_once(']')?;
    Some(Command { name: format!("##{name}"), title: String::new(), message: message.to_string() })
}
