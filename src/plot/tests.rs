//! Figures as a whole: what is on them, and that nothing given to them can break them.

use super::*;

/// The classic density, (x-0.4)^4 - (x-0.2)^2 + 0.6 on [-0.7, 1.5], Z = 0.98887066666.
fn classic(x: f64) -> f64 {
    ((x - 0.4).powi(4) - (x - 0.2).powi(2) + 0.6) / 0.988_870_666_66
}

fn classic_curve() -> Curve {
    let x: Vec<f64> = (0..=600).map(|i| -0.7 + 2.2 * f64::from(i) / 600.0).collect();
    Curve { density: x.iter().map(|&x| classic(x)).collect(), x }
}

fn uniform(state: &mut u64) -> f64 {
    // SplitMix64 (Steele, Lea & Flood 2014).
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
}

fn normal(state: &mut u64) -> f64 {
    let radius = (-2.0 * (1.0 - uniform(state)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(state)).cos()
}

/// Reflected Langevin chains on the classic density, all from 0.4; calls `see(step, step size, positions)`.
fn langevin(chains: usize, steps: usize, mut see: impl FnMut(usize, f64, &[f64])) {
    let mut state = 7;
    let mut positions = vec![0.4; chains];
    see(0, 0.0, &positions);
    for step in 1..=steps {
        let size = 0.01 * (1e-5_f64 / 0.01).powf(step as f64 / steps as f64);
        for x in &mut positions {
            let slope = 4.0 * (*x - 0.4).powi(3) - 2.0 * (*x - 0.2);
            *x += size * slope / (classic(*x) * 0.988_870_666_66) + (2.0 * size).sqrt() * normal(&mut state);
            *x = if *x < -0.7 {
                -1.4 - *x
            } else if *x > 1.5 {
                3.0 - *x
            } else {
                *x
            };
        }
        see(step, size, &positions);
    }
}

/// Keeps a picture for people to look at, in the folder that `LANGEVIN_LOOK` names.
fn look(name: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("LANGEVIN_LOOK") {
        crate::output::AtomicFile::write(&std::path::Path::new(&folder).join(name), bytes).unwrap();
    }
}

fn classic_frames(chains: usize, steps: usize, bins: usize) -> (Vec<f64>, Vec<Frame1d>) {
    let edges: Vec<f64> = (0..=bins).map(|i| -0.7 + 2.2 * i as f64 / bins as f64).collect();
    let mut frames = Vec::new();
    langevin(chains, steps, |step, step_size, positions| {
        let mut counts = vec![0; bins];
        for x in positions {
            counts[(((x + 0.7) / 2.2 * bins as f64) as usize).min(bins - 1)] += 1;
        }
        frames.push(Frame1d { step, step_size, counts });
    });
    (edges, frames)
}

/// A banana: x of deviation 2, y of variance 1/2 around 2 - x²/2.
fn banana(x: f64, y: f64) -> f64 {
    -0.5 * (x * x / 4.0 + (y + 0.5 * x * x - 2.0).powi(2) / 0.5)
}

fn banana_grid() -> DensityGrid {
    let (columns, rows, x, y) = (200, 200, (-6.0, 6.0), (-11.0, 5.0));
    let at = |i: usize, count: usize, range: (f64, f64)| range.0 + (range.1 - range.0) * (i as f64 + 0.5) / count as f64;
    let cell = |i: usize| banana(at(i % columns, columns, x), at(i / columns, rows, y));
    DensityGrid { columns, rows, x, y, log_density: (0..columns * rows).map(cell).collect() }
}

fn banana_draws(count: usize) -> Vec<[f64; 2]> {
    let mut state = 11;
    let mut draw = || {
        let x = 2.0 * normal(&mut state);
        [x, 2.0 - 0.5 * x * x + 0.5_f64.sqrt() * normal(&mut state)]
    };
    (0..count).map(|_| draw()).collect()
}

/// Peak signal to noise ratio of all decoded frames against the rendered ones, in decibels.
fn psnr(animation: &Animation, bytes: &[u8]) -> f64 {
    let stage = animation.stage(Size::ANIMATION).unwrap();
    let mut rendered = stage.canvas();
    let mut shown = vec![0; rendered.rgb.len()];
    let mut decoder = ::gif::DecodeOptions::new().read_info(bytes).unwrap();
    let palette = decoder.global_palette().unwrap().to_vec();
    let (mut frames, mut error) = (0, 0_u64);
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        for (i, &index) in frame.buffer.iter().enumerate() {
            let (x, y) = (usize::from(frame.left) + i % usize::from(frame.width), usize::from(frame.top) + i / usize::from(frame.width));
            if Some(index) != frame.transparent {
                let at = 3 * (y * rendered.width + x);
                shown[at..at + 3].copy_from_slice(&palette[3 * usize::from(index)..][..3]);
            }
        }
        stage.draw(frames, &mut rendered);
        error += shown.iter().zip(&rendered.rgb).map(|(&a, &b)| (i64::from(a) - i64::from(b)).pow(2) as u64).sum::<u64>();
        frames += 1;
    }
    assert_eq!(frames, stage.frames());
    10.0 * (255.0_f64.powi(2) / (error as f64 / (frames * shown.len()) as f64)).log10()
}

