//! How well scores rank the abnormal above the normal.

/// Area under the ROC curve of `scores` (higher = more anomalous) against
/// `abnormal`, with ties counted half (the Mann-Whitney statistic).
///
/// `None` when only one class is present. A NaN score ranks lowest.
pub fn auc(scores: &[f64], abnormal: &[bool]) -> Option<f64> {
    assert_eq!(scores.len(), abnormal.len(), "one label a score");
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let key = |i: usize| if scores[i].is_nan() { f64::NEG_INFINITY } else { scores[i] };
    order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
    let positives = abnormal.iter().filter(|&&a| a).count();
    let negatives = scores.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let mut rank_sum = 0.0;
    let mut first = 0;
    while first < order.len() {
        let tied = order[first..].iter().take_while(|&&i| key(i) == key(order[first])).count();
        let mean_rank = first as f64 + (tied as f64 + 1.0) / 2.0;
        let hits = order[first..first + tied].iter().filter(|&&i| abnormal[i]).count();
        rank_sum += mean_rank * hits as f64;
        first += tied;
    }
    let (p, n) = (positives as f64, negatives as f64);
    Some((rank_sum - p * (p + 1.0) / 2.0) / (p * n))
}

#[cfg(test)]
mod tests {
    use super::auc;

    #[test]
    fn counts_ordered_pairs_and_halves_ties() {
        let labels = [false, true, false, true];
        assert_eq!(auc(&[0.1, 0.9, 0.2, 0.8], &labels), Some(1.0));
        assert_eq!(auc(&[0.9, 0.1, 0.8, 0.2], &labels), Some(0.0));
        assert_eq!(auc(&[1.0; 4], &labels), Some(0.5));
        assert_eq!(auc(&[0.1, 0.1, 0.0, 0.5], &labels), Some(0.875));
    }

    #[test]
    fn needs_both_classes() {
        assert_eq!(auc(&[0.1, 0.2], &[true, true]), None);
        assert_eq!(auc(&[], &[]), None);
    }
}
