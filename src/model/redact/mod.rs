//! Hides secret values in text and bytes, whatever the encoding they come in. Pure; every writer passes its text
//! through here.
//!
//! A text is searched as it stands for every form of every value (itself, base64 at any alignment, hex, shell quotes),
//! and again in each reading that undoes what it is written in (`%41`, `\u0041`, `&#65;`, line breaks, colours), two deep.
//! Where something was found, the rest is searched once more. `writings.rs` lists what is found and what is not. 1 MiB of a log
//! takes about 20 ms when values are random letters and digits, 60 ms when they have blanks, quotes and dollars (measured,
//! release).
//! Not hidden: values that are too short or ordinary words, since that would garble the record; whoever adds one is told
//! and says so.

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

/// What stands in the place of a secret.
pub const DOTS: &str = "•••";

/// Values shorter than this are not hidden: they would eat ordinary text. The caller is told.
pub const SHORTEST: usize = 6;

/// Where a text was cut. What stands before it may be the beginning of a secret, and what stands behind it the end of
/// one; both are hidden as one.
const CUT: &str = "…";
/// Shorter beginnings and ends of a secret are left, longer ones are not looked for.
const PART: std::ops::RangeInclusive<usize> = END..=1_024;
/// So many bytes beside a cut tell at once that no secret was cut there.
const END: usize = 4;
/// Cuts that are looked at in one text; one made by ccci has a single one.
const MOST_CUTS: usize = 1_000;

/// Longer texts are searched in pieces: the readings of a hostile one are many times its size.
const LARGE: usize = 1_048_576;

/// Stands for what is hidden already: in no letter, no form and no escape.
const NOTHING: u8 = 0xff;

/// Bytes after whose search making the faster automaton begins to pay.
const WORTH: usize = 512 << 10;

/// How many times longer than its longest form a secret may be written with escapes (`%5Cu0041` and the like).
const STRETCH: usize = 40;

/// What became of a value that was to be hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is hidden from now on.
    Hidden,
    /// It has fewer than `SHORTEST` bytes and is not hidden.
    TooShort,
    /// It is an ordinary word and is not hidden.
    Word,
}

impl Added {
    /// What a reader must know of a secret that is not hidden. It does not say the value.
    pub fn warning(self, name: &str) -> Option<String> {
        let why = match self {
            Added::Hidden => return None,
            Added::TooShort => format!("has fewer than {SHORTEST} letters"),
            Added::Word => "is an ordinary word".to_string(),
        };
        Some(format!("the value of secret `{name}` {why} and is NOT hidden in the record"))
    }
}

/// The values known so far, shared by all writers of a run. Cloning shares the list.
#[derive(Clone, Default)]
pub struct Redactor {
    inner: Arc<RwLock<Inner>>,
    /// Learns every value as well.
    above: Option<Arc<Redactor>>,
}

#[derive(Default)]
struct Inner {
    names: Vec<String>,
    /// What the values are made of.
    letters: readings::Letters,
    /// Every form, sorted, with the index of its name.
    forms: Vec<(Vec<u8>, usize)>,
    /// Finds the forms; made when a text is searched for the first time after a value came, as values come in groups.
    automaton: OnceLock<AhoCorasick>,
    /// Finds them up to three times as fast, but takes ten times as long to make.
    faster: OnceLock<AhoCorasick>,
    /// Bytes searched since the last value came.
    searched: AtomicUsize,
    /// Every few bytes that stand together in a form; made at the first cut.
    parts: OnceLock<HashSet<[u8; END]>>,
    /// Every form from its end to its beginning, sorted, with the index of its name; made at the first cut that may be one.
    endings: OnceLock<Vec<(Vec<u8>, usize)>>,
    /// Bytes of the longest form.
    longest: usize,
}

impl Redactor {
    /// A redactor of its own, for one of several runs: it knows only what is added to it, so that no run's record is garbled by the
    /// secrets of another. This one learns all of that too.
    pub fn below(&self) -> Redactor {
        Redactor { inner: Arc::default(), above: Some(Arc::new(self.clone())) }
    }

    /// Adds a value under its name, unless hiding it would garble the record.
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
        // its blanks are not to be looked for in escapes
        forms.push(forms::apart(value));
        inner.forms.extend(forms.into_iter().map(|form| (form, owner)));
        inner.forms.sort();
        inner.longest = inner.forms.iter().map(|(form, _)| form.len()).max().unwrap_or(0);
        (inner.automaton, inner.faster, inner.searched) = Default::default();
        (inner.parts, inner.endings) = Default::default();
        Added::Hidden
    }

    /// The text with every known value, in every known form, replaced by dots.
    pub fn hide(&self, text: &str) -> String {
        let hidden = self.hide_bytes(text.as_bytes());
        // values and escapes are whole letters, so whole letters are left
        String::from_utf8(hidden).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
    }

    /// The same for bytes that are no text.
    pub fn hide_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        if bytes.len() > LARGE {
            return self.in_pieces(bytes);
        }
        let spans = self.inner().spans(bytes);
        cover(bytes, &spans)
    }

    /// The names of the secrets that occur in these bytes, for the last scan of a record.
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

    /// How many bytes at the end of a stream may be the beginning of a secret.
    fn reach(&self) -> usize {
        self.inner().longest * STRETCH
    }

    fn in_pieces(&self, bytes: &[u8]) -> Vec<u8> {
        let mut writer = RedactingWriter::new(self.clone(), Vec::with_capacity(bytes.len()));
        writer.write_all(bytes).expect("memory takes everything");
        writer.finish().expect("memory takes everything")
    }

    fn inner(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// What finds the forms in a text of this length.
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

    /// Where secrets stand, in order, without overlaps. What is found is taken out and the rest searched again until
    /// nothing more is: the backslash that a secret ends in would make another letter of an escape that follows at once.
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

    /// Shows every place of a value and whose it is; with `cuts` also beginnings of values where a text was cut.
    fn each_match(&self, bytes: &[u8], cuts: bool, show: &mut dyn FnMut(Range<usize>, usize)) {
        if self.forms.is_empty() {
            return;
        }
        let automaton = self.automaton(bytes.len());
        let sought = readings::Sought { letters: &self.letters, longest: self.longest };
        sought.each(bytes, &mut |reading, new, back| {
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
                        // with its mark: a stream that is parted between them would not know it any more
                        if let Some((length, owner)) = self.ending(&reading[m.end()..]) {
                            show(back(m.start()..m.end() + length), owner);
                        }
                    }
                    None => {}
                }
            }
        });
    }

    /// Whether these bytes stand together in a form.
    fn has_part(&self, part: Option<&[u8; END]>) -> bool {
        let parts = self.parts.get_or_init(|| {
            self.forms.iter().flat_map(|(form, _)| form.array_windows::<END>()).copied().collect()
        });
        part.is_some_and(|part| parts.contains(part))
    }

    /// How long the longest ending of a form is that the text begins with.
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
            let sought = || text[..length].iter().rev();
            let next = endings.partition_point(|(form, _)| form.iter().lt(sought()));
            let (form, owner) = endings.get(next)?;
            (form.len() >= length && form.iter().zip(sought()).all(|(a, b)| a == b))
                .then_some((length, *owner))
        })
    }

    /// Where the longest beginning of a form starts that the text ends with.
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

/// Spans in order; those that overlap or touch become one.
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
