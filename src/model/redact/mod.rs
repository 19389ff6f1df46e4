//! Hides secret values in text and bytes, whatever encoding they have. Pure; all text that is written passes
//! through here.
//!
//! A text is searched directly for every form of every value (the value itself, base64 at any alignment, hex,
//! shell quotes). It is searched again in each reading that decodes an encoding (`%41`, `\u0041`, `&#65;`,
//! line breaks, colours), up to two encodings deep. Where something was found, the rest is searched once
//! more. `writings.rs` lists what is found and what is not. 1 MiB of a log takes about 20 ms if values are
//! random letters and digits, and 60 ms if they contain blanks, quotes and dollars (measured, release).
//!
//! Values that are too short or ordinary words are not hidden, because that would make the record unreadable.
//! `add` reports them to its caller, which warns about them.

mod entities;
mod escapes;
mod forms;
mod lists;
mod readings;
mod words;
mod writer;
pub mod writings;

pub use writer::RedactingWriter;

use crate::secret::Secret;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};

/// Replacement of a secret.
pub const DOTS: &str = "•••";

/// Fewest bytes of a value that is hidden; shorter values would match ordinary text. `add` reports them.
pub(crate) const SHORTEST: usize = 6;

/// Mark of a cut in a text. The text before it may be the beginning of a secret, and the text after it the
/// end of one; both are hidden like a whole secret.
const CUT: &str = "…";
/// Bytes of a beginning or end of a secret that is hidden next to a cut; shorter ones are left, longer ones
/// are not searched for.
const PART: std::ops::RangeInclusive<usize> = END..=1_024;
/// Bytes next to a cut that suffice to rule out quickly that a secret was cut there.
const END: usize = 4;
/// Cuts that are examined in one text; a text that ccci cuts has one.
const MOST_CUTS: usize = 1_000;

/// Bytes of a text above which it is searched in pieces, because the readings of a hostile text are many
/// times its size.
const LARGE: usize = 1_048_576;

/// Replaces what is hidden already: a byte that is in no character, form or escape.
const NOTHING: u8 = 0xff;

/// Searched bytes after which making the faster automaton pays off.
const WORTH: usize = 512 << 10;

/// How many times longer than its longest form a secret with escapes can be (`%5Cu0041` and the like).
const STRETCH: usize = 40;

/// Whether a value is hidden after `add`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is hidden.
    Hidden,
    /// It has fewer than `SHORTEST` bytes and is not hidden.
    TooShort,
    /// It is an ordinary word and is not hidden.
    Word,
}

impl Added {
    /// A warning for readers about a secret that is not hidden. It does not contain the value.
    pub fn warning(self, name: &str) -> Option<String> {
        let why = match self {
            Added::Hidden => return None,
            Added::TooShort => format!("has fewer than {SHORTEST} characters"),
            Added::Word => "is an ordinary word".to_string(),
        };
        Some(format!("the value of secret `{name}` {why} and is NOT hidden in the record"))
    }
}

/// The known values, shared by all writers of a run. Cloning shares the list.
#[derive(Clone, Default)]
pub struct Redactor {
    inner: Arc<RwLock<Inner>>,
    /// A redactor that receives every value as well.
    above: Option<Arc<Redactor>>,
}

#[derive(Default)]
struct Inner {
    names: Vec<String>,
    /// Bytes that occur in the values.
    letters: readings::Letters,
    /// Every form, sorted, with the index of its name.
    forms: Vec<(Vec<u8>, usize)>,
    /// Finds the forms. It is made when a text is first searched after a value was added, as values are added
    /// in groups.
    automaton: OnceLock<AhoCorasick>,
    /// Finds the forms up to three times as fast, but takes ten times as long to make.
    faster: OnceLock<AhoCorasick>,
    /// Bytes searched since the last value was added.
    searched: AtomicUsize,
    /// All groups of `END` consecutive bytes of the forms; made at the first cut.
    parts: OnceLock<HashSet<[u8; END]>>,
    /// All forms reversed, sorted, with the index of their names; made at the first cut that may cut a
    /// secret.
    endings: OnceLock<Vec<(Vec<u8>, usize)>>,
    /// Bytes of the longest form.
    longest: usize,
}

