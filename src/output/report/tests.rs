//! Whole reports: well formed, self-contained, and what they say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::columns::columns;
use super::*;

fn interval(first_frame: usize, last_frame: usize) -> Interval {
    Interval { first_frame, last_frame }
}

fn still() -> Still {
    Still {
        frame: 12,
        caption: "the wheel".to_owned(),
        grey: (0..24 * 16).map(|i| (i % 251) as u8).collect(),
        width_px: 24,
        height_px: 16,
        heat: (0..6 * 4).map(|i| i as f32 / 24.0).collect(),
        heat_width_px: 6,
        heat_height_px: 4,
        worst_block: Some([3, 1, 2, 2]),
        truth_box: Some([10, 4, 9, 9]),
    }
}

fn clip() -> ClipReport {
    ClipReport {
        name: "walkway".to_owned(),
        fps: 10.0,
        scores: (0..40)
            .map(|i| (i >= 4).then_some(if (10..20).contains(&i) { 5.0 } else { 0.5 }))
            .collect(),
        enter_level: 4.0,
        exit_level: 3.0,
        truth: Some((0..40).map(|i| (9..19).contains(&i)).collect()),
        alarms: vec![interval(11, 21)],
        terms: vec![("block".to_owned(), vec![Some(1.0); 40])],
        stills: vec![still()],
    }
}

fn report(clips: Vec<ClipReport>) -> Report {
    Report {
        title: "A test".to_owned(),
        verdict: Some(Verdict { passed: true, sentence: "all is well".to_owned() }),
        summary_rows: vec![("bundle".to_owned(), "tiny".to_owned())],
        clips,
        stage_times: vec![StageRow {
            name: "encoder".to_owned(),
            median_us: 12_345.0,
            p99_us: 20_000.0,
            share: 0.6,
        }],
        ..Report::default()
    }
}

