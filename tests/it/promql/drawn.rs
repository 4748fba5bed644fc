//! Queries drawn from the grammar of PromQL, sound or with a slip in them.
//!
//! Every construct of Prometheus 3.16 is drawn. Those that `promql-parser` does not read are drawn into sound
//! queries alone, whose judgment is known without it.

use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prelude::prop;

/// Every function of Prometheus 3 by what it takes: `i` is an instant vector, `r` a range, `s` a
/// scalar, `t` a text, and what follows a `?` may be left out.
#[rustfmt::skip]
const FUNCTIONS: &[(&str, &[&str])] = &[
    ("i", &[
        "abs", "absent", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg", "exp", "floor",
        "histogram_avg", "histogram_count", "histogram_stddev", "histogram_stdvar", "histogram_sum", "ln", "log10",
        "log2", "rad", "sgn", "sin", "sinh", "sort", "sort_desc", "sqrt", "start_timestamp", "tan", "tanh", "timestamp",
    ]),
    ("r", &[
        "absent_over_time", "avg_over_time", "changes", "count_over_time", "delta", "deriv", "first_over_time", "idelta",
        "increase", "irate", "last_over_time", "mad_over_time", "max_over_time", "min_over_time", "present_over_time",
        "rate", "resets", "stddev_over_time", "stdvar_over_time", "sum_over_time", "ts_of_first_over_time",
        "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time",
    ]),
    ("?i", &["day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"]),
    ("iss", &["clamp"]),
    ("is", &["clamp_max", "clamp_min"]),
    ("i?s", &["round"]),
    ("si", &["histogram_quantile"]),
    ("ssi", &["histogram_fraction"]),
    ("its?ss", &["histogram_quantiles"]),
    ("r?s", &["integral"]),
    ("rs", &["predict_linear"]),
    ("rss", &["double_exponential_smoothing"]),
    ("sr", &["quantile_over_time"]),
    ("itt?tt", &["label_join"]),
    ("itttt", &["label_replace"]),
    ("it?tt", &["sort_by_label", "sort_by_label_desc"]),
    ("s", &["vector"]),
];

/// The functions whose value is one number.
const SCALARS: &[(&str, &str)] = &[
    ("time", ""),
    ("pi", ""),
    ("scalar", "i"),
    ("start", ""),
    ("end", ""),
    ("step", ""),
    ("range", ""),
    ("max_of", "ss"),
    ("min_of", "ss"),
];

const AGGREGATORS: &[&str] =
    &["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "SUM", "Max"];

const RANKED: &[&str] = &["topk", "bottomk", "quantile", "limitk", "limit_ratio"];

#[rustfmt::skip]
const NAMES: &[&str] = &[
    "x", "http_requests_total", "job:errors:rate5m", ":x", "sum", "by", "and", "or", "unless", "offset", "start", "end",
    "step", "without", "count_values", "limitk", "range", "fill", "min_of", "rate", "time", "Sum",
];

#[rustfmt::skip]
const LABELS: &[&str] = &["a", "__b", "by", "on", "bool", "sum", "offset", "atan2", "group_left", "\"a.b\"", "'c d'", "fill"];

const GROUPED: &[&str] = &["d", "\"e.f\"", "and", "start"];

#[rustfmt::skip]
const MATCHERS: &[&str] = &[
    "a = \"b\"", "a != ''", "a =~ \"5..\"", "a !~ \"x|y\"", "by = `c`", "offset = 'd'", "\"a.b\" = \"c\"", "a = \"\\\"\\n\\x41\\u00e9\"",
    "a = 'é'", "\"__x\" !~ \".+\"", "a = \"#{[(\"", "a =~ \"(?i)x.+\"",
];

#[rustfmt::skip]
const NUMBERS: &[&str] = &[
    "5", "0", ".5", "5.", "1.5", "1e3", "1E-3", "1.5e+2", "0x1F", "0XaB", "017", "Inf", "inf", "NaN", "nan", "5m",
    "1h30m", "1d", "500ms",
];

#[rustfmt::skip]
const DURATIONS: &[&str] = &["5m", "1h30m", "500ms", "1y2w3d4h5m6s7ms", "300", "1.5", "1e3", "0x1F", "30d", "1w"];

const TEXTS: &[&str] = &["\"dst\"", "'$1-x'", "`(.*)`", "\"\"", "\"é\\\\\"", "\"a\\\"b\""];

const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "%", "^", "atan2", "ATAN2"];

const COMPARISONS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];

const TRIMS: &[&str] = &["</", ">/"];

const SETS: &[&str] = &["and", "or", "unless", "OR"];

/// What only Prometheus reads: names, matchers, numbers and ranges.
const NEW_NAMES: &[&str] = &["anchored", "smoothed"];

