//! Which texts the database's own unique indexes take for one (docs/rules.md, "Matching"). Collations ignore case, often
//! accents, sometimes emoji and zero-width characters; each has its own tables, so the database is asked.

use rustc_hash::{FxHashMap, FxHashSet};

use super::apply::{BATCH_BYTES, BATCH_ROWS, JsonRows};
use super::collation::{charset, is_unicode};
use super::db::{Conn, args};
use super::{Engine, Store, StoreError, dialect, read};
use crate::plan::{SameKeys, Schema};

impl Store {
    /// What the database takes for one among `texts`, new values of the key field of `schema`, and between them and
    /// the rows that are there. `empty` says that there are none, so that a first load asks for nothing in vain.
    ///
    /// In SQLite nothing has to be asked: its three collations fold at most the case of ASCII letters and spaces at
    /// the end, and the rule of "Matching" does so itself.
    pub async fn same_keys(
        &self,
        schema: &Schema,
        texts: &FxHashSet<&str>,
        empty: bool,
    ) -> Result<SameKeys, StoreError> {
        if texts.is_empty() || self.engine() == Engine::Sqlite {
            return Ok(SameKeys::default());
        }
        let mut conn = self.conn().await?;
        let table = read::table(&mut conn, schema.entity).await?;
        let key = schema.fields[Schema::KEY].column;
        // A binary column compares byte by byte.
        let Some(collation) = table
            .column(key)
            .and_then(|column| column.collation.as_deref())
        else {
            return Ok(SameKeys::default());
        };
        let mut texts: Vec<&str> = texts.iter().copied().collect();
        texts.sort_unstable();
        let mut asking = Asking {
            conn: &mut conn,
            collation,
            lists: Vec::new(),
        };
        if !empty {
            asking
                .rows(&texts, &format!("{} t", schema.entity), key)
                .await?;
        }
        asking.among(&texts).await?;
        Ok(SameKeys::of(schema.entity, asking.lists))
    }
}

/// One conversation about one column.
struct Asking<'a> {
    conn: &'a mut Conn,
    /// The column's.
    collation: &'a str,
    /// Texts that count as one.
    lists: Vec<Vec<String>>,
}

