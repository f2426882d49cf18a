//! Reading the migration files as a declaration: the few forms that their heading allows.

/// One declared column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// Name, type and the rest, as in the file.
    pub(super) definition: String,
}

/// One declared table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// The whole statement.
    pub(super) sql: String,
}

/// One declared index.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) name: String,
    pub(super) table: String,
    pub(super) unique: bool,
    pub(super) columns: Vec<String>,
    /// The whole statement.
    pub(super) sql: String,
}

/// Everything the files declare, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared {
    pub(super) tables: Vec<Table>,
    pub(super) indexes: Vec<Index>,
}

impl Declared {
    /// Reads `files`, oldest first.
    pub(super) fn read(files: &[&str]) -> Self {
        let mut declared = Self::default();
        for file in files {
            let lines: Vec<&str> = file
                .lines()
                .filter(|line| !line.trim_start().starts_with("--"))
                .collect();
            for statement in lines
                .join("\n")
                .split(';')
                .map(str::trim)
                .filter(|text| !text.is_empty())
            {
                declared.take(statement);
            }
        }
        declared
    }

    /// Whether the table's own statement makes the index already.
    pub(super) fn inline(&self, index: &Index) -> bool {
        self.tables.iter().any(|table| {
            table.name == index.table && table.sql.contains(&format!("KEY {} ", index.name))
        })
    }

    fn take(&mut self, statement: &str) {
        if let Some(rest) = statement.strip_prefix("CREATE TABLE IF NOT EXISTS ") {
            let name = word(rest);
            let columns = statement
                .lines()
                .skip(1)
                .map(|line| line.trim().trim_end_matches(','))
                .filter(|line| {
                    !["PRIMARY", "KEY", "CONSTRAINT", "UNIQUE", "FOREIGN", ")"]
                        .iter()
                        .any(|start| line.starts_with(start))
                })
                .map(column)
                .collect();
            self.tables.push(Table {
                name,
                columns,
                sql: statement.to_owned(),
            });
        } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
            // A column that a later release added; a fresh table gets it by the same statement.
            if let Some((table, definition)) = rest.split_once(" ADD COLUMN IF NOT EXISTS ")
                && let Some(table) = self.tables.iter_mut().find(|known| known.name == table)
            {
                table.columns.push(column(definition));
            }
        } else {
            let unique = statement.starts_with("CREATE UNIQUE INDEX");
            let mut words = statement
                .split_whitespace()
                .skip_while(|&word| word != "EXISTS")
                .skip(1);
            let name = words.next().unwrap_or_default().to_owned();
            let table = words.nth(1).unwrap_or_default().to_owned();
            let columns = statement
                .rsplit_once('(')
                .map_or("", |(_, columns)| columns)
                .trim_end_matches(')')
                .split(',')
                .map(|column| column.trim().to_owned())
                .collect();
            self.indexes.push(Index {
                name,
                table,
                unique,
                columns,
                sql: statement.to_owned(),
            });
        }
    }
}

fn column(definition: &str) -> Column {
    Column {
        name: word(definition),
        definition: definition.to_owned(),
    }
}

fn word(text: &str) -> String {
    text.split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}
