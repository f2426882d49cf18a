//! The `prmdesk` binary: hands the arguments and the other faces to the command line. Everything is in the library;
//! only the report of a panic is made here.

use std::io::Write;
use std::process::ExitCode;

use prmdesk::cli::{Color, Console, Faces, Running, Serve};
use prmdesk::{http, tui};

fn main() -> ExitCode {
    tell_panics();
    prmdesk::cli::run(std::env::args_os(), Faces { console, serve })
}

/// A panic is told on standard error where there is one: the library's own hook would panic once more, and abort, on a
/// terminal that is gone.
fn tell_panics() {
    let (panic, _) = color_eyre::config::HookBuilder::default().into_hooks();
    std::panic::set_hook(Box::new(move |info| {
        let report = panic.panic_report(info).to_string();
        let _nobody_listens = writeln!(std::io::stderr(), "{report}");
    }));
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
