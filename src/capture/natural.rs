//! The order in which people number files.

use std::cmp::Ordering;

/// Compares names with runs of ASCII digits taken as numbers of any length:
/// `frame2` comes before `frame10`. Numbers that are equal but for leading
/// zeros order by the plain bytes, so only equal names compare equal.
pub fn compare_natural(a: &[u8], b: &[u8]) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    while let (Some(&first_a), Some(&first_b)) = (rest_a.first(), rest_b.first()) {
        let order = if first_a.is_ascii_digit() && first_b.is_ascii_digit() {
            let (number_a, tail_a) = split_number(rest_a);
            let (number_b, tail_b) = split_number(rest_b);
            (rest_a, rest_b) = (tail_a, tail_b);
            number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b))
        } else {
            (rest_a, rest_b) = (&rest_a[1..], &rest_b[1..]);
            first_a.cmp(&first_b)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    rest_a.len().cmp(&rest_b.len()).then_with(|| a.cmp(b))
}

/// The leading digits without leading zeros, and what follows them.
fn split_number(text: &[u8]) -> (&[u8], &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let zeros = text[..digits].iter().take_while(|&&byte| byte == b'0').count();
    (&text[zeros..digits], &text[digits..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(names: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
        names.sort_by(|a, b| compare_natural(a.as_bytes(), b.as_bytes()));
        names
    }

    #[test]
    fn numbers_count_as_numbers() {
        let names = ["frame10.jpg", "frame2.jpg", "frame1.jpg", "frame02.jpg", "frame.jpg", "a9"];
        let expected =
            ["a9", "frame.jpg", "frame1.jpg", "frame02.jpg", "frame2.jpg", "frame10.jpg"];
        assert_eq!(sorted(&names), expected);
    }

    #[test]
    fn numbers_longer_than_any_integer_compare() {
        let long = "9".repeat(60);
        let longer = format!("1{}", "0".repeat(60));
        assert_eq!(compare_natural(long.as_bytes(), longer.as_bytes()), Ordering::Less);
    }

    #[test]
    fn later_numbers_decide_when_earlier_ones_are_equal() {
        assert_eq!(sorted(&["cam2-10", "cam10-1", "cam2-9"]), ["cam2-9", "cam2-10", "cam10-1"]);
    }

    proptest! {
        #[test]
        fn is_a_total_order(a in "[a0-3]{0,6}", b in "[a0-3]{0,6}", c in "[a0-3]{0,6}") {
            let order = |x: &str, y: &str| compare_natural(x.as_bytes(), y.as_bytes());
            prop_assert_eq!(order(&a, &b), order(&b, &a).reverse());
            prop_assert_eq!(order(&a, &b) == Ordering::Equal, a == b);
            if order(&a, &b).is_le() && order(&b, &c).is_le() {
                prop_assert!(order(&a, &c).is_le());
            }
        }
    }
}
