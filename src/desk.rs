//! The shared sync core: one facade, [`Desk`], that console, command line and HTTP adapter call. It brings the
//! outsides (`impartner`, `lms`, `store`) and the rules (`plan`) together; it does no terminal I/O.

pub mod offboard;

pub use crate::values;
