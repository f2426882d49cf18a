//! Every endpoint, one row each. The router and `/openapi.json` are both made from it, so that they cannot disagree.

use std::pin::Pin;

use super::call::Call;
use super::params::{Param, Takes};
use super::reply::Outcome;
use super::shapes::Shape;
use super::{App, certs, facts, preview, runs, sync};

/// The methods that endpoints take; HEAD goes wherever GET goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
}

impl Verb {
    /// The word in requests.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Who has the token.
    Token,
    /// Anybody.
    Open,
}

/// One answer that an endpoint gives, beside the errors that every endpoint can give.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) about: &'static str,
    pub(super) shape: Shape,
}

type Serve = fn(App, Call) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// One endpoint.
pub(super) struct Endpoint {
    pub(super) verb: Verb,
    /// As the router and the document write it.
    pub(super) path: &'static str,
    /// A name for generated clients.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) access: Access,
    pub(super) params: &'static [Param],
    pub(super) answers: &'static [Answer],
    pub(super) serve: Serve,
}

const MODE: Param = Param {
    name: "mode",
    takes: Takes::Words(&["incremental", "full"]),
    default: Some("incremental"),
    about: "How much is read: what changed since the last applied run, or everything, which alone shows what is gone.",
};

const PREVIEW: &[Param] = &[
    MODE,
    Param {
        name: "scope",
        takes: Takes::Words(&["all", "partners", "contacts"]),
        default: Some("all"),
        about: "What is read.",
    },
    Param {
        name: "filter",
        takes: Takes::Text(2_000),
        default: None,
        about: "A filter expression over the items, as on the command line (`op:add tier=Premier`). `op:excluded` asks for the excluded records.",
    },
    Param {
        name: "limit",
        takes: Takes::Number {
            least: 0,
            most: 1_000_000_000,
        },
        default: None,
        about: "Most items in the answer; without it, all.",
    },
    Param {
        name: "offset",
        takes: Takes::Number {
            least: 0,
            most: 1_000_000_000,
        },
        default: Some("0"),
        about: "Items left out at the front.",
    },
    Param {
        name: "plan",
        takes: Takes::Text(64),
        default: None,
        about: "The plan_id of a preview of the last minutes: pages through that very plan, and reads nothing again. Mode and scope are then those of the plan.",
    },
];

const CERTS: &[Param] = &[
    Param {
        name: "dryRun",
        takes: Takes::Flag,
        default: Some("false"),
        about: "true compares and pushes nothing.",
    },
    Param {
        about: "Taken for the sake of older callers: what is pushed is what differs from Impartner now, whatever the mode.",
        ..MODE
    },
];

const PREVIEW_ANSWERS: &[Answer] = &[
    Answer {
        status: 200,
        about: "The plan. The header X-Total-Count has the number of items that the filter names, before limit and offset.",
        shape: Shape::Plan,
    },
    Answer {
        status: 404,
        about: "The plan is not kept any more.",
        shape: Shape::Error,
    },
    Answer {
        status: 429,
        about: "Too many previews at once.",
        shape: Shape::Error,
    },
    UPSTREAM,
];

const SYNC_ANSWERS: &[Answer] = &[
    Answer {
        status: 200,
        about: "What was applied, and what was withheld, failed or was stale.",
        shape: Shape::RunReport,
    },
    Answer {
        status: 202,
        about: "Asked with `Prefer: respond-async`: the run has begun; the header Location says where to ask for it.",
        shape: Shape::RunState,
    },
    Answer {
        status: 403,
        about: "Read-only mode.",
        shape: Shape::Error,
    },
    Answer {
        status: 409,
        about: "Another run holds the lease.",
        shape: Shape::Error,
    },
    Answer {
        status: 422,
        about: "Nothing was applied: what there was needs a person.",
        shape: Shape::ReportOrError,
    },
    UPSTREAM,
];

const UPSTREAM: Answer = Answer {
    status: 502,
    about: "Impartner or the LMS failed.",
    shape: Shape::Error,
};

const fn ok(about: &'static str, shape: Shape) -> Answer {
    Answer {
        status: 200,
        about,
        shape,
    }
}

macro_rules! serve {
    ($($path:ident)::+ $(, $extra:expr)*) => {
        |app, call| Box::pin($($path)::+(app, call $(, $extra)*))
    };
}

