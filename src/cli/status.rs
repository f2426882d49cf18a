//! `prmdesk status`.

use clap::Args;

use super::args::Json;
use super::context::Context;
use super::exit::Exit;
use super::render;
use crate::desk::Probe;
use crate::error::Result;

/// Show the last runs, the rows, what waits for somebody, and whether everything can be reached
#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    pub(super) json: Json,
}

impl Status {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let desk = cx.desk().await?;
        let status = cx.reading(desk.status(Probe::Live)).await?;
        cx.quiet();
        if cx.json() {
            cx.out.json(&status)?;
        } else {
            render::status::status(&status, cx.out)?;
        }
        Ok(Exit::Done)
    }
}
