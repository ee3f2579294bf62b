//! Small pictures, embedded as PNG files.

use crate::{Gallery, Picture};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{Markup, html};

pub(super) fn figure(gallery: &Gallery) -> Markup {
    html! {
        figure id=(gallery.id) class="gallery" {
            figcaption { (gallery.title) }
            ul {
                @for picture in &gallery.pictures {
                    li {
                        @if let Some(png) = png(picture) {
                            img src={ "data:image/png;base64," (STANDARD.encode(png)) } alt=(picture.caption) title=(picture.caption);
                        }
                        span { (picture.caption) }
                    }
                }
            }
        }
    }
}

/// The picture as a PNG file; `None` if its pixels are not what its sides say.
fn png(picture: &Picture) -> Option<Vec<u8>> {
    let planes = STANDARD.decode(&picture.pixels).ok()?;
    let area = picture.height.checked_mul(picture.width)? as usize;
    let channels = picture.channels as usize;
    let (colour, pixels) = match channels {
        1 if planes.len() == area => (png::ColorType::Grayscale, planes),
        3 if planes.len() == 3 * area => {
            (png::ColorType::Rgb, (0..3 * area).map(|i| planes[i % 3 * area + i / 3]).collect())
        }
        _ => return None,
    };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width, picture.height);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}