fn classic_draws() -> Vec<f64> {
    let mut draws = Vec::new();
    langevin(5000, 500, |_, _, positions| draws = positions.to_vec());
    draws
}

fn histogram<'a>(draws: &'a [f64], curve: Option<&'a Curve>, view: (f64, f64)) -> Histogram1d<'a> {
    let caption = "5000 chains, 500 steps · Z = 0.988871 · Kolmogorov–Smirnov p = 0.41";
    Histogram1d {
        title: "p(x) ∝ (x-0.4)^4 - (x-0.2)^2 + 0.6", caption, variable: "x", low: view.0, high: view.1, draws, curve, bins: None
    }
}

/// Draws a figure both ways and keeps it for looking; the PNG must have the size asked for, the SVG only finite numbers.
#[track_caller]
fn check(name: &str, figure: &Figure) {
    for size in [figure.default_size(), Size { width: 641, height: 479 }, Size { width: 160, height: 120 }] {
        let bytes = figure.png(size).unwrap();
        let reader = ::png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        assert_eq!((reader.info().width as usize, reader.info().height as usize), (size.width, size.height));
        look(&format!("{name}-{}.png", size.width), &bytes);
    }
    let svg = figure.svg(figure.default_size()).unwrap();
    // The pixels of a map may spell anything.
    let numbers: String = svg.lines().filter(|line| !line.starts_with("<image")).collect();
    assert!(!numbers.contains("NaN") && !numbers.contains("inf") && numbers.ends_with("</svg>"));
    look(&format!("{name}.svg"), svg.as_bytes());
}

#[track_caller]
fn refused(figure: &Figure, kind: ErrorKind) {
    assert_eq!(figure.png(Size::ANIMATION).unwrap_err().kind, kind);
    assert_eq!(figure.svg(Size::ANIMATION).unwrap_err().kind, kind);
}

#[test]
fn the_classic_density_is_drawn() {
    check("classic", &Figure::Histogram(histogram(&classic_draws(), Some(&classic_curve()), (-0.7, 1.5))));
}

#[test]
fn a_banana_is_drawn() {
    let (grid, draws) = (banana_grid(), banana_draws(5000));
    let (title, caption) = ("log p(x, y) = -x^2/8 - (y + x^2/2 - 2)^2", "5000 draws after 1000 steps · log Z = 2.18 · R-hat 1.002");
    check("banana", &Figure::Map(Map2d { title, caption, variables: ["x", "y"], grid: &grid, draws: &draws }));
}

