//! What must not stand in a file of the repository.

use std::path::Path;

/// Folders at the top of a machine under which people and robots keep checkouts.
const MACHINE_FOLDERS: &[&str] = &["home", "root", "work", "Users"];

/// What is wrong with a file, in words with line numbers.
pub(crate) fn wrong(path: &Path, text: &str, checkout: &Path) -> Vec<String> {
    let checkout = checkout.to_string_lossy();
    let lock_of_npm = path
        .file_name()
        .is_some_and(|name| name == "package-lock.json");
    let mut problems = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let at = format!("{}:{number}", path.display());
        if let Some(found) = machine_path(line, &checkout) {
            problems.push(format!("{at} holds a path of one machine, `{found}…`"));
        }
        if lock_of_npm && line.contains("\"resolved\": \"http") {
            problems.push(format!("{at} holds a download address"));
        }
    }
    problems
}

/// A path that exists on one machine only, as far as it is known to be one.
fn machine_path(line: &str, checkout: &str) -> Option<String> {
    // A checkout right below `/` has too common a name to look for.
    if checkout.matches(['/', '\\']).count() > 1 && line.contains(checkout) {
        return Some(checkout.to_owned());
    }
    MACHINE_FOLDERS.iter().find_map(|folder| {
        let path = format!("/{folder}/");
        // After a letter or a dot it is the middle of a longer path or address.
        let starts_here = |at: usize| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_ascii_lowercase() || c == '.')
        };
        line.match_indices(&path)
            .any(|(at, _)| starts_here(at))
            .then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Put together here, so that this file passes its own check.
    const HOME: &str = concat!("/", "home/ann/sesame");

    fn problems(path: &str, text: &str) -> Vec<String> {
        wrong(Path::new(path), text, Path::new("/srv/builds/sesame"))
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        for text in [
            format!("open {HOME}"),
            format!("\"{HOME}\""),
            HOME.to_owned(),
            "cd /srv/builds/sesame && make".to_owned(),
        ] {
            let found = problems("a.md", &format!("first\n{text}\n"));
            assert_eq!(found.len(), 1, "{text}");
            assert!(found[0].starts_with("a.md:2 "), "{found:?}");
        }
    }

    #[test]
    fn addresses_and_longer_paths_are_not_meant() {
        for text in [
            "https://example.com/home/index.html",
            "crates/home/src",
            "./root/a",
            "/homes/",
        ] {
            assert_eq!(problems("a.md", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_download_address_in_a_lock_file_is_found() {
        let line = "  \"resolved\": \"https://registry.example/a.tgz\",";
        assert_eq!(
            problems("x/package-lock.json", line),
            ["x/package-lock.json:1 holds a download address"]
        );
        assert_eq!(problems("x/other.json", line), [""; 0]);
    }
}
