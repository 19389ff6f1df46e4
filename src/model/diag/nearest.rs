//! Did-you-mean: the known name that is most similar, if it is similar enough to be a typing mistake.

use super::Help;

/// The most similar name of `known`, with an edit distance of at most a quarter of its length plus one (a
/// bound found by experiment).
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count();
    let far = |k: &str| letters.abs_diff(k.chars().count()) > 1 + k.len() / 4;
    known
        .into_iter()
        // the distance is at least the difference of the lengths; computing it takes long for a hostile name
        .filter(|k| !far(k))
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(d, k)| *d <= 1 + k.len() / 4)
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// `did you mean …?` with the most similar name, if there is one.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<Help> {
    let name = nearest(word, known)?;
    Some(Help { text: format!("did you mean `{name}`?"), instead: Some(name.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_finds_its_word_and_another_word_none() {
        let known = ["deploy.timeout", "health.path", "env"];
        assert_eq!(nearest("deploy.timout", known), Some("deploy.timeout"));
        assert_eq!(nearest("helth.path", known), Some("health.path"));
        assert_eq!(nearest("colour", known), None);
    }
}
