//! What goes out together: a call of AWS takes so many entries, and so many bytes of them.

use std::ops::Range;

/// Cuts entries of these sizes into runs that fit into one call each. One that is too large by itself has a run of its own:
/// AWS refuses it by name.
pub(crate) fn pack(
    sizes: impl IntoIterator<Item = usize>,
    max_entries: usize,
    max_bytes: usize,
) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (index, size) in sizes.into_iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.len() < max_entries && bytes + size <= max_bytes => {
                run.end = index + 1;
                bytes += size;
            }
            _ => {
                runs.push(index..index + 1);
                bytes = size;
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_entries_and_so_many_bytes() {
        let pack = |sizes: &[usize]| pack(sizes.iter().copied(), 10, 100);
        assert!(pack(&[]).is_empty());
        assert_eq!(pack(&[1; 21]), [0..10, 10..20, 20..21]);
        assert_eq!(pack(&[50, 50, 1, 50, 50]), [0..2, 2..4, 4..5]);
        assert_eq!(pack(&[1, 101, 1]), [0..1, 1..2, 2..3]);
    }
}