const fn sync_endpoint(
    path: &'static str,
    name: &'static str,
    about: &'static str,
    serve: Serve,
) -> Endpoint {
    Endpoint {
        verb: Verb::Post,
        path,
        name,
        about,
        access: Access::Token,
        params: &[MODE],
        answers: SYNC_ANSWERS,
        serve,
    }
}

const fn preview_endpoint(verb: Verb, name: &'static str) -> Endpoint {
    Endpoint {
        verb,
        path: "/api/impartner/sync/preview",
        name,
        about: "What a sync would do, item by item. Writes nothing.",
        access: Access::Token,
        params: PREVIEW,
        answers: PREVIEW_ANSWERS,
        serve: serve!(preview::preview),
    }
}

/// The table.
pub(super) const ENDPOINTS: &[Endpoint] = &[
    preview_endpoint(Verb::Get, "preview"),
    preview_endpoint(Verb::Post, "previewByPost"),
    Endpoint {
        verb: Verb::Get,
        path: "/api/impartner/sync/status",
        name: "status",
        about: "Last runs, watermarks, rows, cases, holds, and whether Impartner, the LMS and the database answer.",
        access: Access::Token,
        params: &[],
        answers: &[ok("The facts.", Shape::Status)],
        serve: serve!(facts::status),
    },
    sync_endpoint(
        "/api/impartner/sync/partners",
        "syncPartners",
        "Previews and applies partners, unattended: what is certain is applied, what needs a person is withheld.",
        serve!(sync::sync, crate::plan::Scope::Partners),
    ),
    sync_endpoint(
        "/api/impartner/sync/contacts",
        "syncContacts",
        "Previews and applies contacts, unattended.",
        serve!(sync::sync, crate::plan::Scope::Contacts),
    ),
    sync_endpoint(
        "/api/impartner/sync/all",
        "syncAll",
        "Previews and applies partners and contacts, unattended.",
        serve!(sync::sync, crate::plan::Scope::All),
    ),
    Endpoint {
        verb: Verb::Get,
        path: "/api/runs/{run_id}",
        name: "run",
        about: "A run: whether it is at work, and how it ended.",
        access: Access::Token,
        params: &[],
        answers: &[
            ok("The run.", Shape::RunState),
            Answer {
                status: 404,
                about: "There is no such run.",
                shape: Shape::Error,
            },
        ],
        serve: serve!(runs::run),
    },
    Endpoint {
        verb: Verb::Post,
        path: "/api/db/certifications/sync-to-impartner",
        name: "pushCertifications",
        about: "Compares certification counts with Impartner's and pushes what differs.",
        access: Access::Token,
        params: CERTS,
        answers: &[
            ok(
                "With dryRun the comparison, else the result of the push.",
                Shape::Certs,
            ),
            Answer {
                status: 403,
                about: "Read-only mode.",
                shape: Shape::Error,
            },
            Answer {
                status: 409,
                about: "Another run holds the lease.",
                shape: Shape::Error,
            },
            Answer {
                status: 422,
                about: "Nothing was pushed: the LMS was never read, or too many figures would fall to 0 and a person releases them on the command line.",
                shape: Shape::PushOrError,
            },
            UPSTREAM,
        ],
        serve: serve!(certs::push),
    },
    Endpoint {
        verb: Verb::Get,
        path: "/healthz",
        name: "alive",
        about: "Whether the process is alive.",
        access: Access::Open,
        params: &[],
        answers: &[ok("It is.", Shape::Health)],
        serve: serve!(facts::healthz),
    },
    Endpoint {
        verb: Verb::Get,
        path: "/readyz",
        name: "ready",
        about: "Whether the database answers.",
        access: Access::Token,
        params: &[],
        answers: &[ok("It does.", Shape::Health)],
        serve: serve!(facts::readyz),
    },
    Endpoint {
        verb: Verb::Get,
        path: "/metrics",
        name: "metrics",
        about: "Figures for Prometheus.",
        access: Access::Token,
        params: &[],
        answers: &[ok("Prometheus text.", Shape::Text)],
        serve: serve!(facts::metrics),
    },
    Endpoint {
        verb: Verb::Get,
        path: "/openapi.json",
        name: "document",
        about: "This document.",
        access: Access::Token,
        params: &[],
        answers: &[ok("The document.", Shape::Document)],
        serve: serve!(facts::document),
    },
];
