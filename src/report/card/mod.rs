//! The card: a picture of a run with recipe, verdict, level, tiers and what the browser showed, as SVG and as PNG. Its
//! letters are outlines, so that it looks the same wherever it is shown. Pure.

mod letters;
mod picture;

use crate::markup::escape;
use crate::text::one_line;
use crate::{cause, human};
use ccci_model::tier::Status;
use ccci_model::time::utc_rfc3339;
use ccci_model::verdict::{Outcome, Verdict};
use ccci_runner::record::Record;
use letters::{BOLD, Font, REGULAR};
use picture::Picture;
use resvg::tiny_skia::{Pixmap, PixmapPaint, Transform};
use resvg::usvg;
use std::fmt::Write;

/// Size of the card, px.
const WIDTH: u32 = 800;
const HEIGHT: u32 = 420;
/// Space around everything, and what the words may take beside a picture, px.
const MARGIN: f32 = 40.0;
const BESIDE: f32 = 370.0;
/// Where a picture stands, and how large it may be, px.
const PICTURE: (u32, u32) = (440, 40);
const PICTURE_SIZE: (u32, u32) = (320, 230);
/// From the lower edge of the picture to the words below it, px.
const BELOW: f32 = 20.0;

const BACK: &str = "#14171c";
const TEXT: &str = "#e6e8eb";
const FAINT: &str = "#a3acb8";
const GOOD: &str = "#5fd178";
const BAD: &str = "#ff8a80";
const OPEN: &str = "#f0b648";

/// The card as SVG.
pub fn svg(record: &Record) -> Vec<u8> {
    let picture = Picture::of(record, PICTURE_SIZE);
    let inside = picture.as_ref().map(|p| {
        let ((x, y), (width, height)) = (PICTURE, p.size());
        format!("<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" href=\"{}\"/>\n", p.data())
    });
    drawn(&record.outcome, picture.as_ref(), &inside.unwrap_or_default()).into_bytes()
}

/// The card as PNG.
pub fn png(record: &Record) -> Vec<u8> {
    let picture = Picture::of(record, PICTURE_SIZE);
    let text = drawn(&record.outcome, picture.as_ref(), "");
    let tree = usvg::Tree::from_str(&text, &usvg::Options::default()).expect("our own SVG is one; tested");
    let mut card = Pixmap::new(WIDTH, HEIGHT).expect("the size is not 0");
    resvg::render(&tree, Transform::identity(), &mut card.as_mut());
    if let Some(picture) = picture {
        let (x, y) = (PICTURE.0 as i32, PICTURE.1 as i32);
        let paint = PixmapPaint::default();
        card.draw_pixmap(x, y, picture.pixels().as_ref(), &paint, Transform::identity(), None);
    }
    card.encode_png().unwrap_or_default()
}

/// The card around a picture; `inside` stands in its place.
fn drawn(o: &Outcome, picture: Option<&Picture>, inside: &str) -> String {
    let mut out = String::new();
    let colour = colour_of(o.verdict);
    let title = escape(&format!("{}: {}, level {}", human::subject(o), o.headline(), o.level));
    let tiers = o.tiers.iter().map(|t| format!("{} {}", t.tier, t.status)).collect::<Vec<_>>().join(", ");
    let picture_of = picture.map_or(String::new(), |p| escape(&format!("; picture: {}", p.caption())));
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n<desc>{tiers}{picture_of}</desc>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"{BACK}\"/>\n\
         <rect width=\"12\" height=\"{HEIGHT}\" fill=\"{colour}\"/>\n"
    );
    let room = if picture.is_some() { BESIDE } else { WIDTH as f32 - 2.0 * MARGIN };
    words(&mut out, o, room);
    chips(&mut out, o);
    if let Some(picture) = picture {
        let ((x, y), (_, height)) = (PICTURE, picture.size());
        let place = (x as f32, (y + height) as f32 + BELOW);
        put(&mut out, &REGULAR, 14.0, FAINT, place, picture.caption(), PICTURE_SIZE.0 as f32);
    }
    out.push_str(inside);
    out.push_str("</svg>\n");
    out
}

fn words(out: &mut String, o: &Outcome, room: f32) {
    let app = o.plan.subject();
    let size = BOLD.size_for(app.recipe.as_str(), room, &[44.0, 34.0, 26.0]);
    put(out, &BOLD, size, TEXT, (MARGIN, 84.0), app.recipe.as_str(), room);
    let version =
        app.head.version.as_ref().map_or_else(|| app.head.commit.short().to_string(), ToString::to_string);
    put(out, &REGULAR, 24.0, FAINT, (MARGIN, 120.0), &version, room);
    let word = human::word(o);
    let size = BOLD.size_for(&word, room, &[34.0, 26.0, 20.0]);
    put(out, &BOLD, size, colour_of(o.verdict), (MARGIN, 180.0), &word, room);
    put(out, &REGULAR, 24.0, TEXT, (MARGIN, 216.0), &human::level(o), room);
    let first = cause::first(o).map(|x| format!("{}: {}", x.failure.blame, x.failure.observed()));
    let line = first.unwrap_or_else(|| match o.not_proved.len() {
        0 => "nothing is left unproved".into(),
        n => format!("not proved: {n}"),
    });
    for (n, line) in REGULAR.wrap(&one_line(&line), 17.0, room).iter().enumerate() {
        put(out, &REGULAR, 17.0, FAINT, (MARGIN, 250.0 + 23.0 * n as f32), line, room);
    }
    let foot = format!("ccci, {}, {}", &utc_rfc3339(o.began_ms)[..10], o.plan.run_id);
    put(out, &REGULAR, 15.0, FAINT, (MARGIN, 392.0), &foot, WIDTH as f32 - 2.0 * MARGIN);
}

