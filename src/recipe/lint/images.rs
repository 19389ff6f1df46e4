//! Rules about images and their tags.

use super::refused::is_reference;
use super::{Finding, LintInput};
use ccci_model::diag::Place;
use regex::Regex;
use std::sync::LazyLock;

/// Tags that are meant to be moved to newer images.
const MOVING: [&str; 9] =
    ["latest", "main", "master", "edge", "nightly", "dev", "develop", "stable", "unstable"];

struct Image {
    text: String,
    place: Place,
}

impl Image {
    /// The text after the last colon of the last part, so that the port of a registry is not read as a tag.
    fn tag(&self) -> Option<&str> {
        let without_digest = self.text.split('@').next().unwrap_or_default();
        let last = without_digest.rsplit('/').next().unwrap_or_default();
        last.split_once(':').map(|(_, tag)| tag).filter(|t| !t.is_empty())
    }

    fn has_digest(&self) -> bool {
        self.text.contains("@sha256:")
    }
}

/// Every image of every composition; each place once.
fn images(input: &LintInput) -> Result<Vec<Image>, String> {
    let mut out: Vec<Image> = vec![];
    for composed in input.composed()? {
        for service in composed.services() {
            let Some(text) = service.image.clone() else { continue };
            let place = composed.place_of(&service.name, &["image"]).unwrap_or_else(|| service.place.clone());
            if !out.iter().any(|i| i.place == place) {
                out.push(Image { text, place });
            }
        }
    }
    Ok(out)
}

fn each(
    input: &LintInput,
    look: impl Fn(&Image) -> Option<(String, &'static str)>,
) -> Result<Vec<Finding>, String> {
    let found = images(input)?;
    Ok(found.iter().filter_map(|i| look(i).map(|(m, h)| Finding::at(i.place.clone(), m, h))).collect())
}

pub(super) fn tagged(input: &LintInput) -> Result<Vec<Finding>, String> {
    each(input, |i| {
        // `image-reference` says it of a name that cannot be read
        let bare = i.tag().is_none() && !i.has_digest() && is_reference(&i.text);
        bare.then(|| {
            (format!("the image `{}` has no tag", i.text), "add the version for which the recipe was made")
        })
    })
}

pub(super) fn not_moving(input: &LintInput) -> Result<Vec<Finding>, String> {
    each(input, |i| {
        let tag = i.tag().filter(|t| MOVING.contains(t) && !i.has_digest())?;
        Some((format!("the tag `{tag}` of `{}` is meant to be moved", i.text), "use a version"))
    })
}

pub(super) fn version(input: &LintInput) -> Result<Vec<Finding>, String> {
    static VERSION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?i:v|version-|release-)?\d+([._-].*|[a-z]+.*)?$").expect("a valid pattern")
    });
    each(input, |i| {
        let tag = i.tag().filter(|t| !MOVING.contains(t) && !VERSION.is_match(t))?;
        Some((format!("the tag `{tag}` of `{}` is not a version", i.text), "use a version, such as `1.27.0`"))
    })
}
