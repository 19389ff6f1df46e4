//! What docker's stack loader drops without a word while it reads a file: tags of YAML that it does not know, the
//! addresses of published ports, and what is merged under a key that is set again. Nothing of it is left in the composed files, so it is noted while they are read. Data
//! only.

use ccci_model::diag::Place;

/// Something that has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// What it is.
    pub kind: Kind,
    /// The text as it is understood: the tag, the address without brackets, or the key.
    pub text: String,
    /// Its place: the tag itself, the port with the address, or the key that is set.
    pub place: Place,
}

/// The kinds of things that are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A tag such as `!reset`.
    Tag,
    /// The address of a published port.
    Address,
    /// A list or a map that `<<` merges, under a key that the map sets itself.
    Merged,
}

#[cfg(test)]
mod tests {
    use crate::compose::test_compose;

    #[test]
    fn tags_and_addresses_are_noted_and_change_nothing() {
        let with = "services:\n  app:\n    image: !x nginx\n    ports: !reset\n      - \"127.0.0.1:80:80\"\n      - \
                    \"[::1]:81-82:81-82\"\n    environment: !override {A: !!str 1}\n";
        let without = "services:\n  app:\n    image: nginx\n    ports: [\"80:80\", \"81-82:81-82\"]\n    environment: \
                       {A: \"1\"}\n";
        let composed = test_compose(with);
        assert_eq!(composed.to_yaml(), test_compose(without).to_yaml());
        let noted: Vec<String> =
            composed.dropped().iter().map(|d| format!("{} {}", d.place.line_column().0, d.text)).collect();
        assert_eq!(noted, ["3 !x", "4 !reset", "7 !override", "5 127.0.0.1", "6 ::1"]);
    }
}
