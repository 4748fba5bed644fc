//! What a rule judges, and which formats have it.
//!
//! # Why
//!
//! A rule sees the model, and no format; whether it can speak of a format is whether that says what the rule
//! asks about. Users read it in `slo rules`, and a test holds it against every fixture, as it is written and
//! converted.

/// What a rule judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judges {
    /// Files, comments, and the fields of any object.
    Everything,
    /// What is peculiar to OpenSLO: its versions, methods and composites, and what its alert policies tell of.
    OpenSlo,
    /// The form of names and keys, and of lengths of time that end in a letter.
    Names,
    /// The criteria of quality gates.
    Gates,
    /// Names, owners, targets, and what is declared beside them.
    Slos,
    /// The same, and error budget policies.
    SlosAndPolicies,
    /// Queries of any language that is read.
    Queries,
    /// Queries in PromQL.
    PromQl,
    /// Queries of Datadog.
    DatadogQueries,
    /// Slices of time.
    Slices,
    /// Windows that authors choose.
    Windows,
    /// Alert policies with their conditions, and the settings of data sources.
    Alerts,
    /// The alerts that a tool makes.
    GeneratedAlerts,
    /// Whether there are alerts, written or made.
    AnyAlerts,
    /// Rules of Prometheus that name an SLO.
    PrometheusRules,
    /// Error budget policies.
    Policies,
}

/// Every family of formats, and the letter that stands for it in lists.
pub const FORMATS: [(&str, char); 10] = [
    ("OpenSLO", 'O'),
    ("Sloth", 'S'),
    ("Pyrra", 'P'),
    ("Datadog", 'D'),
    ("Google Cloud", 'C'),
    ("Grafana", 'G'),
    ("slo-generator", 'R'),
    ("Nobl9", 'N'),
    ("Keptn", 'K'),
    ("slo", 'E'),
];

impl Judges {
    /// Everything that a rule may judge.
    pub const ALL: [Self; 16] = [
        Self::Everything,
        Self::OpenSlo,
        Self::Names,
        Self::Gates,
        Self::Slos,
        Self::SlosAndPolicies,
        Self::Queries,
        Self::PromQl,
        Self::DatadogQueries,
        Self::Slices,
        Self::Windows,
        Self::Alerts,
        Self::GeneratedAlerts,
        Self::AnyAlerts,
        Self::PrometheusRules,
        Self::Policies,
    ];

    /// Returns the families of formats that have it, in the order of [`FORMATS`].
    pub fn formats(self) -> Vec<&'static str> {
        let letters = match self {
            Self::Everything => "OSPDCGRNKE",
            Self::OpenSlo => "O",
            Self::Names => "OSE",
            Self::Gates => "K",
            Self::Slos => "OSPDCGRN",
            Self::SlosAndPolicies => "OSPDCGRNE",
            Self::Queries => "OSPDGRN",
            Self::PromQl | Self::PrometheusRules => "OSPGRN",
            Self::DatadogQueries => "ODRN",
            Self::Slices | Self::Alerts => "ON",
            Self::Windows => "OPCGN",
            Self::GeneratedAlerts => "SPR",
            Self::AnyAlerts => "OSPGN",
            Self::Policies => "E",
        };
        let has_it = |(_, letter): &&(&str, char)| letters.contains(*letter);
        FORMATS.iter().filter(has_it).map(|(name, _)| *name).collect()
    }
}
