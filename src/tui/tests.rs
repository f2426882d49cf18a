//! Tests of the console without a terminal: keys in, model and pictures out. They never sleep.

mod beside;
mod confirmed;
mod driver;
mod looks;
mod million;
mod records;
mod said;
mod scripts;
mod scripts_more;
