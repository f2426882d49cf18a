//! What is refused, and what to do then.

use super::{said, small};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused() {
    let rig = small().await;
    assert_eq!(rig.run("migrate").code, 0);
    insta::assert_snapshot!(said(&rig, "preview --filter op:removed"), @r#"
    $ prmdesk preview --filter op:removed
    error: --filter: op knows no `removed`; there are: soft_delete, soft-delete, reactivate, update, add, conflict, excluded, unchanged
      op:removed
      ^^^^^^^^^^
    help: Terms are words, field:value or field=value, with - in front to negate; see the README.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "sync --yes --allow-deletes 3"), @r#"
    $ prmdesk sync --yes --allow-deletes 3
    error: the following required arguments were not provided:
      --reason <TEXT>

    Usage: prmdesk sync --reason <TEXT> --yes --allow-deletes <N> [SCOPE]

    For more information, try '--help'.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "sync --yes --allow-deletes 3 --reason left --only id=1"), @r#"
    $ prmdesk sync --yes --allow-deletes 3 --reason left --only id=1
    error: --allow-deletes 3 does not fit: this apply would carry out 0 soft-deletes. Nothing was written.
    help: Leave --allow-deletes out: there is nothing to release.
    exit 3
    "#);
    insta::assert_snapshot!(said(&rig, "sync --yes --read-only"), @r#"
    $ prmdesk sync --yes --read-only
    error: Read-only mode: prmdesk did not sync.
    help: Start without --read-only (and without `read_only = true`) to allow writes.
    exit 3
    "#);
    insta::assert_snapshot!(said(&rig, "undo 7 --yes"), @r#"
    $ prmdesk undo 7 --yes
    error: There is no run 7.
    help: `prmdesk runs` lists them.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "offboard approve 7 --yes --note x"), @r#"
    $ prmdesk offboard approve 7 --yes --note x
    error: There is no off-boarding case 7.
    help: `prmdesk offboard list` shows the cases.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "certs push --yes"), @r#"
    $ prmdesk certs push --yes
    error: The LMS tables were never read, so every count in them is 0. Nothing was pushed.
    help: Run `prmdesk lms refresh --transcripts`, then compare and push.
    exit 3
    "#);
    insta::assert_snapshot!(said(&rig, "apply nowhere.json --yes"), @r#"
    $ prmdesk apply nowhere.json --yes
    error: The plan nowhere.json could not be read: No such file or directory (os error 2).
    help: Save one with `prmdesk preview --out PLAN`.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "previw"), @r#"
    $ prmdesk previw
    error: unrecognized subcommand 'previw'

      tip: a similar subcommand exists: 'preview'

    Usage: prmdesk [OPTIONS] [COMMAND]

    For more information, try '--help'.
    exit 2
    "#);
    insta::assert_snapshot!(said(&rig, "status --profile prod"), @r#"
    $ prmdesk status --profile prod
    error: There is no profile "prod"; the configuration has none.
    help: Name one that exists, or add the table [profiles.NAME].
    exit 2
    "#);
}
