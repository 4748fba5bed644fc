//! The kinds of change and their names.

use serde::Serialize;

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// An SLO is new.
    SloAdded,
    /// An SLO is gone.
    SloRemoved,
    /// An SLO has another name, or another namespace, and means the same.
    SloRenamed,
    /// An SLO lies in another file and means the same.
    SloMoved,
    /// An objective is new.
    ObjectiveAdded,
    /// An objective is gone.
    ObjectiveRemoved,
    /// More events must be good.
    TargetRaised,
    /// Fewer events must be good, or the target can no longer be read.
    TargetLowered,
    /// The window is longer.
    WindowLengthened,
    /// The window is shorter.
    WindowShortened,
    /// The window moves otherwise: rolling or by the calendar, from another start, in another zone.
    WindowKindChanged,
    /// The budget is counted otherwise: method, length of a slice, parts of a composite.
    MethodChanged,
    /// Something else is measured, or it cannot be told that it is the same.
    IndicatorChanged,
    /// The same is measured, and written otherwise.
    IndicatorReworded,
    /// Fewer events or slices count as good.
    ThresholdTightened,
    /// More events or slices count as good.
    ThresholdLoosened,
    /// An alert is new.
    AlertAdded,
    /// An alert is gone.
    AlertRemoved,
    /// An alert fires sooner, or where it did not, or is more urgent.
    AlertTightened,
    /// An alert fires later or never, or is less urgent, or nobody is told.
    AlertLoosened,
    /// Others are told, or with another severity.
    AlertRerouted,
    /// An SLO is a draft, a hope, or in force, and was not before.
    StatusChanged,
    /// An SLO belongs to another service.
    ServiceChanged,
    /// Somebody else owns it.
    OwnerChanged,
    /// An error budget policy is new.
    PolicyAdded,
    /// An error budget policy is gone.
    PolicyRemoved,
    /// A policy blocks more, and nothing less.
    PolicyTightened,
    /// A policy blocks less, and nothing more.
    PolicyLoosened,
    /// A policy differs, and which way is not certain.
    PolicyChanged,
    /// A record (attestation, override, incident, retirement) is new.
    RecordAdded,
    /// A record is gone.
    RecordRemoved,
    /// A record differs.
    RecordChanged,
}

impl ChangeKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 32] = [
        Self::SloAdded,
        Self::SloRemoved,
        Self::SloRenamed,
        Self::SloMoved,
        Self::ObjectiveAdded,
        Self::ObjectiveRemoved,
        Self::TargetRaised,
        Self::TargetLowered,
        Self::WindowLengthened,
        Self::WindowShortened,
        Self::WindowKindChanged,
        Self::MethodChanged,
        Self::IndicatorChanged,
        Self::IndicatorReworded,
        Self::ThresholdTightened,
        Self::ThresholdLoosened,
        Self::AlertAdded,
        Self::AlertRemoved,
        Self::AlertTightened,
        Self::AlertLoosened,
        Self::AlertRerouted,
        Self::StatusChanged,
        Self::ServiceChanged,
        Self::OwnerChanged,
        Self::PolicyAdded,
        Self::PolicyRemoved,
        Self::PolicyTightened,
        Self::PolicyLoosened,
        Self::PolicyChanged,
        Self::RecordAdded,
        Self::RecordRemoved,
        Self::RecordChanged,
    ];

    /// Returns the name in our output, in kebab-case.
    pub fn name(self) -> &'static str {
        match self {
            Self::SloAdded => "slo-added",
            Self::SloRemoved => "slo-removed",
            Self::SloRenamed => "slo-renamed",
            Self::SloMoved => "slo-moved",
            Self::ObjectiveAdded => "objective-added",
            Self::ObjectiveRemoved => "objective-removed",
            Self::TargetRaised => "target-raised",
            Self::TargetLowered => "target-lowered",
            Self::WindowLengthened => "window-lengthened",
            Self::WindowShortened => "window-shortened",
            Self::WindowKindChanged => "window-kind-changed",
            Self::MethodChanged => "method-changed",
            Self::IndicatorChanged => "indicator-changed",
            Self::IndicatorReworded => "indicator-reworded",
            Self::ThresholdTightened => "threshold-tightened",
            Self::ThresholdLoosened => "threshold-loosened",
            Self::AlertAdded => "alert-added",
            Self::AlertRemoved => "alert-removed",
            Self::AlertTightened => "alert-tightened",
            Self::AlertLoosened => "alert-loosened",
            Self::AlertRerouted => "alert-rerouted",
            Self::StatusChanged => "status-changed",
            Self::ServiceChanged => "service-changed",
            Self::OwnerChanged => "owner-changed",
            Self::PolicyAdded => "policy-added",
            Self::PolicyRemoved => "policy-removed",
            Self::PolicyTightened => "policy-tightened",
            Self::PolicyLoosened => "policy-loosened",
            Self::PolicyChanged => "policy-changed",
            Self::RecordAdded => "record-added",
            Self::RecordRemoved => "record-removed",
            Self::RecordChanged => "record-changed",
        }
    }

    /// Returns whether the change is listed without being asked for; those that are not change
    /// nothing.
    pub fn is_listed_by_default(self) -> bool {
        !matches!(self, Self::SloMoved | Self::IndicatorReworded)
    }

    /// Returns whether it says that something came or went, so that there is a value on one side alone.
    pub fn is_one_sided(self) -> bool {
        let kinds = [
            Self::SloAdded,
            Self::ObjectiveAdded,
            Self::AlertAdded,
            Self::PolicyAdded,
            Self::RecordAdded,
        ];
        kinds.contains(&self) || kinds.contains(&self.reversed())
    }

    /// Returns the kind of the same change read backwards.
    pub fn reversed(self) -> Self {
        match self {
            Self::SloAdded => Self::SloRemoved,
            Self::SloRemoved => Self::SloAdded,
            Self::ObjectiveAdded => Self::ObjectiveRemoved,
            Self::ObjectiveRemoved => Self::ObjectiveAdded,
            Self::TargetRaised => Self::TargetLowered,
            Self::TargetLowered => Self::TargetRaised,
            Self::WindowLengthened => Self::WindowShortened,
            Self::WindowShortened => Self::WindowLengthened,
            Self::ThresholdTightened => Self::ThresholdLoosened,
            Self::ThresholdLoosened => Self::ThresholdTightened,
            Self::AlertAdded => Self::AlertRemoved,
            Self::AlertRemoved => Self::AlertAdded,
            Self::AlertTightened => Self::AlertLoosened,
            Self::AlertLoosened => Self::AlertTightened,
            Self::PolicyAdded => Self::PolicyRemoved,
            Self::PolicyRemoved => Self::PolicyAdded,
            Self::PolicyTightened => Self::PolicyLoosened,
            Self::PolicyLoosened => Self::PolicyTightened,
            Self::RecordAdded => Self::RecordRemoved,
            Self::RecordRemoved => Self::RecordAdded,
            other => other,
        }
    }
}