/// The tiers and the rung of lint in a row, each with a sign that can be told without its colour.
fn chips(out: &mut String, o: &Outcome) {
    let lint = o.rungs.get(&ccci_model::tier::Rung::Lint).copied().unwrap_or(Status::Unver);
    let tiers = o.tiers.iter().map(|t| (t.tier.name(), t.status)).chain([("lint", lint)]);
    for (n, (name, status)) in tiers.enumerate() {
        let x = MARGIN + 122.0 * n as f32;
        let (colour, sign) = sign(status);
        let _ = writeln!(
            out,
            "<path transform=\"translate({} 318)\" d=\"{sign}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"3.5\" \
             stroke-linecap=\"round\" stroke-linejoin=\"round\"/>",
            x + 10.0
        );
        put(out, &BOLD, 16.0, TEXT, (x + 26.0, 324.0), name, 90.0);
        put(out, &REGULAR, 15.0, colour, (x + 26.0, 345.0), status.name(), 90.0);
    }
}

fn sign(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Pass => (GOOD, "M-8 0L-3 6L8-7"),
        Status::Fail => (BAD, "M-7-7L7 7M7-7L-7 7"),
        Status::Skip => (FAINT, "M-7 0L7 0"),
        Status::Unver => (OPEN, "M-5-4C-5-10 6-10 6-4C6-1 0-1 0 3M0 9L0 9.1"),
    }
}

fn colour_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Green => GOOD,
        Verdict::Red => BAD,
        Verdict::Error | Verdict::Interrupted => OPEN,
    }
}

/// Writes a line of words, cut to `room` px.
fn put(out: &mut String, font: &Font, size: f32, colour: &str, (x, y): (f32, f32), text: &str, room: f32) {
    let text = font.cut(&one_line(text), size, room);
    let scale = size / font.units();
    let path = font.path(&text);
    let _ = writeln!(
        out,
        "<path transform=\"translate({x} {y}) scale({scale:.6} -{scale:.6})\" fill=\"{colour}\" d=\"{path}\"/>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen;
    use ccci_model::event::{Event, Shown, Shows};
    use ccci_testkit::example::{self, green_run};

    fn record(change: impl FnOnce(&mut Vec<Event>)) -> Record {
        let mut events = green_run(&example::plan());
        change(&mut events);
        Record::of(events).unwrap()
    }

    /// The colour of a pixel.
    fn at(png: &Pixmap, x: u32, y: u32) -> (u8, u8, u8) {
        let pixel = png.pixel(x, y).unwrap();
        (pixel.red(), pixel.green(), pixel.blue())
    }

    #[test]
    fn the_card_shows_the_verdict_in_words_and_colour_without_a_font_of_the_system() {
        let (green, killed) = (record(|_| ()), record(|events| events.truncate(3)));
        for (record, edge) in [(green, (0x5f, 0xd1, 0x78)), (killed, (0xf0, 0xb6, 0x48))] {
            let (bytes, svg) = (png(&record), String::from_utf8(svg(&record)).unwrap());
            let card = Pixmap::decode_png(&bytes).unwrap();
            assert_eq!((card.width(), card.height()), (WIDTH, HEIGHT));
            assert_eq!((at(&card, 5, 200), at(&card, 790, 410)), (edge, (0x14, 0x17, 0x1c)));
            let name = (40..300).flat_map(|x| (50..85).map(move |y| (x, y)));
            let light = name.filter(|(x, y)| at(&card, *x, *y).0 > 0xc0).count();
            assert!(light > 500, "the recipe's name has letters: {light}");
            assert!(
                !svg.contains("<text") && svg.contains(&format!("level {}", record.outcome.level)),
                "{svg}"
            );
            assert_eq!(png(&record), bytes);
        }
    }

    #[test]
    fn the_card_says_which_version_its_picture_shows() {
        let mut record = record(|_| ());
        let shown = |shows| Shown { app: 0, by: "x".into(), shows, file: "x.png".into(), bytes: 9 };
        let caption = |record: &Record, shows| seen::caption(record, &shown(shows));
        assert_eq!(caption(&record, Shows::Landing), "1.0.0+1.25.0, before the upgrade");
        assert_eq!(caption(&record, Shows::Failing), "the page in which a test failed");
        let mut white = Pixmap::new(64, 40).unwrap();
        white.fill(resvg::tiny_skia::Color::WHITE);
        let picture =
            Picture::fit(&white.encode_png().unwrap(), PICTURE_SIZE, caption(&record, Shows::Landing))
                .unwrap();
        let with = drawn(&record.outcome, Some(&picture), "");
        assert!(with.contains("; picture: 1.0.0+1.25.0, before the upgrade</desc>"), "{with}");
        // and in letters
        let paths = |svg: &str| svg.matches("<path").count();
        assert_eq!(paths(&with), paths(&drawn(&record.outcome, None, "")) + 1);
        record.outcome.plan.subject_mut().base = None;
        assert_eq!(caption(&record, Shows::Landing), "1.1.0+1.26.0");
    }
}
