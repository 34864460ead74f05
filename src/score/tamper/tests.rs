use super::*;

const SIDE: usize = 128;

/// Blocks of several greys, with fine stripes on some: a view with structure and
/// detail.
fn view(x: usize, y: usize) -> f32 {
    let block = (x / 11 * 37 + y / 9 * 53 + (x / 11) * (y / 9) * 17) % 140;
    let stripes = if (x / 11 + y / 9).is_multiple_of(2) { (x + y) % 4 * 10 } else { y % 2 * 24 };
    50.0 + block as f32 + stripes as f32
}

fn picture(level: impl Fn(usize, usize) -> f32) -> Vec<u8> {
    (0..SIDE * SIDE).map(|i| level(i % SIDE, i / SIDE).clamp(0.0, 255.0) as u8).collect()
}

fn background() -> Background {
    let reduction = Reduction::new(SIDE, SIDE).unwrap();
    let usual = picture(view);
    let mut parts = Parts::new(reduction, &usual);
    let values = parts.values(&usual);
    let each = |value: fn(&PartValues, usize) -> f32| -> Vec<f32> {
        (0..COUNT).map(|part| value(&values, part)).collect()
    };
    let (columns, rows) = reduction.places();
    Background {
        reduction,
        picture: usual,
        spread: vec![0.0; columns * rows],
        structure: each(|values, part| usual_agreement(&mut [values.agreement[part]])),
        detail: each(|values, part| {
            let one = |value: f32| [value];
            usual_detail(
                &mut one(values.detail[part]),
                &mut one(values.fine[part]),
                &mut one(values.coarse[part]),
            )
        }),
    }
}

fn lost(level: impl Fn(usize, usize) -> f32) -> f32 {
    Tamper::new(background()).unwrap().look(&picture(level), 0).unwrap()
}

#[test]
fn a_view_that_is_turned_covered_or_blurred_is_lost() {
    assert!(lost(|x, y| view(x + 27, y + 5)) > 0.7);
    assert!(lost(|x, y| 60.0 + 30.0 * (x as f32 / 40.0).sin() + (y / 20) as f32) > 0.9);
    let blurred = |x: usize, y: usize| {
        let near = |x: usize| (y.saturating_sub(3)..y + 4).map(move |y| view(x, y)).sum::<f32>();
        (x.saturating_sub(3)..x + 4).map(near).sum::<f32>()
            / ((x.min(3) + 4) * (y.min(3) + 4)) as f32
    };
    assert!(lost(blurred) > 0.7, "{}", lost(blurred));
}

#[test]
fn light_infrared_light_and_half_a_lorry_do_not_lose_it() {
    assert_eq!(lost(view), 0.0);
    assert!(lost(|x, y| 0.5 * view(x, y)) < 0.1);
    assert!(lost(|x, y| 220.0 - 0.7 * view(x, y)) < 0.3);
    assert!(lost(|x, y| if x < SIDE / 2 { 1.4 * view(x, y) } else { view(x, y) }) < 0.3);
    assert!(lost(|x, y| if x < SIDE / 2 { 90.0 } else { view(x, y) }) < 0.6);
}

#[test]
fn a_view_without_structure_cannot_be_lost() {
    let reduction = Reduction::new(SIDE, SIDE).unwrap();
    let none = || vec![0.0; COUNT];
    let background = Background { structure: none(), detail: none(), ..background() };
    assert_eq!(background.reduction, reduction);
    assert!(Tamper::new(background).is_none());
    assert_eq!(usual_agreement(&mut [0.3, 0.9, 0.4]), 0.0);
}