const NEW_MATCHERS: &[&str] = &["or = 'y'"];

const NEW_NUMBERS: &[&str] = &["1_000", "0x_1F", "1e1_0"];

#[rustfmt::skip]
const NEW_DURATIONS: &[&str] = &[
    "5m + 30s", "1h * 2", "1h / 2", "1h % 7m", "2 ^ 3", "-5m + 1h", "(step() + 5m)", "step()", "range()",
    "max_of(step(), 5m)", "min_of(1h, range() / 2)",
];

/// How deep one construct may stand in another.
const DEPTH: u8 = 5;

/// A query as the tokens that it is made of.
pub(crate) type Tokens = Vec<String>;

/// Draws queries that Prometheus 3.16 accepts.
pub(crate) fn sound() -> impl Strategy<Value = Tokens> {
    prop::collection::vec(any::<u16>(), 0..80).prop_map(|choices| draw(choices, Kind::Sound))
}

/// Draws queries with one slip or two: values of another type or number, and tokens that were left out, written
/// twice or exchanged.
pub(crate) fn slipped() -> impl Strategy<Value = Tokens> {
    let slips = prop::collection::vec((0_u8..4, any::<prop::sample::Index>()), 1..3);
    (prop::collection::vec(any::<u16>(), 0..40), slips).prop_map(|(choices, slips)| {
        let of_arguments = slips.iter().any(|(slip, _)| *slip == 3);
        let mut tokens = draw(choices, if of_arguments { Kind::Slipped } else { Kind::Common });
        for (slip, index) in slips {
            let at = index.index(tokens.len());
            match slip {
                0 if tokens.len() > 1 => drop(tokens.remove(at)),
                1 => tokens.insert(at, tokens[at].clone()),
                2 if at > 0 => tokens.swap(at, at - 1),
                _ => {}
            }
        }
        tokens
    })
}

/// Returns the calls of every function with every number of arguments up to one too many, each argument of
/// its own type or of another.
pub(crate) fn calls() -> Vec<String> {
    let mut calls = Vec::new();
    let instants =
        FUNCTIONS.iter().flat_map(|(takes, names)| names.iter().map(|name| (*name, *takes)));
    for (name, takes) in instants.chain(SCALARS.iter().copied()) {
        let types: Vec<char> = takes.chars().filter(|kind| *kind != '?').collect();
        for count in 0..=types.len() + 1 {
            let own = |at: usize| types.get(at).or(types.last()).copied().unwrap_or('i');
            let own: Vec<char> = (0..count).map(own).collect();
            calls.push(call(name, &own));
            for at in 0..count {
                for other in "irst".chars() {
                    let mut types = own.clone();
                    types[at] = other;
                    calls.push(call(name, &types));
                }
            }
        }
    }
    calls
}

fn call(name: &str, types: &[char]) -> String {
    let arguments = types.iter().map(|kind| match kind {
        'i' => "x",
        'r' => "x[5m]",
        's' => "1",
        _ => "\"a\"",
    });
    format!("{name}({})", arguments.collect::<Vec<_>>().join(", "))
}

/// What is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Everything that Prometheus reads.
    Sound,
    /// What `promql-parser` reads as well.
    Common,
    /// The same, with values of other types and numbers than are taken, and modifiers twice.
    Slipped,
}

fn draw(choices: Vec<u16>, kind: Kind) -> Tokens {
    let mut pen = Pen { choices: choices.into_iter(), tokens: Vec::new(), depth: 0, kind };
    match pen.ways(8) {
        6 => pen.scalar(),
        7 => pen.range(),
        _ => pen.instant(),
    }
    pen.tokens
}

/// Writes a query by a row of choices; when they run out, it takes the first way, which is the shortest.
struct Pen {
    choices: std::vec::IntoIter<u16>,
    tokens: Tokens,
    depth: u8,
    kind: Kind,
}

impl Pen {
    /// Chooses one of so many ways.
    fn ways(&mut self, count: usize) -> usize {
        usize::from(self.choices.next().unwrap_or(0)) % count
    }

    /// Writes tokens, between which there is a space.
    fn write(&mut self, text: &str) {
        self.tokens.extend(text.split(' ').map(str::to_owned));
    }

    /// Writes one of some tokens, spaces in it and all.
    fn pick(&mut self, from: &[&str]) {
        let at = self.ways(from.len());
        self.tokens.push(from[at].to_owned());
    }

    /// Writes one of some tokens, or now and then of those that only Prometheus reads.
    fn pick_new(&mut self, from: &[&str], new: &[&str]) {
        let is_new = self.is_new();
        self.pick(if is_new { new } else { from });
    }

