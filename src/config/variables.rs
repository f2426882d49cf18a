//! The environment variables of the configuration.

/// Environment variables and the keys that they override (docs/contract.md, "Configuration").
pub(super) const VARIABLES: [(&str, &str); 9] = [
    ("PRMDESK_DATABASE_URL", "database.url"),
    ("PRMDESK_IMPARTNER_URL", "impartner.url"),
    ("PRMDESK_IMPARTNER_API_KEY", "impartner.api_key"),
    ("PRMDESK_IMPARTNER_TENANT", "impartner.tenant_id"),
    ("PRMDESK_IMPARTNER_DIALECT", "impartner.dialect"),
    ("PRMDESK_LMS_URL", "lms.url"),
    ("PRMDESK_LMS_API_KEY", "lms.api_key"),
    ("PRMDESK_OPERATOR", "operator"),
    ("PRMDESK_SERVE_TOKEN", "serve.token"),
];
