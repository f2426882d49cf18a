//! The `prmdesk` binary: hands the arguments and the other faces to the command line. Everything is in the library;
//! only the report of a panic is made here.

use std::process::ExitCode;

use prmdesk::cli::{Color, Console, Faces, Running, Serve};
use prmdesk::{http, tui};

fn main() -> ExitCode {
    // Installing twice is the only way this can fail, and a plain panic text is no loss then.
    let _installed_before = color_eyre::install();
    prmdesk::cli::run(std::env::args_os(), Faces { console, serve })
}

fn console(start: Console) -> Running {
    let options = tui::Options {
        ascii: start.ascii,
        colour: match start.color {
            Color::Auto => tui::Colour::Auto,
            Color::Always => tui::Colour::Always,
            Color::Never => tui::Colour::Never,
        },
        theme: None,
        state_dir: Some(start.state_dir),
        environment: start.config.profile.clone(),
        demo_banner: start.banner,
    };
    Box::pin(tui::run(start.config, options))
}

fn serve(start: Serve) -> Running {
    Box::pin(async move {
        let server = http::Server::bind(start.desk, start.listen, http::Limits::default()).await?;
        (start.listening)(server.address());
        server.run(start.shutdown).await;
        Ok(())
    })
}
