//! The badge: a small SVG with the recipe, the level and the verdict. It can be read without its colour. Pure.

use super::markup::escape;
use ccci_model::name::RecipeName;
use ccci_model::verdict::Verdict;
use ccci_runner::record::Record;

/// Colours of levels 0 to 5 of a green run, chosen so that most colour-blind people can tell them apart.
const RAMP: [&str; 6] = ["#8a8a8a", "#b08d2e", "#b0a02e", "#a0b93f", "#6fb84a", "#3fa950"];
/// Average width of a letter at 11 px, and the space around the text, both in px.
const LETTER: usize = 7;
const PADDING: usize = 10;

/// The SVG as bytes.
pub fn render(record: &Record) -> Vec<u8> {
    let o = &record.outcome;
    of(&o.plan.subject().recipe, o.verdict, o.level, o.plan.partial().is_some())
}

/// The SVG of a run's verdict and level as bytes.
pub(crate) fn of(recipe: &RecipeName, verdict: Verdict, level: u8, partial: bool) -> Vec<u8> {
    let left = format!("ccci {recipe}");
    let (right, colour) = match verdict {
        Verdict::Green => (format!("level {level}"), RAMP[usize::from(level).min(RAMP.len() - 1)]),
        Verdict::Red => (format!("red, level {level}"), "#c0392b"),
        Verdict::Error | Verdict::Interrupted => (verdict.name().to_string(), "#6c757d"),
    };
    let right = if partial { format!("{right}, partial") } else { right };
    svg(&left, &right, colour).into_bytes()
}

fn svg(left: &str, right: &str, colour: &str) -> String {
    let wide = |t: &str| t.chars().count() * LETTER + PADDING;
    let (a, b) = (wide(left), wide(right));
    let (total, middle_a, middle_b) = (a + b, a / 2, a + b / 2);
    let (left, right) = (escape(left), escape(right));
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="20" role="img" aria-label="{left}: {right}">
<title>{left}: {right}</title>
<rect width="{a}" height="20" fill="#444"/>
<rect x="{a}" width="{b}" height="20" fill="{colour}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{middle_a}" y="14">{left}</text>
<text x="{middle_b}" y="14">{right}</text>
</g>
</svg>
"##
    )
}
