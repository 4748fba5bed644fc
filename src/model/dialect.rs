//! The formats that objects are written in.

/// The format that an object is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// `openslo/v1`
    #[default]
    OpenSloV1,
    /// `openslo/v1alpha`
    OpenSloV1Alpha,
    /// `openslo.com/v2alpha`
    OpenSloV2Alpha,
    /// `openslo.com/v1`, the resources of the OpenSLO operator for Kubernetes
    OpenSloOperator,
    /// `prometheus/v1`, the files of Sloth
    Sloth,
    /// `sloth.slok.dev/v1`, the resources of Sloth for Kubernetes
    SlothKubernetes,
    /// `pyrra.dev/v1alpha1`
    Pyrra,
    /// The SLOs of Datadog's API
    Datadog,
    /// `datadoghq.com/v1alpha1`, the resources of Datadog's operator
    DatadogKubernetes,
    /// `datadog_service_level_objective` of Terraform
    DatadogTerraform,
    /// `grafana_slo` of Terraform
    Grafana,
    /// The SLOs of Google's Cloud Monitoring: of its API, and `google_monitoring_slo` of Terraform
    Google,
    /// `sre.google.com/v2`, the files of slo-generator
    Generator,
    /// `n9/v1alpha`
    Nobl9,
    /// `slo/v1`, the kinds of this tool
    Own,
}

impl Dialect {
    /// Returns the `apiVersion` that names the dialect, or what people call one without.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::OpenSloV1 => "openslo/v1",
            Self::OpenSloV1Alpha => "openslo/v1alpha",
            Self::OpenSloV2Alpha => "openslo.com/v2alpha",
            Self::OpenSloOperator => "openslo.com/v1",
            Self::Sloth => "prometheus/v1",
            Self::SlothKubernetes => "sloth.slok.dev/v1",
            Self::Pyrra => "pyrra.dev/v1alpha1",
            Self::Datadog => "Datadog's API",
            Self::DatadogKubernetes => "datadoghq.com/v1alpha1",
            Self::DatadogTerraform => "datadog_service_level_objective",
            Self::Grafana => "grafana_slo",
            Self::Google => "Google's API",
            Self::Generator => "sre.google.com/v2",
            Self::Nobl9 => "n9/v1alpha",
            Self::Own => "slo/v1",
        }
    }

    /// Returns whether objectives may have indicators of their own and burn one budget together.
    pub fn has_composites(self) -> bool {
        matches!(self, Self::OpenSloV1 | Self::OpenSloV2Alpha | Self::OpenSloOperator)
    }

    /// Returns whether each SLO may have the window that its authors choose: Sloth has one for all,
    /// slo-generator those of a policy, and Datadog a few.
    pub fn takes_any_window(self) -> bool {
        !matches!(
            self,
            Self::Sloth
                | Self::SlothKubernetes
                | Self::Datadog
                | Self::DatadogKubernetes
                | Self::DatadogTerraform
                | Self::Generator
        )
    }

    /// Returns whether its SLOs have annotations of their own; in the others, labels or tags say what those do.
    pub fn has_annotations(self) -> bool {
        !matches!(
            self,
            Self::Sloth
                | Self::SlothKubernetes
                | Self::Datadog
                | Self::DatadogTerraform
                | Self::Grafana
                | Self::Google
        )
    }

    /// Returns whether the alerts of its SLOs are known: they stand in them, or a tool makes them.
    pub fn names_alerts(self) -> bool {
        !matches!(
            self,
            Self::OpenSloV1Alpha
                | Self::Datadog
                | Self::DatadogKubernetes
                | Self::DatadogTerraform
                | Self::Google
                | Self::Generator
        )
    }

    /// Returns whether its alert policies say whether they tell of missing data.
    pub fn tells_of_missing_data(self) -> bool {
        matches!(self, Self::OpenSloV1 | Self::OpenSloV2Alpha | Self::OpenSloOperator)
    }

    /// Returns whether a tool makes the alerts of its SLOs.
    pub fn makes_alerts(self) -> bool {
        matches!(self, Self::Sloth | Self::SlothKubernetes | Self::Pyrra | Self::Grafana)
    }

    /// Returns the name that people know the format by.
    pub fn family(self) -> &'static str {
        match self {
            Self::OpenSloV1
            | Self::OpenSloV1Alpha
            | Self::OpenSloV2Alpha
            | Self::OpenSloOperator => "OpenSLO",
            Self::Sloth | Self::SlothKubernetes => "Sloth",
            Self::Pyrra => "Pyrra",
            Self::Datadog | Self::DatadogKubernetes | Self::DatadogTerraform => "Datadog",
            Self::Grafana => "Grafana",
            Self::Google => "Google Cloud",
            Self::Generator => "slo-generator",
            Self::Nobl9 => "Nobl9",
            Self::Own => "slo",
        }
    }
}
