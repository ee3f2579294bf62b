//! Pareto fronts and the volume that they dominate. Costs are turned so that less is better.

/// Whether `a` is nowhere worse than `b`, and somewhere better.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// Indices of the points that no other dominates, ascending. Equal points are all in it.
pub fn front(costs: &[&[f64]]) -> Vec<usize> {
    // In lexicographic order only points before one can dominate it.
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|&a, &b| compare(costs[a], costs[b]).then(a.cmp(&b)));
    let mut front: Vec<usize> = Vec::new();
    for i in order {
        if !front.iter().any(|&other| dominates(costs[other], costs[i])) {
            front.push(i);
        }
    }
    front.sort_unstable();
    front
}

/// All points, front after front.
pub fn fronts(costs: &[&[f64]]) -> Vec<Vec<usize>> {
    let mut left: Vec<usize> = (0..costs.len()).collect();
    let mut fronts = Vec::new();
    while !left.is_empty() {
        let of_left: Vec<&[f64]> = left.iter().map(|&i| costs[i]).collect();
        let best = front(&of_left);
        fronts.push(best.iter().map(|&i| left[i]).collect());
        let mut best = best.into_iter().peekable();
        let mut at = 0;
        left.retain(|_| {
            at += 1;
            best.next_if(|&i| i == at - 1).is_none()
        });
    }
    fronts
}

fn compare(a: &[f64], b: &[f64]) -> std::cmp::Ordering {
    let differing = a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
    differing.unwrap_or(std::cmp::Ordering::Equal)
}

/// Volume between the points and a reference that none of them exceeds, dominated by at least one; by slices along the last
/// objective, so it is meant for few objectives.
pub fn hypervolume(costs: &[&[f64]], reference: &[f64]) -> f64 {
    let dimensions = reference.len();
    if dimensions == 0 || costs.is_empty() {
        return 0.0;
    }
    if dimensions == 1 {
        return reference[0] - costs.iter().map(|costs| costs[0]).fold(reference[0], f64::min);
    }
    let last = dimensions - 1;
    let mut order: Vec<&[f64]> = costs.to_vec();
    order.sort_by(|a, b| a[last].total_cmp(&b[last]));
    let mut volume = 0.0;
    for i in 0..order.len() {
        let above = order.get(i + 1).map_or(reference[last], |next| next[last]).min(reference[last]);
        let height = above - order[i][last];
        if height > 0.0 {
            let below: Vec<&[f64]> = order[..=i].iter().map(|costs| &costs[..last]).collect();
            let kept: Vec<&[f64]> = front(&below).into_iter().map(|i| below[i]).collect();
            volume += height * hypervolume(&kept, &reference[..last]);
        }
    }
    volume
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fronts_by_hand() {
        let points = [[1.0, 4.0], [2.0, 2.0], [4.0, 1.0], [3.0, 3.0], [2.0, 2.0], [4.0, 4.0]];
        let rows: Vec<&[f64]> = points.iter().map(<[f64; 2]>::as_slice).collect();
        assert_eq!(front(&rows), [0, 1, 2, 4]);
        assert_eq!(fronts(&rows), [vec![0, 1, 2, 4], vec![3], vec![5]]);
        // Under (5,5): 4×1 + 3×2 + 1×1.
        assert_eq!(hypervolume(&rows, &[5.0, 5.0]), 4.0 + 6.0 + 1.0);
    }

    #[test]
    fn volumes_in_three_dimensions() {
        let rows: [&[f64]; 2] = [&[0.0, 0.0, 1.0], &[1.0, 1.0, 0.0]];
        // 2×2×1 and 1×1×2, the corner of both once.
        assert_eq!(hypervolume(&rows, &[2.0, 2.0, 2.0]), 4.0 + 2.0 - 1.0);
    }

    proptest! {
        #[test]
        fn a_front_is_what_nothing_dominates(points in prop::collection::vec(prop::collection::vec(0..5i32, 3), 0..30)) {
            let points: Vec<Vec<f64>> = points.iter().map(|p| p.iter().map(|&v| f64::from(v)).collect()).collect();
            let rows: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
            let expected: Vec<usize> =
                (0..rows.len()).filter(|&i| !rows.iter().any(|other| dominates(other, rows[i]))).collect();
            prop_assert_eq!(front(&rows), expected);
            prop_assert_eq!(fronts(&rows).concat().len(), rows.len());
            // Unit cells dominated, one by one.
            let cells = (0..5).flat_map(|x| (0..5).flat_map(move |y| (0..5).map(move |z| [x, y, z])));
            let dominated = cells.filter(|cell| {
                rows.iter().any(|row| row.iter().zip(cell).all(|(&v, &c)| v <= f64::from(c)))
            });
            prop_assert_eq!(hypervolume(&rows, &[5.0, 5.0, 5.0]), dominated.count() as f64);
        }
    }
}