    /// Chooses now and then, and in sound queries alone, what only Prometheus reads.
    fn is_new(&mut self) -> bool {
        self.kind == Kind::Sound && self.ways(24) == 23
    }

    /// Writes a construct deeper, or its shortest form where it is deep enough.
    fn deeper(&mut self, ways: usize, write: fn(&mut Self, usize)) {
        let way = if self.depth < DEPTH { self.ways(ways) } else { 0 };
        self.depth += 1;
        write(self, way);
        self.depth -= 1;
    }

    fn instant(&mut self) {
        if self.kind == Kind::Slipped && self.depth < DEPTH && self.ways(8) == 7 {
            match self.ways(3) {
                0 => self.scalar(),
                1 => self.range(),
                _ => self.pick(TEXTS),
            }
            return;
        }
        self.deeper(9, |pen, way| match way {
            0 | 1 => pen.selector(),
            2 | 3 => pen.call(),
            4 => pen.aggregation(),
            5 => pen.vectors(),
            6 => pen.vector_and_scalar(),
            7 => pen.parenthesized(Self::instant),
            _ => {
                pen.pick(&["-", "+"]);
                pen.parenthesized(Self::instant);
            }
        });
    }

    fn scalar(&mut self) {
        self.deeper(6, |pen, way| match way {
            0 | 1 => pen.pick_new(NUMBERS, NEW_NUMBERS),
            2 => {
                let at = pen.ways(SCALARS.len());
                let (name, takes) = SCALARS[at];
                pen.function(name, takes);
            }
            3 => pen.parenthesized(Self::scalar),
            4 => {
                pen.pick(&["-", "+"]);
                pen.pick(NUMBERS);
            }
            _ => {
                pen.pick(NUMBERS);
                if pen.ways(2) == 0 {
                    pen.pick(ARITHMETIC);
                } else {
                    pen.pick(COMPARISONS);
                    pen.write("bool");
                }
                pen.parenthesized(Self::scalar);
            }
        });
    }

    fn range(&mut self) {
        self.deeper(3, |pen, way| {
            match way {
                0 => pen.bare_selector(),
                1 => pen.call(),
                _ => pen.parenthesized(Self::instant),
            }
            pen.write("[");
            pen.duration();
            if way != 0 {
                pen.write(":");
                if pen.ways(2) == 1 {
                    pen.duration();
                }
            }
            pen.write("]");
            if way == 0 && pen.is_new() {
                pen.pick(&["anchored", "smoothed"]);
            }
            pen.modifiers();
        });
    }

    fn parenthesized(&mut self, write: fn(&mut Self)) {
        self.write("(");
        write(self);
        self.write(")");
    }

    fn selector(&mut self) {
        self.bare_selector();
        self.modifiers();
    }

    fn bare_selector(&mut self) {
        let way = self.ways(6);
        match way {
            0..=3 => self.pick_new(NAMES, NEW_NAMES),
            4 => self.write("{ \"a.b\""),
            _ => self.write("{ a = \"b\""),
        }
        match way {
            0 | 1 => return,
            2 | 3 => self.write("{"),
            _ => {}
        }
        let mut is_first = way < 4;
        while self.ways(3) > 0 {
            if !is_first {
                self.write(",");
            }
            is_first = false;
            self.matcher();
        }
        if !is_first && self.ways(4) == 3 {
            self.write(",");
        }
        self.write("}");
    }

    fn matcher(&mut self) {
        let from = if self.is_new() { NEW_MATCHERS } else { MATCHERS };
        let matcher = from[self.ways(from.len())];
        self.tokens.extend(matcher.splitn(3, ' ').map(str::to_owned));
    }

    fn modifiers(&mut self) {
        let way = self.ways(8);
        if way == 5 || way == 7 {
            self.write("@");
            match self.ways(4) {
                0 => self.write("1700000000"),
                1 => self.write("start ( )"),
                2 => self.write("end ( )"),
                _ => self.write("- 1.5e3"),
            }
        }
        if way >= 6 {
            self.pick(&["offset", "OFFSET"]);
            if self.ways(3) == 2 {
                self.write("-");
            }
            self.pick(DURATIONS);
        }
        if self.kind == Kind::Slipped && self.ways(6) == 5 {
            self.modifiers();
        }
    }

    fn duration(&mut self) {
        self.pick_new(DURATIONS, NEW_DURATIONS);
    }

    fn call(&mut self) {
        if self.is_new() {
            self.write("info ( x , { a =~ \".*\" } )");
            return;
        }
        let (takes, names) = FUNCTIONS[self.ways(FUNCTIONS.len())];
        let name = names[self.ways(names.len())];
        self.function(name, takes);
    }