#[test]
fn pairs_of_many_variables_are_drawn() {
    let mut state = 3;
    let mut columns = vec![Vec::new(); 5];
    for _ in 0..4000 {
        let (a, b, c) = (normal(&mut state), normal(&mut state), normal(&mut state));
        let tau = (0.6 * a).exp();
        for (column, value) in columns.iter_mut().zip([4.4 + 3.0 * b + 0.5 * tau, tau, 5.0 + tau * c, 2.0 + b * b - 0.5 * c, a]) {
            column.push(value);
        }
    }
    let variables = ["mu", "tau", "theta[1]", "theta[2]", "lp"];
    let draws: Vec<&[f64]> = columns.iter().map(|column| &column[..]).collect();
    for count in [1, 2, 3, 5] {
        let (variables, draws) = (variables[..count].to_vec(), draws[..count].to_vec());
        check(
            &format!("pairs{count}"),
            &Figure::Pairs(Pairs {
                title: "Eight schools",
                caption: "4000 draws · R-hat 1.001",
                variables,
                draws,
                marked: &[5, 70, 71, 900, 5000],
            }),
        );
    }
}

/// Chains of an autoregression, `[variable]` each with `chains` of `draws`.
fn autoregressions(variables: usize, chains: usize, draws: usize) -> Vec<Vec<f64>> {
    let mut state = 11;
    let mut one = |memory: f64| {
        let mut x = normal(&mut state);
        (0..chains * draws).map(move |_| {
            x = memory * x + (1.0 - memory * memory).sqrt() * normal(&mut state);
            x
        })
    };
    (0..variables).map(|variable| one(0.9 - 0.08 * variable as f64).collect()).collect()
}

fn chains_of<'a>(plot: ChainPlot, names: &'a [String], columns: &'a [Vec<f64>], draws: usize) -> Chains<'a> {
    let column = |(name, column): (&'a String, &'a Vec<f64>)| ChainColumn {
        name,
        chains: column.chunks(draws).collect(),
        curve: None,
        mean: (name == "x1").then_some(0.0),
    };
    Chains { plot, title: "Autoregressions", caption: "of order one", columns: names.iter().zip(columns).map(column).collect() }
}

#[test]
fn chains_are_drawn_whatever_their_number() {
    for (variables, chains, draws) in [(1, 4, 300), (2, 256, 20), (10, 3, 60), (1, 1, 4)] {
        let names: Vec<String> = (1..=variables).map(|index| format!("x{index}")).collect();
        let columns = autoregressions(variables, chains, draws);
        for plot in ChainPlot::ALL {
            check(&format!("{}-{variables}-{chains}", plot.name()), &Figure::Chains(chains_of(plot, &names, &columns, draws)));
        }
    }
}

#[test]
fn each_picture_of_chains_has_the_shapes_of_its_numbers() {
    let names = ["x1".to_string(), "x2".to_string()];
    let columns = autoregressions(2, 4, 300);
    let scene = |plot| chains_of(plot, &names, &columns, 300).scene(Size { width: 1280, height: 800 }).unwrap();
    let texts = |plot| -> Vec<String> {
        let text = |shape: &scene::Shape| if let scene::Shape::Text { text, .. } = shape { Some(text.clone()) } else { None };
        scene(plot).shapes.iter().filter_map(text).collect()
    };
    let count = |plot, is: fn(&scene::Shape) -> bool| scene(plot).shapes.iter().filter(|shape| is(shape)).count();
    // A line a chain and variable, and a key for each chain.
    assert_eq!(count(ChainPlot::Trace, |shape| matches!(shape, scene::Shape::Line { .. })), 2 * 4 + 4);
    for name in ["chain 1", "chain 4", "all draws", "draw", "x1", "x2"] {
        assert!(texts(ChainPlot::Trace).iter().any(|text| text == name), "{name}");
    }
    // Eight charts, each with the line of what is expected; 20 bars, and a band with its two edges.
    assert_eq!(count(ChainPlot::Ranks, |shape| matches!(shape, scene::Shape::Line { .. })), 8);
    let bars = count(
        ChainPlot::Ranks,
        |shape| matches!(shape, scene::Shape::Rect { color, .. } if color.rgb == style::DRAWS.rgb || color.rgb == style::WRONG.rgb),
    );
    assert_eq!(bars, 8 * 20);
    // A stem a lag, from 0 on.
    let stems = count(ChainPlot::Autocorrelation, |shape| matches!(shape, scene::Shape::Rect { color, .. } if *color == style::DEEP));
    assert!(stems >= 2 * 21 && stems.is_multiple_of(2), "{stems}");
    // Bands of the running means; the exact mean is known of one variable.
    assert_eq!(count(ChainPlot::Running, |shape| matches!(shape, scene::Shape::Area { .. })), 2);
    let exact = |shape: &scene::Shape| matches!(shape, scene::Shape::Line { color, .. } if *color == style::EXACT);
    assert_eq!(count(ChainPlot::Running, exact), 1 + 1);
    let svg = Figure::Chains(chains_of(ChainPlot::Running, &names, &columns, 300)).svg(Size::STILL).unwrap();
    assert_eq!(svg.matches("<polygon").count(), 2);
}

