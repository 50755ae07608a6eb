//! What several fuzz targets need: a look at error texts and their places, and a reader that gives out its bytes in
//! pieces.

mod pieces;
mod places;
mod shown;

pub use pieces::Pieces;
pub use places::points_into;
pub use shown::{shows_briefly, shows_no_control_characters};
