//! A change of the rules is a decision about people (docs/rules.md, "Accepted rules"), on both engines: the story of a
//! tier that somebody adds to the filters.

use prmdesk::clock::Clock;
use prmdesk::config::{Config, FilterConfig, FilterKey};
use prmdesk::desk::rules::RulesShown;
use prmdesk::desk::{Choice, Desk};
use prmdesk::error::Kind;
use prmdesk::plan::filter::Filter;
use prmdesk::plan::{Entity, Evidence, Mode, Op, Scope, Selection};
use prmdesk::progress::Progress;
use prmdesk::store::Engine;
use prmdesk::values::{Cause, PreviewRequest, RunStatus};

use super::rig::{Rig, both};

const FULL: PreviewRequest = PreviewRequest {
    scope: Scope::All,
    mode: Mode::Full,
};

const INCREMENTAL: PreviewRequest = PreviewRequest {
    scope: Scope::All,
    mode: Mode::Incremental,
};

fn edited(config: &Config, set: &str) -> Config {
    let mut config = config.clone();
    FilterKey::set_from(set, &mut config.filters).unwrap();
    config
}

async fn open(config: Config) -> Desk {
    Desk::open(config, Clock::system()).await.unwrap()
}

/// A rig whose first run has accepted the filters, with three healthy partners of the tier Registered.
async fn rig(engine: Engine) -> Rig {
    let rig = Rig::new(engine, 30, 30).await;
    for name in ["P01", "P02", "P03"] {
        rig.set_tier(name, "Registered");
    }
    assert!(rig.desk.rules().await.unwrap().accepted.is_none());
    rig.sync(Mode::Full).await.unwrap();
    rig
}