#[test]
fn chains_that_sit_apart_are_shown_and_their_ranks_stand_out() {
    let names = ["x".to_string()];
    let mut columns = autoregressions(1, 64, 100);
    columns[0][4000..4100].iter_mut().for_each(|x| *x += 30.0);
    let texts = |plot| -> Vec<String> {
        let scene = chains_of(plot, &names, &columns, 100).scene(Size::STILL).unwrap();
        scene
            .shapes
            .iter()
            .filter_map(|shape| if let scene::Shape::Text { text, .. } = shape { Some(text.clone()) } else { None })
            .collect()
    };
    assert!(texts(ChainPlot::Trace).contains(&"chain 41".to_string()), "{:?}", texts(ChainPlot::Trace));
    assert!(texts(ChainPlot::Ranks).contains(&"chains 33 to 48".to_string()));
    let scene = chains_of(ChainPlot::Ranks, &names, &columns, 100).scene(Size::STILL).unwrap();
    let wrong = scene.shapes.iter().filter(|shape| matches!(shape, scene::Shape::Rect { color, .. } if color.rgb == style::WRONG.rgb));
    assert!(wrong.count() >= 1);
}

#[test]
fn chains_that_hold_no_picture_are_refused_or_drawn_without_numbers() {
    let names = ["x".to_string()];
    for plot in ChainPlot::ALL {
        for draws in [vec![f64::NAN; 40], vec![1.0; 40], vec![f64::INFINITY; 40], [1e308, -1e308].repeat(20)] {
            assert!(Figure::Chains(chains_of(plot, &names, &[draws], 10)).png(Size::ANIMATION).is_ok(), "{plot:?}");
        }
        for draws in [1, 3] {
            refused(&Figure::Chains(chains_of(plot, &names, &[vec![1.0, 2.0, 3.0]], draws)), ErrorKind::Setting);
        }
        refused(&Figure::Chains(chains_of(plot, &[], &[], 10)), ErrorKind::Setting);
    }
}

#[test]
fn samplers_side_by_side_have_a_dot_each() {
    let columns = autoregressions(3, 1, 2000);
    let rates = [1234.0, 5.6e6, f64::NAN];
    let competitors = ["nuts", "exact", "sgld"].into_iter().zip(&columns).zip(rates);
    let competitors =
        competitors.map(|((name, draws), rate)| Competitor { name, draws, rate, distrusted: name == "sgld" }).collect::<Vec<_>>();
    let contest = Contest { title: "p(x)", caption: "side by side", variable: "x", curve: None, view: (-3.0, 3.0), competitors };
    check("contest", &Figure::Contest(contest.clone()));
    let scene = contest.scene(Size::STILL).unwrap();
    assert_eq!(scene.shapes.iter().filter(|shape| matches!(shape, scene::Shape::Dots { .. })).count(), 2);
    assert!(scene.shapes.iter().any(|shape| matches!(shape, scene::Shape::Text { text, .. } if text.ends_with("trust: no"))));
    refused(&Figure::Contest(Contest { competitors: Vec::new(), ..contest }), ErrorKind::Setting);
}

