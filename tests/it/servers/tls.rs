//! Whether a connection is encrypted and whose certificate is believed (docs/rules.md, "Safety and privacy").
//!
//! `0.0.0.0` is this machine by a name that does not say so: what holds for it holds for every host.

use std::path::Path;

use prmdesk::clock::Clock;
use prmdesk::config::Secret;
use prmdesk::error::{Error, Kind};
use prmdesk::store::{Store, StoreError};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};

use super::{Hostile, shown};
use crate::mariadb::mariadb;

/// Makes an authority, a server's certificate (for localhost and 127.0.0.1) and a client's; gives the server's options.
pub fn made_in(dir: &Path) -> Vec<String> {
    let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name
        .push(DnType::CommonName, "prmdesk test authority");
    write("ca.pem", ca.self_signed(&ca_key).unwrap().pem());
    let issuer = Issuer::new(ca, ca_key);
    for (name, usage) in [
        ("server", ExtendedKeyUsagePurpose::ServerAuth),
        ("client", ExtendedKeyUsagePurpose::ClientAuth),
    ] {
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages.push(usage);
        write(
            &format!("{name}.pem"),
            params.signed_by(&key, &issuer).unwrap().pem(),
        );
        write(&format!("{name}.key"), key.serialize_pem());
    }
    let file = |name: &str| shown(&dir.join(name));
    vec![
        format!("--ssl-ca={}", file("ca.pem")),
        format!("--ssl-cert={}", file("server.pem")),
        format!("--ssl-key={}", file("server.key")),
    ]
}

async fn connects(url: &str) -> Result<(), StoreError> {
    let store = Store::connect(&Secret::new(url), Clock::system()).await?;
    store.ping().await?;
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_beyond_this_machine_that_does_not_encrypt_is_refused_unless_it_is_written_down() {
    let db = mariadb().await;
    let away = db.url.replace("127.0.0.1", "0.0.0.0");
    assert_ne!(away, db.url, "the test server is on 127.0.0.1");
    for mode in ["", "?ssl-mode=PREFERRED", "?ssl-mode=required"] {
        let error = connects(&format!("{away}{mode}")).await.unwrap_err();
        // A MariaDB of 11.4 or newer makes itself a certificate, which nobody signed.
        assert!(
            matches!(
                error,
                StoreError::Unencrypted { .. } | StoreError::Certificate { .. }
            ),
            "{mode}: {error}"
        );
        let error = Error::from(error);
        assert_eq!(error.kind, Kind::Config, "{error}");
        assert!(error.help.is_some_and(|help| help.contains("ssl-")));
    }
    connects(&format!("{away}?ssl-mode=DISABLED"))
        .await
        .unwrap();
    connects(&db.url).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_believed_by_its_authority_and_its_name() {
    let server = Hostile::server().await;
    let db = server.database("tls").await;
    db.run("CREATE USER IF NOT EXISTS sealed REQUIRE SSL").await;
    db.run("GRANT ALL ON tls.* TO sealed").await;
    let ca = server.file("ca.pem");
    let here = db.url.replace("root@", "sealed@");
    let away = here.replace("127.0.0.1", "0.0.0.0");
    let by_name = here.replace("127.0.0.1", "localhost");

    // The account takes encrypted connections only, so what connects is encrypted.
    for good in [
        here.clone(),
        format!("{here}?ssl-ca={ca}"),
        format!("{by_name}?ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}"),
        format!("{away}?ssl-mode=VERIFY_CA&ssl-ca={ca}"),
        format!("{away}?ssl-mode=REQUIRED&ssl-ca={ca}"),
    ] {
        connects(&good)
            .await
            .unwrap_or_else(|error| panic!("{good}: {error}"));
    }
    for (bad, why) in [
        (away.clone(), "no authority that is known here"),
        (
            format!("{away}?ssl-mode=REQUIRED"),
            "no authority that is known here",
        ),
        (
            format!("{here}?ssl-mode=VERIFY_CA"),
            "no authority that is known here",
        ),
        (format!("{away}?ssl-ca={ca}"), "for another host"),
    ] {
        let error = connects(&bad).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Certificate { .. }),
            "{bad}: {error}"
        );
        assert!(error.to_string().contains(why), "{bad}: {error}");
    }
    let clear = connects(&format!("{here}?ssl-mode=DISABLED"))
        .await
        .unwrap_err();
    assert!(matches!(clear, StoreError::AccessDenied { .. }), "{clear}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_shows_its_own_certificate_and_a_socket_needs_none() {
    let server = Hostile::server().await;
    let db = server.database("mutual").await;
    db.run("CREATE USER IF NOT EXISTS known REQUIRE X509").await;
    db.run("GRANT ALL ON mutual.* TO known").await;
    let url = db.url.replace("root@", "known@");
    let (ca, cert, key) = (
        server.file("ca.pem"),
        server.file("client.pem"),
        server.file("client.key"),
    );
    connects(&format!("{url}?ssl-ca={ca}&ssl-cert={cert}&ssl-key={key}"))
        .await
        .unwrap();
    let without = connects(&format!("{url}?ssl-ca={ca}")).await.unwrap_err();
    assert!(
        matches!(without, StoreError::AccessDenied { .. }),
        "{without}"
    );
    let half = connects(&format!("{url}?ssl-cert={cert}"))
        .await
        .unwrap_err();
    assert!(half.to_string().contains("together"), "{half}");
    let missing = connects(&format!("{url}?ssl-ca=/nowhere/ca.pem"))
        .await
        .unwrap_err();
    assert!(
        missing.to_string().contains("ssl-ca is /nowhere/ca.pem"),
        "{missing}"
    );

    let socket = server.file("s");
    connects(&format!("mysql://root@away.example/mutual?socket={socket}"))
        .await
        .unwrap();
}