impl Redactor {
    /// A redactor for one of several runs. It hides only the values that are added to it, so that secrets of
    /// other runs do not make the record unreadable. `self` receives these values too.
    pub fn below(&self) -> Redactor {
        Redactor { inner: Arc::default(), above: Some(Arc::new(self.clone())) }
    }

    /// Adds a value with its name, unless hiding it would make the record unreadable.
    pub fn add(&self, name: &str, secret: &Secret) -> Added {
        let value = secret.open().trim();
        if value.len() < SHORTEST {
            return Added::TooShort;
        }
        if words::is_common(value) {
            return Added::Word;
        }
        if let Some(above) = &self.above {
            above.add(name, secret);
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let owner = inner.names.len();
        inner.names.push(name.to_string());
        let mut forms = forms::of(value);
        forms.iter().for_each(|form| inner.letters.add(form));
        // its blanks must not be searched for in escapes
        forms.push(forms::apart(value));
        inner.forms.extend(forms.into_iter().map(|form| (form, owner)));
        inner.forms.sort();
        inner.longest = inner.forms.iter().map(|(form, _)| form.len()).max().unwrap_or(0);
        (inner.automaton, inner.faster, inner.searched) = Default::default();
        (inner.parts, inner.endings) = Default::default();
        Added::Hidden
    }

    /// The text with every form of every known value replaced by dots.
    pub fn hide(&self, text: &str) -> String {
        let hidden = self.hide_bytes(text.as_bytes());
        // values and escapes consist of whole characters, so the rest does too
        String::from_utf8(hidden).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
    }

    /// The same for bytes that are not text.
    pub fn hide_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        if bytes.len() > LARGE {
            return self.in_pieces(bytes);
        }
        let spans = self.inner().spans(bytes);
        cover(bytes, &spans)
    }

    /// Names of the secrets that occur in these bytes. Used for the final check of a record.
    pub fn find(&self, bytes: &[u8]) -> Vec<String> {
        let inner = self.inner();
        let mut owners = vec![];
        inner.each_match(bytes, false, &mut |_, owner| {
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        });
        owners.sort_unstable();
        owners.into_iter().map(|i| inner.names[i].clone()).collect()
    }

    /// Number of bytes at the end of a stream that may be the beginning of a secret.
    fn reach(&self) -> usize {
        self.inner().longest * STRETCH
    }

    fn in_pieces(&self, bytes: &[u8]) -> Vec<u8> {
        let mut writer = RedactingWriter::new(self.clone(), Vec::with_capacity(bytes.len()));
        writer.write_all(bytes).expect("writing to memory cannot fail");
        writer.finish().expect("writing to memory cannot fail")
    }