#[test]
fn divergences_are_marked_on_each_pair() {
    let columns = autoregressions(3, 1, 500);
    let draws: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let marks = |marked: &[usize]| {
        let pairs = Pairs { title: "", caption: "", variables: vec!["a", "b", "c"], draws: draws.clone(), marked };
        let scene = pairs.scene(Size::SQUARE).unwrap();
        let of = |shape: &scene::Shape| match shape {
            scene::Shape::Dots { centres, color, .. } if color.rgb == style::WRONG.rgb => Some(centres.len()),
            _ => None,
        };
        scene.shapes.iter().filter_map(of).collect::<Vec<_>>()
    };
    assert!(marks(&[]).is_empty());
    // The key's dot, then three pairs.
    let middle = (0..500).find(|&draw| columns.iter().all(|column| column[draw].abs() < 1.0)).unwrap();
    assert_eq!(marks(&[middle, 99_999]), [1, 1, 1, 1]);
}

#[test]
fn needles_singularities_and_jumps_leave_bars_readable() {
    let mut state = 1;
    let grid = |n: usize, low: f64, high: f64| (0..=n).map(|i| low + (high - low) * i as f64 / n as f64).collect::<Vec<f64>>();
    // 1/(2 sqrt(x)) on (0, 1]: infinite at 0, drawn as the square of a uniform number.
    let x = grid(2000, 0.0, 1.0);
    let root = Curve { density: x.iter().map(|x| 0.5 / x.sqrt()).collect(), x };
    let draws: Vec<f64> = (0..5000).map(|_| uniform(&mut state).powi(2)).collect();
    check("singularity", &Figure::Histogram(histogram(&draws, Some(&root), (0.0, 1.0))));
    // A fifth of the mass in a normal of deviation 1e-4, the rest uniform.
    let needle = |x: f64| 0.8 + 0.2 * (-0.5 * ((x - 0.3) / 1e-4).powi(2)).exp() / (1e-4 * std::f64::consts::TAU.sqrt());
    let x = grid(100_000, 0.0, 1.0);
    let needle = Curve { density: x.iter().map(|&x| needle(x)).collect(), x };
    let draws: Vec<f64> = (0..5000).map(|i| if i % 5 == 0 { 0.3 + 1e-4 * normal(&mut state) } else { uniform(&mut state) }).collect();
    check("needle", &Figure::Histogram(histogram(&draws, Some(&needle), (0.0, 1.0))));
    let jump = Curve { x: vec![0.0, 0.4, 0.4, 1.0], density: vec![0.25, 0.25, 1.5, 1.5] };
    let draws: Vec<f64> = (0..3000).map(|_| uniform(&mut state)).map(|u| if u < 0.1 { 4.0 * u } else { 0.4 + (u - 0.1) / 1.5 }).collect();
    check("jump", &Figure::Histogram(histogram(&draws, Some(&jump), (0.0, 1.0))));
    check("start", &Figure::Histogram(histogram(&[0.4; 1000], Some(&classic_curve()), (-0.7, 1.5))));
}

