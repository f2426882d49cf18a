//! Off-boarding and certifications.

use prmdesk::sandbox::Object;

use super::{said, small};

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_leaves_the_lms_and_is_brought_back() {
    let rig = small().await;
    for args in ["migrate", "sync --mode full --yes", "lms refresh"] {
        assert_eq!(rig.run(args).code, 0, "{args}");
    }
    let id = rig.kept_accounts(3)[2];
    assert!(rig.sandbox.world().delete(Object::Account, id));
    insta::assert_snapshot!(said(&rig, "offboard list"), @r#"
    $ prmdesk offboard list
    No cases.
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "sync partners --mode full --yes"), @r#"
    $ prmdesk sync partners --mode full --yes
    Run 3: applied
    partners: 1 soft-deleted
    1 off-boarding case opened; see `prmdesk offboard list`.
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard run 1"), @r#"
    $ prmdesk offboard run 1
    error: Case 1 was not run: it is pending, and nobody approved it.
    help: `prmdesk offboard list` shows the state of each case.
    exit 3
    "#);
    insta::assert_snapshot!(said(&rig, "offboard approve 1 --note left"), @r#"
    $ prmdesk offboard approve 1 --note left
    error: the following required arguments were not provided:
      --yes

    Usage: prmdesk offboard approve --yes --note <TEXT> <CASE>...

    For more information, try '--help'.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "offboard approve 1 --yes --note left"), @r#"
    $ prmdesk offboard approve 1 --yes --note left
    Case 1: partner 株式会社高橋データ (approved)
    Opened <time> by run 3 (alice): Impartner has no such record any more
    Decided <time> by alice: left
    3 people lose access.
      1. take keiko.yamada@takahashidata.co.jp out of "All Partners" [planned]
      2. take ttakahashi@takahashidata.co.jp out of "All Partners" [planned]
      3. take hanako.takahasi@takahashidata.co.jp out of "All Partners" [planned]
      4. delete the group "株式会社高橋データ" [planned]
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard run"), @r#"
    $ prmdesk offboard run
    Case 1: partner 株式会社高橋データ (done)
    Opened <time> by run 3 (alice): Impartner has no such record any more
    Decided <time> by alice: left
    Done <time> by alice
    3 people lost access.
      1. take keiko.yamada@takahashidata.co.jp out of "All Partners" [done]
      2. take ttakahashi@takahashidata.co.jp out of "All Partners" [done]
      3. take hanako.takahasi@takahashidata.co.jp out of "All Partners" [done]
      4. delete the group "株式会社高橋データ" [done]
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard list"), @r#"
    $ prmdesk offboard list
    CASE  STATE  WHO      NAME                PEOPLE  OPENED                   REASON                                 SINCE
    1     done   partner  株式会社高橋データ  3       <time>  Impartner has no such record any more  <time> by alice: left
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard show 1"), @r#"
    $ prmdesk offboard show 1
    Case 1: partner 株式会社高橋データ (done)
    Opened <time> by run 3 (alice): Impartner has no such record any more
    Decided <time> by alice: left
    Done <time> by alice
    3 people lost access.
      1. take keiko.yamada@takahashidata.co.jp out of "All Partners" [done]
      2. take ttakahashi@takahashidata.co.jp out of "All Partners" [done]
      3. take hanako.takahasi@takahashidata.co.jp out of "All Partners" [done]
      4. delete the group "株式会社高橋データ" [done]
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard restore 1"), @r#"
    $ prmdesk offboard restore 1
    error: There is no terminal to ask on, so prmdesk did not restore the case.
    help: Add --yes to go ahead without being asked; guards hold all the same.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "offboard restore 1 --yes"), @r#"
    $ prmdesk offboard restore 1 --yes
    Case 1: partner 株式会社高橋データ (restored)
    Opened <time> by run 3 (alice): Impartner has no such record any more
    Decided <time> by alice: left
    Restored <time> by alice: 6 memberships are back; the group 株式会社高橋データ is back under the new id 00000000-0000-4000-8000-<digest> (its old id 9d750625-eeb5-454a-8222-<digest> cannot come back)
    3 people lost access, and what was taken away is put back.
      1. take keiko.yamada@takahashidata.co.jp out of "All Partners" [done]
      2. take ttakahashi@takahashidata.co.jp out of "All Partners" [done]
      3. take hanako.takahasi@takahashidata.co.jp out of "All Partners" [done]
      4. delete the group "株式会社高橋データ" [done]
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard sweep"), @r#"
    $ prmdesk offboard sweep
    0 cases opened.
    exit 0
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_compared_and_pushed() {
    let rig = small().await;
    for args in [
        "migrate",
        "sync --mode full --yes",
        "lms refresh --transcripts",
    ] {
        assert_eq!(rig.run(args).code, 0, "{args}");
    }
    insta::assert_snapshot!(said(&rig, "certs preview"), @r#"
    $ prmdesk certs preview
    No differences in 10 partners.
    exit 0
    "#);
    for id in rig.kept_accounts(2) {
        rig.sandbox
            .world()
            .edit_account(id, |account| account.certification_count = Some(99.0));
    }
    insta::assert_snapshot!(said(&rig, "certs preview"), @r#"
    $ prmdesk certs preview
    ROW  PARTNER                 HERE (COUNT / NPCU)  IMPARTNER  NOTE
    1    Wren Software Limited   2 / 4                99 / 4
    2    青空システムズ株式会社  7 / 10               99 / 10
    exit 5
    "#);
    insta::assert_snapshot!(said(&rig, "certs push"), @r#"
    $ prmdesk certs push
    error: There is no terminal to ask on, so prmdesk did not push anything.
    help: Add --yes to go ahead without being asked; guards hold all the same.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "certs push --yes"), @r#"
    $ prmdesk certs push --yes
    2 pushed, 0 not settled, 8 had the values already.
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "certs push --yes"), @r#"
    $ prmdesk certs push --yes
    0 pushed, 0 not settled, 10 had the values already.
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "runs --limit 1"), @r#"
    $ prmdesk runs --limit 1
    RUN  STARTED                  KIND   SCOPE  MODE  STATUS   WROTE  OPERATOR
    4    <time>  certs               nothing         alice     0 pushed, 0 failed, 0 withheld, 10 unchanged
    exit 0
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_put_off_taken_back_and_its_log_tells_all() {
    let rig = small().await;
    for args in ["migrate", "sync --mode full --yes", "lms refresh"] {
        assert_eq!(rig.run(args).code, 0, "{args}");
    }
    let id = rig.kept_accounts(3)[2];
    assert!(rig.sandbox.world().delete(Object::Account, id));
    assert_eq!(rig.run("sync partners --mode full --yes").code, 0);
    insta::assert_snapshot!(said(&rig, "offboard approve 1 --yes --note left --after soon"), @r#"
    $ prmdesk offboard approve 1 --yes --note left --after soon
    error: invalid value 'soon' for '--after <TIME>': a span such as "7d" or "36h", at most 366 days

    For more information, try '--help'.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "offboard approve 1 --yes --note left --after 7d"), @r#"
    $ prmdesk offboard approve 1 --yes --note left --after 7d
    Case 1: partner 株式会社高橋データ (approved)
    Opened <time> by run 3 (alice): Impartner has no such record any more
    Decided <time> by alice: left
    Not run before <time>; until then it can be rejected or held.
    3 people lose access.
      1. take keiko.yamada@takahashidata.co.jp out of "All Partners" [planned]
      2. take ttakahashi@takahashidata.co.jp out of "All Partners" [planned]
      3. take hanako.takahasi@takahashidata.co.jp out of "All Partners" [planned]
      4. delete the group "株式会社高橋データ" [planned]
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard run"), @r#"
    $ prmdesk offboard run
    Case 1: partner 株式会社高橋データ (approved)
    Opened <time> by run 3 (alice): Impartner has no such record any more
    Decided <time> by alice: left
    Not run before <time>; until then it can be rejected or held.
    3 people lose access.
      1. take keiko.yamada@takahashidata.co.jp out of "All Partners" [planned]
      2. take ttakahashi@takahashidata.co.jp out of "All Partners" [planned]
      3. take hanako.takahasi@takahashidata.co.jp out of "All Partners" [planned]
      4. delete the group "株式会社高橋データ" [planned]
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard list"), @r#"
    $ prmdesk offboard list
    CASE  STATE     WHO      NAME                PEOPLE  OPENED                   REASON                                 SINCE
    1     approved  partner  株式会社高橋データ  3       <time>  Impartner has no such record any more  <time> by alice, not before <time>: left
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard reject 1 --note stays"), @r#"
    $ prmdesk offboard reject 1 --note stays
    Case 1: partner 株式会社高橋データ (rejected)
    Opened <time> by run 3 (alice): Impartner has no such record any more
    Decided <time> by alice: stays
      1. take keiko.yamada@takahashidata.co.jp out of "All Partners" [planned]
      2. take ttakahashi@takahashidata.co.jp out of "All Partners" [planned]
      3. take hanako.takahasi@takahashidata.co.jp out of "All Partners" [planned]
      4. delete the group "株式会社高橋データ" [planned]
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard approve 1 --yes --note left"), @r#"
    $ prmdesk offboard approve 1 --yes --note left
    error: Case 1 was not approved: it was rejected; `prmdesk offboard reopen` takes it up again.
    help: `prmdesk offboard list` shows the state of each case.
    exit 3
    "#);
    insta::assert_snapshot!(said(&rig, "offboard reopen 1 --note again"), @r#"
    $ prmdesk offboard reopen 1 --note again
    Case 1: partner 株式会社高橋データ (pending)
    Opened <time> by run 3 (alice): Impartner has no such record any more
    Decided <time> by alice: again
    3 people lose access.
      1. take keiko.yamada@takahashidata.co.jp out of "All Partners" [planned]
      2. take ttakahashi@takahashidata.co.jp out of "All Partners" [planned]
      3. take hanako.takahasi@takahashidata.co.jp out of "All Partners" [planned]
      4. delete the group "株式会社高橋データ" [planned]
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard log 1"), @r#"
    $ prmdesk offboard log 1
    WHEN                     WHO    EVENT    STEP  NOTE
    <time>  alice  open           Impartner has no such record any more
    <time>  alice  approve        left
    <time>  alice  reject         stays
    <time>  alice  reopen         again
    exit 0
    "#);
    insta::assert_snapshot!(said(&rig, "offboard log 9"), @r#"
    $ prmdesk offboard log 9
    error: There is no off-boarding case 9.
    help: `prmdesk offboard list` shows the cases.
    exit 2
    "#);
}
