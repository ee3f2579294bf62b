//! Pictures that were drawn elsewhere, embedded as images: nothing in them runs.

use crate::Plate;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{Markup, html};

pub(super) fn figure(plate: &Plate) -> Markup {
    html! {
        figure id=(plate.id) class="plate" {
            figcaption { (plate.title) }
            img src={ "data:image/svg+xml;base64," (STANDARD.encode(&plate.svg)) } alt=(plate.title);
        }
    }
}