#[test]
fn hardly_any_data_is_drawn_and_none_refused() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let odd = Curve { x: vec![0.0, nan, 0.5, 0.5, 1.0], density: vec![nan, 1.0, inf, -1.0, 1e308] };
    for draws in [&[][..], &[nan, nan], &[0.5], &[inf, -inf, 1e308, -0.0], &[0.5; 100]] {
        for curve in [&odd, &classic_curve(), &Curve { x: vec![0.5], density: vec![1.0] }] {
            for view in [(0.0, 1.0), (0.5, 0.5), (-1e307, 1e307), (0.5, 0.5 + 1e-15), (1e-310, 3e-310), (-0.0, 0.0)] {
                let figure = Figure::Histogram(Histogram1d { bins: Some(0), ..histogram(draws, Some(curve), view) });
                assert!(figure.png(Size { width: 200, height: 150 }).is_ok() && !figure.svg(Size::STILL).unwrap().contains("NaN"));
            }
        }
    }
    check("one", &Figure::Histogram(histogram(&[1e308], None, (0.0, 1.0))));
    refused(&Figure::Histogram(histogram(&[], None, (0.0, 1.0))), ErrorKind::Setting);
    refused(&Figure::Histogram(histogram(&[nan], None, (0.0, 1.0))), ErrorKind::Setting);
    for view in [(1.0, 0.0), (nan, 1.0), (0.0, inf), (-1.7e308, 1.7e308)] {
        refused(&Figure::Histogram(histogram(&[0.5], None, view)), ErrorKind::Setting);
    }
    let long = "\u{1b}]0;x\n<&>\t".repeat(100_000);
    check(
        "long",
        &Figure::Histogram(Histogram1d { title: &long, caption: &long, variable: &long, ..histogram(&[0.5, 0.6], None, (0.0, 1.0)) }),
    );

    let map = |grid: &DensityGrid, draws: &[[f64; 2]]| -> Result<Vec<u8>> {
        Figure::Map(Map2d { title: "", caption: "", variables: ["x", ""], grid, draws }).png(Size::ANIMATION)
    };
    let grid = |x: (f64, f64), values: &[f64]| DensityGrid { columns: 2, rows: 2, x, y: (0.0, 1.0), log_density: values.to_vec() };
    let draws = [[nan, 0.5], [0.5, 0.5], [inf, 0.0], [1e308, -1e308]];
    for values in [[0.0; 4], [0.0, nan, -inf, inf], [1e308, -1e308, 0.0, 1.0], [-5000.0, -inf, -inf, -inf]] {
        assert!(map(&grid((0.0, 1.0), &values), &draws).is_ok() && map(&grid((-1e307, 1e307), &values), &[]).is_ok());
    }
    for bad in [grid((0.0, 1.0), &[-inf; 4]), grid((0.0, 1.0), &[0.0; 3]), grid((1.0, 1.0), &[0.0; 4]), grid((nan, 1.0), &[0.0; 4])] {
        assert_eq!(map(&bad, &draws).unwrap_err().kind, ErrorKind::Setting);
    }
    let pairs = |draws: Vec<&[f64]>| {
        Figure::Pairs(Pairs { title: "", caption: "", variables: vec!["a"; draws.len()], draws, marked: &[0, 9] }).png(Size::ANIMATION)
    };
    assert!(pairs(vec![&[1.0, nan], &[nan, 1.0], &[2.0, inf]]).is_ok());
    for bad in
        [vec![], vec![&[][..], &[]], vec![&[1.0][..], &[1.0, 2.0]], vec![&[nan][..], &[1.0]], vec![&[-1.7e308, 1.7e308][..], &[1.0, 2.0]]]
    {
        assert_eq!(pairs(bad).unwrap_err().kind, ErrorKind::Setting);
    }
    assert!(Figure::Histogram(histogram(&[0.5], None, (0.0, 1.0))).png(Size { width: 1 << 40, height: 10 }).is_err());
}

