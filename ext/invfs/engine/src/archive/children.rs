//! The contents of all directories of an archive.

use super::numbered::Numbered;

/// The contents of all directories.
pub(super) struct Children {
    /// All nodes, those of one directory together, sorted by name.
    nodes: Vec<u32>,
    /// For each directory, the root last, where its nodes end; they start where the one before ends.
    ends: Vec<u32>,
}

impl Children {
    /// Sorts nodes into the directories with these numbers, of which there are `directories` and the root.
    pub(super) fn sort<'n>(
        placed: impl Iterator<Item = (u32, Numbered)>,
        directories: usize,
        name: impl Fn(Numbered) -> &'n [u8],
    ) -> Children {
        let placed: Vec<(u32, u32)> = placed
            .map(|(directory, node)| (directory, node.pack()))
            .collect();
        let mut ends = vec![0u32; directories + 1];
        for (group, _) in &placed {
            if let Some(count) = ends.get_mut(*group as usize) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        // First each to its directory, from the back, then by name: archives mostly have them in this order.
        let mut starts = ends.clone();
        let mut nodes = vec![0u32; placed.len()];
        for (group, packed) in placed.into_iter().rev() {
            if let Some(start) = starts.get_mut(group as usize) {
                *start -= 1;
                if let Some(node) = nodes.get_mut(*start as usize) {
                    *node = packed;
                }
            }
        }
        for (start, end) in starts.into_iter().zip(&ends) {
            let group = nodes.get_mut(start as usize..*end as usize);
            let name = |packed: &u32| name(Numbered::unpack(*packed));
            group
                .unwrap_or_default()
                .sort_unstable_by(|a, b| name(a).cmp(name(b)));
        }
        Children { nodes, ends }
    }

    /// What is directly inside the directory with this number, sorted by name.
    pub(super) fn of(&self, group: usize) -> impl Iterator<Item = Numbered> + '_ {
        let end = |group: usize| self.ends.get(group).map_or(0, |end| *end as usize);
        let start = group.checked_sub(1).map_or(0, end);
        let nodes = self.nodes.get(start..end(group)).unwrap_or_default();
        nodes.iter().map(|packed| Numbered::unpack(*packed))
    }

    /// How many bytes they take.
    pub(super) fn memory_usage(&self) -> usize {
        (self.nodes.capacity() + self.ends.capacity()) * std::mem::size_of::<u32>()
    }
}
