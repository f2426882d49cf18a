//! The `prmdesk` binary: hands the arguments and the other faces to the command line. Everything is in the library;
//! only the report of a panic is made here.

use std::process::ExitCode;

use prmdesk::cli::{Console, Faces, Running, Serve};
use prmdesk::error::{Error, Kind};

fn main() -> ExitCode {
    // Installing twice is the only way this can fail, and a plain panic text is no loss then.
    let _installed_before = color_eyre::install();
    prmdesk::cli::run(std::env::args_os(), Faces { console, serve })
}

fn console(_start: Console) -> Running {
    Box::pin(async {
        Err(Error::new(
            Kind::Internal,
            "console",
            "This build has no console.",
        ))
    })
}

fn serve(_start: Serve) -> Running {
    Box::pin(async {
        Err(Error::new(
            Kind::Internal,
            "serve",
            "This build has no HTTP adapter.",
        ))
    })
}
