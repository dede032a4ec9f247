//! Colour arithmetic: Oklab for "how alike do these look", WCAG contrast for "can this be read".
//!
//! Oklab is Björn Ottosson's perceptual space (<https://bottosson.github.io/posts/oklab/>); contrast is defined by
//! WCAG 2.1, "relative luminance" and "contrast ratio". Pure; runs when a theme is loaded, never while drawing.

/// A colour in Oklab: lightness 0..=1, and two axes around zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Oklab {
    /// Lightness, 0 black to 1 white.
    pub lightness: f64,
    /// Green to red.
    pub a: f64,
    /// Blue to yellow.
    pub b: f64,
}

impl Oklab {
    /// From 8-bit sRGB.
    pub fn from_rgb(rgb: (u8, u8, u8)) -> Self {
        let (r, g, b) = linear(rgb);
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        Self {
            lightness: 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            a: 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            b: 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        }
    }

    /// How different two colours look; black and white are 1 apart.
    pub fn distance(self, other: Self) -> f64 {
        let squares = [self.lightness - other.lightness, self.a - other.a, self.b - other.b].map(|d| d * d);
        squares.iter().sum::<f64>().sqrt()
    }

    /// How colourful: 0 is grey.
    pub fn chroma(self) -> f64 {
        self.a.hypot(self.b)
    }

    /// Hue in degrees, 0..360. Meaningless for greys.
    pub fn hue(self) -> f64 {
        self.b.atan2(self.a).to_degrees().rem_euclid(360.0)
    }
}

/// 8-bit sRGB to linear light, each 0..=1.
pub(super) fn linear((r, g, b): (u8, u8, u8)) -> (f64, f64, f64) {
    let channel = |value: u8| {
        let v = f64::from(value) / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    (channel(r), channel(g), channel(b))
}

/// WCAG 2.1 contrast ratio of two colours, 1..=21.
#[cfg(test)]
pub(super) fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f64 {
    let luminance = |rgb| {
        let (r, g, b) = linear(rgb);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (x, y) = (luminance(one), luminance(other));
    (x.max(y) + 0.05) / (x.min(y) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let white = Oklab::from_rgb((255, 255, 255));
        let black = Oklab::from_rgb((0, 0, 0));
        assert!((white.distance(black) - 1.0).abs() < 1e-3);
        assert!(white.chroma() < 1e-3);
        // Ottosson's own table puts pure red at L 0.628, a 0.225, b 0.126, which is a hue of 29 degrees.
        let red = Oklab::from_rgb((255, 0, 0));
        assert!((red.lightness - 0.628).abs() < 1e-3 && (red.hue() - 29.2).abs() < 0.5, "{red:?}");
        assert!((contrast((255, 255, 255), (0, 0, 0)) - 21.0).abs() < 1e-6);
        // #767676 on white is the well-known lightest grey that passes 4.5.
        assert!((contrast((0x76, 0x76, 0x76), (255, 255, 255)) - 4.54).abs() < 0.01);
    }
}
