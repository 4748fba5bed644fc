//! Where `promql-parser` 0.11 and Prometheus differ, which we follow.
//!
//! What Prometheus does was tried with the parsers of its versions 3.9 and 3.16, experimental syntax switched on.

/// One kind of difference.
pub(crate) struct Difference {
    /// Whether Prometheus accepts it; `promql-parser` does the opposite.
    pub(crate) accepted: bool,
    /// What Prometheus does, and where that is said.
    pub(crate) why: &'static str,
    /// Queries that show it.
    pub(crate) examples: &'static [&'static str],
    /// Texts that a drawn query has which may differ in this way, none where no such query is drawn; `…` stands
    /// for any tokens.
    pub(crate) marks: &'static [&'static str],
}

impl Difference {
    /// Tells whether the tokens of a query show the difference.
    pub(crate) fn is_in(&self, tokens: &str) -> bool {
        let has = |mark: &str| {
            let mut parts = mark.split('…');
            parts
                .try_fold(tokens, |rest, part| rest.split_once(part).map(|(_, rest)| rest))
                .is_some()
        };
        self.marks.iter().any(|mark| has(mark))
    }
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        accepted: true,
        why: "`</` and `>/` trim histograms; documentation, \"Operators\"",
        examples: &["x </ 5", "x >/ on (a) y"],
        marks: &["</", ">/"],
    },
    Difference {
        accepted: true,
        why: "`anchored` and `smoothed` follow a range, as an experiment, and are names elsewhere; documentation, \
              \"Feature flags\"",
        examples: &[
            "x[5m] anchored",
            "x[5m] smoothed offset 1h",
            "x smoothed",
            "anchored",
            "smoothed{a=\"b\"}",
        ],
        marks: &["anchored", "smoothed"],
    },
    Difference {
        accepted: true,
        why: "`or` is a label like any other keyword in braces; promql-parser takes it for the operator that \
              VictoriaMetrics has there",
        examples: &["{or =\"a\"}", "x{a=\"b\", or != 'c'}"],
        marks: &["or ="],
    },
    Difference {
        accepted: false,
        why: "braces hold matchers and commas; `or` between them is of VictoriaMetrics",
        examples: &["x{a=\"b\" or a=\"c\"}"],
        marks: &[],
    },
    Difference {
        accepted: true,
        why: "a range is arithmetic on durations; documentation, \"Querying basics\"",
        examples: &[
            "x[5m + 30s]",
            "x[(5m)]",
            "x[step()]",
            "x[2 * range()]",
            "x[max_of(step(), 5m)]",
            "x[min(1h, 5m)]",
            "x[1h:2 ^ 3]",
            "x offset (5m + 1m)",
            "x offset step()",
            "x[STEP()]",
        ],
        marks: &["+ 30s", "1h *", "1h /", "1h %", "2 ^ 3", "-5m +", "step()", "range()", "_of("],
    },
    Difference {
        accepted: true,
        why: "`_` stands between the digits of a number; documentation, \"Querying basics\"",
        examples: &["1_000", "0x_1F", "1e1_0"],
        marks: &["1_000", "0x_1F", "1e1_0"],
    },
    Difference {
        accepted: true,
        why: "a number is as large as it is; only its value has a bound",
        examples: &["077777777777777777777777"],
        marks: &[],
    },
    Difference {
        accepted: false,
        why: "a number is what 64 bits can hold",
        examples: &["1e999"],
        marks: &[],
    },
    Difference {
        accepted: true,
        why: "the matchers of `info` may all match the empty string; documentation, \"Query functions\"",
        examples: &["info(x, {a=~\".*\"})", "info(x, {})"],
        marks: &["info ( x , {"],
    },
    Difference {
        accepted: false,
        why: "the second argument of `info` has no metric name",
        examples: &["info(x, y{a=\"b\"})"],
        marks: &[],
    },
    Difference {
        accepted: true,
        why: "an offset is arithmetic on durations, with any number of signs and parentheses",
        examples: &["x offset - - 5m", "x offset -(5m)"],
        marks: &["- -", "+ +", "+ -", "- +", "+ (", "- (", "OFFSET (", "offset ("],
    },
    Difference {
        accepted: false,
        why: "a `+` stands before scalars and instant vectors alone, as a `-` does",
        examples: &["+x[5m]", "+(x[5m:])", "+\"a\""],
        marks: &["+…[", "+…\"", "+…'", "+…`"],
    },
    Difference {
        accepted: true,
        why: "a value to fill in may be a duration, as any number may",
        examples: &["x / fill(5m) y"],
        marks: &[],
    },
    Difference {
        accepted: false,
        why: "missing series are filled in between vectors, and not for set operators; documentation, \"Operators\"",
        examples: &["x + fill(0) 1", "x and fill(0) y"],
        marks: &["fill"],
    },
    Difference {
        accepted: false,
        why: "the first argument of `limitk` and `limit_ratio` is a scalar",
        examples: &["limitk(x, y)", "limit_ratio(\"a\", y)"],
        marks: &["limitk", "limit_ratio"],
    },
    Difference {
        accepted: true,
        why: "a range is any number, and what follows it any space and comments",
        examples: &["x[.1]", "x[5m # a\n]"],
        marks: &[],
    },
    Difference {
        accepted: true,
        why: "a range of zero is refused, a number that is written as a duration of zero is not",
        examples: &["0s", "x > 0s"],
        marks: &[],
    },
    Difference {
        accepted: false,
        why: "a range is longer than zero",
        examples: &["x[0]", "x[1h:0]"],
        marks: &[],
    },
    Difference {
        accepted: false,
        why: "a duration is counted in 64 bits of nanoseconds, 292 years",
        examples: &["300y", "x[300y]", "x offset -300y"],
        marks: &[],
    },
    Difference {
        accepted: false,
        why: "a time is counted in 64 bits",
        examples: &["x @ 1e20"],
        marks: &[],
    },
    Difference {
        accepted: false,
        why: "a label has a name",
        examples: &["sum by (\"\") (x)"],
        marks: &[],
    },
    Difference {
        accepted: true,
        why: "nothing is escaped between backticks; documentation, \"Querying basics\"",
        examples: &["`\\`", "x{a=`\\`}"],
        marks: &[],
    },
    Difference {
        accepted: true,
        why: "regular expressions are those of Go, in which `\\Q` quotes",
        examples: &["{a=~`\\Q(\\E`}"],
        marks: &[],
    },
];
