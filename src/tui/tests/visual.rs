//! The real loop on fixtures, for looking at it: run the test binary in a terminal with
//! `--ignored --nocapture --exact tui::tests::visual::console`. Not a test: it waits for a person.

use std::sync::Arc;
use std::time::Duration;

use super::super::fixtures;
use super::super::glyphs::Glyphs;
use super::super::model::{Environment, Model};
use super::super::msg::{Answer, Request};
use super::super::theme::{Depth, ThemeName};
use super::super::turn::turn;
use crate::clock::Clock;
use crate::config::GuardConfig;
use crate::plan::Entity;
use crate::progress::{Phase, RunEvent};

#[test]
#[ignore = "a console for looking at, not a test"]
fn console() {
    let environment = Environment {
        label: std::env::var("PRMDESK_LOOK").unwrap_or_else(|_| "prod".into()),
        database: "mariadb".into(),
        operator: "alice".into(),
        operator_named: true,
        read_only: false,
        demo: None,
    };
    let theme = std::env::var("PRMDESK_THEME")
        .ok()
        .and_then(|word| ThemeName::from_word(&word));
    let depth = if std::env::var_os("NO_COLOR").is_some() {
        Depth::None
    } else {
        Depth::True
    };
    let glyphs = if std::env::var_os("PRMDESK_ASCII").is_some() {
        &Glyphs::ASCII
    } else {
        &Glyphs::UNICODE
    };
    let leavers = std::env::var("PRMDESK_LEAVERS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    let clock = Clock::fixed(fixtures::now());
    let model = Model::new(
        environment,
        GuardConfig::default(),
        clock.now(),
        glyphs,
        theme.unwrap_or_default(),
        depth,
    );
    let service: super::super::effects::Service = Arc::new(move |request, progress| {
        Box::pin(async move {
            Ok(match request {
                Request::Status(_) => Answer::Status(Box::new(fixtures::status())),
                Request::Runs => Answer::Runs(fixtures::runs()),
                Request::Run(_) => Answer::Run(Box::new(fixtures::run_detail())),
                Request::Journal { .. } => Answer::Journal(fixtures::run_detail().changes),
                Request::Cases => Answer::Cases(fixtures::cases()),
                Request::Case(id) => {
                    let case = fixtures::cases()
                        .into_iter()
                        .find(|case| case.case_id == id);
                    Answer::Case(Box::new(case.unwrap()))
                }
                Request::Certs => Answer::Certs(fixtures::certs()),
                Request::Preview(_) | Request::PreviewUndo(_) => {
                    progress.phase(Phase::Reading);
                    for pages in 0..=10 {
                        progress.report(RunEvent::Reading {
                            entity: Entity::Partners,
                            pages,
                            read: pages * 200,
                            count: Some(2_000),
                            retries: 0,
                            attempt: 1,
                        });
                        tokio::time::sleep(Duration::from_millis(60)).await;
                    }
                    Answer::Plan(Box::new(fixtures::plan_with(leavers)))
                }
                Request::Apply { .. } => Answer::Report(Box::new(fixtures::report())),
                other => Answer::Done(format!("Done: {}.", other.title())),
            })
        })
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(turn(model, service, clock, None)).unwrap();
}
