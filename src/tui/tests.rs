//! Tests of the console without a terminal: keys in, model and pictures out. They never sleep.

mod beside;
mod confirmed;
mod driver;
mod interleaved;
mod looks;
mod million;
mod records;
mod said;
mod scripts;
mod scripts_more;
mod told;
