//! Query parameters as a table: what an endpoint takes, how it is checked, and how the document describes it.

use serde_json::{Value, json};

use super::reply::Problem;

/// What a parameter's value may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// One of these words.
    Words(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number {
        /// At least.
        least: u64,
        /// At most.
        most: u64,
    },
    /// Text of at most so many characters.
    Text(usize),
}

/// One query parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    /// What holds when it is not given.
    pub(super) default: Option<&'static str>,
    /// For the document.
    pub(super) about: &'static str,
}

impl Takes {
    /// Says what would be right when `value` is not.
    fn check(self, value: &str) -> Result<(), String> {
        match self {
            Self::Words(words) if words.contains(&value) => Ok(()),
            Self::Words(words) => Err(format!("use {}", words.join(" or "))),
            Self::Flag if matches!(value, "true" | "false") => Ok(()),
            Self::Flag => Err("use true or false".to_owned()),
            Self::Number { least, most } => match value.parse::<u64>() {
                // `+5` and `007` parse, but are no JSON numbers: one way to write a number is enough.
                Ok(number) if (least..=most).contains(&number) && number.to_string() == value => {
                    Ok(())
                }
                _ => Err(format!("use a whole number from {least} to {most}")),
            },
            Self::Text(most) if value.chars().count() <= most => Ok(()),
            Self::Text(most) => Err(format!("use at most {most} characters")),
        }
    }

    /// The JSON schema of the value.
    fn schema(self) -> Value {
        match self {
            Self::Words(words) => json!({"type": "string", "enum": words}),
            Self::Flag => json!({"type": "boolean"}),
            Self::Number { least, most } => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Self::Text(most) => json!({"type": "string", "maxLength": most}),
        }
    }
}

impl Param {
    /// How the document describes it.
    pub(super) fn document(&self) -> Value {
        let mut schema = self.takes.schema();
        if let (Some(default), Some(map)) = (self.default, schema.as_object_mut()) {
            let value = match self.takes {
                Takes::Flag => Value::Bool(default == "true"),
                Takes::Number { .. } => default.parse::<u64>().map_or(Value::Null, Value::from),
                Takes::Words(_) | Takes::Text(_) => Value::from(default),
            };
            map.insert("default".to_owned(), value);
        }
        json!({"name": self.name, "in": "query", "required": false, "description": self.about, "schema": schema})
    }
}

/// The values of `query`, checked. A name that nobody knows is refused, because a misspelt `dryRun` that is passed over
/// would push for real; so is a name that comes twice.
pub(super) fn read(
    params: &'static [Param],
    query: Option<&str>,
) -> Result<Vec<(&'static str, String)>, Problem> {
    let mut values: Vec<(&'static str, String)> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let Some(param) = params.iter().find(|param| param.name == name) else {
            return Err(unknown(params, &name));
        };
        if values.iter().any(|(given, _)| *given == param.name) {
            return Err(Problem::bad_query(format!(
                "The parameter `{name}` is given twice."
            )));
        }
        if let Err(right) = param.takes.check(&value) {
            return Err(Problem::bad_query(format!(
                "The parameter `{name}` cannot be `{value}`; {right}."
            )));
        }
        values.push((param.name, value.into_owned()));
    }
    for param in params {
        if let Some(default) = param.default
            && !values.iter().any(|(given, _)| *given == param.name)
        {
            values.push((param.name, default.to_owned()));
        }
    }
    Ok(values)
}

fn unknown(params: &[Param], name: &str) -> Problem {
    let problem = Problem::bad_query(format!("There is no parameter `{name}` here."));
    let near = params
        .iter()
        .map(|param| {
            (
                strsim::damerau_levenshtein(&param.name.to_lowercase(), &name.to_lowercase()),
                param.name,
            )
        })
        .min();
    match near {
        None => problem.help("This address takes no parameters."),
        Some((distance, near)) if distance <= 3 => problem.help(format!("Did you mean `{near}`?")),
        Some(_) => {
            let names: Vec<&str> = params.iter().map(|param| param.name).collect();
            problem.help(format!("It takes {}.", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: &[Param] = &[
        Param {
            name: "dryRun",
            takes: Takes::Flag,
            default: Some("false"),
            about: "",
        },
        Param {
            name: "limit",
            takes: Takes::Number { least: 0, most: 10 },
            default: None,
            about: "",
        },
        Param {
            name: "filter",
            takes: Takes::Text(5),
            default: None,
            about: "",
        },
    ];

    #[test]
    fn values_are_checked_and_defaults_filled_in() {
        let values = read(PARAMS, Some("limit=7&filter=a%20b")).unwrap();
        let value = |name| {
            values
                .iter()
                .find(|(given, _)| *given == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(value("limit"), Some("7"));
        assert_eq!(value("filter"), Some("a b"));
        assert_eq!(value("dryRun"), Some("false"));
        for bad in [
            "limit=11",
            "limit=-1",
            "limit=+1",
            "limit=01",
            "limit=",
            "limit=x",
            "dryRun=1",
            "dryRun=TRUE",
            "filter=abcdef",
            "limit=1&limit=1",
            "",
        ] {
            let refused = read(PARAMS, Some(bad));
            assert_eq!(refused.is_err(), !bad.is_empty(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_name_names_the_nearest() {
        let problem = read(PARAMS, Some("dry_run=true")).unwrap_err();
        assert_eq!(problem.status.as_u16(), 400);
        assert_eq!(problem.help.as_deref(), Some("Did you mean `dryRun`?"));
        let far = read(PARAMS, Some("something=1")).unwrap_err();
        assert_eq!(far.help.as_deref(), Some("It takes dryRun, limit, filter."));
        assert_eq!(
            read(&[], Some("x=1")).unwrap_err().help.as_deref(),
            Some("This address takes no parameters.")
        );
    }
}
