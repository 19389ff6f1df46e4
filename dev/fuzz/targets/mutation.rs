//! Changes an input slightly: bytes, pieces, words of the target, another input. The same seed makes the same
//! changes.

/// A small random number generator (SplitMix64) with reproducible numbers.
pub(crate) struct Chance(pub u64);

impl Chance {
    /// A number below `n`; 0 for an empty range.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        if n == 0 { 0 } else { ((z ^ (z >> 31)) % n as u64) as usize }
    }
}

/// One to four changes.
pub(crate) fn changed(input: &[u8], words: &[&str], others: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut out = input.to_vec();
    for _ in 0..=chance.below(4) {
        change(&mut out, words, others, chance);
    }
    out
}

fn change(out: &mut Vec<u8>, words: &[&str], others: &[Vec<u8>], chance: &mut Chance) {
    let at = chance.below(out.len() + 1);
    let end = (at + 1 + chance.below(16)).min(out.len());
    match chance.below(7) {
        0 if at < out.len() => out[at] = chance.below(256) as u8,
        1 if at < out.len() => out[at] ^= 1 << chance.below(8),
        2 if at < end => _ = out.drain(at..end),
        3 if at < end => {
            let piece = out[at..end].to_vec();
            let to = chance.below(out.len() + 1);
            out.splice(to..to, piece);
        }
        4 if !others.is_empty() => {
            let other = &others[chance.below(others.len())];
            let from = chance.below(other.len() + 1);
            out.truncate(at);
            out.extend_from_slice(&other[from..]);
        }
        5 => out.truncate(at),
        _ if !words.is_empty() => {
            let word = words[chance.below(words.len())].bytes();
            out.splice(at..at, word);
        }
        _ => {}
    }
}
