use std::fs;

use super::*;

/// The page without the cells that differ from run to run.
fn without_times(page: &str) -> (Vec<String>, Vec<String>) {
    let mut times = Vec::new();
    let lines = page.lines().map(|line| {
        let mut cells: Vec<&str> = line.split('|').collect();
        if cells.len() == 10 {
            times.push(cells.remove(5).trim().to_owned());
        }
        cells.join("|")
    });
    (lines.collect(), times)
}

#[test]
fn the_page_is_what_the_rows_say() {
    let page = fs::read_to_string(cross::root().join(PAGE)).unwrap();
    let (there, times) = without_times(&page);
    let (right, _) = without_times(&page::render(&Table::load().rows, &Times::new()));
    for (number, (there, right)) in there.iter().zip(&right).enumerate() {
        assert_eq!(there, right, "{PAGE}:{}: `cargo xtask faults --write`", number + 1);
    }
    assert_eq!(there.len(), right.len(), "`cargo xtask faults --write`");
    assert!(times.iter().all(|time| !time.is_empty()), "a time is missing: {times:?}");
}

/// The source of a test that `path` names.
fn source(path: &str) -> String {
    let modules: Vec<&str> = path.split("::").collect();
    let (name, modules) = modules.split_last().unwrap();
    let folder = cross::root().join("tests/integration");
    let stem = modules.join("/");
    let files = [format!("{stem}.rs"), format!("{stem}/mod.rs")];
    let text = files.iter().find_map(|file| fs::read_to_string(folder.join(file)).ok());
    let text = text.unwrap_or_else(|| panic!("no file for `{path}`"));
    let begin = text.find(&format!("fn {name}()")).unwrap_or_else(|| panic!("no test `{path}`"));
    let end = text[begin..].find("\n}\n").map_or(text.len(), |end| begin + end);
    text[begin..end].to_owned()
}

#[test]
fn every_row_is_measured_by_the_test_that_it_names() {
    for row in Table::load().rows {
        if let Some(test) = &row.test {
            assert!(source(test).contains(&format!("\"{}\"", row.id)), "{}: {test}", row.id);
        }
    }
}

#[test]
fn every_step_of_the_virtual_board_is_there() {
    let steps = cross::root().join("xtask/board-test/src/scenario/mod.rs");
    let steps = fs::read_to_string(steps).unwrap();
    for step in Table::load().rows.iter().filter_map(|row| row.board.as_ref()) {
        assert!(steps.contains(&format!("board.step(\"{step}\"")), "no step `{step}`");
    }
}

#[test]
fn a_row_that_measured_nothing_is_missing() {
    let rows = Table::load().rows;
    let times = Times::new();
    let tested = rows.iter().filter(|row| row.test.is_some()).count();
    assert_eq!(missing(&rows, &times).len(), tested);
}
