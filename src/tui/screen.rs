//! The list of the screens: a room each. A new one is its module and its row.

pub(super) mod certifications;
pub(super) mod history;
pub(super) mod offboarding;
pub(super) mod overview;
pub(super) mod preview;

use crate::tui::keymap::Screen;
use crate::tui::room::Room;

macro_rules! rooms {
    ($($room:ident $screen:ident;)*) => {
        /// Every screen with what it alone knows.
        #[derive(Debug, Default)]
        pub(super) struct Screens {
            $(pub(super) $room: $room::$screen),*
        }

        impl Screens {
            /// The room of a screen.
            pub(super) fn room(&self, screen: Screen) -> &dyn Room {
                match screen {
                    $(Screen::$screen => &self.$room),*
                }
            }

            /// The room of a screen.
            pub(super) fn room_mut(&mut self, screen: Screen) -> &mut dyn Room {
                match screen {
                    $(Screen::$screen => &mut self.$room),*
                }
            }
        }
    };
}

rooms! {
    overview Overview;
    preview Preview;
    offboarding Offboarding;
    certifications Certifications;
    history History;
}
