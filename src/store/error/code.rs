//! What the engines say by number, and what follows from it: whether to go on, to try again, or to leave one row out.

use super::{StoreError, words};

/// An error as the engine numbers it.
pub(super) enum Code {
    /// Error number and SQLSTATE.
    MySql(u16, String),
    /// Primary result code.
    Sqlite(i64),
    /// The connection broke.
    Lost,
    Other,
}

/// What the engine at hand says.
pub(super) fn code(error: &sqlx::Error) -> Code {
    match error {
        sqlx::Error::Database(said) => {
            if let Some(said) = said.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
                return Code::MySql(said.number(), said.code().unwrap_or_default().to_owned());
            }
            let extended = said.code().and_then(|code| code.parse::<i64>().ok());
            extended.map_or(Code::Other, |code| Code::Sqlite(code & 0xff))
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Code::Lost,
        _ => Code::Other,
    }
}

impl StoreError {
    /// Whether the connection broke, or the node cannot serve (Galera: 1047): another host may.
    pub fn is_lost(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Database(error) => matches!(
                code(error),
                Code::Lost
                    | Code::MySql(
                        1047 | 1053 | 1077 | 1079 | 1080 | 1152..=1161 | 1927 | 2006 | 2013,
                        _
                    )
            ),
            _ => false,
        }
    }

    /// Whether repeating the whole transaction may succeed: deadlock (1213), lock wait (1205), a lost connection,
    /// SQLite busy or locked.
    pub fn is_retryable(&self) -> bool {
        self.is_lost()
            || matches!(self, Self::Database(error)
                if matches!(code(error), Code::MySql(1205 | 1213 | 1020, _) | Code::Sqlite(5 | 6)))
    }

    /// Whether it is the fault of a row (a constraint, a value that does not fit), so that the rest may go on.
    pub(in crate::store) fn is_row_fault(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        match code(error) {
            Code::MySql(number, state) => {
                number != 1213
                    && (state.starts_with("22")
                        || state.starts_with("23")
                        || state == "45000"
                        // 1643 to 1645: a trigger's SIGNAL, whatever its state. 1267, 1270, 1271: two texts that cannot be
                        // compared, in a trigger for example.
                        || matches!(
                            number,
                            1264 | 1265 | 1267 | 1270 | 1271 | 1292 | 1364 | 1366 | 1406 | 1643..=1645
                        ))
            }
            Code::Sqlite(primary) => matches!(primary, 18..=20),
            Code::Lost | Code::Other => false,
        }
    }

    /// Whether it waited too long for a lock that somebody else has.
    pub(in crate::store) fn is_lock_wait(&self) -> bool {
        matches!(self, Self::Database(error) if matches!(code(error), Code::MySql(1205, _)))
    }

    /// Whether a unique index refused a row.
    pub(in crate::store) fn is_duplicate(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        match code(error) {
            Code::MySql(number, _) => matches!(number, 1062 | 1586),
            Code::Sqlite(primary) => primary == 19 && words(error).contains("UNIQUE"),
            Code::Lost | Code::Other => false,
        }
    }
}
