//! Files and rooms that import each other.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, arrows, circles};

pub(super) fn no_circles(sources: &[Source]) -> Vec<String> {
    let arrows = arrows(sources);
    let files = circles(&arrows).into_iter().map(|group| {
        let paths: Vec<&str> = group
            .iter()
            .map(|&place| sources[place].path.as_str())
            .collect();
        paths.join(", ")
    });
    files
        .chain(room_circles(sources, &arrows))
        .map(|group| format!("{group} import each other"))
        .collect()
}

/// Rooms that lie in one house (`src/a/b.rs` with `src/a/b/` is a room of `src/a`) and import each other, though their
/// files may not.
fn room_circles(sources: &[Source], arrows: &[Vec<usize>]) -> Vec<String> {
    let mut houses: BTreeMap<String, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for (place, targets) in arrows.iter().enumerate() {
        let from = sources[place].module();
        for &target in targets {
            let to = sources[target].module();
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                let mut house = String::from("src/");
                for room in &from[..shared] {
                    house.push_str(room);
                    house.push('/');
                }
                houses.entry(house).or_default().insert((a, b));
            }
        }
    }
    let mut found = Vec::new();
    for (house, pairs) in houses {
        let rooms: Vec<&str> = pairs
            .iter()
            .flat_map(|&(a, b)| [a, b])
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let place = |room: &str| rooms.iter().position(|one| *one == room).unwrap();
        let mut arrows = vec![Vec::new(); rooms.len()];
        for (a, b) in pairs {
            arrows[place(a)].push(place(b));
        }
        for group in circles(&arrows) {
            let names: Vec<String> = group
                .iter()
                .map(|&room| format!("{house}{}", rooms[room]))
                .collect();
            found.push(names.join(", "));
        }
    }
    found
}