/// Panics unless every tag but those of void elements is closed in order and
/// every attribute is quoted. In SVG an unclosed tag would swallow what follows.
fn assert_well_formed(html: &str) {
    let mut open: Vec<String> = Vec::new();
    let mut rest = html.strip_prefix("<!DOCTYPE html>").expect("a document type");
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("an open bracket without its end");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in <{tag}>");
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(!name.is_empty(), "a bare bracket before {tag:?}");
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()));
        } else if name != "meta" {
            open.push(name.clone());
        }
        rest = &rest[end + 1..];
        if name == "script" && !tag.starts_with('/') {
            rest = &rest[rest.find("</script>").expect("the script's end")..];
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn every_report_is_well_formed_and_the_same_twice() {
    let mut other = clip();
    other.truth = None;
    other.stills.clear();
    for report in
        [Report::default(), report(vec![]), report(vec![clip()]), report(vec![clip(), other])]
    {
        let html = render(&report);
        assert_well_formed(&html);
        assert_eq!(html, render(&report));
    }
}

#[test]
fn sections_stand_before_the_clips_and_are_escaped() {
    let section = Section {
        title: "AUC <b>".to_owned(),
        columns: vec!["score".to_owned(), "AUC".to_owned()],
        rows: vec![vec!["PSNR".to_owned(), "87.23 %".to_owned()]],
        axes: ("false".to_owned(), "true".to_owned()),
        curves: vec![Curve { name: "a & b".to_owned(), points: vec![(0.0, 0.0), (0.5, 1.0)] }],
        ..Section::default()
    };
    let html = render(&Report { sections: vec![section], ..report(vec![clip()]) });
    assert_well_formed(&html);
    assert!(html.contains("AUC &lt;b&gt;") && html.contains("a &amp; b"));
    assert!(html.contains("d=\"M62 390L252 10\""), "0.5 of the side, at the top");
    assert!(html.find("87.23").unwrap() < html.find("id=\"clip0\"").unwrap());
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    let html = render(&report(vec![clip()]));
    for outside in ["http:", "https:", "src=", "@import", "url(\""] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn text_is_escaped_wherever_it_comes_from() {
    let evil = "</title><b onclick=\"x\" a='y'>&\u{1b}[0m".to_owned();
    let mut clip = clip();
    clip.name.clone_from(&evil);
    clip.terms[0].0.clone_from(&evil);
    clip.stills[0].caption.clone_from(&evil);
    let mut report = report(vec![clip.clone(), clip]);
    report.title.clone_from(&evil);
    report.summary_rows = vec![(evil.clone(), evil.clone())];
    report.verdict = Some(Verdict { passed: false, sentence: evil.clone() });
    report.stage_times[0].name = evil;
    let html = render(&report);
    assert_well_formed(&html);
    assert!(!html.contains("<b onclick") && !html.contains('\u{1b}'));
    assert!(html.contains("&lt;b onclick=&quot;x&quot; a='y'&gt;&amp;\u{fffd}[0m"));
}

#[test]
fn thinning_keeps_every_columns_extremes() {
    let mut values: Vec<Option<f32>> = (0..100_000).map(|i| Some((i % 7) as f32 * 0.1)).collect();
    values[54_321] = Some(31.5);
    values[54_322] = Some(-2.5);
    let thinned = columns(&values, 800);
    assert_eq!(thinned.len(), 800);
    let points: Vec<_> =
        thinned.iter().flatten().flat_map(|c| [Some(c.first), c.second]).flatten().collect();
    assert!(points.windows(2).all(|pair| pair[0].frame < pair[1].frame));
    assert!(points.iter().any(|p| p.frame == 54_321 && p.value == 31.5));
    assert!(points.iter().any(|p| p.frame == 54_322 && p.value == -2.5));
    assert_eq!(thinned.iter().flatten().map(|c| c.peak().value).fold(0.0, f32::max), 31.5);
}

#[test]
fn a_long_clip_stays_small() {
    let mut clip = clip();
    clip.stills.clear();
    clip.scores = (0..500_000).map(|i| Some((i % 13) as f32 * 0.2)).collect();
    assert!(render(&report(vec![clip])).len() < 100_000);
}

#[test]
fn short_curves_keep_every_frame_and_their_gaps() {
    let thinned = columns(&[Some(1.0), None, Some(f32::NAN), Some(2.0)], 800);
    let values: Vec<_> = thinned.iter().map(|c| c.map(|c| c.peak().value)).collect();
    assert_eq!(values, [Some(1.0), None, None, Some(2.0)]);
}

#[test]
fn missing_and_impossible_numbers_are_no_obstacle() {
    let mut clip = clip();
    clip.fps = f64::NAN;
    clip.scores = vec![None, Some(f32::NAN), Some(f32::INFINITY), Some(-1.0), None];
    clip.enter_level = f32::INFINITY;
    clip.exit_level = f32::NAN;
    clip.truth = Some(vec![true; 9]);
    clip.alarms = vec![interval(2, 400), interval(3, 1), interval(7, usize::MAX)];
    clip.stills[0].frame = 900;
    clip.stills[0].heat.fill(f32::NAN);
    let html = render(&report(vec![clip]));
    assert_well_formed(&html);
    assert!(!html.contains("NaN") && !html.contains("inf\""));
}

#[test]
fn a_clip_without_frames_says_so() {
    let html =
        render(&report(vec![ClipReport { name: "nothing".to_owned(), ..ClipReport::default() }]));
    assert_well_formed(&html);
    assert!(html.contains("This clip has no frames."));
}

#[test]
fn pictures_decode_to_the_frames_size() {
    let html = render(&report(vec![clip()]));
    let urls: Vec<&str> = html
        .split("data:image/jpeg;base64,")
        .skip(1)
        .map(|s| s.split('"').next().unwrap())
        .collect();
    assert_eq!(urls.len(), 2);
    for url in urls {
        let jpeg = STANDARD.decode(url).unwrap();
        let header = crate::capture::jpeg_header::JpegHeader::read(&jpeg).unwrap();
        assert_eq!((header.width_px, header.height_px), (24, 16));
    }
}

#[test]
fn a_still_that_does_not_fit_its_size_leaves_its_caption() {
    for spoil in [
        |still: &mut Still| still.grey.truncate(7),
        |still: &mut Still| still.heat_width_px = usize::MAX,
        |still: &mut Still| (still.width_px, still.grey) = (0, Vec::new()),
    ] {
        let mut clip = clip();
        spoil(&mut clip.stills[0]);
        let html = render(&report(vec![clip]));
        assert!(html.contains("the wheel") && !html.contains("data:image"));
    }
}

#[test]
fn an_alarm_is_judged_by_where_it_was_raised() {
    let events = events(&[false, true, true, false, false, true]);
    assert_eq!(events, [interval(1, 2), interval(5, 5)]);
    assert_eq!(
        judge(interval(2, 9), &events),
        Judgement { event: Some(interval(1, 2)), delay_frames: Some(1) }
    );
    assert!(!judge(interval(0, 2), &events).inside());
    assert!(!judge(interval(3, 5), &events).inside());
}

#[test]
fn the_alarm_table_states_times_peak_truth_and_delay() {
    let html = render(&report(vec![clip()]));
    for cell in [">1.1 s<", ">2.2 s<", ">5.00<", "✓ yes", ">0.2 s<"] {
        assert!(html.contains(cell), "{cell}");
    }
}

#[test]
fn an_alarms_peak_counts_the_suspicion_that_led_to_it() {
    let mut clip = clip();
    clip.scores[8] = Some(9.0);
    clip.scores[10] = Some(7.5);
    assert!(render(&report(vec![clip])).contains(">7.50</td><td class=\"yes\""));
}

#[test]
fn a_missed_event_is_named() {
    let mut clip = clip();
    clip.alarms = vec![interval(25, 30)];
    let html = render(&report(vec![clip]));
    assert!(html.contains("✕ no") && html.contains("Missed: the true event from 0.9 s to 1.9 s"));
}

#[test]
fn the_heat_colours_rise_evenly_in_lightness() {
    let lightness = |[r, g, b]: [u8; 3]| {
        let linear = |v: u8| match f64::from(v) / 255.0 {
            c if c <= 0.040_45 => c / 12.92,
            c => ((c + 0.055) / 1.055).powf(2.4),
        };
        let y = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        if y > 0.008_856 { 116.0 * y.cbrt() - 16.0 } else { 903.3 * y }
    };
    for step in 0..=60 {
        let strength = step as f32 / 60.0;
        let expected = 94.0 * f64::from(strength);
        assert!((lightness(heat::colour(strength)) - expected).abs() < 5.0, "at {strength}");
    }
    assert_eq!(heat::over(77, 0.0), [77, 77, 77]);
    assert_eq!(heat::over(77, f32::NAN), [77, 77, 77]);
}