#[test]
fn bars_stand_on_their_bins_and_keep_their_mass() {
    // Eight of ten draws are in view; the last is the right end itself and belongs to the last bin.
    let draws = [0.05, 0.15, 0.15, 0.55, 0.95, 0.95, 0.95, 1.0, 1.3, -0.2];
    let size = Size::STILL;
    let scene = Histogram1d { bins: Some(10), ..histogram(&draws, None, (0.0, 1.0)) }.scene(size).unwrap();
    let Some(scene::Shape::Bars { edges, tops, base, .. }) = scene.shapes.iter().find(|shape| matches!(shape, scene::Shape::Bars { .. }))
    else {
        panic!("no bars")
    };
    let width = (edges[10] - edges[0]) / 10.0;
    assert!(edges.windows(2).all(|pair| (pair[1] - pair[0] - width).abs() < 1e-9));
    assert!(edges[0] > 0.0 && edges[10] < size.width as f64 && tops.iter().all(|&top| top > 0.0 && top <= *base));
    let share: Vec<f64> = tops.iter().map(|top| ((base - top) / (base - tops[9]) * 4.0).round()).collect();
    assert_eq!(share, [1.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 4.0]);
}

#[test]
fn draws_outside_the_view_are_not_drawn() {
    let (grid, mut draws) = (banana_grid(), vec![[0.0, 2.0]; 3]);
    draws.extend([[6.5, 0.0], [0.0, 5.5], [f64::NAN, 0.0], [0.0, f64::NEG_INFINITY]]);
    let scene = Map2d { title: "", caption: "", variables: ["x", "y"], grid: &grid, draws: &draws }.scene(Size::SQUARE).unwrap();
    let clouds: Vec<usize> =
        scene.shapes.iter().filter_map(|s| if let scene::Shape::Dots { centres, .. } = s { Some(centres.len()) } else { None }).collect();
    assert_eq!(clouds, [1, 3], "the dot of the legend and three draws");
}

fn animation<'a>(edges: &'a [f64], curve: &'a Curve, frames: &'a [Frame1d]) -> Animation<'a> {
    let title = "p(x) ∝ (x-0.4)^4 - (x-0.2)^2 + 0.6";
    Animation::Histogram(Animation1d { title, variable: "x", edges, curve: Some(curve), chains: 5000, steps: 499, frames })
}

fn encoded(animation: &Animation) -> Vec<u8> {
    let mut bytes = Vec::new();
    animation.gif(Size::ANIMATION, &mut bytes, None).unwrap();
    bytes
}

#[test]
#[allow(clippy::disallowed_methods, reason = "prints how long it took; asserts nothing about it")]
fn the_classic_animation_is_small_and_faithful() {
    let ((edges, frames), curve) = (classic_frames(5000, 499, 100), classic_curve());
    let animation = animation(&edges, &curve, &frames);
    let begin = std::time::Instant::now();
    let bytes = encoded(&animation);
    let seconds = begin.elapsed().as_secs_f64();
    look("classic.gif", &bytes);
    for frame in [0, 1, 4, 30, 499] {
        look(&format!("classic-{frame:03}.png"), &animation.png(Size::ANIMATION, frame).unwrap());
    }
    let psnr = psnr(&animation, &bytes);
    println!("500 frames: {seconds:.2} s, {} bytes, {psnr:.1} dB", bytes.len());
    assert!(bytes.len() <= 2_000_000 && psnr >= 60.0);
}

#[test]
fn moving_particles_are_small_and_faithful() {
    let grid = banana_grid();
    let mut state = 5;
    let mut positions = vec![[0.0_f64, 2.0]; 2000];
    let mut history: Vec<(f64, Vec<[f32; 2]>)> = Vec::new();
    for step in 0..500 {
        let size = 0.15 * 1e-3_f64.powf(f64::from(step) / 500.0);
        history.push((size, positions.iter().map(|p| p.map(|v| v as f32)).collect()));
        for p in &mut positions {
            let inner = (p[1] + 0.5 * p[0] * p[0] - 2.0) / 0.5;
            let slope = [-p[0] / 4.0 - inner * p[0], -inner];
            for (v, slope) in p.iter_mut().zip(slope) {
                *v += size * slope.clamp(-20.0, 20.0) + (2.0 * size).sqrt() * normal(&mut state);
            }
        }
    }
    let frames = history.iter().enumerate().map(|(step, (size, positions))| Frame2d { step, step_size: *size, positions }).collect();
    let animation =
        Animation::Particles(Animation2d { title: "Chains finding the banana", variables: ["x", "y"], grid: &grid, steps: 499, frames });
    let bytes = encoded(&animation);
    look("banana.gif", &bytes);
    for frame in [0, 5, 40, 499] {
        look(&format!("banana-{frame:03}.png"), &animation.png(Size::ANIMATION, frame).unwrap());
    }
    let psnr = psnr(&animation, &bytes);
    println!("500 frames of particles: {} bytes, {psnr:.1} dB", bytes.len());
    assert!(bytes.len() <= 2_000_000 && psnr >= 60.0);
}

