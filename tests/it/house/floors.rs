//! Imports go down: the tables of ARCHITECTURE.md.

use super::source::{Source, arrows};
use super::{rooms_of, section};

/// The lines of the first table of a section, top first: the places of the first column, such as `src/tui/`.
fn floors(heading: &str) -> Vec<Vec<String>> {
    section(heading)
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|row| {
            let places = row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2);
            places.map(str::to_owned).collect()
        })
        .collect()
}

/// The room of a place: `tui` of `src/tui/`, `error` of `src/error.rs`.
fn room_of(place: &str) -> &str {
    let place = place.strip_prefix("src/").unwrap_or(place);
    place.trim_end_matches('/').trim_end_matches(".rs")
}

pub(super) fn imports_go_down(sources: &[Source]) -> Vec<String> {
    let floors = floors("## Code map");
    let line_of = |room: &str| {
        floors
            .iter()
            .position(|line| line.iter().any(|place| room_of(place) == room))
    };
    let mut faults = Vec::new();
    for source in sources {
        let module = source.module();
        let Some(&room) = module.first().filter(|_| source.path.starts_with("src/")) else {
            continue;
        };
        let Some(line) = line_of(room) else {
            faults.push(format!(
                "{}: {room} stands on no line of the table",
                source.path
            ));
            continue;
        };
        for import in rooms_of(source) {
            if line_of(&import).is_some_and(|below| below <= line) {
                faults.push(format!("{}: imports {import}", source.path));
            }
        }
    }
    faults
}

pub(super) fn the_console_has_floors(sources: &[Source]) -> Vec<String> {
    let floors = floors("## The console");
    let places = || {
        let lines = floors.iter().enumerate();
        lines.flat_map(|(line, places)| places.iter().map(move |place| (line, place)))
    };
    // A file named in the table stands there; a folder holds its face too.
    let place_of = |path: &str| {
        let named = places().find(|(_, place)| *place == path);
        let inside = |(_, place): &(usize, &String)| {
            place.strip_suffix('/').is_some_and(|folder| {
                path.starts_with(place.as_str()) || path.strip_suffix(".rs") == Some(folder)
            })
        };
        named.or_else(|| places().find(inside))
    };
    let mut faults = Vec::new();
    for (source, targets) in sources.iter().zip(arrows(sources)) {
        if !source.is_in("tui") || source.is_test() {
            continue;
        }
        let Some((line, place)) = place_of(&source.path) else {
            faults.push(format!(
                "{}: stands on no line of the console's table",
                source.path
            ));
            continue;
        };
        for target in targets {
            let path = &sources[target].path;
            let up = place_of(path).is_some_and(|(below, other)| below <= line && other != place);
            if up {
                faults.push(format!("{}: imports {path}", source.path));
            }
        }
    }
    faults
}
