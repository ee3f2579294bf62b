//! Rows of small images with a name each and a colour scale per row: feature maps.

use super::{Align, BLACK, FONT, SMALL, WIDTH, framed, text};
use base64::Engine as _;

/// How values become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Blue at −`most`, white at 0, red at `most`.
    Signed {
        /// The end of the scale.
        most: f64,
    },
    /// Black at 0, white at `most`.
    Counts {
        /// The end of the scale.
        most: f64,
    },
}

/// An image, row-major.
pub struct Map {
    /// What stands above it.
    pub name: String,
    /// Height and width \[pixels\].
    pub height: usize,
    /// Width \[pixels\].
    pub width: usize,
    /// Its values: `height·width` numbers, or as many RGB triples for a picture.
    pub values: Vec<f64>,
}

/// Maps with one scale.
pub struct MapRow {
    /// What the row shows.
    pub name: String,
    /// The scale of all its maps.
    pub scale: Scale,
    /// The maps, left to right.
    pub maps: Vec<Map>,
}

/// What the picture shows.
pub struct Maps<'a> {
    /// Title of the picture.
    pub title: &'a str,
    /// Groups of rows with a heading each.
    pub groups: &'a [(String, Vec<MapRow>)],
    /// Small print.
    pub note: &'a str,
}

impl Maps<'_> {
    /// The picture: an SVG file with the maps as embedded PNG images.
    #[must_use]
    pub fn svg(&self) -> String {
        const HEAD: i32 = 22;
        const NAME: i32 = 16;
        const LEFT: i32 = 10;
        let columns =
            self.groups.iter().flat_map(|(_, rows)| rows.iter().map(|r| r.maps.len())).max().unwrap_or(1).max(1);
        let side = ((WIDTH as i32 - LEFT) / columns as i32 - 4).min(96);
        let row_height = side + 2 * NAME + 4;
        let rows: usize = self.groups.iter().map(|(_, rows)| rows.len()).sum();
        let height = 80 + HEAD * self.groups.len() as i32 + row_height * rows as i32;
        let mut images = Vec::new();
        let mut svg = framed(height as u32, self.title, self.note, |area| {
            let origin = area.get_pixel_range();
            let mut y = 0;
            for (heading, rows) in self.groups {
                text(area, heading, (LEFT, y + 2), FONT, BLACK, Align::Left);
                y += HEAD;
                for row in rows {
                    let scale = match row.scale {
                        Scale::Signed { most } => format!("{}: blue −{most:.2}, white 0, red {most:.2}", row.name),
                        Scale::Counts { most } => format!("{}: black 0, white {most}", row.name),
                    };
                    text(area, &scale, (LEFT, y), SMALL, BLACK, Align::Left);
                    for (k, map) in row.maps.iter().enumerate() {
                        let x = LEFT + (side + 4) * k as i32;
                        text(area, &map.name, (x + side / 2, y + NAME), SMALL, BLACK, Align::Centre);
                        images.push((x + origin.0.start, y + 2 * NAME + origin.1.start, png(map, row.scale)));
                    }
                    y += row_height;
                }
            }
        });
        let end = svg.rfind("</svg>").expect("an SVG file ends with its tag");
        let embedded: String = images
            .into_iter()
            .map(|(x, y, png)| {
                let data = base64::engine::general_purpose::STANDARD.encode(png);
                format!(
                    "<image x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\" \
                     preserveAspectRatio=\"none\" href=\"data:image/png;base64,{data}\"/>\n"
                )
            })
            .collect();
        svg.insert_str(end, &embedded);
        svg
    }
}

/// The map as a PNG file.
fn png(map: &Map, scale: Scale) -> Vec<u8> {
    let picture = map.values.len() == 3 * map.height * map.width;
    let pixels: Vec<u8> = if picture {
        map.values.iter().map(|v| v.clamp(0.0, 255.0) as u8).collect()
    } else {
        map.values.iter().flat_map(|v| colour(*v, scale)).collect()
    };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, map.width as u32, map.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a picture in memory");
    writer.write_image_data(&pixels).expect("height times width pixels");
    writer.finish().expect("a picture in memory");
    bytes
}

fn colour(value: f64, scale: Scale) -> [u8; 3] {
    match scale {
        Scale::Signed { most } => {
            let share = (value / most.max(f64::MIN_POSITIVE)).clamp(-1.0, 1.0);
            let fade = (255.0 * (1.0 - share.abs())).round() as u8;
            if share < 0.0 { [fade, fade, 255] } else { [255, fade, fade] }
        }
        Scale::Counts { most } => [(255.0 * (value / most.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)).round() as u8; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_their_ends_and_every_map_is_embedded() {
        let signed = Scale::Signed { most: 2.0 };
        assert_eq!(
            [colour(-2.0, signed), colour(0.0, signed), colour(3.0, signed)],
            [[0, 0, 255], [255; 3], [255, 0, 0]]
        );
        assert_eq!(colour(4.0, Scale::Counts { most: 8.0 }), [128; 3]);
        let map = |name: &str| Map { name: name.into(), height: 2, width: 1, values: vec![0.0, 1.0] };
        let row = MapRow { name: "features".into(), scale: signed, maps: vec![map("channel 3"), map("channel 5")] };
        let svg = Maps { title: "t", groups: &[("layer 1".into(), vec![row])], note: "n" }.svg();
        assert_eq!(svg.matches("data:image/png").count(), 2);
        assert!(svg.contains("layer 1") && svg.contains("channel 5") && svg.contains("features: blue −2.00"), "{svg}");
    }
}