#[cfg(feature = "parallel")]
#[test]
fn the_number_of_threads_does_not_change_the_bytes() {
    let ((edges, frames), curve) = (classic_frames(500, 99, 50), classic_curve());
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| encoded(&animation(&edges, &curve, &frames)))
    };
    let one = with(1);
    assert!(one == with(2) && one == with(3));
}

#[test]
fn frames_without_change_cost_next_to_nothing_and_the_ends_are_held() {
    let ((edges, frames), curve) = (classic_frames(5000, 3, 100), classic_curve());
    let still = |count: usize| encoded(&animation(&edges, &curve, &vec![frames[3].clone(); count]));
    let (few, many) = (still(2), still(102));
    assert!(many.len() - few.len() <= 100 * 32, "{}", many.len() - few.len());
    let mut decoder = ::gif::DecodeOptions::new().read_info(&many[..]).unwrap();
    let mut delays = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        delays.push(frame.delay);
    }
    assert!(delays.len() == 102 && delays[0] == 70 && delays[101] == 200 && delays[1..101].iter().all(|&delay| delay >= 2));
    assert_eq!(many.last(), Some(&0x3B), "the trailer");
}

#[test]
fn a_full_disk_is_seen_at_every_byte() {
    struct Disk(usize);
    impl std::io::Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let room = bytes.len().min(self.0);
            self.0 -= room;
            if room == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(room) }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let ((edges, frames), curve) = (classic_frames(50, 2, 10), classic_curve());
    let animation = animation(&edges, &curve, &frames);
    let size = Size { width: 160, height: 120 };
    let mut whole = Vec::new();
    animation.gif(size, &mut whole, None).unwrap();
    for room in [0, 5, 100, 800, whole.len() / 2, whole.len() - 1] {
        assert_eq!(animation.gif(size, &mut Disk(room), None).unwrap_err().kind, ErrorKind::Io, "{room}");
    }
    assert!(animation.gif(size, &mut Disk(whole.len()), None).is_ok());
}

#[test]
fn animations_of_nothing_are_refused() {
    let ((edges, frames), curve) = (classic_frames(50, 1, 10), classic_curve());
    let backwards: Vec<f64> = edges.iter().rev().copied().collect();
    for (edges, frames) in
        [(&edges[..], &[][..]), (&edges[1..], &frames), (&backwards, &frames), (&[], &frames), (&[f64::NAN; 11], &frames)]
    {
        assert_eq!(animation(edges, &curve, frames).gif(Size::ANIMATION, &mut Vec::new(), None).unwrap_err().kind, ErrorKind::Setting);
    }
    let grid = banana_grid();
    let particles = |frames| Animation::Particles(Animation2d { title: "", variables: ["", ""], grid: &grid, steps: 0, frames });
    assert!(particles(Vec::new()).gif(Size::ANIMATION, &mut Vec::new(), None).is_err());
    let odd = [[f32::NAN, 0.0], [f32::INFINITY, 1.0], [1e38, -1e38]];
    let frames = vec![Frame2d { step: 7, step_size: f64::NAN, positions: &odd }, Frame2d { step: 8, step_size: 0.0, positions: &[] }];
    assert!(particles(frames).gif(Size::ANIMATION, &mut Vec::new(), None).is_ok());
}
