//! The rules: as they stand, tried, accepted, and an address let through.

use super::{said, small};

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_from_the_file_to_its_acceptance() {
    let rig = small().await;
    assert_eq!(rig.run("sync --mode full --yes").code, 0);
    rig.place.write(
        "prmdesk.toml",
        "[filters.partners]\nexcluded_tiers = [\"Pending\", \"Registered\"]\n",
    );
    insta::assert_snapshot!(said(&rig, "rules"), @r#"
    $ prmdesk rules
    Accepted by alice on <time>: as configured at the first run that was applied.
    excluded_tiers gained Registered; not accepted yet.
    `prmdesk rules try` says what that would do, `prmdesk rules accept` accepts it.
    FILTER                              CONFIGURED                                     ACCEPTED  LEFT OUT  SUSPICIOUS
    filters.partners.excluded_tiers     Pending, Registered                            Pending
    filters.partners.excluded_statuses  Inactive                                                 2
    filters.partners.excluded_names     nintex
    filters.contacts.excluded_statuses  Inactive, Terminated, Suspended, Deactivated             1
    filters.contacts.excluded_domains   bill.com, nintex.com, safalo.com, crestan.com
    filters.contacts.excluded_patterns  demo, sales, support, test, accounts
    filters.contacts.pattern_match      contains
    filters.contacts.allow
    filters.contacts.partner            any
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "rules try"), @r#"
    $ prmdesk rules try
    excluded_tiers gained Registered.
              ADD  REACTIVATE  SOFT-DELETE  LEFT OUT  KEPT
    partners  0    0           5            0         0
    contacts  0    0           0            0         0
    Suspicious no more: 0. Off-boarding that would follow: 0 cases, 0 LMS groups.
    ENTITY   WHAT         ID    NAME                           WHY
    partner  soft-delete  1011  株式会社高橋データ             tier is Registered; excluded_tiers gained Registered; not accepted yet
    partner  soft-delete  1015  Tamar Business Services Ltd    tier is Registered; excluded_tiers gained Registered; not accepted yet
    partner  soft-delete  1016  van der Merwe Systems CC       tier is Registered; excluded_tiers gained Registered; not accepted yet
    partner  soft-delete  1018  Изгрев Системи АД              tier is Registered; excluded_tiers gained Registered; not accepted yet
    partner  soft-delete  1021  Irmãos Simões Soluções EIRELI  tier is Registered; excluded_tiers gained Registered; not accepted yet
    exit 5
    "#);
    insta::assert_snapshot!(said(&rig, "rules accept --yes --reason because --allow-deletes 99"), @r#"
    $ prmdesk rules accept --yes --reason because --allow-deletes 99
    error: 99 does not fit: 5 soft-deletes come from these rules. Nothing was accepted.
    help: Look at them (`prmdesk rules try`, `prmdesk preview --mode full`); then say --allow-deletes 5 --reason TEXT, if that is what you want.
    exit 3
    "#);
    insta::assert_snapshot!(said(&rig, "rules accept"), @r#"
    $ prmdesk rules accept
    error: There is no terminal to ask on, so prmdesk did not accept the rules.
    help: Add --yes to go ahead without being asked; guards hold all the same.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "rules try --set excluded_tier=Gold"), @r#"
    $ prmdesk rules try --set excluded_tier=Gold
    error: --set: `excluded_tier` is no filter; the nearest is `excluded_tiers`.
    help: Write KEY=VALUE, for instance --set excluded_tiers=Pending,Registered; `prmdesk rules` lists the filters.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "rules allow nobody --note x --yes"), @r#"
    $ prmdesk rules allow nobody --note x --yes
    error: `nobody` is no e-mail address. Nothing was let through.
    exit 2
    "#);
}
