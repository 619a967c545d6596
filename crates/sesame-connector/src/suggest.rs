//! What somebody may have meant by a name that is not known.

/// The name nearest to `given`: the same but for case, `-`, `_` and spaces, or
/// else one that differs in no more than a third of its letters.
pub(crate) fn nearest<'a>(
    given: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let given = plain(given);
    if given.is_empty() || given.len() > 64 {
        return None;
    }
    names
        .into_iter()
        .map(|name| (distance(&given, &plain(name)), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| distance * 3 <= name.chars().count().max(3))
        .map(|(_, name)| name)
}

fn distance(given: &str, name: &str) -> usize {
    // `Registration`, `sign_in_sms`: the right beginning counts as near.
    if given.len() > 4 && (given.starts_with(name) || name.starts_with(given)) {
        return 1;
    }
    strsim::damerau_levenshtein(given, name)
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
