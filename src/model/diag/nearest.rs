//! Did-you-mean: the nearest known name, if it is near enough to be a slip.

/// The nearest of `known` within a quarter of its length plus one (measured to give the expected hints).
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count();
    let far = |k: &str| letters.abs_diff(k.chars().count()) > 1 + k.len() / 4;
    known
        .into_iter()
        // the distance is at least that of the lengths, and takes long for a hostile name
        .filter(|k| !far(k))
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(d, k)| *d <= 1 + k.len() / 4)
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// `did you mean …?` for the nearest name, or nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|k| format!("did you mean `{k}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_finds_none() {
        let known = ["deploy.timeout", "health.path", "env"];
        assert_eq!(nearest("deploy.timout", known), Some("deploy.timeout"));
        assert_eq!(nearest("helth.path", known), Some("health.path"));
        assert_eq!(nearest("colour", known), None);
    }
}
