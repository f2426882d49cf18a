//! The LMS: key and the group that everybody is in.

use super::{failed, failure, ok, warning};
use crate::clock::Clock;
use crate::config::Config;
use crate::lms::Client;
use crate::values::Check;

pub(super) async fn checks(config: &Config, clock: &Clock) -> Vec<Check> {
    let name = "lms";
    if config.lms.api_key.is_none() {
        return vec![warning(
            name,
            "No LMS key is configured; off-boarding and `lms refresh` cannot work, everything else can.",
            "Set PRMDESK_LMS_API_KEY or lms.api_key.",
        )];
    }
    let client = match Client::new(&config.lms, clock.clone()) {
        Ok(client) => client,
        Err(error) => return vec![failed(name, error)],
    };
    let latency = match client.ping().await {
        Ok(latency) => latency,
        Err(error) => return vec![failed(name, error)],
    };
    let url = &config.lms.url;
    vec![
        ok(
            name,
            format!(
                "{url} answers in {} ms and takes the key.",
                latency.as_millis()
            ),
        ),
        group(config, &client).await,
    ]
}

async fn group(config: &Config, client: &Client) -> Check {
    let name = "lms_group";
    let group = &config.lms.all_partners_group;
    match client.group_by_name(group).await {
        Ok(Some(_)) => ok(name, format!("The LMS has the group {group:?}.")),
        Ok(None) => failure(
            name,
            format!("The LMS has no group {group:?}; off-boarding takes people out of it."),
            "Correct lms.all_partners_group.",
        ),
        Err(error) => failed(name, error),
    }
}
