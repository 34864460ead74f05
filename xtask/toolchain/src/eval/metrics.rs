//! Measures of a ranking against the truth.

/// Area under the precision-recall curve as a sum of steps,
/// Σ (R_n − R_(n−1)) · P_n over the distinct scores from high to low, which
/// interpolates nothing. `None` when nothing is abnormal.
pub fn average_precision(scores: &[f64], abnormal: &[bool]) -> Option<f64> {
    let positives = abnormal.iter().filter(|&&a| a).count();
    if positives == 0 {
        return None;
    }
    let mut sum = 0.0;
    let mut recall = 0.0;
    for (hits, alarms) in thresholds(scores, abnormal) {
        let now = hits as f64 / positives as f64;
        sum += (now - recall) * hits as f64 / alarms as f64;
        recall = now;
    }
    Some(sum)
}

/// The ROC curve from (0, 0) to (1, 1) as false and true positive rates, in at
/// most about `most` points. Empty when only one class is present.
pub fn roc(scores: &[f64], abnormal: &[bool], most: usize) -> Vec<(f64, f64)> {
    let positives = abnormal.iter().filter(|&&a| a).count();
    let negatives = abnormal.len() - positives;
    if positives == 0 || negatives == 0 {
        return Vec::new();
    }
    let mut points = vec![(0.0, 0.0)];
    points.extend(thresholds(scores, abnormal).into_iter().map(|(hits, alarms)| {
        ((alarms - hits) as f64 / negatives as f64, hits as f64 / positives as f64)
    }));
    let step = points.len().div_ceil(most.max(2));
    let last = points.len() - 1;
    let kept = points.iter().enumerate().filter(|(i, _)| i % step == 0 || *i == last);
    kept.map(|(_, &point)| point).collect()
}

/// True positives and all positives at every distinct score, from high to low.
fn thresholds(scores: &[f64], abnormal: &[bool]) -> Vec<(usize, usize)> {
    assert_eq!(scores.len(), abnormal.len(), "one label a score");
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (mut out, mut hits) = (Vec::new(), 0);
    for (rank, &i) in order.iter().enumerate() {
        hits += usize::from(abnormal[i]);
        let tied = order.get(rank + 1).is_some_and(|&next| scores[next] == scores[i]);
        if !tied {
            out.push((hits, rank + 1));
        }
    }
    out
}

/// The middle one of the values, the mean of the two middle ones of an even
/// number. `None` without any.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    (n > 0).then(|| (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use normwatch::score::auc;

    #[test]
    fn average_precision_by_hand() {
        let labels = [true, false, true, false];
        let ap = average_precision(&[0.9, 0.8, 0.7, 0.1], &labels).unwrap();
        assert!((ap - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12, "{ap}");
        assert_eq!(average_precision(&[1.0; 4], &labels), Some(0.5), "ties are one threshold");
        assert_eq!(average_precision(&[0.1, 0.2], &[false, false]), None);
        assert_eq!(average_precision(&[0.1, 0.2], &[false, true]), Some(1.0));
    }

    #[test]
    fn the_roc_curve_encloses_the_auc() {
        let scores: Vec<f64> = (0..60).map(|i| f64::from(i * 37 % 23)).collect();
        let labels: Vec<bool> = (0..60).map(|i| i * 37 % 23 + i % 9 > 14).collect();
        let curve = roc(&scores, &labels, 1000);
        let area: f64 = curve.windows(2).map(|w| (w[1].0 - w[0].0) * (w[0].1 + w[1].1) / 2.0).sum();
        assert!((area - auc(&scores, &labels).unwrap()).abs() < 1e-12);
        assert_eq!((curve[0], *curve.last().unwrap()), ((0.0, 0.0), (1.0, 1.0)));
        assert!(roc(&scores, &labels, 5).len() <= 7);
        assert!(roc(&scores, &[true; 60], 5).is_empty());
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
    }
}
