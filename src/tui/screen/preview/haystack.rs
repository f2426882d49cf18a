//! What bare words are looked for in, lower-cased once: one arena with offsets. Lower-casing a million names for every
//! key would take longer than a person types (ARCHITECTURE.md, "Speed"; docs/console.md, "Terminals and widgets").

use memchr::memmem;

use super::tab::Tab;
use crate::plan::filter::{Filter, How, Term, lower};
use crate::plan::{Plan, Schema};

/// The lower-cased names of one tab's lines: name, name before, partner, as [`Term::matches`] looks at them.
#[derive(Debug)]
pub(in crate::tui) struct Haystack {
    text: String,
    /// Where each line ends in `text`.
    ends: Vec<usize>,
}

impl Haystack {
    /// Lower-cases the names of `tab`.
    pub(in crate::tui) fn new(plan: &Plan, tab: Tab) -> Self {
        let len = tab.len(plan);
        let mut text = String::with_capacity(len * 48);
        let mut ends = Vec::with_capacity(len);
        for at in tab.lines(plan) {
            if let Some(item) = tab.item(plan, at) {
                let view = plan.view_of(item);
                let before = view
                    .before(Schema::KEY)
                    .filter(|before| *before != view.name());
                let parts = [Some(view.name()), before, view.partner_name()];
                for part in parts.into_iter().flatten() {
                    text.push_str(&lower(part));
                    // No name holds a line feed that a filter's word could be found across.
                    text.push('\n');
                }
            }
            ends.push(text.len());
        }
        Self { text, ends }
    }

    /// The names of line `at`.
    fn line(&self, at: u32) -> &str {
        let at = at as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[at]]
    }

    /// Whether bare `term` holds for line `at`.
    pub(in crate::tui) fn holds(&self, term: &Term, at: u32) -> bool {
        let line = self.line(at);
        let found = |value: &String| memmem::find(line.as_bytes(), value.as_bytes()).is_some();
        term.values.iter().any(found) != term.negated
    }

    /// The lines that hold `word`, in order: one pass over the arena.
    pub(in crate::tui) fn find(&self, word: &str) -> Vec<u32> {
        let finder = memmem::Finder::new(word.as_bytes());
        let text = self.text.as_bytes();
        let mut found = Vec::new();
        let (mut from, mut line) = (0, 0);
        while let Some(hit) = finder.find(&text[from..]) {
            let place = from + hit;
            // Hits come in order, so the line is ahead: mostly the next one, a long way when hits are few.
            let mut step = 1;
            while self.ends.get(line + step).is_some_and(|&end| end <= place) {
                line += step;
                step *= 2;
            }
            let ahead = self.ends.len().min(line + step + 1);
            line += self.ends[line..ahead].partition_point(|&end| end <= place);
            found.extend(u32::try_from(line));
            // One hit is enough for a line.
            let Some(&end) = self.ends.get(line) else {
                break;
            };
            from = end;
            line += 1;
        }
        found
    }
}

/// Whether `term` is a bare word that a haystack answers.
pub(in crate::tui) fn is_bare(term: &Term) -> bool {
    term.field.is_none()
        && term.how == How::Contains
        && term
            .values
            .iter()
            .all(|value| !value.is_empty() && !value.contains('\n'))
}

/// The word that narrows a filter first: bare, wanted, without alternatives.
pub(in crate::tui) fn first_word(filter: &Filter) -> Option<&str> {
    filter
        .terms
        .iter()
        .find(|term| is_bare(term) && !term.negated && term.values.len() == 1)
        .map(|term| term.values[0].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixtures;

    #[test]
    fn it_answers_as_the_filter_does() {
        let plan = fixtures::plan_with(12);
        let haystack = Haystack::new(&plan, Tab::Changes);
        for words in [
            "acme",
            "filler -03",
            "é",
            "TWIN ltd",
            "a,b",
            "ltd",
            "-e",
            "hitachi",
            "日立",
            "borealis",
        ] {
            let filter = Filter::parse(words).unwrap();
            let all = 0..u32::try_from(plan.items.len()).unwrap();
            let slow: Vec<u32> = all
                .clone()
                .filter(|&at| filter.matches(&plan.view(at as usize)))
                .collect();
            let lines = match first_word(&filter) {
                Some(word) => haystack.find(word),
                None => all.collect(),
            };
            let fast: Vec<u32> = lines
                .into_iter()
                .filter(|&at| {
                    filter
                        .terms
                        .iter()
                        .all(|term| is_bare(term) && haystack.holds(term, at))
                })
                .collect();
            assert_eq!(fast, slow, "{words}");
        }
    }
}
