//! Stories of the database floor, each told once and run on MariaDB and on SQLite.

mod adopt;
mod adopted;
mod apply;
mod hang;
pub mod kit;
mod lease;
mod load;
mod lost;
mod migrations;
mod runs;
mod trouble;
mod undo;
mod unfit;
