//! `recipe.toml`, one or several layers; a line `=== name` begins another layer.

use super::{parts, said, text};
use ccci_model::name::RecipeName;
use ccci_recipe::keys::KEYS;
use ccci_recipe::load::{Loaded, load};

pub(super) const WORDS: &[&str] = &[
    "[health]\n",
    "path = \"/\"\n",
    "ok = [200]\n",
    "timeout = \"5m\"\n",
    "[env]\n",
    "A = \"1\"\n",
    "[upgrade]\n",
    "base = \"auto\"\n",
    "[backup]\n",
    "capable = true\n",
    "[ready]\n",
    "stable = 3\n",
    "[expected_na]\n",
    "deps = []\n",
    "canonical = true\n",
    "source = \"x\"\n",
    "env.A = \"x\"\n",
    "\"\"\"",
    "'''",
    "\\u0000",
    "=== b\n",
    "[[a]]\n",
    "= {",
];

pub(super) fn run(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let layers: Vec<_> = parts("recipe.toml", &input).iter().map(|(n, c)| text(n, c)).collect();
    let name = RecipeName::parse("sample").expect("a name");
    let loaded = load(name.clone(), &layers);
    let again = load(name, &layers);
    assert_eq!((&loaded.recipe, &loaded.spans), (&again.recipe, &again.spans));
    assert_eq!(said(&loaded.diagnostics), said(&again.diagnostics));
    for key in KEYS {
        if let Some(place) = loaded.spans.of(key.name) {
            assert!(
                place.text.content.get(place.range.clone()).is_some(),
                "{} at {:?}",
                key.name,
                place.range
            );
        }
    }
    reads_back(&loaded);
}

/// The TOML that the rows show for the settings loads to the same settings.
fn reads_back(loaded: &Loaded) {
    let live = KEYS.iter().filter(|k| k.has_effect()).map(|k| (k.name, (k.get)(&loaded.recipe)));
    let written: String = live.filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k} = {v}\n")).collect();
    let back = load(loaded.recipe.name.clone(), &[text("written.toml", &written)]);
    assert_eq!(back.recipe, loaded.recipe, "{written}");
    // the rows show defaults as well
    let fine = ["not-yet", "default-value"];
    let errors: Vec<String> =
        said(&back.diagnostics).into_iter().filter(|l| !fine.iter().any(|f| l.contains(f))).collect();
    assert!(errors.is_empty(), "{errors:?} of\n{written}");
}
