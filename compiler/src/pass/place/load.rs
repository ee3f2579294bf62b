//! Loads of directed links, with their maximum kept in a tournament tree.

/// Load of every link \[events per timestep / 1000\] and the largest of them.
#[derive(Clone, Debug)]
pub(crate) struct Loads {
    /// Complete binary tree; leaves from `n_leaves` on, every inner node the larger of its children.
    tree: Vec<u64>,
    n_leaves: usize,
}

impl Loads {
    pub(crate) fn new(n_links: usize) -> Self {
        let n_leaves = n_links.next_power_of_two();
        Self { tree: vec![0; 2 * n_leaves], n_leaves }
    }

    pub(crate) fn at(&self, link: usize) -> u64 {
        self.tree[self.n_leaves + link]
    }

    pub(crate) fn max(&self) -> u64 {
        self.tree[1]
    }

    /// All links with the largest load, unless it is 0.
    pub(crate) fn heaviest(&self, links: &mut Vec<usize>) {
        links.clear();
        if self.max() == 0 {
            return;
        }
        let mut nodes = vec![1];
        while let Some(i) = nodes.pop() {
            if self.tree[i] == self.max() {
                if i >= self.n_leaves {
                    links.push(i - self.n_leaves);
                } else {
                    nodes.extend([2 * i, 2 * i + 1]);
                }
            }
        }
    }

    pub(crate) fn set(&mut self, link: usize, load: u64) {
        let mut i = self.n_leaves + link;
        self.tree[i] = load;
        while i > 1 {
            i /= 2;
            let larger = self.tree[2 * i].max(self.tree[2 * i + 1]);
            if self.tree[i] == larger {
                break;
            }
            self.tree[i] = larger;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_largest_load() {
        let mut loads = Loads::new(11);
        let mut plain = [0u64; 11];
        for i in 0..200usize {
            let (link, load) = (i * i % 11, (i * 7919 % 101) as u64);
            loads.set(link, load);
            plain[link] = load;
            let max = *plain.iter().max().expect("not empty");
            assert_eq!(loads.max(), max);
            let mut heaviest = Vec::new();
            loads.heaviest(&mut heaviest);
            heaviest.sort_unstable();
            let at_max: Vec<usize> = (0..11).filter(|&i| max > 0 && plain[i] == max).collect();
            assert_eq!(heaviest, at_max);
        }
    }
}
