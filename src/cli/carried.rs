//! `prmdesk carried`.

use clap::Args;

use super::args::Json;
use super::context::Context;
use super::exit::Exit;
use super::render::{count, when};
use crate::error::Result;

/// Records carried over to the next runs, with the reason and since when
///
/// Left out by a person, held, withheld, stale, failed or in conflict: the next incremental runs ask for each by id until
/// it is settled. `prmdesk sync partners --id N` asks for one now.
#[derive(Debug, Args)]
pub(super) struct Carried {
    #[command(flatten)]
    pub(super) json: Json,
}

impl Carried {
    pub(super) async fn run(self, cx: &mut Context<'_>) -> Result<Exit> {
        let desk = cx.desk().await?;
        let carried = cx.reading(desk.carried()).await?;
        if cx.json() {
            cx.out.json(&carried)?;
            return Ok(Exit::Done);
        }
        if carried.is_empty() {
            cx.out.line("No record is carried over.")?;
            return Ok(Exit::Done);
        }
        let rows: Vec<Vec<String>> = carried
            .iter()
            .map(|record| {
                vec![
                    record.entity.singular().to_owned(),
                    record.impartner_id.to_string(),
                    record.name.clone().unwrap_or_else(|| "-".to_owned()),
                    record.reason.clone(),
                    when(record.since),
                    record
                        .run_id
                        .map_or_else(String::new, |run| run.to_string()),
                ]
            })
            .collect();
        cx.out
            .table(&["WHO", "ID", "NAME", "REASON", "SINCE", "RUN"], &rows)?;
        cx.out.line(format!(
            "{} carried over.",
            count(carried.len() as u64, "record is", "records are")
        ))?;
        Ok(Exit::Done)
    }
}
