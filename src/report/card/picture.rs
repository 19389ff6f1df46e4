//! A picture of the record made smaller, for the card. Pure.

use crate::seen;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ccci_runner::record::Record;
use resvg::tiny_skia::{IntSize, Pixmap};

/// Most pixels of a picture that is decoded; each takes four bytes.
const MOST_PIXELS: u64 = 16_000_000;

/// A small picture, and what it shows of which version.
pub(super) struct Picture {
    pixels: Pixmap,
    caption: String,
}

impl Picture {
    /// What the browser showed first, made to fit into a size; none if there is no picture, or if it cannot be read.
    pub(super) fn of(record: &Record, most: (u32, u32)) -> Option<Picture> {
        let (shown, png) = seen::first(record)?;
        Picture::fit(png, most, seen::caption(record, shown))
    }

    /// A picture made to fit into a width, and cut to a height.
    pub(super) fn fit(png: &[u8], most: (u32, u32), caption: String) -> Option<Picture> {
        if pixels(png)? > MOST_PIXELS {
            return None;
        }
        let whole = Pixmap::decode_png(png).ok()?;
        let width = most.0.min(whole.width());
        let height = (u64::from(whole.height()) * u64::from(width)).div_ceil(u64::from(whole.width()));
        let height = u32::try_from(height).ok()?.max(1);
        Some(Picture { pixels: smaller(&whole, width, height, most.1.min(height))?, caption })
    }

    /// Width and height, px.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.pixels.width(), self.pixels.height())
    }

    /// What it shows.
    pub(super) fn caption(&self) -> &str {
        &self.caption
    }

    /// Its pixels.
    pub(super) fn pixels(&self) -> &Pixmap {
        &self.pixels
    }

    /// As an address that contains it.
    pub(super) fn data(&self) -> String {
        format!("data:image/png;base64,{}", STANDARD.encode(self.pixels.encode_png().unwrap_or_default()))
    }
}

/// The number of pixels that a PNG says it has; none if it is none.
fn pixels(png: &[u8]) -> Option<u64> {
    let number = |at: usize| Some(u64::from(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?)));
    png.starts_with(b"\x89PNG\r\n\x1a\n").then_some(())?;
    number(16)?.checked_mul(number(20)?).filter(|n| *n > 0)
}

/// Each pixel is the mean of those that it stands for; only the upper `rows` are made.
fn smaller(whole: &Pixmap, width: u32, height: u32, rows: u32) -> Option<Pixmap> {
    let (from, wide, high) = (whole.data(), whole.width(), whole.height());
    let span = |n: u32, of: u32, all: u32| {
        let edge = |n: u32| (u64::from(n) * u64::from(all) / u64::from(of)) as u32;
        edge(n)..edge(n + 1).max(edge(n) + 1).min(all)
    };
    let mut data = Vec::with_capacity((width * rows * 4) as usize);
    for y in 0..rows {
        for x in 0..width {
            let (mut sum, mut count) = ([0u64; 4], 0u64);
            for row in span(y, height, high) {
                for column in span(x, width, wide) {
                    let at = (row as usize * wide as usize + column as usize) * 4;
                    sum.iter_mut().zip(&from[at..at + 4]).for_each(|(sum, byte)| *sum += u64::from(*byte));
                    count += 1;
                }
            }
            data.extend(sum.map(|sum| (sum / count.max(1)) as u8));
        }
    }
    Pixmap::from_vec(data, IntSize::from_wh(width, rows)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resvg::tiny_skia::Color;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut pixmap = Pixmap::new(width, height).unwrap();
        pixmap.fill(Color::from_rgba8(200, 100, 50, 255));
        pixmap.encode_png().unwrap()
    }

    #[test]
    fn a_picture_fits_the_width_and_is_cut_at_the_height() {
        for (size, expected) in
            [((1280, 800), (320, 200)), ((1280, 4000), (320, 230)), ((100, 50), (100, 50)), ((1, 1), (1, 1))]
        {
            let small = Picture::fit(&png(size.0, size.1), (320, 230), String::new()).unwrap();
            assert_eq!(small.size(), expected, "{size:?}");
            assert!(small.pixels().pixels().iter().all(|p| (p.red(), p.green(), p.blue()) == (200, 100, 50)));
            assert!(small.data().starts_with("data:image/png;base64,iVBOR"));
        }
    }

    #[test]
    fn what_is_no_picture_or_would_need_too_much_memory_is_left_out() {
        let mut huge = png(10, 10);
        huge[16..24].copy_from_slice(&[0, 0, 255, 255, 0, 0, 255, 255]);
        let torn = &png(100, 100)[..60];
        for bad in [&huge[..], torn, b"", b"\x89PNG\r\n\x1a\n", b"<svg/>"] {
            assert!(Picture::fit(bad, (320, 230), String::new()).is_none());
        }
    }
}