    fn function(&mut self, name: &str, takes: &str) {
        self.write(name);
        self.write("(");
        let (needed, optional) = takes.split_once('?').unwrap_or((takes, ""));
        let given = self.ways(optional.len() + 1);
        let mut types: Vec<char> = needed.chars().chain(optional.chars().take(given)).collect();
        if self.kind == Kind::Slipped {
            match self.ways(4) {
                1 => drop(types.pop()),
                2 => types.push('s'),
                3 => types.reverse(),
                _ => {}
            }
        }
        for (index, kind) in types.into_iter().enumerate() {
            if index > 0 {
                self.write(",");
            }
            match kind {
                'i' => self.instant(),
                'r' => self.range(),
                's' => self.scalar(),
                _ => self.pick(TEXTS),
            }
        }
        self.write(")");
    }

    fn aggregation(&mut self) {
        let way = self.ways(6);
        match way {
            0..=3 => self.pick(AGGREGATORS),
            4 => self.pick(RANKED),
            _ => self.write("count_values"),
        }
        let place = self.ways(3);
        if place == 1 {
            self.grouping();
        }
        self.write("(");
        match way {
            0..=3 => {}
            4 => {
                self.scalar();
                self.write(",");
            }
            _ => self.write("\"value\" ,"),
        }
        self.instant();
        self.write(")");
        if place == 2 {
            self.grouping();
        }
    }

    fn grouping(&mut self) {
        self.pick(&["by", "without", "BY"]);
        self.labels(LABELS);
    }

    fn labels(&mut self, from: &[&str]) {
        self.write("(");
        let count = self.ways(4);
        for index in 0..count {
            if index > 0 {
                self.write(",");
            }
            self.pick(from);
        }
        if count > 0 && self.ways(5) == 4 {
            self.write(",");
        }
        self.write(")");
    }

    /// Writes vectors with operators of any precedence between them.
    fn vectors(&mut self) {
        let count = 1 + self.ways(3);
        self.operand();
        for _ in 0..count {
            let way = self.ways(4);
            match way {
                0 | 1 => self.pick_new(ARITHMETIC, TRIMS),
                2 => self.pick(COMPARISONS),
                _ => self.pick(SETS),
            }
            if way == 2 && self.ways(2) == 1 {
                self.write("bool");
            }
            let matches = self.ways(3);
            if matches > 0 {
                self.pick(&["on", "ignoring", "ON"]);
                self.labels(LABELS);
            }
            if matches == 2 && way < 3 {
                // A list may be left out where no parenthesis follows.
                self.pick(&["group_left", "group_right"]);
                self.labels(GROUPED);
            }
            if way < 3 {
                match self.ways(12) {
                    9 => self.write("fill(0)"),
                    10 => self.write("fill_left(-1.5)"),
                    11 => self.write("fill_right(NaN) fill_left(5)"),
                    _ => {}
                }
            }
            self.operand();
        }
    }

    /// Writes a vector that no operator beside it can take apart.
    fn operand(&mut self) {
        if self.kind == Kind::Slipped && self.ways(4) == 3 {
            self.pick(NUMBERS);
            return;
        }
        if self.ways(8) == 7 {
            self.pick(&["-", "+"]);
        }
        match self.ways(4) {
            0 => self.selector(),
            1 => self.call(),
            2 => self.aggregation(),
            _ => self.parenthesized(Self::instant),
        }
    }

    fn vector_and_scalar(&mut self) {
        let scalar_first = self.ways(2) == 1;
        if scalar_first {
            self.pick(NUMBERS);
        } else {
            self.operand();
        }
        match self.ways(3) {
            0 => self.pick(ARITHMETIC),
            1 => self.pick(COMPARISONS),
            _ => {
                self.pick(COMPARISONS);
                self.write("bool");
            }
        }
        if scalar_first { self.operand() } else { self.parenthesized(Self::scalar) }
    }
}

/// Writes a query with as little between its tokens as they need, or with spaces of every kind and comments.
pub(crate) fn text(tokens: &[String], wide: bool) -> String {
    let mut text = String::new();
    let mut brackets = 0;
    for (index, token) in tokens.iter().enumerate() {
        let is_joined = |c: char| "(),".contains(c);
        let tight = text.ends_with(is_joined) || token.starts_with(is_joined);
        match index % 7 {
            _ if index == 0 => {}
            _ if !wide && tight => {}
            3 if wide && brackets == 0 => text.push_str(" # it's {[(\n"),
            5 if wide => text.push_str("\n\t"),
            _ => text.push(' '),
        }
        brackets += i32::from(token == "[") - i32::from(token == "]");
        text.push_str(token);
    }
    text
}