    fn inner(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The automaton that finds the forms in a text of this length.
    fn automaton(&self, length: usize) -> &AhoCorasick {
        if self.searched.fetch_add(length, Relaxed) < WORTH {
            self.automaton.get_or_init(|| self.made(Some(AhoCorasickKind::ContiguousNFA)))
        } else {
            self.faster.get_or_init(|| self.made(None))
        }
    }

    fn made(&self, kind: Option<AhoCorasickKind>) -> AhoCorasick {
        let forms = self.forms.iter().map(|(form, _)| form.as_slice());
        AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(kind)
            .build(forms.chain([CUT.as_bytes()]))
            .expect("some hundred short patterns fit an automaton")
    }

    /// Ranges of secrets, in order, without overlaps. What is found is removed and the rest is searched again
    /// until nothing more is found: the backslash at the end of a secret would otherwise change the meaning
    /// of an escape that follows directly.
    fn spans(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let mut out = vec![];
        let mut rest = Cow::from(bytes);
        loop {
            let mut found: Vec<Range<usize>> = vec![];
            self.each_match(&rest, true, &mut |span, _| found.push(span));
            if found.is_empty() {
                return merged(out);
            }
            for span in &found {
                rest.to_mut()[span.clone()].fill(NOTHING);
            }
            out.extend(found);
        }
    }

    /// Passes the range and owner of every match to `show`; with `cuts` also those of parts of values next to
    /// a cut.
    fn each_match(&self, bytes: &[u8], cuts: bool, show: &mut dyn FnMut(Range<usize>, usize)) {
        if self.forms.is_empty() {
            return;
        }
        let automaton = self.automaton(bytes.len());
        let search = readings::Search { letters: &self.letters, longest: self.longest };
        search.each(bytes, &mut |reading, new, back| {
            let mut left = if cuts { MOST_CUTS } else { 0 };
            let within =
                |new: &Range<usize>| automaton.find_overlapping_iter(Input::new(reading).range(new.clone()));
            for m in new.iter().flat_map(within) {
                match self.forms.get(m.pattern().as_usize()) {
                    Some((_, owner)) => show(back(m.range()), *owner),
                    None if left > 0 => {
                        left -= 1;
                        if let Some((begin, owner)) = self.beginning(&reading[..m.start()]) {
                            show(back(begin..m.start()), owner);
                        }
                        // with the mark of the cut: a stream that is split after it could not recognize the
                        // end of the secret
                        if let Some((length, owner)) = self.ending(&reading[m.end()..]) {
                            show(back(m.start()..m.end() + length), owner);
                        }
                    }
                    None => {}
                }
            }
        });
    }

    /// Whether these bytes occur in a form.
    fn has_part(&self, part: Option<&[u8; END]>) -> bool {
        let parts = self.parts.get_or_init(|| {
            self.forms.iter().flat_map(|(form, _)| form.array_windows::<END>()).copied().collect()
        });
        part.is_some_and(|part| parts.contains(part))
    }

    /// Length and owner of the longest ending of a form with which the text begins.
    fn ending(&self, text: &[u8]) -> Option<(usize, usize)> {
        if !self.has_part(text.first_chunk::<END>()) {
            return None;
        }
        let endings = self.endings.get_or_init(|| {
            let mut all: Vec<_> =
                self.forms.iter().map(|(f, owner)| (f.iter().rev().copied().collect(), *owner)).collect();
            all.sort_unstable();
            all
        });
        let longest = text.len().min(self.longest).min(*PART.end());
        (*PART.start()..=longest).rev().find_map(|length| {
            let search = || text[..length].iter().rev();
            let next = endings.partition_point(|(form, _)| form.iter().lt(search()));
            let (form, owner) = endings.get(next)?;
            (form.len() >= length && form.iter().zip(search()).all(|(a, b)| a == b))
                .then_some((length, *owner))
        })
    }

    /// Start and owner of the longest beginning of a form with which the text ends.
    fn beginning(&self, text: &[u8]) -> Option<(usize, usize)> {
        if !self.has_part(text.last_chunk::<END>()) {
            return None;
        }
        let first = text.len().saturating_sub(self.longest.min(*PART.end()));
        let last = text.len().checked_sub(*PART.start())?;
        (first..=last).find_map(|at| {
            let next = self.forms.partition_point(|(form, _)| form.as_slice() < &text[at..]);
            let (form, owner) = self.forms.get(next)?;
            form.starts_with(&text[at..]).then_some((at, *owner))
        })
    }
}

/// Merges sorted ranges that overlap or touch.
fn merged(mut all: Vec<Range<usize>>) -> Vec<Range<usize>> {
    all.sort_unstable_by_key(|s| (s.start, s.end));
    let mut out: Vec<Range<usize>> = vec![];
    for span in all {
        match out.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

fn cover(bytes: &[u8], spans: &[Range<usize>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut done = 0;
    for span in spans {
        out.extend_from_slice(&bytes[done..span.start]);
        out.extend_from_slice(DOTS.as_bytes());
        done = span.end;
    }
    out.extend_from_slice(&bytes[done..]);
    out
}

#[cfg(test)]
mod tests;