impl Asking<'_> {
    /// Which rows' texts equal which of `texts`. The text takes on the column's collation, so that its index serves.
    async fn rows(&mut self, texts: &[&str], table: &str, key: &str) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT v.v_0, t.{key} FROM {} {} {table} ON t.{key} = {}{}",
            source(self.conn.engine()),
            dialect::then_join(self.conn.engine()),
            self.value(),
            self.holds_it()
        );
        for batch in batches(texts) {
            let lists = &mut self.lists;
            self.conn
                .each(sql.clone(), args![payload(batch)], |row| {
                    let asked = usize::try_from(row.int(0)?).ok();
                    if let Some(asked) = asked.and_then(|at| batch.get(at)) {
                        lists.push(vec![(*asked).to_owned(), row.string(1)?]);
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }

    /// Which of `texts` equal each other: those whose sort keys are the same.
    async fn among(&mut self, texts: &[&str]) -> Result<(), StoreError> {
        if texts.iter().all(|text| is_plain(text)) && self.tells_ascii_apart().await? {
            return Ok(());
        }
        let keys = self.sort_keys(texts).await?;
        let mut lists: FxHashMap<String, Vec<String>> = FxHashMap::default();
        for (at, key) in keys {
            lists.entry(key).or_default().push(texts[at].to_owned());
        }
        self.lists
            .extend(lists.into_values().filter(|list| list.len() > 1));
        Ok(())
    }

    /// Whether the collation lets all printable ASCII characters count and tells them apart but for their case, as nearly all do; then
    /// texts of such characters need not be asked about.
    async fn tells_ascii_apart(&mut self) -> Result<bool, StoreError> {
        let characters: Vec<String> = ('!'..='~')
            .filter(|c| !c.is_ascii_uppercase())
            .map(String::from)
            .collect();
        let texts: Vec<&str> = characters.iter().map(String::as_str).collect();
        let keys = self.sort_keys(&texts).await?;
        // An empty sort key is that of a character that does not count.
        let distinct: FxHashSet<String> = keys
            .into_iter()
            .map(|(_, key)| key)
            .filter(|key| !key.is_empty())
            .collect();
        Ok(distinct.len() == texts.len())
    }

    /// What the database sorts each of `texts` by. Those that the column's character set cannot hold are left out.
    async fn sort_keys(&mut self, texts: &[&str]) -> Result<Vec<(usize, String)>, StoreError> {
        let sql = format!(
            "SELECT v.v_0, HEX(WEIGHT_STRING({})) FROM {} WHERE 1 = 1{}",
            self.value(),
            source(self.conn.engine()),
            self.holds_it()
        );
        let mut keys = Vec::with_capacity(texts.len());
        let mut start = 0;
        for batch in batches(texts) {
            self.conn
                .each(sql.clone(), args![payload(batch)], |row| {
                    if let Ok(at) = usize::try_from(row.int(0)?) {
                        keys.push((start + at, row.string(1)?));
                    }
                    Ok(())
                })
                .await?;
            start += batch.len();
        }
        Ok(keys)
    }

    /// A text as the column would hold it.
    fn value(&self) -> String {
        match charset(self.collation) {
            "utf8mb4" => format!("v.v_1 COLLATE {}", self.collation),
            set => format!("CONVERT(v.v_1 USING {set}) COLLATE {}", self.collation),
        }
    }

    /// The condition that the column can hold the text at all; it would else be compared with question marks in it.
    fn holds_it(&self) -> String {
        match charset(self.collation) {
            set if is_unicode(set) && !matches!(set, "utf8" | "utf8mb3" | "ucs2") => String::new(),
            set => format!(
                " AND BINARY CONVERT(CONVERT(v.v_1 USING {set}) USING utf8mb4) = BINARY v.v_1"
            ),
        }
    }
}

/// The texts as a derived table `v`: number and text.
fn source(engine: Engine) -> String {
    dialect::json_rows(
        engine,
        &[dialect::ColumnType::Int, dialect::ColumnType::Text],
    )
}

/// As many texts at a time as one argument holds. Nobody says how long a name upstream is.
fn batches<'t, 's>(mut texts: &'t [&'s str]) -> impl Iterator<Item = &'t [&'s str]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fit = texts.iter().take(BATCH_ROWS).take_while(|text| {
            // At most six bytes for one of a text's (\u0000), and a little around it.
            bytes += 6 * text.len() + 16;
            bytes <= BATCH_BYTES
        });
        let (now, later) = texts.split_at(fit.count().max(1).min(texts.len()));
        texts = later;
        (!now.is_empty()).then_some(now)
    })
}

fn payload(texts: &[&str]) -> String {
    let mut rows = JsonRows::default();
    for (number, text) in (0i64..).zip(texts) {
        rows.begin();
        rows.int(Some(number));
        rows.text(Some(text));
        rows.end();
    }
    rows.finish()
}

/// Whether a text is printable ASCII.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_go_in_arguments_that_a_packet_holds() {
        let long = "\u{1}".repeat(40_000);
        let texts: Vec<&str> = vec!["short"; 2500]
            .into_iter()
            .chain(vec![long.as_str(); 9])
            .collect();
        let mut seen = 0;
        for batch in batches(&texts) {
            seen += batch.len();
            assert!(batch.len() <= BATCH_ROWS);
            assert!(payload(batch).len() <= BATCH_BYTES + 64);
        }
        assert_eq!(seen, texts.len());
        // One that is too long by itself goes alone: the server says what it thinks of it.
        let huge = "x".repeat(BATCH_BYTES);
        assert_eq!(batches(&[&huge, "y"]).count(), 2);
        assert_eq!(batches(&[]).count(), 0);
    }
}