both! {
    async fn an_edit_waits_until_somebody_accepts_it(engine: Engine) {
        let rig = rig(engine).await;
        let progress = Progress::silent();
        let first = rig.desk.rules().await.unwrap();
        assert!(!first.differs);
        assert!(first.accepted.unwrap().reason.contains("first run"));
        let mut config = edited(&rig.config, "excluded_tiers=Pending,Registered");
        config.policy.unattended_deletes = true;
        let desk = open(config).await;

        // Nothing that stands by itself touches them: neither a preview nor its apply, nor a timer whatever it names.
        let plan = desk.preview(FULL, &progress).await.unwrap();
        assert_eq!(plan.by_rule.partners.soft_delete, 3);
        assert_eq!(plan.totals.partners.soft_delete, 0);
        assert!(!plan.has_changes());
        assert!(plan.items.iter().all(|item| item.evidence == Some(Evidence::Rule) && item.by_rule));
        let only = Filter::parse("op:soft_delete").unwrap();
        let timer = desk.sync_unattended(FULL, |plan, ticks| {
            ticks.only(plan, &only).unwrap();
            Ok(())
        }, &progress).await.ended.unwrap();
        assert_eq!(timer.status, RunStatus::Blocked);
        let withheld: Vec<_> = timer.withheld.iter().map(|it| (it.cause, it.op, it.count)).collect();
        assert_eq!(withheld, [(Cause::Rules, Op::SoftDelete, 3)]);
        assert!(rig.inactive(Entity::Partners).await.is_empty());
        let quiet = desk.sync_unattended(INCREMENTAL, |_, _| Ok(()), &progress).await.ended.unwrap();
        assert_ne!(quiet.status, RunStatus::Applied);
        let waits = desk.preview(INCREMENTAL, &progress).await.unwrap();
        assert_eq!(waits.mode, Mode::Incremental);
        assert!(waits.warnings.iter().any(|warning| warning.code == "rules_wait"));

        // A person ticks a single one.
        let plan = desk.preview(FULL, &progress).await.unwrap();
        let mut ticks = Selection::none(&plan);
        let at = plan.views().position(|view| view.name() == "P01").unwrap();
        ticks.set(&plan, at, true).unwrap();
        let report = desk.apply(&plan, ticks, &Choice::default(), &progress).await.unwrap();
        assert_eq!(report.applied.partners.soft_delete, 1);
        assert_eq!(rig.inactive(Entity::Partners).await, ["P01"]);

        // Accepting takes the number; any other accepts nothing.
        for wrong in [None, Some(1), Some(3)] {
            let accepting = desk.begin_acceptance(&progress).await.unwrap();
            assert_eq!(accepting.effect.effect.soft_deletes(), 2);
            let refused = accepting.accept(None, wrong, "why not", &progress).await.unwrap_err();
            assert_eq!((refused.kind, refused.code), (Kind::Blocked, "rules_mismatch"));
        }
        assert!(desk.rules().await.unwrap().differs);
        let accepting = desk.begin_acceptance(&progress).await.unwrap();
        accepting.accept(None, Some(2), "they never became partners", &progress).await.unwrap();
        let rules = desk.rules().await.unwrap();
        assert!(!rules.differs);
        assert_eq!(rules.accepted.unwrap().reason, "they never became partners");
        assert_eq!(rig.inactive(Entity::Partners).await, ["P01"], "it applies nothing");

        // From now on they are judged like all others, and the next run sees all of them.
        let report = desk.sync_unattended(INCREMENTAL, |_, _| Ok(()), &progress).await.ended.unwrap();
        assert_eq!(report.applied.partners.soft_delete, 2);
        assert_eq!(rig.inactive(Entity::Partners).await, ["P01", "P02", "P03"]);
        let hits = desk.rules().await.unwrap().excluded;
        assert!(hits.iter().any(|hit| hit.rule == FilterKey::Tiers && hit.records == 3), "{hits:?}");
        let after = desk.preview(INCREMENTAL, &progress).await.unwrap();
        assert_eq!(after.mode, Mode::Incremental, "once is enough");
    }

    async fn what_was_shown_is_what_is_accepted(engine: Engine) {
        let rig = rig(engine).await;
        let progress = Progress::silent();
        let desk = open(edited(&rig.config, "excluded_tiers=Pending,Registered")).await;
        let reading = desk.rules_reading(&progress).await.unwrap();
        let shown = RulesShown::of(&reading.effect(&desk.config().filters));
        assert_eq!(shown.soft_deletes(), 3);
        // The number stays, the people do not.
        rig.set_tier("P03", "Premier");
        rig.set_tier("P04", "Registered");
        let refused = desk.accept_rules(&shown, Some(3), "ok", &progress).await.unwrap_err();
        assert_eq!((refused.kind, refused.code), (Kind::Blocked, "changed_since_shown"));
        let reading = desk.rules_reading(&progress).await.unwrap();
        let shown = RulesShown::of(&reading.effect(&desk.config().filters));
        desk.accept_rules(&shown, Some(3), "ok", &progress).await.unwrap();
        assert!(!desk.rules().await.unwrap().differs);
    }

    async fn any_filters_can_be_tried_and_nothing_is_written(engine: Engine) {
        let rig = rig(engine).await;
        let progress = Progress::silent();
        let before = rig.db.one("SELECT COUNT(*) FROM sync_runs").await;
        let mut filters = rig.config.filters.clone();
        FilterKey::set_from("excluded_tiers=Registered,Premier", &mut filters).unwrap();
        FilterKey::set_from("excluded_patterns=u", &mut filters).unwrap();
        let tried = rig.desk.try_rules(&filters, &progress).await.unwrap();
        assert_eq!(tried.effect.plan.by_rule.partners.soft_delete, 30);
        assert_eq!(tried.effect.plan.by_rule.contacts.soft_delete, 30);
        let same = rig.desk.try_rules(&FilterConfig::default(), &progress).await.unwrap();
        assert!(same.effect.is_empty());
        assert_eq!(rig.db.one("SELECT COUNT(*) FROM sync_runs").await, before);
        assert_eq!(rig.rows().await.partners.len(), 30);
    }

    async fn an_address_is_let_through_and_other_edits_stay_waiting(engine: Engine) {
        let rig = rig(engine).await;
        let progress = Progress::silent();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("prmdesk.toml");
        let text = "# ours\n[filters.contacts]\n  excluded_patterns = [\"demo\",'u0'] # was more\nallow = [ ] # nobody yet\n\n[guards]\nmax_count=50\n";
        std::fs::write(&file, text).unwrap();
        let mut config = edited(&rig.config, "excluded_patterns=demo,u0");
        config.file = Some(file.clone());
        let desk = open(config.clone()).await;
        let emails = ["u01@p.example".to_owned()];
        // Under the accepted filters nobody leaves him out, so it is no news; once the pattern is accepted it is.
        let allowing = desk.begin_allowing(&emails, &progress).await.unwrap();
        assert!(allowing.effect().effect.is_empty());
        allowing.abandon().await.unwrap();
        let accepting = desk.begin_acceptance(&progress).await.unwrap();
        let number = accepting.effect.effect.soft_deletes();
        accepting.accept(None, Some(number), "fine", &progress).await.unwrap();
        let desk = open(edited(&config, "excluded_tiers=Pending,Registered")).await;
        let allowing = desk.begin_allowing(&emails, &progress).await.unwrap();
        assert_eq!(allowing.effect().effect.kept().contacts, 1);
        let (_, saved) = allowing.accept("asked for by his partner", &progress).await.unwrap();
        let backup = saved.backup.unwrap();
        assert_eq!(std::fs::read_to_string(backup).unwrap(), text);
        let edited = std::fs::read_to_string(&file).unwrap();
        assert_eq!(edited, text.replace("[ ]", "[\"u01@p.example\" ]"));
        let rules = desk.rules().await.unwrap();
        let accepted = rules.accepted.unwrap();
        assert_eq!(accepted.filters.contacts.allow, emails);
        assert_eq!(accepted.filters.partners.excluded_tiers, ["Pending"], "that edit waits on");
        let refused = desk.begin_allowing(&["nobody".to_owned()], &progress).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Usage);
    }

    async fn a_database_of_an_earlier_version_has_lived_with_what_is_configured(engine: Engine) {
        let rig = rig(engine).await;
        rig.db.run("DELETE FROM sync_rules").await;
        let desk = open(rig.config.clone()).await;
        let accepted = desk.rules().await.unwrap().accepted.unwrap();
        assert!(accepted.reason.contains("first started"), "{}", accepted.reason);
        assert_eq!(accepted.filters, rig.config.filters);
        let desk = open(edited(&rig.config, "excluded_tiers=Pending,Registered")).await;
        let plan = desk.preview(FULL, &Progress::silent()).await.unwrap();
        assert_eq!(plan.by_rule.partners.soft_delete, 3);
    }

    async fn evidence_is_asked_for_again_under_the_accepted_rules_too(engine: Engine) {
        let rig = rig(engine).await;
        rig.set_tier("P05", "Pending");
        let plan = rig.preview(Mode::Full).await.unwrap();
        assert_eq!(Selection::of(&plan).count_op(&plan, Op::SoftDelete).partners, 1);
        // Meanwhile it is healthy, and only an edit that nobody has accepted speaks against it.
        rig.set_tier("P05", "Registered");
        let mut config = edited(&rig.config, "excluded_tiers=Pending,Registered");
        config.policy.recheck_after = std::time::Duration::ZERO;
        let desk = open(config).await;
        let report = desk.apply(&plan, Selection::of(&plan), &Choice::default(), &Progress::silent()).await.unwrap();
        assert_eq!((report.applied.partners.soft_delete, report.stale.len()), (0, 1));
        assert!(rig.inactive(Entity::Partners).await.is_empty());
    }
}
