//! From an empty database to partners that leave and come back.

use prmdesk::sandbox::Object;

use super::{said, small, told};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_day() {
    let rig = small().await;
    insta::assert_snapshot!(said(&rig, "migrate"), @r#"
    $ prmdesk migrate
    Nothing to do: the schema is current.
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "status"), @r#"
    $ prmdesk status
    Profile default, <time>
    Database: reachable in <duration>: <database> (<engine>)
    Impartner: reachable in <duration>: <impartner> (objects dialect)
    LMS: reachable in <duration>: <lms>

    partners: 0 active, 0 inactive, 0 linked to the LMS
    contacts: 0 active, 0 inactive, 0 linked to the LMS
    Watermark of partners: none yet: the next run is full
    Watermark of contacts: none yet: the next run is full

    Nothing waits for you.

    No run yet. Begin with `prmdesk preview --mode full`.
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "preview partners"), @r#"
    $ prmdesk preview partners
    Plan <digest> (partners, full), made <time>
    partners: 12 of 12 read, the listing is proved
    partners: 10 to add, 2 excluded
    warning: No earlier run has left a watermark for partners, so this run is full.

    + add         partner #1003 Wren Software Limited: new in Impartner
    + add         partner #1004 青空システムズ株式会社: new in Impartner
    + add         partner #1011 株式会社高橋データ: new in Impartner
    + add         partner #1012 บริษัท แม่น้ำเทคโนโลยี จำกัด: new in Impartner
    + add         partner #1014 النخيل للتقنية ذ.م.م: new in Impartner
    + add         partner #1015 Tamar Business Services Ltd: new in Impartner
    + add         partner #1016 van der Merwe Systems CC: new in Impartner
    + add         partner #1017 The Copperline Workflow Company: new in Impartner
    + add         partner #1018 Изгрев Системи АД: new in Impartner
    + add         partner #1021 Irmãos Simões Soluções EIRELI: new in Impartner

    Nothing was written. Save the plan with --out to apply exactly this, or run `prmdesk sync`.
    exit 5
    "#);
    insta::assert_snapshot!(said(&rig, "sync --mode full"), @r#"
    $ prmdesk sync --mode full
    error: There is no terminal to ask on, so prmdesk did not begin the sync.
    help: Add --yes to go ahead without being asked; guards hold all the same.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "sync --mode full --yes"), @r#"
    $ prmdesk sync --mode full --yes
    Run 1: applied
    partners: 10 added
    contacts: 35 added
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "sync --mode full --yes"), @r#"
    $ prmdesk sync --mode full --yes
    Run 2: there was nothing to apply
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "lms refresh"), @r#"
    $ prmdesk lms refresh
    Run 3: read 47 people, 8 groups and 55 memberships; 110 rows changed.
    33 contacts and 7 groups were linked.
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "status"), @r#"
    $ prmdesk status
    Profile default, <time>
    Database: reachable in <duration>: <database> (<engine>)
    Impartner: reachable in <duration>: <impartner> (objects dialect)
    LMS: reachable in <duration>: <lms>

    partners: 10 active, 0 inactive, 7 linked to the LMS
    contacts: 35 active, 0 inactive, 33 linked to the LMS
    Watermark of partners: <time> (<age> ago)
    Watermark of contacts: <time> (<age> ago)

    Nothing waits for you.

    RUN  STARTED                  KIND         SCOPE  MODE  STATUS   WROTE    OPERATOR
    3    <time>  lms_refresh  lms          applied           alice     47 people, 8 groups, 55 memberships, 0 transcripts read; 110 rows changed
    2    <time>  sync         all    full  nothing  nothing  alice
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "runs"), @r#"
    $ prmdesk runs
    RUN  STARTED                  KIND         SCOPE  MODE  STATUS   WROTE    OPERATOR
    3    <time>  lms_refresh  lms          applied           alice     47 people, 8 groups, 55 memberships, 0 transcripts read; 110 rows changed
    2    <time>  sync         all    full  nothing  nothing  alice
    1    <time>  sync         all    full  applied  +45      alice
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "doctor"), @r#"
    $ prmdesk doctor
    ok       configuration: There is no file; the environment and the defaults are used (profile default).
    ok       database: <engine> at <database> answers in <duration>.
    ok       settings: An SQLite file has no server with settings of its own.
    ok       privileges: An SQLite file knows no rights but those of the file.
    ok       schema: The schema is current.
    ok       rules: The configured filters are those that alice accepted.
    ok       columns: Every column takes what a run writes.
    ok       impartner: <impartner> answers in <duration> and takes the key.
    ok       dialect: The server honours the dialect objects.
    ok       fields_partners: Every mapped field of Account is there.
    ok       fields_contacts: Every mapped field of User is there.
    ok       clock: This machine's clock agrees with Impartner's.
    ok       lms: <lms> answers in <duration> and takes the key.
    ok       lms_group: The LMS has the group "All Partners".
    ok       log: Log files go to <place>/state/prmdesk/log.
    ok       terminal: No terminal here: the console cannot be opened, every command can be run.
    exit 0
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_which_partners_leave() {
    let rig = small().await;
    for args in ["migrate", "sync --mode full --yes", "lms refresh"] {
        assert_eq!(rig.run(args).code, 0, "{args}");
    }
    let ids = rig.kept_accounts(4);
    {
        let mut world = rig.sandbox.world();
        for id in &ids[..3] {
            assert!(world.delete(Object::Account, *id));
        }
        world.edit_account(ids[3], |account| {
            account.website = Some("https://new.example".into());
            account.tier = Some("Premier \u{202e}x".into());
        });
    }
    insta::assert_snapshot!(said(&rig, "preview partners --mode full"), @r#"
    $ prmdesk preview partners --mode full
    Plan <digest> (partners, full), made <time>
    partners: 9 of 9 read, the listing is proved
    partners: 3 to soft-delete, 1 to update, 2 excluded, 6 unchanged

    - soft-delete partner #1003 Wren Software Limited (deleted): Impartner has no such record any more
    - soft-delete partner #1004 青空システムズ株式会社 (deleted): Impartner has no such record any more
    - soft-delete partner #1011 株式会社高橋データ (deleted): Impartner has no such record any more
    ~ update      partner #1012 บริษัท แม่น้ำเทคโนโลยี จำกัด: 2 fields changed
        partner_tier: Premier -> Premier \u{202e}x
        website: https://www.maenamtechnology.co.th -> https://new.example

    Nothing was written. Save the plan with --out to apply exactly this, or run `prmdesk sync`.
    exit 5
    "#);
    insta::assert_snapshot!(said(&rig, "preview partners --mode full --csv"), @r#"
    $ prmdesk preview partners --mode full --csv
    entity,op,impartner_id,row_id,name,field,before,after,reason,evidence,selected
    partners,soft_delete,1003,1,Wren Software Limited,account_status,On Review,Inactive,Impartner has no such record any more,deleted,true
    partners,soft_delete,1004,2,青空システムズ株式会社,account_status,Active,Inactive,Impartner has no such record any more,deleted,true
    partners,soft_delete,1011,3,株式会社高橋データ,account_status,Active,Inactive,Impartner has no such record any more,deleted,true
    partners,update,1012,4,บริษัท แม่น้ำเทคโนโลยี จำกัด,partner_tier,Premier,Premier \u{202e}x,2 fields changed,,true
    partners,update,1012,4,บริษัท แม่น้ำเทคโนโลยี จำกัด,website,https://www.maenamtechnology.co.th,https://new.example,2 fields changed,,true
    exit 5
    "#);
    insta::assert_snapshot!(said(&rig, "preview partners --mode full --filter op:excluded"), @r#"
    $ prmdesk preview partners --mode full --filter op:excluded
    Plan <digest> (partners, full), made <time>
    partners: 9 of 9 read, the listing is proved
    partners: 3 to soft-delete, 1 to update, 2 excluded, 6 unchanged

    x excluded    partner #1007 Světlo Informatika, a.s.: status is Inactive
    x excluded    partner #1009 Avanço Sistemas S.A.: status is Inactive

    Nothing was written. Save the plan with --out to apply exactly this, or run `prmdesk sync`.
    exit 5
    "#);
    insta::assert_snapshot!(said(&rig, "sync partners --mode full --yes --allow-deletes 2 --reason left"), @r#"
    $ prmdesk sync partners --mode full --yes --allow-deletes 2 --reason left
    error: --allow-deletes 2 does not fit: this apply would carry out 3 soft-deletes. Nothing was written.
    help: Preview again where rows were held or outdated meanwhile; else say --allow-deletes 3 --reason TEXT, if that is what you want.
    exit 3
    "#);
    let hold = format!("holds add partners {} --note renewal", ids[0]);
    let hold = told(
        &rig,
        &rig.run(&hold),
        "holds add partners ID --note renewal",
    );
    insta::assert_snapshot!(hold, @r#"
    $ prmdesk holds add partners ID --note renewal
    Holding partner #1003
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "holds"), @r#"
    $ prmdesk holds
    ENTITY    ID    NAME                   OPERATOR  SINCE                    UNTIL  NOTE
    partners  1003  Wren Software Limited  alice     <time>         renewal
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "sync partners --mode full --yes"), @r#"
    $ prmdesk sync partners --mode full --yes
    Run 4: applied
    partners: 1 updated, 2 soft-deleted
    1 off-boarding case opened; see `prmdesk offboard list`.
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "runs show 4"), @r#"
    $ prmdesk runs show 4
    Run 4: sync of partners, full: applied
    Operator: alice
    Started: <time>
    Ended: <time>
    Plan: <digest>
    Wrote: ~1 -2
    soft-delete partner #1004 青空システムズ株式会社: Impartner has no such record any more
        account_status: Active -> Inactive
        is_active: true -> false
    soft-delete partner #1011 株式会社高橋データ: Impartner has no such record any more
        account_status: Active -> Inactive
        is_active: true -> false
    update partner #1012 บริษัท แม่น้ำเทคโนโลยี จำกัด: 2 fields changed
        partner_tier: Premier -> Premier \u{202e}x
        website: https://www.maenamtechnology.co.th -> https://new.example
    Log: <place>/state/prmdesk/log/prmdesk.<day>.log
        <time>  INFO command{run_id=4}: prmdesk::desk::running: run started run=4 kind="sync" operator=alice
        <time>  INFO command{run_id=4}: prmdesk::desk::reading: listing read entity=partners read=9 count=9 proved=true pages=1 retries=0
        <time>  INFO command{run_id=4}: prmdesk::desk: planned plan=<digest> scope="partners" mode="full" items=4 warnings=0
        <time>  INFO command{run_id=4}: prmdesk::desk::apply: written entity=partners add=0 update=1 reactivate=0 soft_delete=2
        <time>  INFO command{run_id=4}: prmdesk::desk::apply: written entity=contacts add=0 update=0 reactivate=0 soft_delete=0
        <time>  INFO command{run_id=4}: prmdesk::desk::running: run finished run=4
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard list"), @r#"
    $ prmdesk offboard list
    CASE  STATE    WHO      NAME                PEOPLE  OPENED                   REASON                                 SINCE
    1     pending  partner  株式会社高橋データ  3       <time>  Impartner has no such record any more
    PEOPLE of undecided cases is as last known; `prmdesk offboard show CASE` asks the live LMS.
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard show 1"), @r#"
    $ prmdesk offboard show 1
    Case 1: partner 株式会社高橋データ (pending)
    Opened <time> by run 4 (alice): Impartner has no such record any more
    3 people lose access.
      1. take keiko.yamada@takahashidata.co.jp out of "All Partners" [planned]
      2. take ttakahashi@takahashidata.co.jp out of "All Partners" [planned]
      3. take hanako.takahasi@takahashidata.co.jp out of "All Partners" [planned]
      4. delete the group "株式会社高橋データ" [planned]
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "undo 4 --yes"), @r#"
    $ prmdesk undo 4 --yes
    Run 5: applied
    partners: 1 updated, 2 reactivated
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard list"), @r#"
    $ prmdesk offboard list
    CASE  STATE     WHO      NAME                PEOPLE  OPENED                   REASON                                 SINCE
    1     obsolete  partner  株式会社高橋データ  3       <time>  Impartner has no such record any more  <time> by alice: the record came back in run 5
    exit 0
    "#);
    let history = format!("runs history partners {}", ids[3]);
    insta::assert_snapshot!(told(&rig, &rig.run(&history), "runs history partners ID"), @r#"
    $ prmdesk runs history partners ID
    <time> run 5 by alice, plan <digest>: update partner #1012 บริษัท แม่น้ำเทคโนโลยี จำกัด: undoes the update of run 4
        partner_tier: Premier \u{202e}x -> Premier
        website: https://new.example -> https://www.maenamtechnology.co.th
    <time> run 4 by alice, plan <digest>: update partner #1012 บริษัท แม่น้ำเทคโนโลยี จำกัด: 2 fields changed
        partner_tier: Premier -> Premier \u{202e}x
        website: https://www.maenamtechnology.co.th -> https://new.example
    <time> run 1 by alice, plan <digest>: add partner #1012 บริษัท แม่น้ำเทคโนโลยี จำกัด: new in Impartner
        account_name: (none) -> บริษัท แม่น้ำเทคโนโลยี จำกัด
        partner_tier: (none) -> Premier
        account_status: (none) -> Active
        account_owner: (none) -> Dana Whitcombe
        owner_email: (none) -> dana.whitcombe@northwind-prm.example
        partner_type: (none) -> Reseller
        salesforce_id: (none) -> 001280002HhOgIlAQK
        website: (none) -> https://www.maenamtechnology.co.th
        account_region: (none) -> APAC
        country: (none) -> Thailand
        impartner_id: (none) -> 1012
        is_active: (none) -> true
    exit 0
    "#);
}
